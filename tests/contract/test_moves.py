"""What we ask for when production is moved and written about keeps to the vendors' official documents."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.contract.documents import needs_documents
from tests.contract.test_clients import Wire
from tests.sandbox.clock import Clock
from watchkeeper.clients.github_changes import GitHubChangesClient
from watchkeeper.clients.github_issues import GitHubIssuesClient, IssueText
from watchkeeper.clients.github_releases import CommitState, CommitStatus, GitHubReleasesClient
from watchkeeper.clients.sentry_releases import Deploy, SentryReleasesClient
from watchkeeper.clients.vercel_moves import VercelMovesClient, Watching
from watchkeeper.clients.vercel_percentages import VercelPercentagesClient
from watchkeeper.domain.moves import MoveKind, MoveOrder, MoveOutcome, PercentageOrder
from watchkeeper.sandbox.vercel_shapes import deployment_id
from watchkeeper.sandbox.world import World

pytestmark = needs_documents

ACCOUNT = "team_sandboxacme"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["calm", "bad-release"])
def wire(request: pytest.FixtureRequest, clock: Clock) -> Wire:
    world = World(clock=clock)
    world.play(request.param)
    return Wire(world)


async def test_production_is_moved_as_its_document_says(wire: Wire, clock: Clock) -> None:
    shop = wire.world.projects[0]
    serves, before = (deployment_id(build) for build in list(wire.world.releases(shop))[:2])
    async with VercelMovesClient("sandbox-vercel-token", "http://sandbox/vercel", wire.transport) as client:
        await client.project_state(ACCOUNT, "prj_shop")
        await client.deployment(ACCOUNT, before)
        await client.env_changes(ACCOUNT, "prj_shop")
        for number, kind in enumerate(MoveKind):
            target = before if kind is MoveKind.ROLLBACK else serves
            order = MoveOrder(number, kind, ACCOUNT, "prj_shop", target, reason="<!channel> & so on")
            await client.move(order, Watching(most=timedelta(0)))
            clock.advance(10)
    assert wire.problems("vercel") == []
    assert [exchange.status for exchange in wire.recorder.of("/vercel") if exchange.method == "POST"] == [201, 201]


async def test_a_percentage_is_set_as_its_document_says(wire: Wire) -> None:
    async with VercelPercentagesClient("sandbox-vercel-token", "http://sandbox/vercel", wire.transport) as client:
        moved = await client.set_percentage(PercentageOrder(ACCOUNT, "ecfg_shop", "new_checkout_percent", 12.5))
    assert wire.problems("vercel") == []
    assert moved.outcome is MoveOutcome.MOVED


async def test_releases_are_compared_as_the_document_of_github_says(wire: Wire) -> None:
    serves, before = list(wire.world.releases(wire.world.projects[0]))[:2]
    async with GitHubChangesClient("sandbox-github-token", "http://sandbox/github", wire.transport) as client:
        changes = await client.changes("acme/shop", before.sha, serves.sha)
    assert wire.problems("github") == []
    assert changes.commits
    assert changes.pull_requests


async def test_incidents_are_written_as_the_document_of_github_says(wire: Wire) -> None:
    since = wire.now - timedelta(hours=1)
    text = IssueText("rollback 7", "Shop was rolled back", "Because", ("incident",))
    serial = next(wire.world.releases(wire.world.projects[0])).serial
    async with GitHubIssuesClient("sandbox-github-token", "http://sandbox/github", wire.transport) as client:
        first = await client.save_issue("acme/shop", text, since)
        again = await client.save_issue("acme/shop", replace(text, is_closed=True), since)
        await client.comment_once("acme/shop", serial, "rollback 7", "It was this one", since)
    assert wire.problems("github") == []
    assert first == again


async def test_a_release_is_marked_as_the_document_of_github_says(wire: Wire) -> None:
    release = next(wire.world.releases(wire.world.projects[0]))
    async with GitHubReleasesClient("sandbox-github-token", "http://sandbox/github", wire.transport) as client:
        await client.set_status(
            "acme/shop", release.sha, CommitStatus(CommitState.FAILURE, "x" * 999, "https://acme.test")
        )
        await client.set_status("acme/shop", release.sha, CommitStatus(CommitState.SUCCESS, "It is over"))
        assert await client.pull_request_of("acme/shop", release.sha) == release.serial
    assert wire.problems("github") == []


async def test_a_deploy_is_written_down_as_the_document_of_sentry_says(wire: Wire) -> None:
    serves = next(wire.world.releases(wire.world.projects[0]))
    deploy = Deploy(serves.sha, "production", "watchkeeper rollback #7", "https://acme.test/7", wire.now, wire.now)
    async with SentryReleasesClient("sandbox-sentry-token", "http://sandbox/sentry", wire.transport) as client:
        assert await client.record_deploy("acme", ("shop-web",), deploy) == serves.sha
    assert wire.problems("sentry") == []
