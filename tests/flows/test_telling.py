"""What people and machines are told: artifacts, events, alerts that wait, and the call of the heartbeat."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.events.filters import EventFilter, EventNameFilter, EventOccurredFilter

from tests.clients.local_server import reply, serving
from tests.flows.company import Company
from tests.flows.watch import Watch
from tests.waiting import LIMIT_SECONDS

pytestmark = pytest.mark.slow

SECRET = "make-believe-heartbeat-secret"


async def artifact(key: str) -> str:
    """Return what stands in the newest version of an artifact."""
    async with get_client() as client:
        return str((await client.request("GET", "/artifacts/{key}/latest", path_params={"key": key})).json()["data"])


async def events(since: datetime, name: str, count: int = 1) -> list[Any]:
    """Wait until the server has that many events of the name."""
    wanted = EventFilter(occurred=EventOccurredFilter(since=since), event=EventNameFilter(name=[name]))
    deadline = time.monotonic() + LIMIT_SECONDS
    async with get_client() as client:
        while True:
            found = (await client.read_events(filter=wanted, limit=50)).events
            if len(found) >= count or time.monotonic() > deadline:
                return found
            await asyncio.sleep(0.2)


async def test_artifacts_and_events_say_what_was_found(watch: Watch, company: Company) -> None:
    since = datetime.now(UTC)
    company.play("bad-release", project="shop")
    checks = await watch.check()
    assert "Shop" in await artifact("health")
    page = await artifact("health-shop")
    assert company.production("shop")[:7] in page
    (critical,) = await events(since, "watchkeeper.health.critical")
    assert critical.resource["prefect.resource.id"] == "watchkeeper.project.shop"
    assert critical.payload["release"] == checks["shop"].release
    assert critical.payload["fault"] == "release"
    assert len(await events(since, "watchkeeper.health.changed", 2)) == 2
    assert len(await events(since, "watchkeeper.watch.done")) == 1


async def test_what_slack_did_not_take_waits_and_is_told_later_and_once(watch: Watch, company: Company) -> None:
    company.play("bad-release", project="shop")
    company.play("vendor-down", "slack")
    await watch.check(projects=["shop"])
    await watch.alert()
    waiting = "SELECT error FROM alert_messages WHERE sent_at IS NULL"
    assert "503" in watch.rows(waiting)[0][0]
    company.restart()
    watch.let_messages_go()
    await watch.alert()
    assert watch.rows(waiting) == []
    assert watch.count("alert_messages") == len(company.posts())


async def test_the_heartbeat_is_called_once_after_a_run(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(reply(b"ok")) as outside:
        monkeypatch.setenv("WATCHKEEPER_HEARTBEAT_URL", outside.url(f"/{SECRET}"))
        await watch.check(projects=["api"])
    assert [request.split()[1].decode() for request in outside.requests] == [f"/{SECRET}"]


@pytest.mark.parametrize("answer", [pytest.param(reply(b"", "500 No"), id="refused"), pytest.param(b"", id="cut off")])
async def test_a_heartbeat_that_fails_is_logged_without_its_secret(
    answer: bytes, watch: Watch, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    async with serving(answer) as outside:
        monkeypatch.setenv("WATCHKEEPER_HEARTBEAT_URL", outside.url(f"/{SECRET}"))
        await watch.check(projects=["api"])
    assert outside.requests
    assert "The heartbeat URL" in caplog.text
    assert SECRET not in caplog.text
