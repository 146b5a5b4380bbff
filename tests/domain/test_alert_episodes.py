"""One episode follows another: what a person resolved, a clock that is set back, and any course of events."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.domain.alert_rule_makers import look, rule, signal
from tests.domain.makers import MINUTES, NOW
from watchkeeper.domain.alert_rules import REOPEN_AFTER, evaluate
from watchkeeper.domain.alert_values import MOST_FLIPS, Alert, AlertStatus

PENDING, FIRING, RESOLVED = AlertStatus.PENDING, AlertStatus.FIRING, AlertStatus.RESOLVED


def test_a_new_episode_is_a_new_alert_that_knows_how_often_it_changed() -> None:
    (first,) = look(rule(), [signal(9)])
    (over,) = look(rule(), [signal(1, 1)], [replace(first, id=7, version=1, is_flapping=True)], minutes=1)
    (second,) = look(rule(), [signal(9, 2)], [over], minutes=2)
    assert (second.id, second.version, second.is_flapping) == (0, 0, True)
    assert second.flips == (NOW, NOW + MINUTES, NOW + 2 * MINUTES)
    assert (second.started_at, second.resolved_at) == (NOW + 2 * MINUTES, None)


def test_the_newest_of_several_episodes_counts() -> None:
    (first,) = look(rule(), [signal(9)])
    (over,) = look(rule(), [signal(1, 1)], [first], minutes=1)
    (second,) = look(rule(), [signal(9, 2)], [over], minutes=2)
    for known in ([over, second], [second, over]):
        assert look(rule(), [signal(9, 3)], known, minutes=3) == ()


def test_flips_are_bounded() -> None:
    known: tuple[Alert, ...] = ()
    for minute in range(3 * MOST_FLIPS):
        known = look(rule(), [signal(9 if minute % 2 else 1, minute)], known, minutes=minute) or known
    assert len(known[0].flips) == MOST_FLIPS


def by_hand(minutes: float = 1) -> Alert:
    (firing,) = look(rule(), [signal(9)])
    return replace(firing, status=RESOLVED, resolved_at=NOW + minutes * MINUTES, resolved_by="Ada", id=7, version=2)


def test_what_a_person_has_resolved_does_not_come_back_while_it_merely_goes_on() -> None:
    assert look(rule(), [signal(9, 2)], [by_hand()], minutes=2) == ()
    later = 1 + REOPEN_AFTER / MINUTES
    (again,) = look(rule(), [signal(9, later)], [by_hand()], minutes=later)
    assert (again.status, again.id) == (FIRING, 0)


def test_what_a_person_has_resolved_comes_back_after_it_had_ended() -> None:
    (calm,) = look(rule(), [signal(1, 2)], [by_hand()], minutes=2)
    assert (calm.id, calm.status, calm.calm_since) == (7, RESOLVED, NOW + 2 * MINUTES)
    assert look(rule(), [signal(1, 3)], [calm], minutes=3) == ()
    (again,) = look(rule(), [signal(9, 4)], [calm], minutes=4)
    assert (again.status, again.id) == (FIRING, 0)


def test_a_pass_that_is_late_takes_nothing_back_that_a_later_one_has_decided() -> None:
    (firing,) = look(rule(), [signal(9)])
    assert look(rule(), [], [firing], minutes=-1) == ()
    assert look(rule(), [signal(1, -1)], [firing], minutes=-1) == ()
    (resolved,) = look(rule(), [signal(1, 1)], [firing], minutes=1)
    assert look(rule(), [signal(9)], [resolved]) == ()


def test_a_clock_that_is_set_back_harms_nothing() -> None:
    slow = rule(for_=15 * MINUTES, keep=15 * MINUTES)
    (pending,) = look(slow, [signal(9)])
    (restarted,) = look(slow, [signal(9, -60)], [pending], minutes=-60)
    assert (restarted.status, restarted.started_at) == (PENDING, NOW - 60 * MINUTES)
    (firing,) = look(slow, [signal(9, -45)], [restarted], minutes=-45)
    (calm,) = look(slow, [signal(1, 0)], [firing])
    (earlier,) = look(slow, [signal(1, -30)], [calm], minutes=-30)
    assert (earlier.status, earlier.calm_since) == (FIRING, NOW - 30 * MINUTES)
    (resolved,) = look(slow, [signal(1, -15)], [earlier], minutes=-15)
    assert resolved.is_resolved


@given(
    st.lists(st.tuples(st.sampled_from([None, 0.0, 3.0, 4.0, 9.0]), st.integers(-20, 60)), max_size=40),
    st.integers(0, 30),
    st.integers(0, 30),
)
def test_whatever_happens_the_states_follow_each_other(
    looks: list[tuple[float | None, int]], for_: int, keep: int
) -> None:
    of = rule(for_=for_ * MINUTES, keep=keep * MINUTES, exit=3.5)
    known: dict[str, Alert] = {}
    now: datetime = NOW
    for value, minutes in looks:
        now += timedelta(minutes=minutes)
        before = next(iter(known.values()), None)
        changed = evaluate([of], [replace(signal(value), at=now)], known.values(), now)
        assert len(changed) <= 1
        if value is None:
            assert changed == ()
        for alert in changed:
            assert (alert.fired_at is not None) or not alert.is_firing
            assert (alert.resolved_at is not None) == alert.is_resolved
            assert before is None or before.is_resolved or alert.id == before.id
            known[alert.fingerprint] = alert
