"""What our clients ask, and how they ask it, keeps to the vendors' official documents."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.contract.documents import Document, Exchange, needs_documents
from tests.contract.recording import Recorder
from tests.contract.vendors import VENDORS
from tests.sandbox.clock import Clock
from tests.sandbox.serving import serving
from watchkeeper.clients.circleci import CircleCIClient
from watchkeeper.clients.github import GitHubClient
from watchkeeper.clients.sentry import SentryClient
from watchkeeper.clients.slack import SlackClient, SlackFile
from watchkeeper.clients.vercel import VercelClient
from watchkeeper.domain.builds import BuildReport
from watchkeeper.domain.delivery import DeliveryReport
from watchkeeper.domain.errors import ErrorReport
from watchkeeper.domain.history import BuildHistory, ErrorHistory, ErrorHour
from watchkeeper.domain.verdicts import Missing
from watchkeeper.domain.windows import Window, floor
from watchkeeper.sandbox.app import create_app
from watchkeeper.sandbox.world import World

pytestmark = needs_documents

HOUR = timedelta(hours=1)
SLUGS = ("shop", "portal", "api")
COLLAPSED = frozenset({"stats", "lifetime", "filtered"})


class Wire:
    """The sandbox, with everything that is asked of it kept."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.now = datetime.fromtimestamp(world.now(), UTC)
        self.recorder = Recorder(create_app(world=world))
        self.transport = httpx.ASGITransport(self.recorder)

    def problems(self, vendor: str) -> list[str]:
        """Return what breaks the vendor's document; fails when nothing was asked."""
        exchanges = self.recorder.of(VENDORS[vendor].prefix)
        assert exchanges
        document = Document(vendor, VENDORS[vendor].corrections)
        return [problem for exchange in exchanges for problem in _problems(document, exchange)]


def _problems(document: Document, exchange: Exchange) -> list[str]:
    collapsed = COLLAPSED & {value for name, value in exchange.query if name == "collapse"}
    return document.problems(exchange, missing_allowed=collapsed)


@pytest.fixture(params=["calm", "bad-release"])
def wire(request: pytest.FixtureRequest) -> Wire:
    world = World(clock=Clock())
    world.play(request.param)
    return Wire(world)


async def test_sentry_is_asked_as_its_document_says(wire: Wire) -> None:
    window = Window.ending_at(wire.now, timedelta(minutes=15))
    async with SentryClient("sandbox-sentry-token", "http://sandbox/sentry", wire.transport) as client:
        reports = await client.error_reports("acme", "production", [f"{s}-web" for s in SLUGS], window, wire.now)
    assert wire.problems("sentry") == []
    assert all(isinstance(report, ErrorReport) and not report.warnings for report in reports.values())


async def test_the_past_is_asked_of_sentry_as_its_document_says(wire: Wire) -> None:
    hours = [floor(wire.now, HOUR) - n * HOUR for n in range(1, 7)]
    async with SentryClient("sandbox-sentry-token", "http://sandbox/sentry", wire.transport) as client:
        found = await client.error_history("acme", "production", [f"{s}-web" for s in SLUGS], hours, wire.now)
    assert wire.problems("sentry") == []
    for history in found.values():
        assert isinstance(history, ErrorHistory)
        assert history.warnings == ()
        assert all(isinstance(hour, ErrorHour) and hour.users is not None for hour in history.hours.values())


async def test_vercel_is_asked_as_its_document_says(wire: Wire) -> None:
    async with VercelClient("sandbox-vercel-token", "http://sandbox/vercel", wire.transport) as client:
        reports = await client.delivery_reports("team_sandboxacme", SLUGS, wire.now - timedelta(days=2))
    assert wire.problems("vercel") == []
    assert all(isinstance(report, DeliveryReport) and not report.warnings for report in reports.values())


@pytest.mark.parametrize("days", [1, 10], ids=["yesterday", "some days ago"])
async def test_the_past_is_asked_of_circleci_as_its_document_says(wire: Wire, days: int) -> None:
    end = floor(wire.now, HOUR) - timedelta(days=days)
    branches = {f"gh/acme/{slug}": "main" for slug in SLUGS}
    async with CircleCIClient("sandbox-circleci-token", "http://sandbox/circleci/api/v2", wire.transport) as client:
        span = Window(end - timedelta(days=2), end)
        found = await client.build_history("gh/acme", branches, span, {}, wire.now)
    assert wire.problems("circleci") == []
    histories = [history for history in found.values() if isinstance(history, BuildHistory)]
    assert len(histories) == len(SLUGS)
    assert all(not history.warnings for history in histories)
    assert sum(len(history.runs) for history in histories) > sum(len(history.pipelines) for history in histories) > 0
    assert sum(run.credits for history in histories for run in history.runs) > 0


async def test_the_past_is_asked_of_vercel_as_its_document_says(wire: Wire) -> None:
    until = wire.now - timedelta(days=5)
    async with VercelClient("sandbox-vercel-token", "http://sandbox/vercel", wire.transport) as client:
        reports = await client.delivery_reports("team_sandboxacme", SLUGS, until - timedelta(days=30), until)
    assert wire.problems("vercel") == []
    for report in reports.values():
        assert isinstance(report, DeliveryReport)
        assert report.warnings == ()
        assert len(report.deployments) > 10


async def test_circleci_is_asked_as_its_document_says(wire: Wire) -> None:
    branches = {f"gh/acme/{slug}": "main" for slug in SLUGS}
    async with CircleCIClient("sandbox-circleci-token", "http://sandbox/circleci/api/v2", wire.transport) as client:
        reports = await client.build_reports("gh/acme", branches, wire.now - timedelta(days=3), {})
    assert wire.problems("circleci") == []
    assert all(isinstance(report, BuildReport) and not report.warnings for report in reports.values())


@pytest.fixture
async def slack_wire() -> AsyncIterator[tuple[Wire, str]]:
    wire = Wire(World(clock=Clock()))
    async with serving(wire.recorder) as url:
        yield wire, url


async def test_slack_is_asked_as_its_document_says(slack_wire: tuple[Wire, str]) -> None:
    wire, url = slack_wire
    async with SlackClient("sandbox-slack-token", base_url=f"{url}/slack/api/") as client:
        ts = await client.post("#releases", "Shop is healthy", [{"type": "divider"}])
        await client.update("#releases", ts, "Shop is critical", [{"type": "divider"}])
        bar = ({"color": "#e01e5a", "blocks": [{"type": "divider"}]},)
        alert = await client.post("#releases", "An alert", attachments=bar)
        await client.update("#releases", alert, "An alert", attachments=bar)
        await client.post("#releases", "Still so", thread=alert, is_broadcast=True)
    assert wire.problems("slack") == []


async def test_slack_takes_files_as_its_document_says(slack_wire: tuple[Wire, str]) -> None:
    wire, url = slack_wire
    async with SlackClient("sandbox-slack-token", base_url=f"{url}/slack/api/") as client:
        thread = await client.post("#reports", "Daily report", mark="daily")
        files = [SlackFile("chart.png", b"\x89PNG", "Chart", "A chart"), SlackFile("report.html", b"<p>", "Report")]
        uploaded = await client.upload("#reports", files, thread)
        since = wire.now - timedelta(hours=1)
        assert await client.find("#reports", "daily", since) == thread
        assert await client.uploaded("#reports", thread, ["report.html"], since) == uploaded[1:]
        await client.delete_file("#reports", uploaded[0])
    # What the library asks for files and channels stands in the address, which Slack takes as well as a body.
    by_library = ("/files.", "/conversations.")
    assert [each for each in wire.problems("slack") if not any(name in each for name in by_library)] == []


async def test_github_is_asked_as_its_document_says(wire: Wire) -> None:
    async with GitHubClient("sandbox-github-token", "http://sandbox/github", wire.transport) as client:
        repositories = [(f"acme/{slug}", "main") for slug in SLUGS]
        commits = await client.commits(repositories, wire.now - timedelta(days=20))
        pages = {"index.html": b"<p>All</p>", "daily.html": b"<p>Day</p>"}
        first = await client.publish_pages("acme/shop", "gh-pages", pages, "Daily report")
        assert await client.publish_pages("acme/shop", "gh-pages", pages, "Daily report") == first
    assert not [each for each in commits.values() if isinstance(each, Missing) or len(each) <= 10]
    # The extract of the document has no `GET git/commits/{sha}`, and takes the name of a branch for one segment.
    known = ("/git/commits/", "/git/ref/heads/", "/git/refs/heads/")
    problems = [each for each in wire.problems("github") if "no such path" not in each]
    unknown = [each for each in wire.problems("github") if "no such path" in each]
    assert problems == []
    assert all(any(path in each for path in known) for each in unknown)
