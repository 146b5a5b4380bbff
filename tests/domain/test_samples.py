from dataclasses import replace
from datetime import timedelta

import pytest

from tests.store.samples import NOON, SHA, check, deployment, pipeline, workflow
from watchkeeper.domain.blame import Fault
from watchkeeper.domain.build_samples import build_samples, flaky_samples, recovery_samples, run_samples
from watchkeeper.domain.builds import Pipeline, WorkflowStatus
from watchkeeper.domain.costs import Prices
from watchkeeper.domain.delivery import AliasJob, AliasRequest, DeploymentState
from watchkeeper.domain.delivery_samples import deployment_samples, incident_samples, move_samples, release_samples
from watchkeeper.domain.errors import Denominator, ErrorCount
from watchkeeper.domain.history import BuildRun, ErrorHour
from watchkeeper.domain.limits import ErrorLimits
from watchkeeper.domain.outages import Outage
from watchkeeper.domain.releases import Release
from watchkeeper.domain.samples import Sample, check_samples, error_samples, score_of_errors
from watchkeeper.domain.verdicts import Gap, Missing, Verdict

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
MISSING = Missing(Gap.UNAVAILABLE, "not known")


def told(samples: list[Sample]) -> dict[str, list[tuple[float, int]]]:
    """Return value and hour of day of each sample, by metric."""
    found: dict[str, list[tuple[float, int]]] = {}
    for sample in samples:
        found.setdefault(sample.metric, []).append((sample.value, sample.hour.hour))
    return found


def built(name: str, status: WorkflowStatus, minutes: int, *, began: int = 0, of: str = "build") -> Pipeline:
    at = NOON + began * MINUTE
    run = replace(workflow(f"w{name}", status), name=of, created_at=at, stopped_at=at + minutes * MINUTE)
    return replace(pipeline(name, (run,), at), number=began)


PASSED, FAILED = WorkflowStatus.SUCCESS, WorkflowStatus.FAILED


@pytest.mark.parametrize(
    ("pipelines", "expected"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([built("1", PASSED, 5)], [], id="never broken"),
        pytest.param([built("1", FAILED, 5)], [], id="still broken"),
        pytest.param([built("1", FAILED, 5), built("2", PASSED, 5, began=60)], [(3600, 13)], id="from end to end"),
        pytest.param(
            [built("3", PASSED, 5, began=90), built("2", FAILED, 5, began=60), built("1", FAILED, 5)],
            [(5400, 13)],
            id="from the first that failed, in any order",
        ),
        pytest.param(
            [built("1", FAILED, 5), built("2", WorkflowStatus.CANCELED, 1, began=9), built("3", PASSED, 5, began=20)],
            [(1200, 12)],
            id="a canceled one says nothing",
        ),
        pytest.param(
            [built("1", FAILED, 50), built("2", PASSED, 5, began=10)], [(0, 12)], id="one that passed at once"
        ),
        pytest.param(
            [replace(pipeline("1", ()), state="errored"), built("2", PASSED, 5, began=30)],
            [(35 * 60, 12)],
            id="a configuration that was refused breaks it when it is pushed",
        ),
        pytest.param(
            [replace(pipeline("1"), workflows=MISSING), built("2", PASSED, 5, began=30)], [], id="unknown is not broken"
        ),
    ],
)
def test_how_long_the_branch_was_broken(pipelines: list[Pipeline], expected: list[tuple[float, int]]) -> None:
    assert told(recovery_samples(pipelines)).get("branch_recovery_s", []) == expected


def test_builds_count_in_the_hour_in_which_they_stop() -> None:
    queued = replace(workflow(), stopped_at=NOON + 61 * MINUTE, queued=timedelta(seconds=40))
    assert told(build_samples([pipeline(workflows=(queued,))])) == {
        "builds": [(1, 13)],
        "build_time_s": [(61 * 60, 13)],
        "build_queue_s": [(40, 13)],
    }


@pytest.mark.parametrize("status", [WorkflowStatus.RUNNING, WorkflowStatus.CANCELED, WorkflowStatus.NOT_RUN])
def test_what_did_not_run_to_its_end_is_no_build(status: WorkflowStatus) -> None:
    assert build_samples([pipeline(workflows=(workflow(status=status),)), replace(pipeline(), workflows=MISSING)]) == []


def test_a_workflow_that_ran_again_is_a_rerun() -> None:
    first = replace(workflow("w1", FAILED))
    again = replace(workflow("w2"), created_at=NOON + 10 * MINUTE, stopped_at=NOON + 70 * MINUTE)
    other = replace(workflow("w3"), name="deploy")
    found = told(build_samples([pipeline(workflows=(again, first, other))]))
    assert found["build_reruns"] == [(1, 13)]
    assert sorted(found["builds"]) == [(0, 12), (1, 12), (1, 13)]


def test_what_a_run_costs() -> None:
    run = BuildRun("r", "build", "topic", PASSED, NOON, NOON + MINUTE, 2000)
    found = run_samples([run, replace(run, stopped_at=None)], Prices(circleci_credit=0.001))
    assert [(s.metric, s.label, s.value) for s in found] == [("credits", "build", 2000), ("cost", "circleci", 2)]


def test_a_test_is_flaky_for_two_weeks() -> None:
    noticed, last = NOON + 30 * MINUTE, NOON + HOUR
    hours = [NOON - HOUR, NOON, NOON + timedelta(days=14), NOON + timedelta(days=14, hours=2)]
    found = flaky_samples([(noticed, last)], hours)
    assert [(sample.hour, sample.value) for sample in found] == [(hours[1], 1), (hours[2], 1), (hours[3], 0)]
    assert flaky_samples([], hours) == []


def test_production_builds() -> None:
    failed = replace(deployment("dpl_2"), state=DeploymentState.ERROR, ready_at=None)
    canceled = replace(deployment("dpl_3"), state=DeploymentState.CANCELED)
    preview = replace(deployment("dpl_4"), target="")
    found = told(deployment_samples([deployment(), failed, canceled, preview]))
    assert found == {
        "vercel_deployments": [(1, 12), (0, 12)],
        "vercel_build_time_s": [(60, 12)],
        "vercel_queue_s": [(2, 12), (2, 12)],
    }


def test_moves_count_once_they_succeeded() -> None:
    move = AliasRequest("promote", "a", "b", AliasJob.SUCCEEDED, NOON)
    others = [replace(move, kind="rollback"), replace(move, job=AliasJob.FAILED), replace(move, kind="unknown")]
    assert told(move_samples([move, *others])) == {"promotions": [(1, 12)], "rollbacks": [(1, 12)]}


def test_releases_that_failed_and_how_long_restoring_took() -> None:
    live = Release(SHA, NOON, live_at=NOON + MINUTE)
    other = Release("b" * 40, NOON, live_at=NOON + 2 * HOUR)
    never = Release("c" * 40, NOON)
    incident = Outage("shop", NOON + 5 * MINUTE, NOON + 65 * MINUTE, Fault.RELEASE, SHA, "because")
    nobodys = replace(incident, fault=Fault.UNKNOWN, release="")
    assert told(release_samples([live, never])) == {"releases": [(1, 12)]}
    assert told(incident_samples([live, other, never], [incident, nobodys], ())) == {
        "failed_releases": [(1, 12), (0, 14)],
        "restore_time_s": [(3600, 13)],
    }


def error_hour(*counts: ErrorCount, sessions: int = 0, users: int | None = None) -> ErrorHour:
    return ErrorHour(NOON, Denominator.SPANS, counts, sessions, 1 if sessions else 0, users)


def test_no_traffic_is_no_share_of_anything() -> None:
    assert error_samples(error_hour()) == []
    assert error_samples(error_hour(ErrorCount("a", 0, 0))) == []


def test_failures_by_release_sessions_and_people() -> None:
    hour = error_hour(ErrorCount("a", 1, 10), ErrorCount("b", 0, 90), sessions=50, users=0)
    assert error_samples(hour) == [
        Sample("failures", "a", NOON, 1, 10),
        Sample("failures", "b", NOON, 0, 90),
        Sample("crash_free", "", NOON, 49, 50),
        Sample("affected_users", "", NOON, 0),
    ]


@pytest.mark.parametrize(
    ("counts", "score"),
    [
        pytest.param((), None, id="no traffic is not health"),
        pytest.param((ErrorCount("a", 0, 9),), None, id="too little to say anything"),
        pytest.param((ErrorCount("a", 0, 1000),), 100, id="none fails"),
        pytest.param((ErrorCount("a", 500, 1000),), 14, id="half of them fail"),
    ],
)
def test_the_score_that_errors_alone_give(counts: tuple[ErrorCount, ...], score: float | None) -> None:
    sample = score_of_errors(error_hour(*counts), ErrorLimits())
    assert (sample.value if sample else None) == score


def test_a_check_without_a_score_is_still_a_check() -> None:
    found = check_samples([check(), replace(check(verdict=Verdict.UNKNOWN), score=None)])
    assert [(s.metric, s.label, s.value) for s in found] == [
        ("checks", "warning", 1),
        ("score", "", 69),
        ("checks", "unknown", 1),
    ]
