"""How alerts are told to PagerDuty, Jira and Datadog, and what the sandbox answers, keeps to their documents."""

import gzip
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from reports.datadog import datadog_event
from reports.pagerduty import pagerduty_event
from tasks.jira import closed_by_people, track
from tests.contract.documents import Correction, Document, Exchange, needs_documents
from tests.contract.recording import Recorder
from tests.domain.alert_digest_makers import NOW, digest_of, hostile_digest
from tests.sandbox.clock import Clock
from watchkeeper.clients.datadog import DatadogClient
from watchkeeper.clients.jira import JiraClient
from watchkeeper.clients.pagerduty import PagerDutyClient, PagerDutyEventsClient
from watchkeeper.domain.alert_channels import ChannelConfig
from watchkeeper.domain.alert_digests import Digest
from watchkeeper.domain.alert_groups import Reason
from watchkeeper.domain.alert_metrics import Measurement
from watchkeeper.domain.alert_policy import ChannelKind
from watchkeeper.domain.alert_values import Severity
from watchkeeper.sandbox.app import create_app
from watchkeeper.sandbox.datadog import TOKEN as DATADOG_KEY
from watchkeeper.sandbox.jira import EMAIL, TOKEN
from watchkeeper.sandbox.pagerduty import ROUTING_KEY
from watchkeeper.sandbox.pagerduty import TOKEN as PAGERDUTY_TOKEN
from watchkeeper.sandbox.world import World

pytestmark = needs_documents

SITE = "http://sandbox"
PREFIXES = {
    "pagerduty": "/pagerduty",
    "pagerduty.events-v2": "/pagerduty-events/v2",
    "jira": "/jira",
    "datadog": "/datadog",
}
_DATES = "Jira writes +0000, as its own examples show"
CORRECTIONS = {
    "pagerduty": (
        Correction(
            "components schemas Incident allOf * properties resolved_at",
            {"nullable": True},
            "null until it is resolved, as its description says",
        ),
    ),
    "jira": (
        Correction("components schemas Comment properties created", {"format": None}, _DATES),
        Correction("components schemas Comment properties updated", {"format": None}, _DATES),
        Correction("components schemas Changelog properties created", {"format": None}, _DATES),
    ),
}
DIGESTS = [
    *(digest_of(reason) for reason in Reason),
    *(digest_of(severity=severity) for severity in Severity),
    digest_of(project="", project_name="", lines=(), release=""),
    hostile_digest(),
]


class Wire:
    """The sandbox, with everything that is asked of it kept."""

    def __init__(self) -> None:
        self.clock = Clock(NOW.timestamp())
        self.recorder = Recorder(create_app(world=World(clock=self.clock)))
        self.transport = httpx.ASGITransport(self.recorder)

    def problems(self, document: str) -> list[str]:
        """Return what breaks a document; fails when nothing was asked."""
        exchanges = self.recorder.of(PREFIXES[document])
        assert exchanges
        checked = Document(document, CORRECTIONS.get(document, ()))
        return [problem for exchange in exchanges for problem in checked.problems(_unpacked(exchange))]

    def statuses(self, document: str) -> set[int]:
        return {exchange.status for exchange in self.recorder.of(PREFIXES[document])}


def _unpacked(exchange: Exchange) -> Exchange:
    is_packed = exchange.headers.get("content-encoding") == "gzip"
    return replace(exchange, body=gzip.decompress(exchange.body)) if is_packed else exchange


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.mark.parametrize("digest", DIGESTS)
async def test_events_and_acknowledgements_keep_to_the_documents_of_pagerduty(wire: Wire, digest: Digest) -> None:
    event = pagerduty_event(digest)
    async with PagerDutyEventsClient(ROUTING_KEY, f"{SITE}/pagerduty-events/v2", wire.transport) as events:
        await events.enqueue(pagerduty_event(digest_of(key=digest.key)))
        await events.enqueue(event)
    async with httpx.AsyncClient(transport=wire.transport, base_url=SITE) as http:
        await http.post("/sandbox/pagerduty/Q000001/acknowledge")
    async with PagerDutyClient(PAGERDUTY_TOKEN, f"{SITE}/pagerduty", wire.transport) as client:
        found = await client.acknowledgements([event.dedup_key], NOW - timedelta(hours=1))
    assert set(found) == {event.dedup_key}
    assert found[event.dedup_key].at == datetime.fromtimestamp(wire.clock(), UTC)
    assert (wire.problems("pagerduty.events-v2"), wire.problems("pagerduty")) == ([], [])
    assert wire.statuses("pagerduty.events-v2") == {202}


@pytest.mark.parametrize("digest", DIGESTS)
async def test_issues_keep_to_the_document_of_jira(wire: Wire, digest: Digest) -> None:
    channel = ChannelConfig("jira", ChannelKind.JIRA, project="OPS")
    async with JiraClient(EMAIL, TOKEN, f"{SITE}/jira", wire.transport) as client:
        key = await track(client, channel, digest_of(severity=Severity.INFO, key=digest.key), "", {})
        wire.clock.advance(10)
        assert await track(client, channel, replace(digest, people=("Ada",)), "", {"Ada": "sandbox:ada"}) == key
        await track(client, channel, digest_of(Reason.ALL_RESOLVED, key=digest.key), key, {})
        await track(client, channel, digest_of(Reason.NEW_IN_GROUP, key=digest.key), key, {})
        assert await closed_by_people(client, [key]) == {}
    assert wire.problems("jira") == []
    assert wire.statuses("jira") == {200, 201, 204}


@pytest.mark.parametrize("digest", DIGESTS)
async def test_events_and_points_keep_to_the_document_of_datadog(wire: Wire, digest: Digest) -> None:
    site = f"{SITE}/datadog"
    points = [Measurement("watchkeeper.health.score", 97.5, NOW, ("project:shop", "x" * 300), "percent")]
    async with DatadogClient(DATADOG_KEY, "make-believe-key", site, site, wire.transport) as client:
        await client.send_event(datadog_event(digest, {"Ada": "ada@acme.example"}))
        await client.send_points(points)
    assert wire.problems("datadog") == []
    assert wire.statuses("datadog") == {202}


@pytest.mark.parametrize(
    ("call", "status"),
    [
        ("pagerduty GET /incidents", 401),
        ("pagerduty.events-v2 POST /enqueue", 400),
        ("jira GET /rest/api/3/myself", 401),
        ("jira POST /rest/api/3/issue", 401),
        ("datadog POST /api/v2/series", 403),
        ("datadog POST /api/v2/events", 403),
    ],
)
async def test_a_refusal_keeps_to_the_document(wire: Wire, call: str, status: int) -> None:
    document, method, path = call.split()
    async with httpx.AsyncClient(transport=wire.transport, base_url=SITE) as http:
        response = await http.request(method, PREFIXES[document] + path, json={} if method == "POST" else None)
    assert response.status_code == status
    wrong = [problem for problem in wire.problems(document) if "credential" not in problem and "request" not in problem]
    assert wrong == []
