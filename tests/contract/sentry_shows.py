"""Checks that the sandbox answers as Sentry does, one for each fact of the table that it shows."""

from typing import Any, Final

from tests.contract.showing import Call, shows

ORG: Final = "/api/0/organizations/acme"
RANGE: Final = {"statsPeriod": "1h", "query": ""}
SEEN: Final = ("count", "userCount", "firstSeen", "lastSeen")
SESSIONS: Final = {"field": "sum(session)", "interval": "1h", "statsPeriod": "14d"}
PAIRS: Final = ["project", "release"]
NO_MORE, MORE = 'rel="next"; results="false"', 'rel="next"; results="true"'


@shows("sentry-collapse-stats")
async def collapsed_stats(call: Call) -> None:
    (first, *_) = (await call("sentry", f"{ORG}/issues/", collapse="stats", **RANGE)).json()
    assert not set(first) & {*SEEN, "stats", "lifetime", "filtered"}


@shows("sentry-collapse-lifetime")
async def collapsed_lifetime(call: Call) -> None:
    (first, *_) = (await call("sentry", f"{ORG}/issues/", collapse="lifetime", **RANGE)).json()
    assert "lifetime" not in first


@shows("sentry-issues-of-a-range")
async def issues_of_a_range(call: Call) -> None:
    found = (await call("sentry", f"{ORG}/issues/", collapse="filtered", **RANGE)).json()
    older = [issue for issue in found if issue["lifetime"]["firstSeen"] < issue["firstSeen"]]
    assert older, "a standing issue was first seen before the range"
    assert all(int(issue["count"]) < int(issue["lifetime"]["count"]) for issue in older)


def fitting(body: Any) -> int:
    return int(10_000 // (len(body["intervals"]) + 1))


def pairs(body: Any) -> set[tuple[int, str]]:
    return {(group["by"]["project"], group["by"]["release"]) for group in body["groups"]}


@shows("sentry-sessions-without-per-page")
async def sessions_without_pages(call: Call) -> None:
    cut = await call("sentry", f"{ORG}/sessions/", groupBy=PAIRS, **SESSIONS)
    assert len(cut.json()["groups"]) == fitting(cut.json())
    assert NO_MORE in cut.headers["link"]


@shows("sentry-sessions-in-pages")
async def sessions_in_pages(call: Call) -> None:
    paged = await call("sentry", f"{ORG}/sessions/", groupBy=PAIRS, per_page=10, **SESSIONS)
    assert len(paged.json()["groups"]) == 10
    assert MORE in paged.headers["link"]
    large = fitting(paged.json())
    cut = await call("sentry", f"{ORG}/sessions/", groupBy=PAIRS, per_page=large, **SESSIONS)
    assert len(cut.json()["groups"]) == large
    assert NO_MORE in cut.headers["link"]


@shows("sentry-sessions-by-status-in-pages")
async def sessions_by_status_in_pages(call: Call) -> None:
    cut = await call("sentry", f"{ORG}/sessions/", groupBy=[*PAIRS, "session.status"], per_page=10, **SESSIONS)
    assert len(pairs(cut.json())) == 11
    assert len(cut.json()["groups"]) == 55
    assert NO_MORE in cut.headers["link"]


@shows("sentry-sessions-whole-hours")
async def sessions_of_whole_hours(call: Call) -> None:
    asked = {"start": "2026-03-01T10:20:00Z", "end": "2026-03-01T11:05:00Z", "field": "sum(session)"}
    found = (await call("sentry", f"{ORG}/sessions/", **asked)).json()
    assert found["intervals"] == ["2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z"]


@shows("sentry-session-project-is-an-id")
async def session_project(call: Call) -> None:
    found = (await call("sentry", f"{ORG}/sessions/", field="sum(session)", groupBy="project")).json()
    assert all(isinstance(group["by"]["project"], int) for group in found["groups"])


@shows("sentry-span-project-is-a-slug")
async def span_project(call: Call) -> None:
    rows = (await call("sentry", f"{ORG}/events/", dataset="spans", field=["project", "count()"])).json()["data"]
    slugs = {project["slug"] for project in (await call("sentry", f"{ORG}/projects/")).json()}
    assert rows
    assert {row["project"] for row in rows} <= slugs


@shows("sentry-failure-rate")
async def failure_rate(call: Call) -> None:
    asked = {"dataset": "spans", "field": ["project", "count()", "failure_count()", "failure_rate()"]}
    rows = (await call("sentry", f"{ORG}/events/", **asked)).json()["data"]
    assert any(row["failure_rate()"] for row in rows)
    assert all(row["failure_rate()"] == row["failure_count()"] / row["count()"] for row in rows)


@shows("sentry-unknown-function")
async def unknown_function(call: Call) -> None:
    refused = await call("sentry", f"{ORG}/events/", dataset="spans", field=["project", "failure_tally()"])
    assert (refused.status_code, refused.json()) == (400, {"detail": "Unknown function failure_tally"})


@shows("sentry-count-is-text")
async def count_is_text(call: Call) -> None:
    (first, *_) = (await call("sentry", f"{ORG}/issues/", **RANGE)).json()
    assert isinstance(first["count"], str)
    assert isinstance(first["userCount"], int)


@shows("sentry-links")
async def links(call: Call) -> None:
    whole = await call("sentry", f"{ORG}/projects/")
    assert NO_MORE in whole.headers["link"], "the link is there all the same"
    part = await call("sentry", f"{ORG}/projects/", per_page=1)
    assert MORE in part.headers["link"]


@shows("sentry-largest-page")
async def largest_page(call: Call) -> None:
    for what, size in (("projects", "per_page"), ("releases", "per_page"), ("issues", "limit")):
        assert (await call("sentry", f"{ORG}/{what}/", **{size: 100})).status_code == 200
        assert (await call("sentry", f"{ORG}/{what}/", **{size: 101})).status_code == 400


@shows("sentry-limit-headers")
async def limit_headers(call: Call) -> None:
    headers = (await call("sentry", f"{ORG}/projects/")).headers
    assert int(headers["x-sentry-rate-limit-reset"]) > 1_500_000_000, "seconds since 1970, not until then"
    assert int(headers["x-sentry-rate-limit-remaining"]) >= 0


@shows("sentry-unknown-environment")
async def unknown_environment(call: Call) -> None:
    for what in ("issues", "releases", "events", "sessions"):
        assert (await call("sentry", f"{ORG}/{what}/", environment="garbage")).status_code == 404
