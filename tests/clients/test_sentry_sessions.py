"""Sessions of many releases, held against how Sentry cuts its answers."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.clients.sentry_answers import sessions
from watchkeeper.clients.base import VendorUnavailable
from watchkeeper.clients.sentry import SentryClient
from watchkeeper.domain.errors import ErrorReport
from watchkeeper.domain.history import ErrorHistory, ErrorHour
from watchkeeper.domain.verdicts import Gap, Missing
from watchkeeper.domain.windows import Window

NOW = datetime(2026, 3, 3, 12, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOURS = tuple(datetime(2026, 3, 1, 12, tzinfo=UTC) + n * HOUR for n in range(48))
STATUSES = ("healthy", "errored", "crashed", "abnormal", "unhandled")


class Sentry:
    """Projects whose people use several releases in every hour: 10 sessions of each, of which 1 crashed.

    Answers with as many pairs of project and release as fit into `points`, as Sentry does, and says that this is all.
    """

    def __init__(self, projects: int, releases: int, points: int = 10_000) -> None:
        self.slugs = {str(n): f"p{n}" for n in range(1, projects + 1)}
        self.releases, self.points = releases, points
        self.asked: list[httpx.QueryParams] = []
        self.broken: Any = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        what = request.url.path.split("/")[-2]
        bodies = {"projects": [{"id": key, "slug": slug} for key, slug in self.slugs.items()], "events": {"data": []}}
        body = self._sessions(request.url.params) if what == "sessions" else bodies.get(what, [])
        link = '<x>; rel="next"; results="false"; cursor="0:10000:0"'
        return httpx.Response(200, json=body, headers={"link": link})

    def _sessions(self, params: httpx.QueryParams) -> dict[str, Any]:
        self.asked.append(params)
        start, end = (datetime.fromisoformat(params[name]) for name in ("start", "end"))
        intervals = [(start + n * HOUR).isoformat() for n in range((end - start) // HOUR)]
        named = [key for key in self.slugs if params.get_list("project") == ["-1"] or key in params.get_list("project")]
        pairs = [(key, f"r{n}") for n in range(self.releases) for key in named]
        kept = pairs[: self.points // (len(intervals) + 1)]
        groups = [_group(*pair, status, len(intervals)) for pair in kept for status in STATUSES]
        return {"intervals": intervals, "groups": [*groups, *([self.broken] if self.broken else [])]}


def _group(project: str, release: str, status: str, hours: int) -> dict[str, Any]:
    each = {"healthy": 9, "crashed": 1}.get(status, 0)
    return sessions(int(project), status, [each] * hours, release)


async def history(sentry: Sentry, hours: Sequence[datetime] = HOURS) -> dict[str, ErrorHistory | Missing]:
    async with SentryClient("token", transport=httpx.MockTransport(sentry)) as client:
        return await client.error_history("acme", "production", tuple(sentry.slugs.values()), hours, NOW)


async def report(sentry: Sentry) -> dict[str, ErrorReport | Missing]:
    window = Window(NOW - timedelta(minutes=15), NOW)
    async with SentryClient("token", transport=httpx.MockTransport(sentry)) as client:
        return await client.error_reports("acme", "production", tuple(sentry.slugs.values()), window, NOW)


def totals(found: ErrorHistory | Missing) -> set[tuple[int, int]]:
    assert isinstance(found, ErrorHistory), found
    hours = [hour for hour in found.hours.values() if isinstance(hour, ErrorHour)]
    assert len(hours) == len(found.hours)
    return {(hour.sessions, hour.crashed) for hour in hours}


@pytest.mark.parametrize(
    ("projects", "releases", "calls"),
    [
        pytest.param(2, 2, 1, id="few"),
        pytest.param(20, 5, 1, id="just below what an older one keeps"),
        pytest.param(60, 3, 3, id="60 projects over 48 hours"),
        pytest.param(40, 12, 15, id="many"),
    ],
)
async def test_sessions_of_many_releases_are_asked_for_in_halves(projects: int, releases: int, calls: int) -> None:
    sentry = Sentry(projects, releases)
    found = await history(sentry)
    assert {slug: totals(each) for slug, each in found.items()} == {
        slug: {(10 * releases, releases)} for slug in sentry.slugs.values()
    }
    assert len(sentry.asked) == calls


async def test_an_older_sentry_keeps_half_as_many() -> None:
    sentry = Sentry(60, 3, points=5_000)
    found = await history(sentry)
    assert {totals(each) == {(30, 3)} for each in found.values()} == {True}


async def test_sessions_are_not_asked_for_in_pages() -> None:
    """By status Sentry says that there is nothing more when there is, and a page that is too large is cut as well."""
    sentry = Sentry(60, 3)
    await history(sentry)
    assert all("per_page" not in asked and "cursor" not in asked for asked in sentry.asked)


async def test_an_hour_of_too_many_releases_is_split_by_project() -> None:
    sentry = Sentry(4, 1_000)
    found = await report(sentry)
    counts = {slug: len(each.readings[0].counts) for slug, each in found.items() if isinstance(each, ErrorReport)}
    assert counts == dict.fromkeys(sentry.slugs.values(), 1_000)


async def test_what_cannot_be_had_whole_is_missing_and_not_half() -> None:
    found = await report(Sentry(1, 3_000))
    missing = found["p1"]
    assert isinstance(missing, Missing)
    assert missing.gap is Gap.UNAVAILABLE
    assert "more releases with sessions" in missing.reason
    past = (await history(Sentry(1, 3_000), HOURS[:4]))["p1"]
    assert isinstance(past, Missing)


async def test_one_group_that_cannot_be_read_leaves_its_project_unknown_and_the_others_stand() -> None:
    sentry = Sentry(2, 2)
    sentry.broken = sessions(2, "healthy", [3], "short")
    found = await history(sentry)
    assert totals(found["p1"]) == {(20, 2)}
    assert isinstance(found["p2"], Missing)
    first = found["p1"]
    assert isinstance(first, ErrorHistory)
    assert any("1 of 21 groups of sessions could not be read" in warning for warning in first.warnings)


async def test_a_group_that_may_be_anybodys_leaves_nothing_known() -> None:
    sentry = Sentry(2, 2)
    sentry.broken = sessions(None, "healthy", [3] * 47)
    with pytest.raises(VendorUnavailable, match=r"by\.project"):
        await history(sentry)
