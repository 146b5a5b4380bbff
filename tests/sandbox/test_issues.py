"""Issues of every status, found by what Sentry's search understands."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.sandbox.clock import NOON, Clock
from tests.sandbox.visitor import ORG, Visitor
from watchkeeper.sandbox.company import DAY, HOUR
from watchkeeper.sandbox.issue_lives import Life
from watchkeeper.sandbox.world import World


def _day(days_ago: float) -> str:
    return f"{datetime.fromtimestamp(NOON - days_ago * DAY, UTC):%Y-%m-%dT%H:%M:%S}"


async def _all(visitor: Visitor, **params: object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: object = "0:0:0"
    while cursor:
        response = await visitor.ask("GET", f"{ORG}/issues/", params={"limit": 100, "cursor": cursor, **params})
        assert response.status_code == 200, response.text
        found += response.json()
        cursor = f"0:{len(found)}:0" if 'rel="next"; results="true"' in response.headers["link"] else ""
    return found


async def test_there_are_issues_of_every_status(visitor: Visitor) -> None:
    every = await _all(visitor, query="")
    by_status = {status: await _all(visitor, query=f"is:{status}") for status in ("resolved", "unresolved", "ignored")}
    assert len(every) == sum(map(len, by_status.values()))
    assert all(len(issues) > 5 for issues in by_status.values())
    assert len(by_status["resolved"]) > len(by_status["unresolved"])
    assert all(issue["status"] == status for status, issues in by_status.items() for issue in issues)
    assert len({issue["id"] for issue in every}) == len(every)


@pytest.mark.parametrize(
    ("query", "low", "high"),
    [
        (f"firstSeen:>={_day(10)}", 10, 0),
        (f"firstSeen:>{_day(10)} firstSeen:<{_day(5)}", 10, 5),
        (f"firstSeen:<={_day(30)}", 90, 30),
        ("firstSeen:-10d", 10, 0),
        ("firstSeen:+30d", 90, 30),
        (f'firstSeen:>="{_day(10)}"', 10, 0),
        (f"!firstSeen:>={_day(30)}", 90, 30),
    ],
)
async def test_a_bound_finds_what_lies_within(query: str, low: float, high: float, visitor: Visitor) -> None:
    found = await _all(visitor, query=query)
    every = await _all(visitor, query="")
    moments = {issue["id"]: datetime.fromisoformat(issue["firstSeen"]).timestamp() for issue in every}
    age = 200 if low == 90 else low  # an issue may be older than the company's memory
    expected = {id_ for id_, at in moments.items() if NOON - age * DAY <= at <= NOON - high * DAY}
    assert {issue["id"] for issue in found} == expected
    assert expected


async def test_a_day_finds_the_issues_of_that_day(visitor: Visitor) -> None:
    yesterday = _day(1)[:10]
    found = await _all(visitor, query=f"is:unresolved firstSeen:{yesterday}")
    assert len(found) >= 3
    assert all(issue["firstSeen"].startswith(yesterday) for issue in found)


@pytest.mark.parametrize("query", ["firstSeen:>=soon", "firstSeen:1y", "colour:red"])
async def test_a_search_that_makes_no_sense_is_refused(query: str, visitor: Visitor) -> None:
    response = await visitor.ask("GET", f"{ORG}/issues/", params={"query": query})
    assert response.status_code == 400
    assert "Error parsing search query" in response.json()["detail"]


async def test_an_issue_tells_what_became_of_it(visitor: Visitor) -> None:
    resolved = (await _all(visitor, query="is:resolved"))[0]
    detail = await visitor.get(f"{ORG}/issues/{resolved['id']}/")
    kinds = [step["type"] for step in detail["activity"]]
    assert (kinds[0], kinds[-1]) == ("set_resolved", "first_seen")


FIRST = float(NOON)
COMES_BACK = Life(FIRST, HOUR, FIRST + 40 * DAY, FIRST + 2 * DAY, FIRST + 5 * DAY, FIRST + 8 * DAY)


@pytest.mark.parametrize(
    ("days", "status", "substatus"),
    [
        (0, "unresolved", "new"),
        (1.9, "unresolved", "new"),
        (2, "resolved", None),
        (5.5, "resolved", None),
        (6.5, "unresolved", "regressed"),
        (8, "resolved", None),
    ],
)
def test_the_status_of_an_issue_that_comes_back(days: float, status: str, substatus: str | None) -> None:
    look = COMES_BACK.at(FIRST + days * DAY)
    assert (look.status, look.substatus) == (status, substatus)
    assert FIRST <= look.last_seen <= FIRST + days * DAY


def test_an_issue_that_nobody_resolves_is_no_longer_new_after_a_week() -> None:
    life = Life(FIRST, HOUR, FIRST + 40 * DAY)
    assert [life.at(FIRST + days * DAY).substatus for days in (6.9, 7)] == ["new", "ongoing"]


def test_an_issue_that_is_ignored_goes_on_all_the_same() -> None:
    life = Life(FIRST, HOUR, FIRST + 40 * DAY, ignored=FIRST + DAY)
    before, after = (life.at(FIRST + days * DAY) for days in (2, 3))
    assert (before.status, after.status) == ("ignored", "ignored")
    assert after.events > before.events


async def test_people_who_met_an_error_are_counted(visitor: Visitor) -> None:
    query = {"dataset": "errors", "field": ["project", "count()", "count_unique(user)"], "statsPeriod": "1h"}
    rows = (await visitor.get(f"{ORG}/events/", **query))["data"]
    assert {row["project"] for row in rows} == {"shop-web", "portal-web", "api-web"}
    assert all(0 < row["count_unique(user)"] <= row["count()"] for row in rows)


async def test_a_bad_release_meets_many_people(visitor: Visitor) -> None:
    query = {"dataset": "errors", "field": ["project", "count_unique(user)"], "statsPeriod": "1h", "project": "shop"}
    query["project"] = "shop-web"
    before = (await visitor.get(f"{ORG}/events/", **query))["data"][0]["count_unique(user)"]
    await visitor.play("bad-release")
    assert (await visitor.get(f"{ORG}/events/", **query))["data"][0]["count_unique(user)"] > 3 * before


def test_the_users_of_an_hour_stay_what_they_were(world: World, clock: Clock) -> None:
    from watchkeeper.sandbox.sentry_events import Row  # noqa: PLC0415

    row = Row(world.projects[0], "", 4000, 30, NOON - HOUR)
    first = row.users
    clock.advance(DAY)
    assert 0 < row.users == first <= 30
