from datetime import UTC, datetime, timedelta

import pytest

from watchkeeper.domain.janitor import FlowRun, SlotLimit, find_leaked_slots, find_stuck_runs

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FIVE = timedelta(minutes=5)
SECOND = timedelta(seconds=1)


def run(state: str, age: timedelta, heard: timedelta | None = None, name: str = "r", deployment: str = "d") -> FlowRun:
    return FlowRun(name, name, state, NOW - age, deployment, None if heard is None else NOW - heard)


@pytest.mark.parametrize(
    ("found", "stuck"),
    [
        pytest.param(run("PENDING", FIVE), False, id="starting, at the limit"),
        pytest.param(run("PENDING", FIVE + SECOND), True, id="starting for too long"),
        pytest.param(run("RUNNING", FIVE), False, id="running without a heartbeat yet"),
        pytest.param(run("RUNNING", FIVE + SECOND), True, id="running without any heartbeat"),
        pytest.param(run("RUNNING", 100 * FIVE, FIVE), False, id="long, and heard of lately"),
        pytest.param(run("RUNNING", 100 * FIVE, FIVE + SECOND), True, id="long, and not heard of lately"),
        pytest.param(run("RUNNING", SECOND, 100 * FIVE), False, id="a new attempt after an old heartbeat"),
        pytest.param(run("CANCELLING", FIVE + SECOND), True, id="cancelling, its process is gone"),
        pytest.param(run("CANCELLING", 100 * FIVE, SECOND), False, id="cancelling, and cleaning up"),
        pytest.param(run("PAUSED", 100 * FIVE), False, id="waits for a person"),
        pytest.param(run("SCHEDULED", 100 * FIVE), False, id="late, nobody has taken it"),
        pytest.param(run("COMPLETED", 100 * FIVE), False, id="done"),
    ],
)
def test_who_is_stuck(found: FlowRun, *, stuck: bool) -> None:
    assert bool(find_stuck_runs([found], NOW, FIVE, FIVE)) is stuck


def test_the_reason_is_for_people_and_the_oldest_comes_first() -> None:
    runs = [run("PENDING", 2 * FIVE, name="young"), run("RUNNING", 4 * FIVE, 3 * FIVE, name="old")]
    reasons = {stuck.run.name: stuck.reason for stuck in find_stuck_runs(runs, NOW, FIVE, FIVE)}
    assert list(reasons) == ["old", "young"]
    assert reasons["young"] == "it has been starting for 10 minutes"
    assert reasons["old"] == "it is running and has given no sign of life for 15 minutes"


@pytest.mark.parametrize(
    ("limit", "alive", "holders"),
    [
        pytest.param(SlotLimit("deployment:d", 1), [], 0, id="a deployment without runs"),
        pytest.param(SlotLimit("deployment:d", 1), [run("RUNNING", SECOND)], None, id="its run lives"),
        pytest.param(SlotLimit("deployment:d", 2), [run("PENDING", SECOND)], 1, id="one of two lives"),
        pytest.param(SlotLimit("deployment:d", 1), [run("RUNNING", SECOND, deployment="e")], 0, id="another one's run"),
        pytest.param(SlotLimit("deployment:d", 1), [run("SCHEDULED", SECOND)], 0, id="scheduled runs hold nothing"),
        pytest.param(SlotLimit("deployment:d", 0), [], None, id="nothing is taken"),
        pytest.param(SlotLimit("watchkeeper-sentry", 2), [], 0, id="a vendor's, and nobody asks"),
        pytest.param(
            SlotLimit("watchkeeper-sentry", 2), [run("RUNNING", SECOND)], None, id="a vendor's, perhaps asked"
        ),
    ],
)
def test_which_slots_are_leaked(limit: SlotLimit, alive: list[FlowRun], holders: int | None) -> None:
    leaked = find_leaked_slots([limit], alive)
    assert [found.holders for found in leaked] == ([] if holders is None else [holders])
    assert all(limit.name in found.reason for found in leaked)


def test_the_janitor_itself_holds_its_deployment_and_no_vendor() -> None:
    itself = run("RUNNING", SECOND, name="janitor")
    limits = [SlotLimit("deployment:d", 1), SlotLimit("watchkeeper-sentry", 2)]
    (leaked,) = find_leaked_slots(limits, [itself], janitor="janitor")
    assert (leaked.limit.name, leaked.holders) == ("watchkeeper-sentry", 0)
