"""Whatever happens: what is critical is notified in time, what is quiet heads nothing, and nothing is notified twice.

Each pass is looked at on its own, with what was known before it.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.alert_timeline import HOUR, MINUTE, POLICY, Timeline, moment
from tests.domain.test_alert_soak import happen, let_all_end
from watchkeeper.domain.alert_groups import Reason, group_key
from watchkeeper.domain.alert_passes import Known, Message, Pass
from watchkeeper.domain.alert_policy import AlertPolicy, Matcher, Person, Route, Silence, Timing, match_all
from watchkeeper.domain.alert_values import Alert, Severity
from watchkeeper.domain.schedule import Maintenance, current_maintenance

PROJECTS = ("shop", "api", "bank")  # few, so that things meet
RULES = {
    "error-rate": Severity.CRITICAL,
    "outage": Severity.CRITICAL,
    "score-low": Severity.WARNING,
    "in-custody": Severity.INFO,
}
KINDS = ("fire", "resolve", "silence", "silence the rule", "silence the storm", "acknowledge", "calm", "move the cause")
EVENTS = st.tuples(
    st.one_of(st.just("fire"), st.sampled_from(KINDS)),
    st.sampled_from(PROJECTS),
    st.sampled_from(sorted(RULES)),
    st.one_of(st.integers(1, 60), st.integers(60, 900)),
)
POLICIES = (
    POLICY,
    replace(POLICY, most_groups=1, timing=Timing(group_wait=timedelta(seconds=60))),
    replace(
        POLICY,
        parents={"shop": "api"},
        routes=(Route((Matcher("severity", "critical"),), ("pager",)),),
        people={"ann": Person("ann", ("ann-sms",))},
        maintenance={"bank": (Maintenance(start=moment(10 * MINUTE), end=moment(30 * MINUTE)),)},
    ),
)
EVERY = 30  # seconds between two passes


class Watched(Timeline):
    """A timeline that keeps what each pass began with and what came of it."""

    def __init__(self, policy: AlertPolicy) -> None:
        super().__init__(policy, EVERY)
        self.passes: list[tuple[datetime, Known, Pass]] = []

    def step(self) -> None:
        known = self.world.known
        super().step()
        self.passes.append((self.now, known, self.last))


def played(events: Iterable[tuple[str, str, str, int]], policy: AlertPolicy) -> Watched:
    timeline = Watched(policy)
    for kind, project, rule, seconds in events:
        storm = max((group.storm for group in timeline.world.known.groups), default=0)
        if kind == "fire":
            timeline.fire(rule, project, severity=RULES[rule])
        elif kind == "silence the rule":
            timeline.silence(timeline.clock + 15 * MINUTE, "rule", rule)
        elif kind == "silence the storm":
            silence_storm(timeline, storm)
        else:
            happen(timeline, kind, project, rule)
        timeline.at(timeline.clock + seconds)
    return timeline


def silence_storm(timeline: Timeline, storm: int) -> None:
    number, until = len(timeline.world.silences) + 1, timeline.now + timedelta(minutes=15)
    if storm:
        silence = Silence((), timeline.now, until, "ann", "known", id=number, storm=storm)
        timeline.world.silences.append(silence)


def is_quiet(alert: Alert, known: Known, policy: AlertPolicy, now: datetime) -> bool:
    """Return whether people keep an alert quiet: reckoned here once more, and not asked of the pipeline."""
    if current_maintenance(policy.maintenance.get(alert.project, ()), now) is not None:
        return True
    homes = {f: g for g in known.groups for told in g.channels.values() for f in told.firing}
    by_key = {group.key: group for group in known.groups}
    home = homes.get(alert.fingerprint) or by_key.get(group_key(alert.project, alert.cause))
    return any(
        silence.holds(now)
        and match_all(silence.matchers, alert)
        and (not silence.storm or (home is not None and home.storm == silence.storm))
        for silence in known.silences
    )


SETTINGS = settings(deadline=None, max_examples=60)  # an example is hours of a day
STORIES = st.lists(EVENTS, max_size=30)


@SETTINGS
@given(events=STORIES, policy=st.sampled_from(POLICIES))
def test_what_is_critical_is_notified_in_time(events: list[tuple[str, str, str, int]], policy: AlertPolicy) -> None:
    """Within the group wait and a pass; in a storm that was told just now, within its interval and a pass."""
    timeline = played(events, policy)
    timeline.at(timeline.clock + HOUR)
    waiting: dict[str, datetime] = {}
    for now, known, result in timeline.passes:
        told = {f for group in known.groups for each in group.channels.values() for f in each.firing}
        told |= {f for message in result.messages for entry in message.notifications for f in entry.firing}
        stormy = {g.key for g in known.groups if any(each.storm for each in g.channels.values())}
        loud = {
            alert.fingerprint: alert
            for alert in known.alerts
            if alert.holds and alert.severity is Severity.CRITICAL and alert.fingerprint not in result.suppressed
        }
        waiting = {f: waiting.get(f, now) for f in loud if f not in told}
        for fingerprint, since in waiting.items():
            alert = loud[fingerprint]
            is_stormy = group_key(alert.project, alert.cause) in stormy
            group = next((g for g in known.groups if g.key == group_key(alert.project, alert.cause)), None)
            knows_critical = group is not None and any(
                each.severity is Severity.CRITICAL
                for each in timeline.world.alerts.values()
                for told_of in group.channels.values()
                if each.fingerprint in told_of.firing
            )
            wait = policy.timing.group_interval if is_stormy or knows_critical else policy.timing.group_wait
            assert now - since <= wait + timedelta(seconds=MINUTE), (fingerprint, since, now)


DEPENDING = st.tuples(
    st.sampled_from(("fire", "silence", "calm")),
    st.sampled_from(("shop", "api")),
    st.just("outage"),
    st.integers(1, 99),
)


@settings(SETTINGS, max_examples=200)
@given(events=st.lists(DEPENDING, min_size=3, max_size=12), policy=st.just(POLICIES[2]))
def test_critical_is_suppressed_only_for_a_reason_that_somebody_knows_of(
    events: list[tuple[str, str, str, int]], policy: AlertPolicy
) -> None:
    for now, known, result in played(events, policy).passes:
        told = {f for group in known.groups for each in group.channels.values() for f in each.firing}
        for alert in known.alerts:
            reason = result.suppressed.get(alert.fingerprint, "")
            is_new = alert.holds and alert.severity is Severity.CRITICAL and alert.fingerprint not in told
            if is_new and "depends on" in reason:
                parent = policy.parents[alert.project]
                causes = [each for each in known.alerts if each.project == parent and each.is_firing]
                assert any(
                    not is_quiet(cause, known, policy, now) and (cause.holds or cause.fingerprint in told)
                    for cause in causes
                )


@SETTINGS
@given(events=STORIES, policy=st.sampled_from(POLICIES))
def test_what_is_silenced_heads_nothing(events: list[tuple[str, str, str, int]], policy: AlertPolicy) -> None:
    for now, known, result in played(events, policy).passes:
        alerts = {alert.fingerprint: alert for alert in known.alerts if alert.is_firing}
        for message in result.messages:
            firing = [line for line in message.digest.lines if line.fingerprint in alerts]
            assert not any(is_quiet(alerts[line.fingerprint], known, policy, now) for line in firing)
            if message.digest.firing:
                assert message.digest.severity is message.digest.lines[0].severity
                assert message.digest.lines[0].fingerprint in alerts
                assert sum(number for _, number in message.digest.counts) == message.digest.firing


@SETTINGS
@given(events=STORIES, policy=st.sampled_from(POLICIES))
def test_each_end_follows_its_beginning(events: list[tuple[str, str, str, int]], policy: AlertPolicy) -> None:
    timeline = played(events, policy)
    let_all_end(timeline)
    firing: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for _, message in timeline.told:
        for entry in message.notifications:
            known = firing[message.channel, entry.group]
            assert entry.resolved <= known, "resolved, and never notified"
            known -= entry.resolved
            known |= entry.firing
    assert not any(firing.values()), "notified, and never resolved"


@SETTINGS
@given(events=STORIES, policy=st.sampled_from(POLICIES))
def test_nothing_is_notified_twice_without_a_reason(
    events: list[tuple[str, str, str, int]], policy: AlertPolicy
) -> None:
    last: dict[tuple[str, str], tuple[datetime, frozenset[str]]] = {}
    for now, known, result in played(events, policy).passes:
        acknowledged = {group.key for group in known.groups if group.acknowledged_at is not None}
        for message in result.messages:
            for entry in message.notifications:
                key = (message.channel, entry.group)
                before = last.get(key)
                if before is not None and before[1] == entry.firing and not entry.resolved:
                    assert _has_reason(
                        entry.reason, now - before[0], policy, is_acknowledged=entry.group in acknowledged
                    ), entry
                last[key] = (now, entry.firing)


def _has_reason(reason: Reason, since: timedelta, policy: AlertPolicy, *, is_acknowledged: bool) -> bool:
    if reason is Reason.ACKNOWLEDGED:
        return is_acknowledged
    if reason is Reason.REMINDER:
        return since >= policy.timing.repeat_interval and not is_acknowledged
    return reason in {Reason.FLAPPING, Reason.ESCALATION}


@SETTINGS
@given(events=STORIES, policy=st.sampled_from(POLICIES))
def test_a_storm_has_one_number_and_its_groups_one_storm(
    events: list[tuple[str, str, str, int]], policy: AlertPolicy
) -> None:
    told: list[Message] = [message for _, message in played(events, policy).told if message.is_storm]
    numbers: defaultdict[str, set[int]] = defaultdict(set)
    for message in told:
        if message.digest.storm:
            numbers[message.digest.key].add(message.digest.storm)
    assert all(len(several) == 1 for several in numbers.values())
