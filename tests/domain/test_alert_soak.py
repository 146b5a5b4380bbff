"""Any course of events, and a long day: each transition is told once to each channel, and nothing is lost."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.alert_timeline import HOUR, MINUTE, POLICY, Timeline, moment
from watchkeeper.domain.alert_groups import Reason
from watchkeeper.domain.alert_passes import Message
from watchkeeper.domain.alert_policy import AlertPolicy, Escalation, EscalationStep, Matcher, Route, Timing
from watchkeeper.domain.alert_values import Severity
from watchkeeper.domain.alerts import run_pass
from watchkeeper.domain.schedule import Maintenance

PROJECTS = ("shop", "api", "bank", "blog", "docs", "mail", "maps")
RULES = {"error-rate": Severity.CRITICAL, "score-low": Severity.WARNING, "in-custody": Severity.INFO}
POLICIES = (
    POLICY,
    replace(POLICY, most_groups=1, parents={"shop": "api"}, timing=Timing(group_wait=timedelta())),
    replace(
        POLICY,
        routes=(Route((Matcher("severity", "critical"),), ("pager",), escalation="wake"),),
        escalations={"wake": Escalation("wake", (EscalationStep(timedelta(minutes=10), ("boss",)),), repeat=1)},
        maintenance={"shop": (Maintenance(start=moment(20 * MINUTE), end=moment(40 * MINUTE)),)},
    ),
)
KINDS = ("fire", "resolve", "calm", "silence", "acknowledge", "lose the pass", "wait", "move the cause")
EVENTS = st.tuples(
    st.sampled_from(KINDS), st.sampled_from(PROJECTS), st.sampled_from(sorted(RULES)), st.integers(1, 700)
)


def happen(timeline: Timeline, kind: str, project: str, rule: str) -> None:
    fingerprint = f"{project}/{rule}"
    alert = timeline.world.newest(fingerprint)
    if kind == "fire":
        timeline.fire(rule, project, severity=RULES[rule])
    elif kind == "resolve":
        timeline.resolve(fingerprint)
    elif kind == "calm" and alert is not None and alert.is_firing:
        timeline.change(fingerprint, calm_since=None if alert.calm_since else timeline.now)
    elif kind == "move the cause" and alert is not None and alert.is_firing:
        timeline.change(fingerprint, cause="release:abc")
    elif kind == "silence":
        timeline.silence(until=timeline.clock + 900, pattern=project)
    elif kind == "acknowledge":
        timeline.acknowledge()
    elif kind == "lose the pass":
        run_pass(timeline.world.known, timeline.policy, timeline.now)


def assert_told_once(timeline: Timeline) -> None:
    """Each channel is told of a change from firing to resolved and back, never twice of the same, with no gap."""
    firing: defaultdict[tuple[int, str], frozenset[str]] = defaultdict(frozenset)
    entries = sorted(timeline.world.ledger.items())
    for (group, channel, sequence), entry in entries:
        before = firing[group, channel]
        assert entry.resolved <= before, "resolved, and never told to fire"
        assert not entry.firing & entry.resolved
        assert before - entry.resolved <= entry.firing, "forgotten, and never told to be resolved"
        news = entry.firing - before or entry.resolved
        assert news or entry.reason in {Reason.REMINDER, Reason.ESCALATION, Reason.FLAPPING, Reason.ACKNOWLEDGED}
        firing[group, channel] = entry.firing
        assert sequence == 1 or (group, channel, sequence - 1) in timeline.world.ledger
    kept = {
        (number, channel): told.firing
        for number, group in timeline.world.groups.items()
        for channel, told in group.channels.items()
    }
    assert {key: names for key, names in firing.items() if names} == {key: n for key, n in kept.items() if n}


def assert_all_is_over(timeline: Timeline) -> None:
    """What was told as firing was told as resolved, by group and channel, and by the key of the message."""
    last: dict[tuple[int, str], frozenset[str]] = {}
    for (group, channel, _), entry in sorted(timeline.world.ledger.items()):
        last[group, channel] = entry.firing
    assert not any(last.values())
    assert not timeline.world.known.groups
    ends = {(message.channel, message.digest.key): message.digest for _, message in timeline.told}
    assert all(digest.is_resolved for digest in ends.values())


def let_all_end(timeline: Timeline) -> None:
    for alert in tuple(timeline.world.alerts.values()):
        timeline.resolve(alert.fingerprint)
    timeline.at(timeline.clock + 3 * HOUR)


@settings(deadline=None, max_examples=50)  # an example is hours of a day
@given(events=st.lists(EVENTS, max_size=40), policy=st.sampled_from(POLICIES))
def test_whatever_happens_each_transition_is_told_once_and_all_ends(
    events: list[tuple[str, str, str, int]], policy: AlertPolicy
) -> None:
    timeline = Timeline(policy, every=30)
    for kind, project, rule, seconds in events:
        happen(timeline, kind, project, rule)
        timeline.at(timeline.clock + seconds)
    firing = {alert.fingerprint for alert in timeline.world.known.alerts if alert.holds}
    timeline.world.silences.clear()
    timeline.at(timeline.clock + HOUR)
    known = {name for group in timeline.world.known.groups for told in group.channels.values() for name in told.firing}
    assert firing - set(timeline.last.suppressed) <= known, "something fires, and nobody knows"
    let_all_end(timeline)
    assert_told_once(timeline)
    assert_all_is_over(timeline)


# --- a day


@dataclass(slots=True)
class Outbox:
    """Messages on their way: a channel that is down takes none, in order; a restart may send one a second time."""

    down: dict[str, tuple[float, float]]
    waiting: defaultdict[str, list[Message]] = field(default_factory=lambda: defaultdict(list))
    sent: list[tuple[float, str, Message]] = field(default_factory=list)

    def send(self, clock: float, random: Random) -> None:
        for channel, messages in self.waiting.items():
            since, until = self.down.get(channel, (0, 0))
            if since <= clock < until:
                continue
            while messages:
                self.sent.append((clock, channel, messages[0]))
                if random.random() < 0.02:
                    break  # killed after sending, before it was written down
                messages.pop(0)


@pytest.fixture(scope="module")
def day() -> tuple[Timeline, Outbox]:
    """24 hours: a storm of 300 alerts and mail down at 3 h, flapping from 6 h to 9 h, killed again and again."""
    random = Random(20260302)
    timeline = Timeline(
        replace(
            POLICY,
            default_channels={"": ("slack", "mail")},
            routes=(Route((Matcher("severity", "critical"),), ("pager",), escalation="wake"),),
            escalations={"wake": Escalation("wake", (EscalationStep(timedelta(minutes=15), ("boss",)),))},
            maintenance={"shop": (Maintenance(start=moment(10 * HOUR), end=moment(12 * HOUR)),)},
        ),
        every=30,
    )
    outbox = Outbox({"mail": (3 * HOUR, 4 * HOUR)})
    for minute in range(27 * 60):
        if random.random() < 0.1:  # killed in the middle of a pass: nothing of it was saved
            run_pass(timeline.world.known, timeline.policy, timeline.now)
        told = len(timeline.told)
        push(timeline, minute, random)
        timeline.at((minute + 1) * MINUTE)
        for _, message in timeline.told[told:]:
            outbox.waiting[message.channel].append(message)
        outbox.send(timeline.clock, random)
    return timeline, outbox


def push(timeline: Timeline, minute: int, random: Random) -> None:
    if minute == 3 * 60:
        for number in range(300):
            timeline.fire("endpoint-down", f"p{number % 60:02}", cause="endpoints", endpoint=f"e{number}")
    if 3 * 60 + 20 <= minute < 3 * 60 + 80:
        for number in range((minute - 200) * 5, (minute - 199) * 5):
            timeline.resolve(f"p{number % 60:02}/endpoint-down{{endpoint=e{number}}}")
    if 6 * 60 <= minute < 9 * 60 and minute % 4 == 0:
        (timeline.fire if minute % 8 else lambda *_: timeline.resolve("maps/score-low"))("score-low", "maps")
    if minute < 24 * 60 and random.random() < 0.15:
        project, rule = random.choice(PROJECTS[:-1]), random.choice(sorted(RULES))
        happen(timeline, random.choice(("fire", "fire", "resolve", "acknowledge")), project, rule)
    if minute == 24 * 60:
        for alert in tuple(timeline.world.alerts.values()):
            timeline.resolve(alert.fingerprint)


def test_a_day_tells_each_transition_once_and_ends_all(day: tuple[Timeline, Outbox]) -> None:
    timeline, _ = day
    assert_told_once(timeline)
    assert_all_is_over(timeline)


def test_a_day_loses_no_message(day: tuple[Timeline, Outbox]) -> None:
    timeline, outbox = day
    assert not any(outbox.waiting.values())
    assert {id(message) for _, _, message in outbox.sent} == {id(message) for _, message in timeline.told}
    for channel in ("slack", "mail", "pager", "boss"):
        order = [id(message) for _, message in timeline.told if message.channel == channel]
        assert list(dict.fromkeys(id(m) for _, c, m in outbox.sent if c == channel)) == order


def test_a_storm_of_a_day_is_few_messages(day: tuple[Timeline, Outbox]) -> None:
    timeline, outbox = day
    storms = [(at, m) for at, m in timeline.told if "/storm/" in m.digest.key]
    assert max(m.digest.firing for _, m in storms) == 300
    counted = Counter(m.channel for _, m in storms)
    assert counted["slack"] == counted["mail"] < 20  # in an hour and a quarter, one a group interval
    late = [at for at, channel, m in outbox.sent if channel == "mail" and "/storm/" in m.digest.key]
    assert min(late) == 4 * HOUR


def test_flapping_for_hours_is_one_notice(day: tuple[Timeline, Outbox]) -> None:
    timeline, _ = day
    told = [m for _, m in timeline.told if m.channel == "slack" and m.digest.project == "maps"]
    reasons = Counter(message.digest.reason for message in told)
    assert reasons[Reason.FLAPPING] == 1
    assert len(told) < 10


def test_nothing_begins_in_maintenance(day: tuple[Timeline, Outbox]) -> None:
    timeline, _ = day
    entries = [e for e in timeline.world.ledger.values() if moment(10 * HOUR) <= e.at < moment(12 * HOUR)]
    assert all(entry.reason is not Reason.FIRST for entry in entries if entry.group.startswith("shop|"))


def test_a_day_leaves_nothing_behind(day: tuple[Timeline, Outbox]) -> None:
    timeline, _ = day
    assert timeline.world.known.alerts == ()
    assert timeline.last.is_empty
