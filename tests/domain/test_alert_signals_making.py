"""Builds in a row, builds that wait, and what a day has cost."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.domain.alert_fact_makers import facts, made, value
from tests.domain.makers import MINUTES, NEW, NOW, OLD, at, deployment, pipeline, workflow
from watchkeeper.domain.builds import Job, WorkflowStatus
from watchkeeper.domain.delivery import DeploymentState
from watchkeeper.domain.verdicts import Component, Gap, Missing

GOOD, BAD, RUNS = WorkflowStatus.SUCCESS, WorkflowStatus.FAILED, WorkflowStatus.RUNNING


def built(*statuses: WorkflowStatus, **other: Any) -> Any:
    """Return facts with these pipelines, the newest first."""
    several = [pipeline(90 - n, status) for n, status in enumerate(statuses)]
    return facts(**{"pipelines": several} | other)


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ((GOOD, BAD), 0),
        ((BAD, GOOD, BAD), 1),
        ((BAD,) * 5, 5),
        ((RUNS, BAD, GOOD), 1),
        ((WorkflowStatus.CANCELED, BAD, BAD, GOOD), 2),
        ((RUNS,), None),
        ((), None),
    ],
    ids=str,
)
def test_failed_pipelines_in_a_row(statuses: tuple[WorkflowStatus, ...], expected: float | None) -> None:
    assert value("failed_builds", built(*statuses)) == expected


def test_it_says_what_failed() -> None:
    (one,) = made("failed_builds", built(BAD, GOOD))
    assert one.details == ("the default branch is broken: pipeline #90 (3f2c1ab) failed in build-0",)
    (several,) = made("failed_builds", built(BAD, BAD))
    assert several.details == ("the last 2 pipelines of the default branch failed: #90 (3f2c1ab) in build-0",)
    (refused,) = made("failed_builds", facts(pipelines=[pipeline(9, state="errored", errors=("line 3",))]))
    assert refused.details[0].endswith("#9 (3f2c1ab) failed: its configuration was refused: line 3")


def test_pipelines_that_could_not_be_read_say_nothing() -> None:
    unread = pipeline(91)
    missing = Missing(Gap.UNAVAILABLE, "no answer")
    of = facts(pipelines=[type(unread)(**{n: getattr(unread, n) for n in unread.__slots__} | {"workflows": missing})])
    assert value("failed_builds", of) is None


def test_running_and_waiting_are_told_apart() -> None:
    queued = workflow(
        RUNS, 60, jobs=(Job("j", "test", "queued", "build"), Job("k", "lint", "success", "build", at(59), at(40)))
    )
    both = facts(pipelines=[pipeline(90, workflows=(workflow(RUNS, 150, name="deploy"), queued), minutes=150)])
    (running,), (waiting,) = made("running_build", both), made("build_queue", both)
    assert (running.value, waiting.value) == (150, 40)
    assert running.details == ("deploy of #90 (3f2c1ab) is running since 08:00 UTC",)
    assert waiting.details == ("build of #90 (3f2c1ab) waits for a machine since 09:50 UTC",)
    assert value("running_build", built(GOOD)) == value("build_queue", built(GOOD)) == 0


READY, ERROR, BUILDING = DeploymentState.READY, DeploymentState.ERROR, DeploymentState.BUILDING


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ((READY, ERROR), 0),
        ((ERROR, READY), 1),
        ((ERROR, DeploymentState.CANCELED, ERROR, ERROR), 3),
        ((BUILDING, ERROR), 1),
        ((BUILDING,), None),
    ],
    ids=str,
)
def test_failed_production_builds_in_a_row(states: tuple[DeploymentState, ...], expected: float | None) -> None:
    several = [deployment(state=state, minutes=20 + n, error="exit 1") for n, state in enumerate(states)]
    assert value("failed_deployments", facts(deployments=several)) == expected


def test_previews_are_nobodys_trouble() -> None:
    preview = deployment(state=ERROR, target="")
    assert value("failed_deployments", facts(deployments=[preview, deployment()])) == 0


def test_the_oldest_build_in_work_that_none_has_overtaken() -> None:
    several = [deployment(NEW, 50, state=BUILDING), deployment(OLD, 90, state=BUILDING), deployment(OLD, 95)]
    (stuck,) = made("waiting_deployment", facts(deployments=several))
    assert (stuck.value, stuck.details) == (90, ("the production build 77aa001 does not get on",))
    assert value("waiting_deployment", facts(deployments=[deployment(), *several[:2]])) == 0


@pytest.mark.parametrize("name", ["failed_builds", "running_build", "build_queue"])
def test_what_is_not_configured_has_no_signal(name: str) -> None:
    assert made(name, facts(components=frozenset({Component.ERRORS}))) == ()


def test_the_past_is_seen_as_it_was() -> None:
    done = pipeline(90, GOOD, minutes=30)  # stopped 20 minutes ago
    of = facts(pipelines=[done, pipeline(89, BAD, minutes=200)], deployments=[deployment(minutes=20)], is_past=True)
    assert value("failed_builds", of) == 0
    assert value("failed_builds", of, NOW - 25 * MINUTES) == 1
    assert value("running_build", of, NOW - 25 * MINUTES) == 5
    assert value("failed_builds", of, NOW - 400 * MINUTES) is None
    assert value("waiting_deployment", of, NOW - 19 * MINUTES) == 1


def spent(yesterday: float, usual: float = 10.0, spread: float = 0.0) -> Any:
    day = date(2026, 9, 21)
    costs = {day - timedelta(days=n): usual + spread * (n // 7 % 2) for n in range(1, 60)} | {day: yesterday}
    return facts(costs=costs)


@pytest.mark.parametrize(
    ("yesterday", "spread", "percent"),
    [
        pytest.param(10, 0, 0, id="as expected"),
        pytest.param(4, 0, 0, id="cheaper is no trouble"),
        pytest.param(12.5, 0, 25, id="a quarter more"),
        pytest.param(16, 0, 60, id="more than half again"),
        pytest.param(16, 8, 0, id="as such days differ anyway"),
    ],
)
def test_cost_of_the_last_finished_day(yesterday: float, spread: float, percent: float) -> None:
    assert value("cost_over", spent(yesterday, spread=spread)) == pytest.approx(percent)


def test_cost_says_of_which_day_and_against_what() -> None:
    (signal,) = made("cost_over", spent(16))
    assert signal.details == ("16.00 USD on 2026-09-21, expected 10.00 USD (60 % more)",)


def test_cost_without_a_past_is_not_known() -> None:
    day = date(2026, 9, 21)
    assert value("cost_over", facts(costs={day: 9.0})) is None
    assert made("cost_over", facts()) == ()
