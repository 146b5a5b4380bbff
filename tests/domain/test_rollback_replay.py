from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.domain.trigger_makers import BAD, GOOD, LIMITS, NEW, NOW, OLD, QUARTER, calm, looked, quiet_before
from watchkeeper.domain.health import CheckType, HealthCheck
from watchkeeper.domain.production import AliasJob, AliasRequest, PlatformStatus
from watchkeeper.domain.rollback import AutoRollback, RollbackPolicy
from watchkeeper.domain.rollback_proposals import TriggerHistory
from watchkeeper.domain.rollback_replay import OWN_WAY, Replay, replay
from watchkeeper.domain.rollback_triggers import Trigger
from watchkeeper.domain.schedule import Maintenance
from watchkeeper.domain.windows import Window

NEXT = "abcdef0" + "3" * 33
LIVE = {OLD: NOW - timedelta(days=2), NEW: NOW - 10.5 * QUARTER, NEXT: NOW - 2.5 * QUARTER}
# Ten quarters ago a release goes live that is bad from the first check on; it fires with the second.
BEFORE = quiet_before(10)
TROUBLE = [looked(place, BAD, GOOD) for place in (9, 8, 7, 6, 5, 4)]
FIRES = NOW - 8 * QUARTER
ALL = Window(NOW - timedelta(days=60), NOW)
MOVE = AliasRequest("rollback", "dpl_new", "dpl_old", AliasJob.SUCCEEDED, NOW - 4 * QUARTER)


def play(*after: HealthCheck, **other: Any) -> Replay:
    values: dict[str, Any] = {"window": ALL, "policy": RollbackPolicy()}
    history = TriggerHistory([*BEFORE, *TROUBLE, *after], LIVE, other.pop("moves", ()))
    return replay("shop", history, limits=LIMITS, **(values | other))


def test_what_a_person_did_later_would_have_been_done_at_once() -> None:
    found = play(calm(3), calm(2), moves=[MOVE])
    (fired,) = found.fired
    assert (fired.at, fired.proposal.trigger, fired.is_false) == (FIRES, Trigger.ERRORS, False)
    assert (fired.ended_at, fired.saved) == (NOW - 3 * QUARTER, 5 * QUARTER - OWN_WAY)
    assert fired.reason == "somebody rolled it back at 2026-09-22 09:30 UTC"
    assert (found.false, found.saved, found.checks) == (0, 5 * QUARTER - OWN_WAY, 16)
    assert found.window == Window(BEFORE[0].window.start, NOW - 2 * QUARTER)


def test_a_newer_release_may_end_it() -> None:
    (fired,) = play(calm(3, NEXT), calm(2, NEXT)).fired
    assert (fired.is_false, fired.reason) == (False, "release abcdef0 took its place, seen at 2026-09-22 09:45 UTC")


def test_what_recovers_by_itself_was_a_false_alarm() -> None:
    (fired,) = play(calm(3, NEW), calm(2, NEW), calm(1)).fired
    assert (fired.is_false, fired.saved) == (True, timedelta())
    assert fired.reason == "it recovered by itself after 75 min, on the same release"


def test_what_the_release_before_did_just_as_badly_was_not_its_fault() -> None:
    old = [looked(place, (OLD, 60, 300), serving=OLD, before=NEXT) for place in (3, 2)]
    (fired,) = play(*old, calm(1), calm(0)).fired
    assert (fired.is_false, fired.reason) == (True, "77aa001, which had served before, failed just the same")


def test_what_a_later_release_did_just_as_badly_says_nothing() -> None:
    later = [looked(place, (NEXT, 60, 300), serving=NEXT, before=NEW) for place in (3, 2)]
    assert play(*later, calm(1, NEXT), calm(0, NEXT)).fired[0].is_false is False


def test_what_turned_out_to_be_the_platform() -> None:
    outage = looked(3, (NEW, 60, 300), status=PlatformStatus("major", "Outage"))
    (fired,) = play(outage, calm(2), calm(1)).fired
    assert fired.is_false
    assert fired.reason == "it turned out to be the platform's fault: Vercel's status page says major: Outage"


def test_what_still_lasts_is_neither() -> None:
    found = play()
    (fired,) = found.fired
    assert (fired.is_false, fired.ended_at, fired.saved) == (None, None, 4 * QUARTER - OWN_WAY)
    assert "still lasts" in fired.reason
    assert play(calm(3)).fired[0].ended_at is None


def test_an_end_on_a_release_that_is_not_known_proves_nothing() -> None:
    (fired,) = play(calm(3, ""), calm(2, "")).fired
    assert (fired.is_false, fired.reason[:24]) == (None, "release unknown took its")


def test_one_trouble_fires_once_and_the_next_one_again() -> None:
    again = [calm(3, NEW), calm(2, NEW), looked(1, BAD, GOOD), looked(0, BAD, GOOD)]
    assert [fired.at for fired in play(*again).fired] == [FIRES, NOW]


def test_within_the_cooldown_nothing_fires() -> None:
    again = [calm(3, NEW), calm(2, NEW), looked(1, BAD, GOOD), looked(0, BAD, GOOD)]
    assert len(play(*again, policy=RollbackPolicy(cooldown=9 * QUARTER)).fired) == 1


@pytest.mark.parametrize("auto", AutoRollback)
def test_shadow_mode_runs_whatever_is_configured(auto: AutoRollback) -> None:
    assert len(play(policy=RollbackPolicy(auto=auto)).fired) == 1


def test_maintenance_of_then_is_respected() -> None:
    held = Maintenance(start=BEFORE[0].window.start, end=NOW)
    assert play(maintenance=[held]).fired == ()


def test_nothing_is_nothing() -> None:
    assert replay("shop", TriggerHistory(), ALL, LIMITS, RollbackPolicy()) == Replay("shop", None, 0, ())
    assert replay("shop", TriggerHistory(BEFORE, LIVE), ALL, LIMITS, RollbackPolicy()).fired == ()


def test_a_healthy_month_with_small_numbers_fires_never() -> None:
    healthy = [looked(place, (NEW, (place * 7) % 3 // 2, 11)) for place in range(2880, 0, -1)]
    history = TriggerHistory(healthy, {NEW: healthy[0].window.start})
    assert replay("shop", history, ALL, LIMITS, RollbackPolicy()).fired == ()


def test_a_bad_release_that_serves_for_a_month_is_too_old_to_go_back_from() -> None:
    bad = looked(0, BAD, GOOD)
    windows = [Window(NOW - (place + 1) * QUARTER, NOW - place * QUARTER) for place in range(2880, 0, -1)]
    month = [replace(bad, window=window) for window in windows]
    history = TriggerHistory(month, {NEW: NOW - timedelta(days=60)})
    assert replay("shop", history, ALL, LIMITS, RollbackPolicy()).fired == ()


@pytest.mark.parametrize(
    ("window", "times"),
    [
        pytest.param(Window(FIRES - QUARTER, NOW), 1, id="it fires with the first check of the window"),
        pytest.param(Window(FIRES, NOW), 0, id="before the window: it is not told again while it lasts"),
        pytest.param(Window(NOW - timedelta(days=1), FIRES), 1, id="it ends after the window"),
        pytest.param(Window(NOW - timedelta(days=1), FIRES - QUARTER), 0, id="after the window"),
    ],
)
def test_what_fires_in_the_window_is_told_and_what_lies_around_it_is_known(window: Window, times: int) -> None:
    found = play(calm(3), calm(2), moves=[MOVE], window=window)
    assert [fired.is_false for fired in found.fired] == [False] * times
    assert found.window is not None
    assert found.window.start >= window.start
    assert found.window.end <= window.end


def test_partial_checks_are_left_out() -> None:
    partial = [calm(3), calm(2)]
    assert play(*(replace(check, check_type=CheckType.ENDPOINTS_ONLY) for check in partial)) == play()
