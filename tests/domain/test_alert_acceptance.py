"""The timelines by which Alertmanager accepts itself, told anew for this pipeline; a second there is a minute here.

Source: prometheus/alertmanager, test/with_api_v2/acceptance/{send,inhibit,silence}_test.go. What differs, and why:

* Intervals are counted from the last message and not in fixed ticks: a change of a quiet group is told at once.
* A reminder comes after the repeat interval as it is written: it is not rounded up to ticks.
* What was never told is not told as resolved, also not together with what explained it.
* What is heard again after a silence waits for the group wait, as whatever begins does.
* A retry is the business of the outbox (tests/tasks/test_alert_sending.py); an alert ends by its rule, not by silence.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.domain.alert_timeline import MINUTE, POLICY, Happening, Timeline, fires, moment, play, resolves
from watchkeeper.domain.alert_groups import Reason
from watchkeeper.domain.alert_policy import AlertPolicy, Inhibition, Matcher, Silence, Timing

FIRST, NEW, SOME = Reason.FIRST, Reason.NEW_IN_GROUP, Reason.SOME_RESOLVED
ALL, AGAIN = Reason.ALL_RESOLVED, Reason.REMINDER
Told = tuple[float, Reason, int, int]  # minute, reason, how many fire and are shown, how many are resolved
Story = tuple[AlertPolicy, Sequence[tuple[float, Happening]], float, Sequence[Told]]  # moments in minutes


def timed(wait: float, interval: float, repeat: float = 240) -> AlertPolicy:
    minute = timedelta(minutes=1)
    return replace(POLICY, timing=Timing(wait * minute, interval * minute, repeat * minute))


def silenced(since: float, until: float, rule: str) -> Happening:
    silence = Silence(
        (Matcher("rule", rule, is_regex=True),), moment(since * MINUTE), moment(until * MINUTE), "ann", "known", id=1
    )
    return lambda timeline: timeline.world.silences.append(silence)


def says(words: str) -> Happening:
    return lambda timeline: timeline.change("shop/test", summary=words)


def retimed(policy: AlertPolicy) -> Happening:
    def reload(timeline: Timeline) -> None:
        timeline.policy = policy

    return reload


def down(what: str, zone: str) -> Happening:
    return fires(f"{what}-down", endpoint=zone)


def up(rule: str, zone: str) -> Happening:
    return resolves(f"shop/{rule}{{endpoint={zone}}}")


JOBS = replace(
    timed(1, 1, 60),
    inhibitions=(Inhibition((Matcher("rule", "job-down"),), (Matcher("rule", "instance-down"),), ("endpoint",)),),
)
STORIES: dict[str, Story] = {
    "TestRepeat: reminders until it is resolved": (
        timed(1, 1, 1),
        [(1, fires("test")), (3.5, resolves("shop/test"))],
        9,
        [(2, FIRST, 1, 0), (3, AGAIN, 1, 0), (4, ALL, 0, 1)],
    ),
    "TestMergeAlerts: what fires again after its end is another one": (
        timed(1, 1, 1),
        [(1, fires("test")), (2.5, resolves("shop/test")), (5.3, fires("test")), (6.5, resolves("shop/test"))],
        9,
        [(2, FIRST, 1, 0), (3, ALL, 0, 1), (6.3, FIRST, 1, 0), (7.3, ALL, 0, 1)],
    ),
    "TestBatching: what comes within the wait, and within the interval, comes together": (
        timed(1, 1, 4.9),
        [
            (1.1, fires("test1")),
            (1.7, fires("test5")),
            (3.3, fires("test2")),
            (3.4, fires("test3")),
            (3.5, fires("test4")),
        ],
        9.5,
        [(2.1, FIRST, 2, 0), (3.3, NEW, 3, 0), (4.3, NEW, 5, 0), (9.3, AGAIN, 5, 0)],
    ),
    "TestResolved: all that ends at once is one message": (
        timed(1, 5),
        [(1, fires("a")), (1, fires("b")), (1, fires("c"))] + [(11.0, resolves(f"shop/{name}")) for name in "abc"],
        20,
        [(2, FIRST, 3, 0), (11, ALL, 0, 3)],
    ),
    "TestResolvedFilter: what ends and what comes between two messages are one": (
        timed(1, 5),
        [(1, fires("a")), (1, fires("b")), (4, resolves("shop/a")), (4, fires("c")), (11, resolves("shop/b"))],
        20,
        [(2, FIRST, 2, 0), (7, NEW, 2, 1), (12, SOME, 1, 1)],
    ),
    "TestColdStart: what fires since long is told once, after the wait": (
        timed(1, 6),
        [(1, fires("a")), (1.5, fires("b")), (6, fires("c")), (7, fires("d"))],
        20,
        [(2, FIRST, 2, 0), (8, NEW, 4, 0)],
    ),
    "TestReload: another configuration tells nothing twice": (
        timed(1, 6),
        [(1, fires("a")), (3, retimed(timed(1, 3))), (4, fires("b"))],
        20,
        [(2, FIRST, 1, 0), (5, NEW, 2, 0)],
    ),
    "a reload may change the wait of what is not told yet": (
        timed(1, 6),
        [(1, fires("a")), (1.5, retimed(timed(9, 6)))],
        20,
        [(2, FIRST, 1, 0)],
    ),
    "fired and resolved between two messages is silence": (
        timed(1, 5),
        [(1, fires("a")), (3, fires("b")), (4, resolves("shop/b"))],
        20,
        [(2, FIRST, 1, 0)],
    ),
    "resolved and back between two messages is silence": (
        timed(1, 5),
        [(1, fires("a")), (3, resolves("shop/a")), (4, fires("a"))],
        20,
        [(2, FIRST, 1, 0)],
    ),
    "TestInhibiting: what is explained is told again once its cause has ended": (
        JOBS,
        [
            (1, fires("test1")),
            (1, down("instance", "aa")),
            (1, down("instance", "ab")),
            (2.5, down("job", "aa")),
            (3.6, up("job-down", "aa")),
        ],
        9,
        [(2, FIRST, 3, 0), (3, NEW, 3, 0), (4, SOME, 3, 1)],
    ),
    "TestAlwaysInhibiting: what was never told is not told as resolved": (
        JOBS,
        [
            (1, down("instance", "aa")),
            (1, down("job", "aa")),
            (2.6, up("job-down", "aa")),
            (2.6, up("instance-down", "aa")),
        ],
        9,
        [(2, FIRST, 1, 0), (3, ALL, 0, 1)],
    ),
    "what is explained is told when its cause ends alone": (
        JOBS,
        [(1, down("instance", "aa")), (1, down("job", "aa")), (2.6, up("job-down", "aa"))],
        9,
        [(2, FIRST, 1, 0), (3, NEW, 1, 1)],
    ),
    "TestSilencing: reminders are of what is not silenced": (
        timed(1, 1, 1),
        [(1, fires("test1")), (1, fires("test2")), (2.3, silenced(2.5, 4.5, "test1"))],
        5.9,
        [(2, FIRST, 2, 0), (3, AGAIN, 1, 0), (4, AGAIN, 1, 0), (5, AGAIN, 2, 0)],
    ),
    "TestSilenceDelete: nothing while all is silenced, all once the silence is taken back": (
        timed(1, 1, 1),
        [
            (1, fires("test1")),
            (1, fires("test2")),
            (1.3, silenced(1.5, 100, ".+")),
            (3.5, lambda timeline: timeline.unsilence()),
        ],
        5.9,
        [(4.5, FIRST, 2, 0), (5.5, AGAIN, 2, 0)],
    ),
    "a silence in the future keeps nothing quiet before": (
        timed(1, 1),
        [(1, fires("test1")), (1, silenced(10, 20, "test1")), (11, fires("test1b"))],
        12.9,
        [(2, FIRST, 1, 0), (11, NEW, 1, 0)],
    ),
}


@pytest.mark.parametrize("name", STORIES)
def test_timeline(name: str) -> None:
    policy, happenings, until, wanted = STORIES[name]
    timeline = play([(at * MINUTE, happen) for at, happen in happenings], until * MINUTE, policy, every=6)
    told = [(at / MINUTE, m.digest.reason, m.digest.firing, m.digest.resolved) for at, m in timeline.told]
    assert told == [(pytest.approx(at, abs=0.11), *rest) for at, *rest in wanted]


def test_merge_alerts_keeps_the_earliest_start_and_the_newest_words() -> None:
    happenings: list[tuple[float, Happening]] = [
        (60, fires("test")),
        (90, says("version 1")),
        (150, says("version 2")),
        (170, resolves("shop/test")),
    ]
    digests = [m.digest for _, m in play(happenings, 400, timed(1, 1)).told]
    assert [digest.title for digest in digests] == ["Shop: version 1", "Shop: resolved after 110 s: version 2"]
    assert {digest.started_at for digest in digests} == {moment(60)}
