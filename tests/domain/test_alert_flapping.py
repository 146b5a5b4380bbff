"""What changes too often is told once, and then not until it is stable."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.domain.alert_timeline import HOUR, MINUTE, POLICY, Happening, Timeline, Want, fires, moment, play, resolves
from watchkeeper.domain.alert_groups import Reason
from watchkeeper.domain.alert_policy import FlapLimits
from watchkeeper.domain.schedule import Maintenance

FIRST, ALL, FLAPPING = Reason.FIRST, Reason.ALL_RESOLVED, Reason.FLAPPING


def told(reason: Reason, minute: float, firing: int | None = None, resolved: int | None = None) -> Want:
    return Want("slack", reason, minute * MINUTE, minute * MINUTE + 60, firing, resolved)


def flaps(minutes: Sequence[float]) -> list[tuple[float, Happening]]:
    """Fires, is resolved, fires ... at these minutes."""
    return [(minute * MINUTE, (resolves() if number % 2 else fires())) for number, minute in enumerate(minutes)]


def test_one_notice_then_nothing_until_it_is_stable() -> None:
    timeline = play(flaps([0, 6, 12, 18, 24, 30, 36, 42, 48, 54]), 3.5 * HOUR)
    timeline.wants(
        told(FIRST, 0.5),
        told(ALL, 6, 0, 1),
        told(FIRST, 12.5),
        told(ALL, 18, 0, 1),
        told(FIRST, 24.5),
        told(FLAPPING, 30, 1),  # the sixth change
        told(ALL, 84, 0, 1),  # half an hour after the tenth
    )


def test_what_is_stable_and_fires_is_known_already() -> None:
    timeline = play(flaps([0, 6, 12, 18, 24, 30, 36]), 3.5 * HOUR)
    assert [message.digest.reason for _, message in timeline.told] == [FIRST, ALL, FIRST, ALL, FIRST, FLAPPING]
    newest = timeline.world.newest("shop/error-rate")
    assert newest is not None
    assert (newest.is_flapping, newest.is_firing) == (False, True)
    timeline.resolve().at(4 * HOUR)
    assert timeline.told[-1][1].digest.reason is ALL


def test_what_begins_to_flap_while_it_is_calm_and_unknown_is_told_when_it_fires() -> None:
    quick = [(minute * MINUTE + second, resolves() if second else fires()) for minute in range(3) for second in (0, 20)]
    timeline = play([*quick, (10 * MINUTE, fires())], 20 * MINUTE)
    timeline.wants(told(FLAPPING, 10, 1))


def test_flapping_in_maintenance_is_told_once_it_is_over() -> None:
    entries = (Maintenance(start=moment(0), end=moment(HOUR)),)
    policy = replace(POLICY, maintenance={"shop": entries})
    timeline = play(flaps([30, 35, 40, 45, 50, 55, 58]), 1.4 * HOUR, policy)
    timeline.wants(told(FLAPPING, 60, 1))


def test_a_new_episode_inherits_the_mark() -> None:
    timeline = Timeline().fire()
    timeline.change("shop/error-rate", flips=tuple(moment(number) for number in range(6))).at(30)
    timeline.resolve().at(60)
    timeline.fire()
    timeline.change("shop/error-rate", flips=(timeline.now,), is_flapping=False).at(90)
    newest = timeline.world.newest("shop/error-rate")
    assert newest is not None
    assert newest.is_flapping
    assert [message.digest.reason for _, message in timeline.told] == [FLAPPING]


def test_a_flapping_alert_is_not_recalled() -> None:
    rhythm = flaps([minute * 10 for minute in range(60)])
    reasons = [message.digest.reason for _, message in play(rhythm, 10 * HOUR).told]
    assert reasons.count(FLAPPING) == 1
    assert Reason.REMINDER not in reasons


@pytest.mark.parametrize(
    ("limits", "is_told"),
    [
        pytest.param(FlapLimits(changes=4), True, id="at the limit"),
        pytest.param(FlapLimits(changes=5), False, id="below it"),
        pytest.param(FlapLimits(changes=4, within=timedelta(minutes=3)), False, id="not within the time"),
    ],
)
def test_limits(limits: FlapLimits, *, is_told: bool) -> None:
    timeline = play(flaps([0, 1, 2, 3]), HOUR / 4, replace(POLICY, flapping=limits))
    assert any(message.digest.reason is FLAPPING for _, message in timeline.told) is is_told
