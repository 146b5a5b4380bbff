from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from tests.domain.makers import deployment, issue, pipeline, workflow
from tests.domain.report_makers import (
    BAD,
    GOOD,
    bucket,
    calendar,
    facts,
    names,
    release,
    rollback,
    samples,
)
from watchkeeper.domain.builds import Job, WorkflowStatus
from watchkeeper.domain.endpoints import Endpoint
from watchkeeper.domain.history import FlakyTest
from watchkeeper.domain.issue_events import IssueChange, IssueEvent
from watchkeeper.domain.issues import IssueLevel
from watchkeeper.domain.metrics import Bucket
from watchkeeper.domain.report_lists import (
    build_lines,
    cut,
    endpoint_lines,
    flaky_lines,
    issue_lines,
    release_calendar,
    release_lines,
    workflow_lines,
)
from watchkeeper.domain.report_spans import Span, span_of
from watchkeeper.domain.trends import Direction

DAILY = calendar()
WINDOW, START = DAILY.window, DAILY.window.start
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def span(*buckets: Bucket) -> Span:
    return span_of("shop", WINDOW, buckets)


NOTHING = span()


# --- releases


@pytest.mark.parametrize(
    ("counts", "failed", "moves", "outcome"),
    [
        pytest.param((3, 1_000), {}, (), "well", id="it served and nothing is laid on it"),
        pytest.param((0, 9), {}, (), "not known", id="too little traffic to tell"),
        pytest.param((0, 0), {}, (), "not known", id="no traffic at all"),
        pytest.param((90, 700), {BAD: "it fails 12 %"}, (), "failed", id="an incident is laid on it"),
        pytest.param((90, 700), {BAD: "back"}, (rollback(BAD, START + HOUR),), "rolled back", id="taken back"),
    ],
)
def test_what_became_of_a_release(
    counts: tuple[int, int], failed: dict[str, str], moves: tuple[Any, ...], outcome: str
) -> None:
    known = facts(
        DAILY,
        releases=(release(BAD, START + HOUR),),
        alias_requests=moves,
        deployments=(deployment(BAD, id=f"dpl_{BAD[:7]}", inspector_url="https://vercel.example/b"),),
    )
    failures = bucket("failures", START, *counts, label=f"shop@1.0+{BAD}")
    (line,) = release_lines(known, WINDOW, span(failures), failed)
    assert (line.name, line.sha, line.outcome) == ("bbbbbbb", BAD, outcome)
    assert (line.failures, line.total) == counts
    assert line.url == "https://vercel.example/b"
    assert bool(line.reason) is (outcome != "well")


def test_releases_stand_newest_first_and_in_the_calendar() -> None:
    known = facts(DAILY, releases=(release(GOOD, START), release(BAD, START + HOUR), release("c" * 40, START - HOUR)))
    lines = release_lines(known, WINDOW, NOTHING, {BAD: "it failed"})
    assert names(lines) == ["bbbbbbb", "aaaaaaa"]
    assert lines[0].url == ""
    assert release_calendar(lines, "UTC") == {date(2026, 11, 16): (2, 1)}
    assert release_calendar(lines, "America/New_York") == {date(2026, 11, 15): (2, 1)}


def test_without_sentry_nobody_counted_anything() -> None:
    known = facts(DAILY, releases=(release(GOOD, START),), states={})
    (line,) = release_lines(known, WINDOW, NOTHING, {})
    assert (line.outcome, line.reason) == ("not known", "")


# --- issues


def event(issue: str, kind: IssueChange, hours: float = 1) -> IssueEvent:
    return IssueEvent(issue, kind, START + hours * HOUR, IssueLevel.ERROR)


def test_new_ones_come_first_then_those_that_came_back_then_the_largest() -> None:
    old = {"first_seen": START - 90 * HOUR, "last_seen": START + HOUR}
    known = facts(
        DAILY,
        issues=(
            issue("1", count=900, **old),
            issue("2", count=5, **old),
            issue("3", count=7, level=IssueLevel.WARNING, **(old | {"first_seen": START})),
            issue("4", count=3, level=IssueLevel.FATAL, **(old | {"first_seen": START})),
            issue("5", count=1, short_id="", **old),
            issue("1", count=900, **old),
        ),
        issue_events=(event("2", IssueChange.REGRESSED), event("5", IssueChange.NEW), event("1", IssueChange.NEW, -30)),
    )
    lines = issue_lines(known, WINDOW)
    assert [(line.kind, line.short_id, line.level) for line in lines] == [
        ("new", "SHOP-4", "fatal"),
        ("new", "5", "error"),
        ("new", "SHOP-3", "warning"),
        ("regressed", "SHOP-2", "error"),
        ("top", "SHOP-1", "error"),
    ]


def test_of_all_others_the_largest_are_told() -> None:
    old = START - 90 * HOUR
    known = facts(DAILY, issues=tuple(issue(str(n), count=n, first_seen=old) for n in range(1, 10)))
    assert [line.events for line in issue_lines(known, WINDOW)] == [9, 8, 7, 6, 5]


# --- builds


def failing(*jobs: str, **other: Any) -> Any:
    several = tuple(Job(name, name, "failed", "build") for name in jobs)
    return workflow(WorkflowStatus.FAILED, stopped_at=START + HOUR, jobs=several, **other)


def test_a_failed_build_is_told_with_its_jobs() -> None:
    broken = pipeline(
        7, workflows=(failing("unit", "e2e", url="https://circleci.example/7"), workflow(id="w2", name="x"))
    )
    (line,) = build_lines(facts(DAILY, pipelines=(broken, pipeline(6, WorkflowStatus.SUCCESS))), WINDOW)
    assert (line.name, line.number, line.failed_jobs) == ("build", 7, ("e2e", "unit"))
    assert (line.reason, line.url, line.at) == ("failed in e2e and unit", "https://circleci.example/7", START + HOUR)


def test_a_build_that_was_repaired_by_a_rerun_did_not_fail() -> None:
    again = workflow(WorkflowStatus.SUCCESS, minutes=5, id="w2")
    assert build_lines(facts(DAILY, pipelines=(pipeline(7, workflows=(failing("unit"), again)),)), WINDOW) == []


def test_a_refused_configuration_stands_for_itself() -> None:
    refused = replace(pipeline(7, state="errored", errors=("no such orb",)), created_at=START)
    silent = replace(pipeline(8, state="errored"), created_at=START)
    lines = build_lines(facts(DAILY, pipelines=(refused, silent)), WINDOW)
    assert [(line.number, line.name, line.reason) for line in lines] == [
        (8, "configuration", "its configuration was refused"),
        (7, "configuration", "its configuration was refused: no such orb"),
    ]


def test_what_ended_outside_of_the_window_is_left_out_and_jobs_may_be_unknown() -> None:
    late = pipeline(8, workflows=(workflow(WorkflowStatus.FAILED, stopped_at=WINDOW.end),))
    running = pipeline(9, workflows=(replace(workflow(WorkflowStatus.FAILING), created_at=START),))
    (line,) = build_lines(facts(DAILY, pipelines=(late, running)), WINDOW)
    assert (line.number, line.reason, line.at) == (9, "the workflow failing", START)


def flaky(name: str, times: int, minutes: float, hours: float = 1) -> FlakyTest:
    return FlakyTest(name, "a.py", "unit", "build", times, minutes * MINUTE, START + hours * HOUR)


def test_flaky_tests_stand_by_the_time_they_cost() -> None:
    known = facts(DAILY, flaky_tests=(flaky("a", 3, 5), flaky("b", 9, 60), flaky("c", 4, 5), flaky("old", 9, 99, -1)))
    lines = flaky_lines(known, WINDOW)
    assert names(lines) == ["b", "c", "a"]
    assert lines[0].url == "https://circleci.example/shop"


def test_workflows_are_held_against_the_period_before() -> None:
    now = span(
        bucket("builds", START, 8, 10, "build"),
        samples("build_time_s", START, [400.0 + n for n in range(50)], "build"),
        samples("build_queue_s", START, [30.0] * 10, "build"),
        bucket("build_reruns", START, 2, label="build"),
        bucket("credits", START, 5_000, label="build"),
        bucket("credits", START, 9_000, label="nightly"),
        bucket("credits", START, 1, label=""),
    )
    before = span(
        samples("build_time_s", START, [200.0 + n for n in range(50)], "build"),
        bucket("credits", START, 4_000, label="build"),
    )
    nightly, build = workflow_lines(now, before, before)
    assert (build.runs, build.passed, build.reruns, build.credits, build.credits_before) == (10, 8, 2, 5_000, 4_000)
    assert build.queue_s == pytest.approx(30, rel=0.01)
    assert build.trend is not None
    assert build.trend.direction is Direction.UP
    assert (nightly.name, nightly.runs, nightly.credits_before, nightly.p95_s, nightly.trend) == (
        "nightly",
        0,
        0,
        None,
        None,
    )
    assert workflow_lines(now, before, NOTHING)[0].credits_before is None


# --- endpoints


def test_endpoints_stand_slowest_first_and_those_never_probed_last() -> None:
    slow, fast = Endpoint("search", "https://shop.example/search"), Endpoint("home", "https://shop.example/")
    own = Endpoint("api", "https://shop.example/api", latency_warning_ms=100)
    never = Endpoint("admin", "https://shop.example/admin")
    now = span(
        *(bucket("availability", START, 59, 60, name) for name in ("search", "home", "api", "gone")),
        samples("latency_ms", START, [2_000.0] * 60, "search"),
        samples("latency_ms", START, [200.0] * 60, "home"),
        samples("latency_ms", START, [150.0] * 60, "api"),
        bucket("certificate_days", START, 9, 1, "search"),
    )
    before = span(samples("latency_ms", START, [900.0] * 60, "search"))
    lines = endpoint_lines(facts(DAILY, endpoints=(slow, fast, own, never)), now, before)
    assert [(line.name, line.is_slow) for line in lines] == [
        ("search", True),
        ("api", True),
        ("home", False),
        ("gone", False),
        ("admin", False),
    ]
    search, api, home, gone, admin = lines
    assert (search.limit_ms, api.limit_ms) == (1_500, 100)
    assert (search.certificate_days, home.certificate_days) == (9, None)
    assert search.trend is not None
    assert search.trend.is_significant
    assert (home.trend, gone.url, home.url) == (None, "", "https://shop.example/")
    assert (admin.probes, admin.availability, admin.p95_ms) == (0, None, None)
    assert home.availability == 59 / 60


def test_what_is_cut_is_counted() -> None:
    assert cut(releases=41, issues=12, builds=13) == {"releases": 1, "builds": 1}


def test_an_issue_of_which_little_is_known_is_told_and_not_new() -> None:
    bare = {"count": None, "users": None, "first_seen": None}
    known = facts(DAILY, issues=(issue("1", **bare), issue("2", count=3, first_seen=START - 90 * HOUR)))
    lines = issue_lines(known, WINDOW)
    assert [(line.kind, line.events, line.users, line.first_seen) for line in lines][1] == ("top", None, None, None)
    assert lines[0].events == 3
