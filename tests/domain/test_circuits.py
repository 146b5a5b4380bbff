from datetime import UTC, datetime, timedelta

import pytest

from watchkeeper.domain.circuits import LONGEST, OPENS_AFTER, Circuit, after_failure, retry_pause
from watchkeeper.domain.run_troubles import AlertEvent, made_up_for

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def failed(times: int) -> Circuit:
    circuit = Circuit()
    for _ in range(times):
        circuit = after_failure(circuit, "503", NOON)
    return circuit


@pytest.mark.parametrize(
    ("failures", "pause"),
    [
        pytest.param(OPENS_AFTER - 1, None, id="tried as ever"),
        pytest.param(OPENS_AFTER, MINUTE, id="a minute"),
        pytest.param(OPENS_AFTER + 1, 2 * MINUTE, id="twice as long"),
        pytest.param(OPENS_AFTER + 3, 8 * MINUTE, id="ever longer"),
        pytest.param(OPENS_AFTER + 4, LONGEST, id="a quarter of an hour"),
        pytest.param(10_000, LONGEST, id="for good"),
    ],
)
def test_a_channel_that_fails_is_left_alone_for_ever_longer(failures: int, pause: timedelta | None) -> None:
    circuit = failed(failures)
    assert circuit.is_open is (pause is not None)
    assert circuit.retry_at == (NOON + pause if pause else None)
    assert circuit.lets_through(NOON) is (pause is None)
    assert circuit.lets_through(NOON + LONGEST)


def test_it_is_known_since_when_it_is_down() -> None:
    assert after_failure(failed(OPENS_AFTER), "504", NOON + MINUTE).opened_at == NOON


def test_a_single_failure_that_is_certain_is_enough() -> None:
    assert after_failure(Circuit(), "the token was revoked", NOON, is_certain=True).is_open


def test_a_message_is_tried_by_every_run_at_first_and_then_by_ever_fewer() -> None:
    pauses = [retry_pause(attempts) for attempts in (1, OPENS_AFTER, OPENS_AFTER + 1, 100)]
    assert pauses == [MINUTE / 2, MINUTE / 2, MINUTE, LONGEST]


FAILED = AlertEvent("retention/daily", "run-1", NOON, "it failed")
LATE = AlertEvent("health-check/every-15-minutes", "run-2:late", NOON, "it is late")


@pytest.mark.parametrize(
    ("event", "completed", "late", "after", "is_over"),
    [
        pytest.param(FAILED, {}, (), MINUTE, False, id="it has just failed"),
        pytest.param(FAILED, {"retention/daily": NOON + MINUTE}, (), MINUTE, True, id="the next one is all right"),
        pytest.param(FAILED, {"retention/daily": NOON - MINUTE}, (), MINUTE, False, id="the one before was"),
        pytest.param(FAILED, {"janitor/every-5-minutes": NOON + MINUTE}, (), MINUTE, False, id="another one is"),
        pytest.param(FAILED, {}, (), 1441 * MINUTE, True, id="it was a day ago"),
        pytest.param(LATE, {}, ("run-2:late",), MINUTE, False, id="it is still late"),
        pytest.param(LATE, {}, (), MINUTE, True, id="it has begun"),
    ],
)
def test_a_run_in_trouble_is_made_up_for(
    event: AlertEvent,
    completed: dict[str, datetime],
    late: tuple[str, ...],
    after: timedelta,
    is_over: bool,  # noqa: FBT001
) -> None:
    assert made_up_for([event], completed, late, NOON + after) == (frozenset({event.name}) if is_over else frozenset())
