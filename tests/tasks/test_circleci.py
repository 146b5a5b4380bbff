import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from prefect import flow
from pydantic import SecretStr

from blocks.circleci import CircleCI
from tasks.circleci import fetch_build_reports
from tests.clients.local_server import LocalServer, reply, serving
from tests.tasks.limits import create_limit
from watchkeeper.clients.base import MissingCredential, VendorRefused
from watchkeeper.domain.builds import BuildReport
from watchkeeper.domain.verdicts import Missing

pytestmark = pytest.mark.usefixtures("prefect_server")
SINCE = datetime(2026, 3, 1, tzinfo=UTC)
SHOP = "gh/acme/shop"
TOKEN = "make-believe-token"
PIPELINE = {
    "id": "pipe-1",
    "number": 1,
    "project_slug": SHOP,
    "created_at": "2026-03-01T10:00:00Z",
    "state": "created",
    "errors": [],
    "vcs": {"branch": "main", "revision": "a" * 40},
}
WORKFLOW = {"id": "flow-1", "name": "build", "status": "success", "created_at": "2026-03-01T10:00:00Z"}


@flow
async def asking(circleci: CircleCI) -> dict[str, BuildReport | Missing]:
    return await fetch_build_reports(circleci, "gh/acme", {SHOP: "main"}, SINCE, {})


@asynccontextmanager
async def circleci_answering(*first: bytes) -> AsyncIterator[tuple[CircleCI, LocalServer]]:
    """A CircleCI with one pipeline, which gives the answers `first` before it works."""
    left = list(first)

    async def say(writer: Any) -> None:
        item = WORKFLOW if b"/workflow" in server.requests[-1].split()[1] else PIPELINE
        body = json.dumps({"items": [item], "next_page_token": None}).encode()
        writer.write(left.pop(0) if left else reply(body))
        await writer.drain()

    await create_limit("circleci")
    async with serving(say) as server:
        yield CircleCI(token=SecretStr(TOKEN), base_url=server.url("/api/v2")), server


async def test_reports_come_back_by_the_slugs_that_were_asked() -> None:
    async with circleci_answering() as (circleci, server):
        found = (await asking(circleci))[SHOP]
    assert isinstance(found, BuildReport)
    assert found.pipelines[0].is_final
    assert len(server.requests) == 2


@pytest.mark.slow
async def test_what_may_pass_is_asked_again() -> None:
    async with circleci_answering(reply(b"", "500 No"), reply(b'{"items": [')) as (circleci, _):
        assert isinstance((await asking(circleci))[SHOP], BuildReport)


async def test_a_refusal_is_not_asked_again_and_keeps_the_token() -> None:
    async with circleci_answering(*[reply(b"{}", "401 No")] * 9) as (circleci, server):
        with pytest.raises(VendorRefused, match="the block Watchkeeper CircleCI") as caught:
            await asking(circleci)
    assert len(server.requests) == 1
    assert TOKEN not in str(caught.value)


async def test_a_block_without_a_token_is_a_missing_credential() -> None:
    await create_limit("circleci")
    with pytest.raises(MissingCredential):
        await asking(CircleCI())
