import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.clients.garbage import shaped
from tests.clients.sentry_answers import SHA, issue, release, sessions, span
from watchkeeper.clients.base import VendorError, VendorRefused, VendorUnavailable
from watchkeeper.clients.sentry import SentryClient
from watchkeeper.domain.errors import Denominator, ErrorCount
from watchkeeper.domain.history import ErrorHistory, ErrorHour
from watchkeeper.domain.verdicts import Gap, Missing

TOKEN = "make-believe-token"
NOW = datetime(2026, 3, 1, 12, 5, tzinfo=UTC)
HOURS = tuple(datetime(2026, 3, 1, hour, tzinfo=UTC) for hour in (9, 10, 11))
NINE, TEN, ELEVEN = HOURS


def people(project: str = "shop-web", count: Any = 3) -> dict[str, Any]:
    return {"project": project, "count_unique(user)": count}


class Sentry:
    """Answers as Sentry does. `spans` and `users` hold rows, or responses, by the hour that is asked for."""

    def __init__(self, **replaced: Any) -> None:
        self.page_size = 100
        self.requests: list[httpx.Request] = []
        self.spans: dict[datetime, Any] = {hour: [span()] for hour in HOURS}
        self.users: dict[datetime, Any] = {hour: [people()] for hour in HOURS}
        self.held: dict[str, Any] = {
            "projects": [{"id": "11", "slug": "shop-web"}, {"id": "12", "slug": "portal-web"}],
            "sessions": [],
            "issues": {"": [issue()], "is:resolved": []},
            "releases": [release()],
            **replaced,
        }

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        params, what = request.url.params, request.url.path.split("/")[-2]
        held = self._events(params) if what == "events" else self.held[what]
        held = held[params["query"]] if what == "issues" and isinstance(held, dict) else held
        if isinstance(held, httpx.Response):
            return held
        start = int(params.get("cursor", "0:0:0").split(":")[1])
        page, following = held[start : start + self.page_size], start + self.page_size
        link = f'<x>; rel="next"; results="{str(following < len(held)).lower()}"; cursor="0:{following}:0"'
        intervals = [hour.isoformat() for hour in HOURS]
        bodies = {"events": {"data": page, "meta": {}}, "sessions": {"groups": page, "intervals": intervals}}
        return httpx.Response(200, json=bodies.get(what, page), headers={"link": link})

    def _events(self, params: httpx.QueryParams) -> Any:
        hour = datetime.fromisoformat(params["start"])
        assert datetime.fromisoformat(params["end"]) - hour == timedelta(hours=1)
        return {"spans": self.spans, "errors": self.users}[params["dataset"]][hour]

    def asked(self, what: str) -> list[httpx.QueryParams]:
        return [request.url.params for request in self.requests if request.url.path.endswith(f"/{what}/")]


def without_spans(**replaced: Any) -> Sentry:
    sentry = Sentry(**replaced)
    sentry.spans = {hour: [] for hour in HOURS}
    return sentry


async def histories(
    sentry: Callable[[httpx.Request], httpx.Response], *projects: str, now: datetime = NOW
) -> dict[str, ErrorHistory | Missing]:
    async with SentryClient(TOKEN, transport=httpx.MockTransport(sentry)) as client:
        return await client.error_history("acme", "production", projects or ("shop-web",), HOURS, now)


async def history(sentry: Sentry, project: str = "shop-web", now: datetime = NOW) -> ErrorHistory:
    found = (await histories(sentry, project, now=now))[project]
    assert isinstance(found, ErrorHistory), found
    return found


def known(found: ErrorHistory, hour: datetime) -> ErrorHour:
    value = found.hours[hour]
    assert isinstance(value, ErrorHour), value
    return value


async def test_each_hour_has_its_requests_sessions_and_people() -> None:
    groups = [
        sessions(11, "healthy", (90, 40, 20)),
        sessions(11, "crashed", (2, 0, 1)),
        sessions(11, "errored", (5, 0, 0)),
    ]
    sentry = Sentry(sessions=groups)
    sentry.spans[TEN] = [span(), span(release="b" * 40, total=50, failed=0), span("portal-web", total=7)]
    sentry.users[TEN] = [people("portal-web", 9), people(count=4)]
    found = await history(sentry)
    assert list(found.hours) == list(HOURS)
    assert found.hours[TEN] == ErrorHour(
        TEN, Denominator.SPANS, (ErrorCount(SHA, 4, 100), ErrorCount("b" * 40, 0, 50)), sessions=40, crashed=0, users=4
    )
    assert (known(found, NINE).sessions, known(found, NINE).crashed) == (97, 2)
    assert found.url == "https://sentry.io/organizations/acme/projects/shop-web/"
    assert found.warnings == ()


async def test_without_requests_sessions_are_counted() -> None:
    groups = [
        sessions(11, "healthy", (90, 0, 20)),
        sessions(11, "crashed", (2, 0, 1)),
        sessions(11, "abnormal", (1, 0, 0)),
        sessions(11, "unhandled", (1, 0, 0)),
    ]
    found = await history(without_spans(sessions=groups))
    assert known(found, NINE).denominator is Denominator.SESSIONS
    assert known(found, NINE).counts == (ErrorCount(SHA, 4, 94),)
    assert known(found, NINE).crashed == 2
    assert known(found, TEN).counts == ()


async def test_an_hour_without_traffic_is_an_hour_without_traffic() -> None:
    sentry = Sentry()
    sentry.spans[TEN] = [span(total=0, failed=0)]
    sentry.users[TEN] = []
    found = await history(sentry)
    assert found.hours[TEN] == ErrorHour(TEN, Denominator.SPANS, (), sessions=0, crashed=0, users=0)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(httpx.Response(503), id="down"),
        pytest.param(httpx.Response(429, headers={"retry-after": "90"}), id="limited"),
        pytest.param(httpx.Response(200, text="<html>"), id="a web page"),
        pytest.param(httpx.Response(200, json={"data": [{"project": "shop-web", "count()": -3}]}), id="nonsense"),
        pytest.param(httpx.Response(200, json=[]), id="a list"),
    ],
)
async def test_an_hour_that_cannot_be_read_is_missing_and_the_others_stand(answer: httpx.Response) -> None:
    sentry = Sentry()
    sentry.spans[NINE] = answer
    found = await history(sentry)
    missing = found.hours[NINE]
    assert isinstance(missing, Missing)
    assert missing.gap is Gap.UNAVAILABLE
    assert known(found, ELEVEN).counts == (ErrorCount(SHA, 4, 100),)


async def test_half_an_hour_is_no_hour() -> None:
    sentry = Sentry()
    sentry.page_size = 1
    sentry.spans[NINE] = [span(release=f"r{n}") for n in range(60)]
    found = await history(sentry)
    assert found.hours[NINE] == Missing(
        Gap.UNAVAILABLE, "Sentry: only the first 50 pages of events of organization acme were read"
    )
    assert isinstance(found.hours[TEN], ErrorHour)


@pytest.mark.parametrize("status", [400, 403, 404])
async def test_a_plan_without_spans_is_counted_by_sessions(status: int) -> None:
    sentry = Sentry(sessions=[sessions(11, "healthy", (90, 40, 20))])
    sentry.spans = dict.fromkeys(HOURS, httpx.Response(status, json={"detail": "no"}))
    found = await history(sentry)
    assert known(found, TEN).counts == (ErrorCount(SHA, 0, 40),)
    assert len(found.warnings) == 1
    assert found.warnings[0].startswith("spans are not used: Sentry: ")


async def test_refused_sessions_matter_only_to_a_project_without_spans() -> None:
    found = await histories(Sentry(sessions=httpx.Response(403)), "shop-web", "portal-web")
    shop, portal = found["shop-web"], found["portal-web"]
    assert isinstance(shop, ErrorHistory)
    assert known(shop, TEN).sessions == 0
    assert "sessions are not known" in shop.warnings[0]
    assert isinstance(portal, Missing)
    assert portal.gap is Gap.REFUSED


@pytest.mark.parametrize("status", [403, 503])
async def test_people_that_cannot_be_counted_are_not_nobody(status: int) -> None:
    sentry = Sentry()
    sentry.users[TEN] = httpx.Response(status)
    found = await history(sentry)
    assert known(found, TEN).users is None
    assert known(found, NINE).users == 3
    assert "how many people met an error is not known" in found.warnings[0]


@pytest.mark.parametrize("what", ["issues", "releases"])
@pytest.mark.parametrize("status", [403, 503])
async def test_issues_and_releases_that_cannot_be_read_are_a_warning(what: str, status: int) -> None:
    found = await history(Sentry(**{what: httpx.Response(status)}))
    assert f"{what} are not known: Sentry: " in found.warnings[0]
    assert known(found, TEN).counts


@pytest.mark.parametrize("what", ["projects", "sessions"])
async def test_without_projects_or_sessions_nothing_is_known(what: str) -> None:
    with pytest.raises(VendorUnavailable):
        await histories(Sentry(**{what: httpx.Response(503)}))


async def test_a_vendor_that_is_down_is_not_asked_for_every_hour() -> None:
    hours = tuple(NINE - timedelta(hours=n) for n in range(48))
    sentry = Sentry()
    sentry.spans = sentry.users = dict.fromkeys(hours, httpx.Response(503))
    async with SentryClient(TOKEN, transport=httpx.MockTransport(sentry)) as client:
        found = (await client.error_history("acme", "", ("shop-web",), hours, NOW))["shop-web"]
    assert isinstance(found, Missing)
    assert found.gap is Gap.UNAVAILABLE
    assert len(sentry.asked("events")) < 30


async def test_issues_are_of_any_status_and_come_once_last_seen_first() -> None:
    new = issue(id="1", status="ignored", lastSeen="2026-03-01T11:00:00Z")
    both = issue(id="2", status="resolved", lastSeen="2026-03-01T11:30:00Z")
    lately = issue(id="3", status="resolved", lastSeen="2026-02-25T11:30:00Z")
    sentry = Sentry(issues={"": [new, both], "is:resolved": [both, lately]})
    found = await history(sentry)
    assert [(each.id, each.status) for each in found.issues] == [
        ("2", "resolved"),
        ("1", "ignored"),
        ("3", "resolved"),
    ]
    assert [params["query"] for params in sentry.asked("issues")] == ["", "is:resolved"]


async def test_what_was_resolved_lately_says_nothing_of_long_ago() -> None:
    sentry = Sentry()
    await history(sentry, now=NOW + timedelta(days=20))
    assert [params["query"] for params in sentry.asked("issues")] == [""]


async def test_requests_name_hours_and_span() -> None:
    sentry = Sentry()
    await history(sentry)
    events, groups, found = sentry.asked("events"), sentry.asked("sessions")[0], sentry.asked("issues")[0]
    starts = sorted(params["start"] for params in events if params["dataset"] == "errors")
    assert starts == ["2026-03-01T09:00:00Z", "2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z"]
    assert (groups["start"], groups["end"]) == ("2026-03-01T09:00:00Z", "2026-03-01T12:00:00Z")
    assert groups["interval"] == "1h"
    assert (found["start"], found["end"]) == ("2026-03-01T09:00:00Z", "2026-03-01T12:00:00Z")
    assert {params["environment"] for params in (*events, groups, found)} == {"production"}


async def test_the_number_of_calls_does_not_grow_with_the_projects() -> None:
    few, many = Sentry(), Sentry(projects=[{"id": str(n), "slug": f"p{n}"} for n in range(100)])
    await histories(few, "shop-web")
    found = await histories(many, *(f"p{n}" for n in range(100)))
    assert len(found) == 100
    assert len(few.requests) == len(many.requests) == 1 + 2 * len(HOURS) + 4


async def test_a_project_that_sentry_does_not_know_is_no_silence() -> None:
    found = await histories(Sentry(), "shop-web", "shpo-web")
    assert isinstance(found["shop-web"], ErrorHistory)
    unknown = found["shpo-web"]
    assert isinstance(unknown, Missing)
    assert unknown.gap is Gap.REFUSED


async def test_a_refusal_shows_no_token() -> None:
    with pytest.raises(VendorRefused) as caught:
        await histories(Sentry(projects=httpx.Response(403, text=TOKEN)))
    assert TOKEN not in str(caught.value)


async def test_a_short_limit_is_waited_for() -> None:
    sentry, limited = Sentry(), [httpx.Response(429, headers={"retry-after": "0"})]

    def handler(request: httpx.Request) -> httpx.Response:
        return limited.pop() if limited and request.url.path.endswith("/events/") else sentry(request)

    found = (await histories(handler))["shop-web"]
    assert isinstance(found, ErrorHistory)
    assert all(isinstance(hour, ErrorHour) for hour in found.hours.values())


KEYS = ["data", "groups", "intervals", "by", "series", "project", "count()", "count_unique(user)", "lastSeen"]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)
@given(body=shaped(KEYS), what=st.sampled_from(["projects", "events", "sessions", "issues", "releases"]))
async def test_garbage_is_a_vendor_error_or_a_history(body: object, what: str) -> None:
    sentry, garbage = Sentry(), json.dumps(body)

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text=garbage) if request.url.path.endswith(f"/{what}/") else sentry(request)

    with suppress(VendorError):
        found = await histories(handler)
        assert all(isinstance(each, ErrorHistory | Missing) for each in found.values())
