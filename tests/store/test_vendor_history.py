"""What the vendors tell of the past is kept by its natural key: read again, it is the same row."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from tests.store.samples import NOON, SHA, pipeline, probe, workflow
from watchkeeper.domain.blame import Fault
from watchkeeper.domain.builds import WorkflowStatus
from watchkeeper.domain.commits import Commit
from watchkeeper.domain.delivery import AliasJob, AliasRequest
from watchkeeper.domain.history import BuildRun, FlakyTest
from watchkeeper.domain.issue_events import IssueChange
from watchkeeper.domain.issues import Issue, IssueLevel
from watchkeeper.domain.outages import Outage
from watchkeeper.domain.releases import Release
from watchkeeper.domain.windows import Window
from watchkeeper.store.alias_requests import alias_requests, save_alias_requests
from watchkeeper.store.build_runs import build_runs, flaky_tests, flaky_times, save_build_runs, save_flaky_tests
from watchkeeper.store.builds import pipelines, save_pipelines
from watchkeeper.store.commits import commits, save_commits
from watchkeeper.store.database import reading, transaction
from watchkeeper.store.endpoints import first_probes, save_probes
from watchkeeper.store.errors import issues, save_issues
from watchkeeper.store.issue_events import issue_events
from watchkeeper.store.outages import outages, save_outages
from watchkeeper.store.projects import see_projects
from watchkeeper.store.releases import live_releases, save_releases

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SPAN = Window(NOON, NOON + HOUR)
RUN = BuildRun("r1", "build", "topic", WorkflowStatus.SUCCESS, NOON - HOUR, NOON + MINUTE, 1234)
FLAKY = FlakyTest("t" * 3000, "file", "job", "build", 3, timedelta(seconds=90), NOON + MINUTE)
ISSUE = Issue("1", "SHOP-1", "shop", "boom", "a.py", IssueLevel.ERROR, "unresolved", "", 1, 1, NOON, NOON + MINUTE, "")
INCIDENT = Outage("shop", NOON, NOON + MINUTE, Fault.RELEASE, SHA, "because", from_history=True)


def test_runs_come_back_by_when_they_stopped(engine: Engine) -> None:
    running = replace(RUN, id="r2", stopped_at=None, status=WorkflowStatus.RUNNING)
    later = replace(RUN, id="r3", stopped_at=NOON + HOUR)
    for _ in range(2):
        with transaction(engine) as session:
            save_build_runs(session, {"shop": [RUN, running, later], "api": []})
    with reading(engine) as session:
        assert build_runs(session, ["shop", "api"], SPAN) == {"shop": (RUN,), "api": ()}


def test_a_flaky_test_is_known_since_it_was_noticed(engine: Engine) -> None:
    again = replace(FLAKY, times=5, time_lost=timedelta(seconds=200), last_seen_at=NOON + 30 * MINUTE)
    for test in (FLAKY, again, FLAKY):  # the last one is a look at an old span
        with transaction(engine) as session:
            save_flaky_tests(session, {"shop": [test]}, NOON + 2 * HOUR)
    with reading(engine) as session:
        (found,) = flaky_tests(session, ["shop"], SPAN)["shop"]
        assert flaky_times(session, ["shop"], SPAN) == {"shop": ((NOON + MINUTE, NOON + 30 * MINUTE),)}
    assert found == again


def test_moves_of_production_are_kept_though_the_vendor_forgets_them(engine: Engine) -> None:
    first = AliasRequest("rollback", "dpl_2", "dpl_1", AliasJob.IN_PROGRESS, NOON)
    for moves in ([first], [replace(first, job=AliasJob.SUCCEEDED)], [replace(first, requested_at=NOON + MINUTE)]):
        with transaction(engine) as session:
            save_alias_requests(session, {"shop": moves})
    with reading(engine) as session:
        found = alias_requests(session, ["shop"], SPAN)["shop"]
    assert [(move.requested_at, move.job) for move in found] == [
        (NOON, AliasJob.SUCCEEDED),
        (NOON + MINUTE, AliasJob.IN_PROGRESS),
    ]


def test_commits_come_back_in_the_order_in_which_they_were_written(engine: Engine) -> None:
    first, second = Commit("a" * 40, NOON, "a", "Ada"), Commit("b" * 40, NOON + MINUTE, "b\x00", "Bob")
    for _ in range(2):
        with transaction(engine) as session:
            save_commits(session, {"shop": [second, first]})
    with reading(engine) as session:
        assert commits(session, ["shop"], SPAN)["shop"] == (first, replace(second, title="b�"))


def test_what_becomes_of_an_issue_is_kept(engine: Engine) -> None:
    looks = [
        (ISSUE, NOON + 2 * MINUTE),
        (replace(ISSUE, status="resolved"), NOON + 10 * MINUTE),
        (replace(ISSUE, status="resolved"), NOON + 20 * MINUTE),
        (replace(ISSUE, substatus="regressed", last_seen=NOON + 30 * MINUTE), NOON + 31 * MINUTE),
    ]
    for issue, now in looks:
        with transaction(engine) as session:
            save_issues(session, {"shop": [issue], "api": []}, now)
    with reading(engine) as session:
        found = issue_events(session, ["shop", "api"], SPAN)
        assert issues(session, ["shop"], SPAN)["shop"] == (looks[-1][0],)
    assert [(event.kind, event.at) for event in found["shop"]] == [
        (IssueChange.NEW, NOON),
        (IssueChange.RESOLVED, NOON + 10 * MINUTE),
        (IssueChange.REGRESSED, NOON + 30 * MINUTE),
    ]
    assert found["api"] == ()


@pytest.mark.parametrize(
    ("start", "end", "overlaps"),
    [
        pytest.param(-60, -30, False, id="over before"),
        pytest.param(-60, 0, False, id="over when the window begins"),
        pytest.param(-60, 1, True, id="into the window"),
        pytest.param(-60, None, True, id="since before, and still"),
        pytest.param(10, 20, True, id="within"),
        pytest.param(59, 90, True, id="out of the window"),
        pytest.param(60, 90, False, id="from its end on"),
    ],
)
def test_incidents_that_overlap_a_window(engine: Engine, start: int, end: int | None, *, overlaps: bool) -> None:
    ended_at = None if end is None else NOON + end * MINUTE
    incident = replace(INCIDENT, started_at=NOON + start * MINUTE, ended_at=ended_at)
    with transaction(engine) as session:
        save_outages(session, ["shop"], Window(NOON - HOUR, NOON + 2 * HOUR), [incident])
    with reading(engine) as session:
        assert outages(session, ["shop", "api"], SPAN) == {"shop": (incident,) if overlaps else (), "api": ()}


def test_incidents_are_replaced_where_they_were_looked_for(engine: Engine) -> None:
    before, other = replace(INCIDENT, started_at=NOON - MINUTE), replace(INCIDENT, project="api")
    with transaction(engine) as session:
        save_outages(session, ["shop", "api"], Window(NOON - HOUR, NOON + HOUR), [before, INCIDENT, other])
        save_outages(session, ["shop"], SPAN, [])
    with reading(engine) as session:
        found = outages(session, ["shop", "api"], Window(NOON - HOUR, NOON + HOUR))
    assert found == {"shop": (before,), "api": (other,)}


def test_a_closer_look_at_a_pipeline_that_is_over_is_kept(engine: Engine) -> None:
    closely = pipeline(workflows=(replace(workflow(), queued=timedelta(seconds=31)),))
    quickly = pipeline(workflows=(replace(workflow(), jobs=()),))
    with transaction(engine) as session:
        save_pipelines(session, {"shop": [pipeline()]})
        save_pipelines(session, {"shop": [closely]}, again=True)
        save_pipelines(session, {"shop": [quickly]}, again=True)
    with reading(engine) as session:
        assert pipelines(session, ["shop"], SPAN) == {"shop": (closely,)}


def test_releases_by_when_they_went_live(engine: Engine) -> None:
    live = Release(SHA, NOON - timedelta(days=3), live_at=NOON + MINUTE)
    with transaction(engine) as session:
        save_releases(session, {"shop": [live, Release("b" * 40, NOON)]})
    with reading(engine) as session:
        assert live_releases(session, ["shop", "api"], SPAN) == {"shop": (live,), "api": ()}


def test_since_when_a_project_is_probed(engine: Engine) -> None:
    with transaction(engine) as session:
        see_projects(session, ["shop", "new"], NOON)
        save_probes(session, {"shop": [probe(NOON + MINUTE), probe(NOON)]})
    with reading(engine) as session:
        assert first_probes(session, ["shop", "new", "unknown"]) == {"shop": NOON}
