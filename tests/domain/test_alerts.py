"""Timelines: this is pushed, these messages are wanted between these moments, and no other."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.domain.alert_timeline import (
    HOUR,
    MINUTE,
    POLICY,
    Happening,
    Timeline,
    Want,
    alert_of,
    fires,
    moment,
    play,
    resolves,
)
from watchkeeper.domain.alert_groups import Reason
from watchkeeper.domain.alert_policy import Timing
from watchkeeper.domain.alert_values import AlertStatus, Severity
from watchkeeper.domain.alerts import Known, run_pass

FIRST, NEW, SOME, ALL = Reason.FIRST, Reason.NEW_IN_GROUP, Reason.SOME_RESOLVED, Reason.ALL_RESOLVED
REMINDER, ACKNOWLEDGED = Reason.REMINDER, Reason.ACKNOWLEDGED


def told(reason: Reason, since: float, until: float, firing: int | None = None, resolved: int | None = None) -> Want:
    return Want("slack", reason, since, until, firing, resolved)


def pending(timeline: Timeline) -> None:
    timeline.world.save_alert(alert_of(status=AlertStatus.PENDING, fired_at=None))


STORIES: dict[str, tuple[Sequence[tuple[float, Happening]], float, Sequence[Want]]] = {
    "told once, after the group wait": ([(0, fires())], 3 * HOUR, [told(FIRST, 30, 40, 1, 0)]),
    "pending is never told": ([(0, pending)], HOUR, []),
    "resolved within the group wait is never told": ([(0, fires()), (25, resolves())], HOUR, []),
    "calm within the group wait is not told before it holds again": (
        [
            (0, fires()),
            (20, lambda line: line.change("shop/error-rate", calm_since=line.now)),
            (200, lambda line: line.change("shop/error-rate", calm_since=None)),
        ],
        HOUR,
        [told(FIRST, 230, 240, 1)],
    ),
    "two of one cause are one message": ([(0, fires()), (20, fires("score-low"))], HOUR, [told(FIRST, 30, 40, 2)]),
    "two causes are two messages": (
        [(0, fires()), (0, fires("build-broken", cause="builds"))],
        HOUR,
        [told(FIRST, 30, 40, 1), told(FIRST, 30, 40, 1)],
    ),
    "two projects are two messages": (
        [(0, fires()), (0, fires(project="api"))],
        HOUR,
        [told(FIRST, 30, 40, 1), told(FIRST, 30, 40, 1)],
    ),
    "what comes new waits for the group interval": (
        [(0, fires()), (60, fires("score-low")), (90, fires("new-issue"))],
        HOUR,
        [told(FIRST, 30, 40, 1), told(NEW, 330, 340, 3)],
    ),
    "what comes new in a quiet group is told at once": (
        [(0, fires()), (1200, fires("score-low"))],
        HOUR,
        [told(FIRST, 30, 40, 1), told(NEW, 1200, 1210, 2)],
    ),
    "some resolved, then all": (
        [(0, fires()), (0, fires("score-low")), (600, resolves("shop/score-low")), (1200, resolves())],
        5 * HOUR,
        [told(FIRST, 30, 40, 2), told(SOME, 600, 610, 1, 1), told(ALL, 1200, 1210, 0, 1)],
    ),
    "the end waits for the group interval": (
        [(0, fires()), (60, resolves())],
        HOUR,
        [told(FIRST, 30, 40, 1), told(ALL, 330, 340, 0, 1)],
    ),
    "resolved and back within the group interval is told neither way": (
        [(0, fires()), (60, resolves()), (120, fires())],
        HOUR,
        [told(FIRST, 30, 40, 1)],
    ),
    "one goes, another comes: new in group, with what is resolved": (
        [(0, fires()), (60, resolves()), (90, fires("score-low"))],
        HOUR,
        [told(FIRST, 30, 40, 1, 0), told(NEW, 330, 340, 1, 1)],
    ),
    "what comes back after the end is another group": (
        [(0, fires()), (600, resolves()), (1200, fires())],
        HOUR,
        [told(FIRST, 30, 40, 1), told(ALL, 600, 610, 0, 1), told(FIRST, 1230, 1240, 1)],
    ),
    "reminders every four hours": (
        [(0, fires())],
        9 * HOUR,
        [told(FIRST, 30, 40), told(REMINDER, 4 * HOUR + 30, 4 * HOUR + 60), told(REMINDER, 8 * HOUR, 8 * HOUR + 90)],
    ),
    "a reminder is counted from what was told last": (
        [(0, fires()), (3 * HOUR, fires("score-low"))],
        8 * HOUR,
        [told(FIRST, 30, 40), told(NEW, 3 * HOUR, 3 * HOUR + 10), told(REMINDER, 7 * HOUR, 7 * HOUR + 20, 2)],
    ),
    "what is only for information is recalled after a day": (
        [(0, fires(severity=Severity.INFO))],
        25 * HOUR,
        [told(FIRST, 30, 40), told(REMINDER, 24 * HOUR, 24 * HOUR + 60)],
    ),
    "an acknowledgement is told once and ends the reminders": (
        [(0, fires()), (100, lambda line: line.acknowledge())],
        13 * HOUR,
        [told(FIRST, 30, 40), told(ACKNOWLEDGED, 100, 110, 1)],
    ),
    "who acknowledges before anybody is told is named in the first message": (
        [(0, fires()), (15, lambda line: line.acknowledge())],
        13 * HOUR,
        [told(FIRST, 30, 40)],
    ),
    "what is resolved is told though acknowledged": (
        [(0, fires()), (100, lambda line: line.acknowledge()), (900, resolves())],
        13 * HOUR,
        [told(FIRST, 30, 40), told(ACKNOWLEDGED, 100, 110), told(ALL, 900, 910)],
    ),
    "a new warning leaves the acknowledgement": (
        [
            (0, fires(severity=Severity.WARNING)),
            (100, lambda line: line.acknowledge()),
            (900, fires("slow", severity=Severity.WARNING)),
        ],
        13 * HOUR,
        [told(FIRST, 30, 40), told(ACKNOWLEDGED, 100, 110), told(NEW, 900, 910, 2)],
    ),
    "something new and critical takes the acknowledgement back": (
        [(0, fires()), (100, lambda line: line.acknowledge()), (900, fires("score-low"))],
        5 * HOUR,
        [
            told(FIRST, 30, 40),
            told(ACKNOWLEDGED, 100, 110),
            told(NEW, 900, 910, 2),
            told(REMINDER, 4 * HOUR + 900, 4 * HOUR + 920, 2),
        ],
    ),
    "something critical that comes back takes the acknowledgement back": (
        [
            (0, fires()),
            (0, fires("score-low")),
            (100, lambda line: line.acknowledge()),
            (900, resolves("shop/score-low")),
            (1800, fires("score-low")),
        ],
        5 * HOUR,
        [
            told(FIRST, 30, 40, 2),
            told(ACKNOWLEDGED, 100, 110, 2),
            told(SOME, 900, 910, 1, 1),
            told(NEW, 1800, 1810, 2),
            told(REMINDER, 4 * HOUR + 1800, 4 * HOUR + 1820, 2),
        ],
    ),
    "an alert whose cause is seen otherwise stays with those who were told": (
        [
            (0, fires()),
            (600, lambda line: line.change("shop/error-rate", cause="release:abc")),
            (1200, resolves()),
        ],
        HOUR,
        [told(FIRST, 30, 40), told(ALL, 1200, 1210, 0, 1)],
    ),
    "a silence holds back what is new, expires by itself, and it is told once": (
        [(0, lambda line: line.silence(until=HOUR)), (60, fires())],
        4 * HOUR,
        [told(FIRST, HOUR + 30, HOUR + 40)],
    ),
    "a silence that is taken back has no effect any more": (
        [(0, lambda line: line.silence(until=HOUR)), (60, fires()), (600, lambda line: line.unsilence())],
        HOUR,
        [told(FIRST, 630, 640)],
    ),
    "a silence keeps reminders back and lets the end through": (
        [(0, fires()), (60, lambda line: line.silence(until=10 * HOUR)), (9 * HOUR, resolves())],
        10 * HOUR,
        [told(FIRST, 30, 40), told(ALL, 9 * HOUR, 9 * HOUR + 10)],
    ),
    "a silence for others is none": (
        [(0, lambda line: line.silence(until=HOUR, pattern="api")), (60, fires())],
        HOUR,
        [told(FIRST, 90, 100)],
    ),
}


@pytest.mark.parametrize("name", STORIES)
def test_timeline(name: str) -> None:
    happenings, until, wanted = STORIES[name]
    play(happenings, until).wants(*wanted)


def test_without_a_group_wait_an_alert_is_told_at_once() -> None:
    policy = replace(POLICY, timing=Timing(group_wait=timedelta()))
    play([(0, fires())], 60, policy).wants(told(FIRST, 0, 0))


def test_a_pass_is_due_when_the_group_wait_is_over() -> None:
    timeline = Timeline().fire().at(5)
    assert timeline.last.next_due == moment(30)
    assert timeline.at(45).last.next_due == moment(4 * HOUR + 30)


@pytest.mark.parametrize("jump", [-HOUR, -24 * HOUR])
def test_a_clock_that_is_put_back_keeps_nothing_back(jump: float) -> None:
    timeline = Timeline().fire().at(65).fire("score-low")
    timeline.clock += jump
    timeline.next_pass = timeline.clock
    timeline.at(timeline.clock + 40).wants(told(FIRST, 30, 40, 1), told(NEW, 65 + jump, 65 + jump, 2))
    timeline.resolve().resolve("shop/score-low").at(timeline.clock + 400)
    assert [message.digest.reason for _, message in timeline.told[2:]] == [ALL]


def test_a_waiting_group_is_told_when_the_clock_is_put_back() -> None:
    timeline = Timeline().fire().at(5)
    timeline.clock = timeline.next_pass = -HOUR
    timeline.at(-HOUR + 10).wants(told(FIRST, -HOUR, -HOUR))


def test_an_alert_that_nobody_has_any_more_is_told_as_resolved() -> None:
    timeline = Timeline().fire().at(60)
    timeline.world.alerts.clear()
    timeline.at(HOUR).wants(told(FIRST, 30, 40), told(ALL, 330, 340, 0, 1))
    assert timeline.told[-1][1].digest.title == "Shop: resolved"


def test_nothing_to_do_is_nothing_to_save() -> None:
    assert run_pass(Known(), POLICY, moment(0)).is_empty
    timeline = Timeline().fire().at(HOUR)
    assert timeline.last.is_empty
    assert timeline.last.next_due == moment(4 * HOUR + 30)


def test_a_resolved_alert_is_kept_until_it_is_told_and_its_changes_are_forgotten() -> None:
    timeline = Timeline().fire().at(600).resolve().at(700)
    assert timeline.told[-1][1].digest.reason is ALL
    assert timeline.world.settled == set()
    assert timeline.at(600 + 60 * MINUTE + 11).world.settled == {1}


def test_what_never_fired_is_settled_at_once() -> None:
    timeline = Timeline()
    never = alert_of(status=AlertStatus.RESOLVED, fired_at=None, resolved_at=moment(0))
    timeline.world.save_alert(never)
    assert timeline.at(1).world.settled == {1}


def test_an_earlier_episode_is_settled_by_the_one_that_follows() -> None:
    timeline = Timeline().fire().at(60).resolve().at(120).fire().at(140)
    assert timeline.world.settled == {1}
    assert timeline.world.groups[1].channels["slack"].firing == {"shop/error-rate"}


def test_a_group_that_is_not_told_yet_ends_without_a_word() -> None:
    timeline = Timeline().fire().at(15).resolve().at(60)
    assert [group.closed_at for group in timeline.world.groups.values()] == [moment(20)]
    assert timeline.told == []


def test_a_cause_of_any_length_is_one_group() -> None:
    timeline = Timeline().fire(cause="x" * 5000).fire("score-low", cause="x" * 4999 + "y").at(HOUR)
    assert [len(group.key) for group in timeline.world.groups.values()] == [200, 200]
    assert len(timeline.told) == 2


def test_without_any_channel_nothing_is_stored() -> None:
    policy = replace(POLICY, default_channels={})
    timeline = play([(0, fires())], 120, policy)
    assert timeline.world.groups == {}
