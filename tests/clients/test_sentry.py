from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.clients.garbage import shaped
from tests.clients.sentry_answers import SHA, issue, release, sessions, span
from watchkeeper.clients.base import MissingCredential, VendorError, VendorRefused, VendorUnavailable
from watchkeeper.clients.sentry import SentryClient
from watchkeeper.domain.errors import ErrorCount, ErrorReport, IssueLevel
from watchkeeper.domain.issues import how_often, issue_findings, new_issues
from watchkeeper.domain.verdicts import Gap, Missing, Verdict
from watchkeeper.domain.windows import Window

TOKEN = "make-believe-token"
NOW = datetime(2026, 3, 1, 12, 5, tzinfo=UTC)
WINDOW = Window(datetime(2026, 3, 1, 11, 50, tzinfo=UTC), NOW)


class Sentry:
    """Answers as Sentry does, with what it was told to hold, in pages of `page_size`."""

    def __init__(self, page_size: int = 100, **replaced: Any) -> None:
        self.page_size = page_size
        self.requests: list[httpx.Request] = []
        self.held: dict[str, Any] = {
            "projects": [{"id": "11", "slug": "shop-web"}, {"id": "12", "slug": "portal-web"}],
            "events": [span()],
            "sessions": [sessions(12), sessions(12, "crashed", (3, 1)), sessions(12, "errored", (7, None))],
            "issues": [issue()],
            "releases": [release()],
            **replaced,
        }

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path.endswith("/"), "without it Sentry redirects"
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        self.requests.append(request)
        what = request.url.path.split("/")[-2]
        held = self.held[what]
        if isinstance(held, httpx.Response):
            return held
        start = int(request.url.params.get("cursor", "0:0:0").split(":")[1])
        page, following = held[start : start + self.page_size], start + self.page_size
        link = (
            f'<{request.url}&cursor=0:0:1>; rel="previous"; results="false"; cursor="0:0:1", '
            f'<{request.url}>; rel="next"; results="{str(following < len(held)).lower()}"; cursor="0:{following}:0"'
        )
        intervals = ["2026-03-01T11:00:00Z", "2026-03-01T12:00:00Z"]
        bodies = {"events": {"data": page, "meta": {}}, "sessions": {"groups": page, "intervals": intervals}}
        return httpx.Response(200, json=bodies.get(what, page), headers={"link": link})

    def asked(self, what: str) -> list[httpx.QueryParams]:
        return [request.url.params for request in self.requests if request.url.path.endswith(f"/{what}/")]


def holding(what: str, held: Any) -> Sentry:
    sentry = Sentry()
    sentry.held[what] = held
    return sentry


async def reports(
    sentry: Callable[[httpx.Request], httpx.Response], *projects: str
) -> dict[str, ErrorReport | Missing]:
    async with SentryClient(TOKEN, transport=httpx.MockTransport(sentry)) as client:
        return await client.error_reports("acme", "production", projects or ("shop-web", "portal-web"), WINDOW, NOW)


async def report(sentry: Sentry, project: str = "shop-web") -> ErrorReport:
    found = (await reports(sentry))[project]
    assert isinstance(found, ErrorReport)
    return found


async def test_spans_are_counted_by_release() -> None:
    older = span(release="web@1.2+abc", total="7", failed=0)
    found = await report(Sentry(events=[span(), older, span(release=None, total=2, failed=1), span("other-web")]))
    assert found.spans == (ErrorCount("", 1, 2), ErrorCount(SHA, 4, 100), ErrorCount("web@1.2+abc", 0, 7))
    assert found.readings == ()
    assert found.url == "https://sentry.io/organizations/acme/projects/shop-web/"


async def test_sessions_are_read_hour_by_hour_and_handled_errors_are_no_failures() -> None:
    groups = [
        sessions(12, "healthy", (90, 40)),
        sessions(12, "errored", (5, 3)),
        sessions(12, "crashed", (2, 1)),
        sessions("12", "abnormal", (1, 0)),
        sessions(12, "unhandled", (1, 1)),
        sessions(12, "healthy", (1, None), release="b" * 40),
    ]
    found = await report(Sentry(sessions=groups), "portal-web")
    first, second = found.readings
    assert (first.hour, second.hour) == WINDOW.hours()
    assert first.taken_at == NOW
    assert first.counts == (ErrorCount(SHA, 4, 99), ErrorCount("b" * 40, 0, 1))
    assert second.counts == (ErrorCount(SHA, 2, 45), ErrorCount("b" * 40, 0, 0))
    assert found.crash_free_rate == pytest.approx(1 - 3 / 145)
    assert found.spans == ()


LIFE = {"count": "48211", "userCount": 9120, "firstSeen": "2025-12-30T08:00:00Z", "lastSeen": "2026-03-01T12:04:00Z"}


async def test_nothing_that_is_read_is_collapsed() -> None:
    sentry = Sentry()
    await reports(sentry)
    (asked,) = sentry.asked("issues")
    assert asked.get_list("collapse") == ["filtered"]


async def test_an_old_issue_is_not_new_because_the_range_is() -> None:
    """At the top stands what lies in the range that was asked for; the life stands apart."""
    found = (await report(Sentry(issues=[issue(count="2", userCount=2, lifetime=LIFE)]))).issues[0]
    assert found.first_seen == datetime(2025, 12, 30, 8, tzinfo=UTC)
    assert (found.count, found.users, found.recent_count, found.recent_users) == (48_211, 9_120, 2, 2)
    assert new_issues([found], WINDOW) == ()
    (finding,) = issue_findings([replace(found, substatus="regressed")], WINDOW, 100)
    assert finding.verdict is Verdict.HEALTHY, "two events in the range are a curiosity, whatever its life was"
    assert "48,211 events, 2 of them lately, 9,120 people" in finding.reason


async def test_an_issue_without_counts_is_one_issue_of_unknown_counts() -> None:
    gone = {"count", "userCount", "firstSeen", "lastSeen", "lifetime"}
    bare = {key: value for key, value in issue(substatus="regressed").items() if key not in gone}
    found = await report(Sentry(issues=[bare]))
    (only,) = found.issues
    assert (only.count, only.users, only.first_seen) == (None, None, None)
    assert (only.recent_count, only.recent_users) == (None, None)
    assert new_issues([only], WINDOW) == (), "unknown is not new"
    assert "Sentry does not say how often 1 of 1 issues happened" in found.warnings
    assert "an unknown number of events" in how_often(only)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(
            {"count": "0", "firstSeen": None, "lastSeen": None, "lifetime": LIFE},
            {"count": 48_211, "recent_count": 0, "last_seen": NOW - timedelta(minutes=1)},
            id="no event in the range",
        ),
        pytest.param(
            {"lifetime": {**LIFE, "firstSeen": None}}, {"first_seen": None, "count": 48_211}, id="never there"
        ),
        pytest.param(
            {"lifetime": {**LIFE, "userCount": None}}, {"users": None, "count": 48_211, "recent_users": 56}, id="people"
        ),
        pytest.param(
            {"lifetime": None}, {"count": None, "first_seen": None, "recent_count": 1234}, id="nothing of its life"
        ),
        pytest.param(
            {"lastSeen": None, "lifetime": {**LIFE, "lastSeen": None}},
            {"last_seen": WINDOW.start - timedelta(hours=1)},
            id="seen in what was asked for, at the earliest",
        ),
    ],
)
async def test_what_sentry_does_not_say_of_an_issue_is_unknown(raw: dict[str, Any], expected: dict[str, Any]) -> None:
    (found,) = (await report(Sentry(issues=[issue(**raw)]))).issues
    assert {name: getattr(found, name) for name in expected} == expected


async def test_one_issue_that_cannot_be_read_hides_no_other_and_is_reported() -> None:
    found = await report(Sentry(issues=[issue(id="1"), {"id": "2"}, issue(id="3", count="many")]))
    assert [each.id for each in found.issues] == ["1"]
    assert found.warnings[0].startswith("2 of 3 issues could not be read: Sentry: ")


async def test_an_environment_that_is_not_there_is_named() -> None:
    sentry = Sentry()
    for what in ("events", "sessions", "issues", "releases"):
        sentry.held[what] = httpx.Response(404, json={"detail": "The requested resource does not exist"})
    found = (await reports(sentry))["shop-web"]
    assert isinstance(found, Missing)
    assert 'has no environment "production" in organization acme' in found.reason
    assert "correct `sentry.environment`" in found.reason
    assert "token" not in found.reason


async def test_events_that_are_not_there_may_be_left_out_of_the_plan() -> None:
    found = await report(holding("events", httpx.Response(404)), "portal-web")
    assert 'has no environment "production" in organization acme, or its plan has no events' in found.warnings[0]


async def new_of(*projects: dict[str, Any], top: int | None = 7) -> dict[str, int | None]:
    found = await reports(Sentry(releases=[release(newGroups=top, projects=list(projects))]))
    read = {name: each.releases for name, each in found.items() if isinstance(each, ErrorReport)}
    return {name: several[0].new_issues for name, several in read.items() if several}


async def test_new_issues_of_a_release_are_those_of_the_project() -> None:
    of = {"slug": "shop-web", "newGroups": 7}, {"slug": "portal-web", "newGroups": 0}
    assert await new_of(*of) == {"shop-web": 7, "portal-web": 0}


async def test_new_issues_that_are_null_are_none() -> None:
    of = {"slug": "shop-web", "newGroups": 7}, {"slug": "portal-web", "newGroups": None}
    assert await new_of(*of) == {"shop-web": 7, "portal-web": 0}


async def test_new_issues_that_are_not_said_of_each_project_are_unknown_but_for_a_single_one() -> None:
    assert await new_of({"slug": "shop-web"}, {"slug": "portal-web"}) == {"shop-web": None, "portal-web": None}
    assert await new_of({"slug": "shop-web"}) == {"shop-web": 7}
    assert await new_of({"slug": "shop-web"}, top=None) == {"shop-web": None}


class Older(Sentry):
    """A Sentry of one's own that refuses functions which it has not."""

    lacks: tuple[str, ...] = ("failure_count",)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        asked = {field.removesuffix("()") for field in request.url.params.get_list("field")}
        for name in self.lacks:
            if name in asked:
                self.requests.append(request)
                return httpx.Response(400, json={"detail": f"Unknown function {name}"})
        return super().__call__(request)


async def test_a_sentry_without_failure_counts_is_read_by_its_failure_rate() -> None:
    rows = [
        {"project": "shop-web", "release": SHA, "count()": 300, "failure_rate()": 0.04},
        {"project": "shop-web", "release": "r2", "count()": 7, "failure_rate()": 3 / 7},
    ]
    found = await report(Older(events=rows))
    assert found.spans == (ErrorCount(SHA, 12, 300), ErrorCount("r2", 3, 7))
    assert any("does not count failures" in warning for warning in found.warnings)


async def test_a_sentry_without_failure_rates_is_read_by_sessions() -> None:
    sentry = Older()
    sentry.lacks = ("failure_count", "failure_rate")
    found = await report(sentry, "portal-web")
    assert found.spans == ()
    assert found.readings
    assert any("spans are not used" in warning and "failure_rate" in warning for warning in found.warnings)


async def test_counts_that_were_scaled_up_are_rounded() -> None:
    found = await report(Sentry(events=[span(total=99.7, failed=3.6)]))
    assert found.spans == (ErrorCount(SHA, 4, 100),)


async def test_no_page_is_larger_than_sentry_allows() -> None:
    sentry = Sentry()
    await reports(sentry)
    sizes = {what: sentry.asked(what)[0].get("per_page") for what in ("projects", "events", "releases")}
    assert sizes == {"projects": "100", "events": "100", "releases": "100"}
    assert sentry.asked("issues")[0]["limit"] == "100"


async def test_issues_are_read_with_what_a_person_needs() -> None:
    found = (await report(Sentry())).issues[0]
    assert (found.count, found.users, found.level, found.substatus) == (1234, 56, IssueLevel.ERROR, "new")
    assert (found.title, found.culprit) == ("TypeError: <!channel>", "app/basket.ts")
    assert found.first_seen == datetime(2026, 3, 1, 11, 55, tzinfo=UTC)
    assert found.is_unhandled


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param({"level": "sample"}, {"level": IssueLevel.UNKNOWN}, id="a level of tomorrow"),
        pytest.param({"status": "pending_merge"}, {"status": "unknown"}, id="a status of tomorrow"),
        pytest.param({"substatus": None}, {"substatus": ""}, id="no substatus"),
        pytest.param({"permalink": "javascript:alert(1)"}, {"url": ""}, id="a link that is none"),
        pytest.param({"userCount": "7"}, {"users": 7}, id="a number as text"),
        pytest.param({"isUnhandled": None}, {"is_unhandled": False}, id="not said"),
        pytest.param({"title": "a\n\n" + "x" * 900}, {"title": "a " + "x" * 297 + "…"}, id="a long title"),
    ],
)
async def test_odd_issues_are_still_issues(raw: dict[str, Any], expected: dict[str, Any]) -> None:
    found = (await report(Sentry(issues=[issue(**raw)]))).issues[0]
    assert {name: getattr(found, name) for name in expected} == expected


async def test_a_release_belongs_to_all_its_projects_and_is_deployed_where_it_was_deployed() -> None:
    staging = release("b" * 40, lastDeploy={"environment": "staging", "dateFinished": "2026-03-01T11:45:00Z"})
    sentry = Sentry(releases=[release(), staging, release("c" * 40, lastDeploy=None)])
    for project in ("shop-web", "portal-web"):
        first, second, third = (await report(sentry, project)).releases
        assert first.deployed_at == datetime(2026, 3, 1, 11, 45, tzinfo=UTC)
        assert (second.deployed_at, second.environment) == (None, "staging")
        assert (third.deployed_at, third.environment) == (None, "")


async def test_the_number_of_calls_does_not_grow_with_the_projects() -> None:
    few, many = Sentry(), Sentry(projects=[{"id": str(n), "slug": f"p{n}"} for n in range(100)])
    await reports(few, "shop-web")
    found = await reports(many, *(f"p{n}" for n in range(100)))
    assert len(found) == 100
    assert len(few.requests) == len(many.requests) == 5
    assert few.asked("events")[0].get_list("project") == ["11"]
    assert many.asked("events")[0].get_list("project") == ["-1"]


async def test_requests_name_environment_time_and_groups() -> None:
    sentry = Sentry()
    await reports(sentry)
    events, groups, found = sentry.asked("events")[0], sentry.asked("sessions")[0], sentry.asked("issues")[0]
    assert events["dataset"] == "spans"
    assert (events["start"], events["end"]) == ("2026-03-01T11:50:00Z", "2026-03-01T12:05:00Z")
    assert (groups["start"], groups["end"]) == ("2026-03-01T11:00:00Z", "2026-03-01T13:00:00Z")
    assert groups.get_list("groupBy") == ["project", "release", "session.status"]
    assert (found["start"], found["end"]) == ("2026-03-01T10:50:00Z", "2026-03-01T12:05:00Z")
    assert {params["environment"] for params in (events, groups, found)} == {"production"}


async def test_pages_are_followed_to_the_end() -> None:
    sentry = Sentry(page_size=2, events=[span(release=f"r{n}") for n in range(7)])
    found = await report(sentry)
    assert len(found.spans) == 7
    assert found.warnings == ()
    assert len(sentry.asked("events")) == 4


async def test_a_bound_that_is_hit_is_a_warning_of_every_report() -> None:
    sentry = Sentry(page_size=1, issues=[issue(id=str(n)) for n in range(30)])
    found = await reports(sentry)
    for one in found.values():
        assert isinstance(one, ErrorReport)
        assert one.warnings == ("Sentry: only the first 5 pages of issues of organization acme were read",)
    assert len(sentry.asked("issues")) == 5


async def test_releases_are_read_only_as_far_back_as_they_matter() -> None:
    times = [NOW - timedelta(days=n) for n in range(60)]
    sentry = Sentry(page_size=5, releases=[release(f"r{t}", dateCreated=t.isoformat()) for t in times])
    found = await report(sentry)
    assert len(sentry.asked("releases")) == 2
    assert found.warnings == ()


@pytest.mark.parametrize("status", [400, 403, 404])
async def test_a_plan_without_spans_is_judged_by_sessions(status: int) -> None:
    found = await report(Sentry(events=httpx.Response(status, json={"detail": "no"})), "portal-web")
    assert found.spans == ()
    assert found.readings
    assert "spans are not used: Sentry: " in found.warnings[0]


async def test_refused_sessions_matter_only_to_a_project_without_spans() -> None:
    found = await reports(Sentry(sessions=httpx.Response(403)))
    shop, portal = found["shop-web"], found["portal-web"]
    assert isinstance(shop, ErrorReport)
    assert isinstance(portal, Missing)
    assert portal.gap is Gap.REFUSED
    assert "scope org:read" in portal.reason


@pytest.mark.parametrize(("what", "scope"), [("issues", "event:read"), ("releases", "project:read")])
async def test_issues_and_releases_that_cannot_be_read_are_a_warning(what: str, scope: str) -> None:
    found = await report(holding(what, httpx.Response(403)))
    assert found.spans
    assert f"{what} are not known: Sentry: " in found.warnings[0]
    assert scope in found.warnings[0]
    down = await report(holding(what, httpx.Response(503)))
    assert f"{what} are not known: Sentry: answered with status 503" in down.warnings[0]


@pytest.mark.parametrize("what", ["projects", "events", "sessions"])
async def test_without_the_numbers_nothing_is_known(what: str) -> None:
    with pytest.raises(VendorUnavailable):
        await reports(holding(what, httpx.Response(503)))


@pytest.mark.parametrize(
    ("status", "words"), [(401, "org:read"), (403, "org:read"), (404, "does not know organization acme")]
)
async def test_a_refusal_says_what_to_do_and_shows_no_token(status: int, words: str) -> None:
    with pytest.raises(VendorRefused, match=words) as caught:
        await reports(Sentry(projects=httpx.Response(status, text=TOKEN)))
    assert "the block Watchkeeper Sentry" in str(caught.value)
    assert TOKEN not in str(caught.value)


async def test_a_project_that_sentry_does_not_know_is_no_silence() -> None:
    found = await reports(Sentry(), "shop-web", "shpo-web")
    assert isinstance(found["shop-web"], ErrorReport)
    unknown = found["shpo-web"]
    assert isinstance(unknown, Missing)
    assert unknown.gap is Gap.REFUSED
    assert "project shpo-web in organization acme" in unknown.reason


async def test_the_limit_is_told_in_epoch_seconds() -> None:
    now = datetime.now(UTC).timestamp()
    headers = {"x-sentry-rate-limit-remaining": "0", "x-sentry-rate-limit-reset": f"{now + 300:.0f}"}
    with pytest.raises(VendorUnavailable) as caught:
        await reports(Sentry(projects=httpx.Response(429, headers=headers)))
    assert caught.value.retry_after is not None
    assert timedelta(seconds=295) < caught.value.retry_after <= timedelta(seconds=301)


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(span(total=None), id="no number"),
        pytest.param(span(total=-3), id="less than nothing"),
        pytest.param(span(failed=-3), id="fewer failures than none"),
        pytest.param(span(failed=None), id="no failures"),
        pytest.param(span(total=-3e38), id="far out of range"),
        pytest.param(span(total=3e38), id="far out of range, above"),
    ],
)
async def test_a_rate_is_never_made_of_half_the_rows_and_other_projects_stand(row: Any) -> None:
    found = await reports(Sentry(events=[span(), row, span("portal-web", total=7, failed=1)]))
    shop, portal = found["shop-web"], found["portal-web"]
    assert isinstance(shop, Missing)
    assert shop.gap is Gap.UNAVAILABLE
    assert isinstance(portal, ErrorReport)
    assert portal.spans == (ErrorCount(SHA, 1, 7),)
    assert portal.warnings[0].startswith("1 of 3 rows of spans could not be read: Sentry: ")


@pytest.mark.parametrize(
    "row",
    [pytest.param("?", id="no object"), pytest.param(span(None), id="nobody's")],  # type: ignore[arg-type]
)
async def test_a_row_that_may_be_anybodys_leaves_no_rate_at_all(row: Any) -> None:
    with pytest.raises(VendorUnavailable):
        await reports(Sentry(events=[span(), row]))


@pytest.mark.parametrize("broken", [{"slug": None, "id": "13"}, {"slug": "other-web"}, "?"])
async def test_one_project_that_cannot_be_read_hides_no_other_and_is_reported(broken: Any) -> None:
    projects = [{"id": "11", "slug": "shop-web"}, broken]
    found = await reports(Sentry(projects=projects))
    shop, portal = found["shop-web"], found["portal-web"]
    assert isinstance(shop, ErrorReport)
    assert shop.warnings[0].startswith("1 of 2 projects could not be read: Sentry: ")
    assert isinstance(portal, Missing)
    assert portal.gap is Gap.UNAVAILABLE, "it may be the one that cannot be read"


def test_an_empty_token_is_a_missing_credential() -> None:
    with pytest.raises(MissingCredential, match="SENTRY_AUTH_TOKEN"):
        SentryClient("")


@pytest.mark.parametrize(
    ("base_url", "page"),
    [
        ("https://de.sentry.io", "https://sentry.io/organizations/acme/projects/shop-web/"),
        ("https://sentry.acme.test/", "https://sentry.acme.test/organizations/acme/projects/shop-web/"),
    ],
)
async def test_links_lead_to_where_people_look(base_url: str, page: str) -> None:
    async with SentryClient(TOKEN, base_url, transport=httpx.MockTransport(Sentry())) as client:
        found = (await client.error_reports("acme", "", ["shop-web"], WINDOW, NOW))["shop-web"]
    assert isinstance(found, ErrorReport)
    assert found.url == page


KEYS = ["data", "groups", "intervals", "by", "series", "project", "slug", "id", "version", "projects", "lastSeen"]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)
@given(body=shaped(KEYS), what=st.sampled_from(["projects", "events", "sessions", "issues", "releases"]))
async def test_garbage_is_a_vendor_error_or_a_report(body: object, what: str) -> None:
    try:
        sentry = holding(what, httpx.Response(200, json=body))
    except ValueError:  # numbers that JSON does not have
        return
    with suppress(VendorError):
        assert set(await reports(sentry)) == {"shop-web", "portal-web"}
