"""What PagerDuty and Jira answer comes back through their blocks; Datadog gets numbers to draw."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx
import pytest
from prefect import flow
from pydantic import SecretStr

from blocks.pagerduty import PagerDuty
from deployments.bootstrap import sandbox_blocks
from tasks import datadog, jira, pagerduty
from tasks.store import database
from tests.domain.alert_digest_makers import digest_of
from tests.domain.alert_fact_makers import check
from tests.sandbox.serving import serving
from watchkeeper.clients.base import MissingCredential
from watchkeeper.config import Configuration, read_configuration
from watchkeeper.domain.alert_channels import ChannelConfig
from watchkeeper.domain.alert_policy import ChannelKind
from watchkeeper.sandbox.app import create_app
from watchkeeper.store.database import transaction
from watchkeeper.store.health import save_checks

pytestmark = pytest.mark.usefixtures("prefect_server")
NAME = "alert-vendors"
PAGER = ChannelConfig("pager", ChannelKind.PAGERDUTY, NAME)
TICKETS = ChannelConfig("tickets", ChannelKind.JIRA, NAME, project="OPS")
DOCUMENT = """
projects:
  - {slug: shop, name: Shop, endpoints: [{name: home, url: "https://shop.example"}]}
alerts:
  channels: [{name: graphs, kind: datadog, credentials: %s}]
"""


@pytest.fixture(scope="module")
async def company(prefect_server: None) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(create_app()) as url, httpx.AsyncClient(base_url=url) as http:
        for block in sandbox_blocks(urlsplit(url).port or 0):
            await block.asave(NAME, overwrite=True)
        yield http


async def test_an_acknowledgement_in_pagerduty_comes_back(company: httpx.AsyncClient) -> None:
    keys = [await pagerduty.send(PAGER, digest_of(key=key), "", {}) for key in ("shop|a#1", "shop|b#2")]
    assert keys == ["shop|a#1", "shop|b#2"]
    since = datetime.now(UTC) - timedelta(minutes=5)
    assert await pagerduty.read_acknowledgements(PAGER, since, keys) == {}
    await company.post("/sandbox/pagerduty/Q000002/acknowledge")
    ((key, (who, at)),) = (await pagerduty.read_acknowledgements(PAGER, since, keys)).items()
    assert (key, " " in who, since < at) == ("shop|b#2", True, True), "somebody with first and last name"


async def test_without_a_token_to_read_with_nothing_comes_back(company: httpx.AsyncClient) -> None:
    await PagerDuty(routing_key=SecretStr("R0UT1NGKEY0F32CHARACTERSMAKEBELI"), base_url="http://127.0.0.1:9").asave(
        "no-token", overwrite=True
    )
    channel = ChannelConfig("pager", ChannelKind.PAGERDUTY, "no-token")
    assert await pagerduty.read_acknowledgements(channel, datetime.now(UTC), ["a"]) == {}


async def test_an_issue_that_is_closed_in_jira_comes_back(company: httpx.AsyncClient) -> None:
    key = await jira.send(TICKETS, digest_of(), "", {})
    assert await jira.read_closed(TICKETS, [key]) == {}
    await company.post(f"/sandbox/jira/{key}/Done")
    closed = await jira.read_closed(TICKETS, [key])
    assert {key: who for key, (who, _) in closed.items()} == {key: "Ada Okafor"}


async def test_nothing_is_asked_when_nothing_is_open() -> None:
    nowhere = ChannelConfig("nowhere", ChannelKind.JIRA, "nobody-made-this")
    assert await jira.read_closed(nowhere, []) == {}
    with pytest.raises(MissingCredential, match="nobody-made-this"):
        await jira.read_closed(nowhere, ["OPS-1"])


@flow
async def forwarding(configuration: Configuration, now: datetime) -> int:
    return await datadog.forward_measurements(configuration, now)


@pytest.fixture
def store(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("WATCHKEEPER_DATABASE_URL", sqlite_url)
    database.cache_clear()
    yield
    database().dispose()
    database.cache_clear()


async def test_datadog_is_told_how_everything_is(company: httpx.AsyncClient, store: None) -> None:
    now = datetime.now(UTC)
    with transaction(database()) as session:
        save_checks(session, [check(end=now)], "", now)
    assert await forwarding(read_configuration(DOCUMENT % NAME, {}), now) == 7
    shown = (await company.get("/sandbox/datadog")).text
    assert "watchkeeper.alerts.firing{project:shop, severity:critical} = 0" in shown
    assert "watchkeeper.health.score{project:shop} = " in shown


async def test_numbers_that_cannot_be_sent_stop_nothing(store: None, caplog: pytest.LogCaptureFixture) -> None:
    assert await forwarding(read_configuration(DOCUMENT % "nobody-made-this", {}), datetime.now(UTC)) == 0
    assert "No points went to graphs" in caplog.text


async def test_without_a_datadog_channel_nothing_is_read() -> None:
    assert await forwarding(read_configuration(DOCUMENT.partition("alerts:")[0], {}), datetime.now(UTC)) == 0
