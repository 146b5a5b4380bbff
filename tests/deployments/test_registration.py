from pathlib import Path

import pytest
from prefect import flow
from prefect.client.orchestration import get_client

from deployments.registration import Registration

pytestmark = pytest.mark.usefixtures("prefect_server")

ENTRYPOINT = "flows.made_for_this.test"


@flow(name="made-for-this-test")
def made() -> None: ...


@pytest.fixture
def registration(tmp_path: Path) -> Registration:
    (tmp_path / "prefect.yaml").write_text(f"deployments: [{{name: alone, entrypoint: {ENTRYPOINT}}}]")
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "made_for_this.py").write_text("# the first version")
    return Registration(tmp_path, tmp_path / "registered")


async def register() -> None:
    async with get_client() as client:
        await client.create_deployment(await client.create_flow(made), "alone", entrypoint=ENTRYPOINT)


async def test_what_was_registered_is_not_registered_again_until_the_code_changes(registration: Registration) -> None:
    assert not await registration.is_done()
    await register()
    assert not await registration.is_done(), "by whom, and as what, nobody knows"
    registration.remember()
    assert await registration.is_done()
    (registration.repository / "flows" / "made_for_this.py").write_text("# the next version")
    assert not await registration.is_done()


async def test_what_a_server_has_lost_is_registered_again(registration: Registration) -> None:
    await register()
    registration.remember()
    async with get_client() as client:
        there = await client.read_deployment_by_name("made-for-this-test/alone")
        await client.delete_deployment(there.id)
    assert not await registration.is_done()
