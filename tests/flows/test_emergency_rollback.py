"""The way back on a real server and against the make-believe company: what is done, once, and what is not."""

from collections.abc import AsyncIterator

import httpx
import pytest
from prefect.client.orchestration import get_client

from tasks.store import database
from tests.flows.company import Company
from tests.flows.watch import Watch
from tests.flows.ways_back import Desk, deploy
from watchkeeper.domain.rollback import RollbackState

pytestmark = pytest.mark.slow


@pytest.fixture
async def desk(watch: Watch, company: Company) -> AsyncIterator[Desk]:
    """A company with a bad release, which three checks have seen."""
    company.play("bad-release", project="shop")
    httpx.post(f"{company.url}/sandbox/requests")
    async with get_client() as client:
        yield Desk(client, await deploy(client), company, database())


async def test_a_bad_release_is_gone_back_from_after_a_yes(desk: Desk, company: Company) -> None:
    bad = company.production("shop")
    run, waiting = await desk.waiting()
    assert waiting.state is RollbackState.AWAITING_APPROVAL
    assert desk.moves() == []
    answer = await desk.type_in(run, "YES", "Grace", "it is bad")
    assert answer.status == "ACCEPT"
    state = await desk.carry_on(run)
    done = desk.of(run)
    assert (done.state, state.name) == (RollbackState.SUCCEEDED, state.name)
    assert company.production("shop") != bad
    assert len(desk.moves()) == 1
    assert done.is_in_custody
