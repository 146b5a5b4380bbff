import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prefect import flow
from pydantic import SecretStr

from blocks.sentry import Sentry
from tasks.sentry import fetch_error_reports
from tests.clients.local_server import LocalServer, reply, serving
from tests.tasks.limits import create_limit
from watchkeeper.clients.base import MissingCredential, VendorRefused
from watchkeeper.domain.errors import ErrorCount, ErrorReport
from watchkeeper.domain.verdicts import Gap, Missing
from watchkeeper.domain.windows import Window

pytestmark = pytest.mark.usefixtures("prefect_server")
NOW = datetime(2026, 3, 1, 12, 5, tzinfo=UTC)
WINDOW = Window(NOW - timedelta(minutes=15), NOW)
TOKEN = "make-believe-token"
BODIES: dict[str, object] = {
    "projects": [{"id": "11", "slug": "shop-web"}],
    "events": {"data": [{"project": "shop-web", "release": "r1", "count()": 9, "failure_count()": 1}]},
    "sessions": {"groups": [], "intervals": []},
}


@flow
async def asking(sentry: Sentry, projects: tuple[str, ...]) -> dict[str, ErrorReport | Missing]:
    return await fetch_error_reports(sentry, "acme", "production", projects, WINDOW, NOW)


@asynccontextmanager
async def sentry_answering(*first: bytes) -> AsyncIterator[tuple[Sentry, LocalServer]]:
    """A Sentry with one project, which gives the answers `first` before it works."""
    left = list(first)

    async def say(writer: Any) -> None:
        what = server.requests[-1].split()[1].decode().split("?")[0].split("/")[-2]
        writer.write(left.pop(0) if left else reply(json.dumps(BODIES.get(what, [])).encode()))
        await writer.drain()

    await create_limit("sentry")
    async with serving(say) as server:
        yield Sentry(auth_token=SecretStr(TOKEN), base_url=server.url()), server


async def test_reports_come_back_by_the_slugs_that_were_asked() -> None:
    async with sentry_answering() as (sentry, _):
        found = await asking(sentry, ("shop-web", "gone-web"))
    shop, gone = found["shop-web"], found["gone-web"]
    assert isinstance(shop, ErrorReport)
    assert shop.spans == (ErrorCount("r1", 1, 9),)
    assert isinstance(gone, Missing)
    assert gone.gap is Gap.REFUSED


@pytest.mark.slow
async def test_what_may_pass_is_asked_again() -> None:
    async with sentry_answering(reply(b"", "500 No"), reply(b"<html>")) as (sentry, _):
        found = await asking(sentry, ("shop-web",))
    assert isinstance(found["shop-web"], ErrorReport)


async def test_a_refusal_is_not_asked_again_and_keeps_the_token() -> None:
    async with sentry_answering(*[reply(b"{}", "403 No")] * 9) as (sentry, server):
        with pytest.raises(VendorRefused, match="the block Watchkeeper Sentry") as caught:
            await asking(sentry, ("shop-web",))
    assert len(server.requests) == 1
    assert TOKEN not in str(caught.value)


async def test_a_block_without_a_token_is_a_missing_credential() -> None:
    await create_limit("sentry")
    with pytest.raises(MissingCredential):
        await asking(Sentry(), ("shop-web",))
