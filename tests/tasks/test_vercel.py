import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from prefect import flow
from pydantic import SecretStr

from blocks.vercel import Vercel
from tasks.vercel import fetch_delivery_reports, fetch_platform_status
from tests.clients.local_server import LocalServer, reply, serving
from tests.tasks.limits import create_limit
from watchkeeper.clients.base import MissingCredential, VendorRefused
from watchkeeper.domain.delivery import DeliveryReport
from watchkeeper.domain.verdicts import Gap, Missing

pytestmark = pytest.mark.usefixtures("prefect_server")
SINCE = datetime(2026, 3, 1, tzinfo=UTC)
TOKEN = "make-believe-token"


@flow
async def asking(vercel: Vercel, projects: tuple[str, ...]) -> dict[str, DeliveryReport | Missing]:
    return await fetch_delivery_reports(vercel, "team_acme", projects, SINCE)


@flow
async def asking_status(vercel: Vercel) -> str:
    return (await fetch_platform_status(vercel)).indicator


@asynccontextmanager
async def vercel_answering(*first: bytes) -> AsyncIterator[tuple[Vercel, LocalServer]]:
    """A Vercel with one project, which gives the answers `first` before it works."""
    left = list(first)

    async def say(writer: Any) -> None:
        path = server.requests[-1].split()[1].decode()
        key = "projects" if "/projects" in path else "deployments"
        listed = [{"id": "prj_shop", "name": "shop"}] if key == "projects" else []
        body = json.dumps({key: listed, "pagination": {"count": 1, "next": None, "prev": None}}).encode()
        writer.write(left.pop(0) if left else reply(body))
        await writer.drain()

    await create_limit("vercel")
    async with serving(say) as server:
        yield Vercel(token=SecretStr(TOKEN), base_url=server.url(), status_url=server.url()), server


async def test_reports_come_back_by_the_names_that_were_asked() -> None:
    async with vercel_answering() as (vercel, _):
        found = await asking(vercel, ("shop", "gone"))
    shop, gone = found["shop"], found["gone"]
    assert isinstance(shop, DeliveryReport)
    assert isinstance(gone, Missing)
    assert gone.gap is Gap.REFUSED


@pytest.mark.slow
async def test_what_may_pass_is_asked_again() -> None:
    async with vercel_answering(reply(b"", "500 No"), reply(b"", "500 No")) as (vercel, server):
        found = await asking(vercel, ("shop",))
    assert isinstance(found["shop"], DeliveryReport)
    assert len(server.requests) == 4


async def test_a_refusal_is_not_asked_again_and_keeps_the_token() -> None:
    async with vercel_answering(*[reply(b"{}", "403 No")] * 9) as (vercel, server):
        with pytest.raises(VendorRefused, match="the block Watchkeeper Vercel") as caught:
            await asking(vercel, ("shop",))
    assert len(server.requests) <= 2
    assert TOKEN not in str(caught.value)


async def test_a_block_without_a_token_is_a_missing_credential() -> None:
    await create_limit("vercel")
    with pytest.raises(MissingCredential):
        await asking(Vercel(), ("shop",))


async def test_the_status_page_is_asked_without_a_token() -> None:
    body = reply(json.dumps({"status": {"indicator": "minor", "description": "x"}}).encode())
    async with serving(body) as server:
        assert await asking_status(Vercel(status_url=server.url())) == "minor"
    assert b"authorization" not in server.requests[0].lower()
