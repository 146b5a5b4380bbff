"""Rules: from signals to alerts. A condition that holds long enough fires; calm for long enough, it is resolved."""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from watchkeeper.domain.alert_policy import Matcher, Matchers
from watchkeeper.domain.alert_signals import MISCONFIGURED, Signal
from watchkeeper.domain.alert_summaries import write_summary
from watchkeeper.domain.alert_values import MOST_FLIPS, Alert, AlertStatus, Labels, Severity

SIGNAL_FIELDS: Final = ("project", "cause", "release")  # what a rule's matcher may name besides labels
AT_ONCE: Final = timedelta(minutes=2)  # passes that begin so far apart may still run side by side
REOPEN_AFTER: Final = timedelta(hours=1)  # that a condition may go on after somebody has resolved it by hand


@dataclass(frozen=True, slots=True)
class Rule:
    """When an alert fires, and when it is resolved.

    Attributes:
        name: unique, as `endpoint-down`; of two rules with one name that of the project itself counts.
        signal: one of `SIGNALS`; enter and exit are in its unit.
        enter: fires at this value or above; with `is_above` False, below it.
        exit: calm below this value; with `is_above` False, at it or above. None for the same as `enter`.
        for_: how long it must hold before it fires; keep: how long it must be calm before it is resolved.
        min_sample: with a smaller sample the value is not known.
        matchers: conditions on project, cause, release and labels of the signal; all must hold.
        summary: template of the sentence that people read, with names in braces: `error rate {value}, limit {limit}`.
            "" for a plain sentence.
        family: what its alerts are grouped by when no release and no platform is the cause.
        project: slug of the only project that it is for; "" for all, and for the watch itself.
    """

    name: str
    signal: str
    severity: Severity
    enter: float
    exit: float | None = None
    is_above: bool = True
    for_: timedelta = timedelta()
    keep: timedelta = timedelta()
    min_sample: int = 0
    matchers: Matchers = ()
    summary: str = ""
    runbook: str = ""
    family: str = "own"
    is_enabled: bool = True
    project: str = ""

    def holds(self, value: float) -> bool:
        return value >= self.enter if self.is_above else value < self.enter

    def is_calm(self, value: float) -> bool:
        limit = self.enter if self.exit is None else self.exit
        return value < limit if self.is_above else value >= limit


Key = tuple[str, str, Labels]  # project, rule and labels: one and the same alert


def evaluate(
    rules: Iterable[Rule], signals: Iterable[Signal], open_alerts: Iterable[Alert], now: datetime
) -> tuple[Alert, ...]:
    """Return every alert that is new or changed: pending, firing or resolved.

    A pending one whose condition ends is returned resolved, with `fired_at` None. What is not known leaves an alert as
    it is; one whose signal or rule is gone is resolved. `started_at` and `calm_since` are moments of signals, so that
    a condition has been seen to hold for as long as the rule wants.

    Args:
        rules: of all projects; those without a project hold for all that have none of the same name.
        open_alerts: what is not resolved, and what was resolved lately: from that a new episode inherits its flips.
    """
    watching = _Watching(rules)
    known = _newest(open_alerts)
    changed: list[Alert] = []
    seen: set[Key] = set()
    held: set[str] = set()
    for signal in signals:
        if signal.name == MISCONFIGURED and signal.value:
            held.add(signal.project)
        for rule in watching.rules_of(signal):
            key = (signal.project, rule.name, signal.labels)
            seen.add(key)
            before = known.get(key)
            if before is not None and _is_of_a_later_pass(before, now):
                continue
            after = _step(rule, signal, before, now)
            if after is not None and after is not before:
                changed.append(after)
    gone = (alert for key, alert in known.items() if key not in seen and alert.project not in held)
    changed += [_resolved(alert, now) for alert in gone if not (alert.is_resolved or _is_of_a_later_pass(alert, now))]
    return tuple(changed)


class _Watching:
    """Which rules watch a signal: those of its project, and those for all that it has none of the same name for."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules: defaultdict[tuple[str, str], list[Rule]] = defaultdict(list)
        self._own: set[tuple[str, str]] = set()
        self._found: dict[tuple[str, str], tuple[Rule, ...]] = {}
        for rule in rules:
            self._rules[rule.project, rule.signal].append(rule)
            self._own.add((rule.project, rule.name))

    def rules_of(self, signal: Signal) -> tuple[Rule, ...]:
        key = (signal.project, signal.name)
        rules = self._found.get(key)
        if rules is None:
            rules = self._found[key] = self._find(*key)
        if any(rule.matchers for rule in rules):
            return tuple(rule for rule in rules if all(_accepts(matcher, signal) for matcher in rule.matchers))
        return rules

    def _find(self, project: str, name: str) -> tuple[Rule, ...]:
        own = self._rules.get((project, name), ())
        shared = () if not project else self._rules.get(("", name), ())
        return tuple(
            rule
            for rule in (*own, *(each for each in shared if (project, each.name) not in self._own))
            if rule.is_enabled
        )


def _accepts(matcher: Matcher, signal: Signal) -> bool:
    if matcher.name in SIGNAL_FIELDS:
        return matcher.accepts(str(getattr(signal, matcher.name)))
    return matcher.accepts(dict(signal.labels).get(matcher.name, ""))


def _newest(alerts: Iterable[Alert]) -> dict[Key, Alert]:
    """Return one alert of each kind: the open one, else the one that was resolved last."""
    known: dict[Key, Alert] = {}
    for alert in alerts:
        key = (alert.project, alert.rule, alert.labels)
        other = known.get(key)
        if other is None or (other.is_resolved and (not alert.is_resolved or alert.started_at > other.started_at)):
            known[key] = alert
    return known


def _is_of_a_later_pass(alert: Alert, now: datetime) -> bool:
    """Return True when a pass that began after this one has changed the alert: it knew more than this one does.

    What lies further ahead was written by a clock that was wrong.
    """
    changed = alert.resolved_at or alert.fired_at
    return changed is not None and now < changed <= now + AT_ONCE


def _step(rule: Rule, signal: Signal, before: Alert | None, now: datetime) -> Alert | None:
    """Return what has become of an alert: the very same object when nothing has."""
    value = signal.value
    if value is None or math.isnan(value) or (signal.sample is not None and signal.sample < rule.min_sample):
        return before
    if before is None or before.is_resolved:
        return _begin(rule, signal, before, now) if rule.holds(value) else _calm_since_resolved(before, now)
    if before.status is AlertStatus.PENDING:
        return _pending(rule, signal, before, now) if rule.holds(value) else _resolved(before, now)
    return _calming(rule, signal, before, now) if rule.is_calm(value) else _firing(rule, signal, before)


def _begin(rule: Rule, signal: Signal, before: Alert | None, now: datetime) -> Alert | None:
    if before is not None and _was_settled_by_hand(before, now):
        return before
    since = min(signal.at, now)
    summary, details = _words(rule, signal)
    fires = signal.at - since >= rule.for_
    flips = before.flips if before else ()
    return Alert(
        project=signal.project,
        rule=rule.name,
        severity=rule.severity,
        status=AlertStatus.FIRING if fires else AlertStatus.PENDING,
        started_at=since,
        seen_at=since,
        summary=summary,
        labels=signal.labels,
        cause=signal.cause or rule.family,
        fired_at=now if fires else None,
        details=details,
        release=signal.release,
        url=signal.url,
        runbook=rule.runbook,
        flips=_flipped(flips, now) if fires else flips,
        is_flapping=before.is_flapping if before else False,
    )


def _was_settled_by_hand(alert: Alert, now: datetime) -> bool:
    """Return True while a person's word that it is over outweighs a condition that never ended."""
    told = bool(alert.resolved_by) and alert.calm_since is None and alert.resolved_at is not None
    return told and alert.resolved_at is not None and timedelta() <= now - alert.resolved_at < REOPEN_AFTER


def _calm_since_resolved(before: Alert | None, now: datetime) -> Alert | None:
    """Note that a condition has ended that somebody had resolved by hand: from now on it may come back."""
    if before is None or not before.resolved_by or before.calm_since is not None:
        return before
    return replace(before, calm_since=now)


def _pending(rule: Rule, signal: Signal, before: Alert, now: datetime) -> Alert:
    """Return an alert whose condition holds and that is not firing yet, or fires from now on."""
    since = before.started_at if before.started_at <= now else min(signal.at, now)  # somebody has set the clock back
    alert = _retold(rule, signal, before, cause=signal.cause or rule.family, since=since)
    if signal.at - since < rule.for_:
        return alert
    return replace(alert, status=AlertStatus.FIRING, fired_at=now, flips=_flipped(alert.flips, now))


def _firing(rule: Rule, signal: Signal, before: Alert) -> Alert:
    """Return a firing alert that is not calm; the cause that it was told with stays, and with it its group."""
    return _retold(rule, signal, before, cause=before.cause, since=before.started_at)


def _calming(rule: Rule, signal: Signal, before: Alert, now: datetime) -> Alert:
    since = before.calm_since
    if since is None or since > now:
        since = min(signal.at, now)
    if signal.at - since >= rule.keep:
        return _resolved(replace(before, calm_since=since), now)
    return before if since == before.calm_since else replace(before, calm_since=since, seen_at=signal.at)


def _resolved(alert: Alert, now: datetime) -> Alert:
    """Return an alert that is over. One that never fired has not flipped: nobody was told of it."""
    flips = _flipped(alert.flips, now) if alert.is_firing else alert.flips
    return replace(alert, status=AlertStatus.RESOLVED, resolved_at=now, flips=flips)


def _flipped(flips: tuple[datetime, ...], now: datetime) -> tuple[datetime, ...]:
    return (*flips, now)[-MOST_FLIPS:]


def _retold(rule: Rule, signal: Signal, before: Alert, *, cause: str, since: datetime) -> Alert:
    """Return the alert in the words of the signal; the very same object when they say nothing new."""
    summary, details = _words(rule, signal)
    told = (rule.severity, since, summary, cause, None, details, signal.release, signal.url, rule.runbook)
    if told == _told(before):
        return before
    return replace(
        before,
        severity=rule.severity,
        started_at=since,
        seen_at=signal.at,
        summary=summary,
        cause=cause,
        calm_since=None,
        details=details,
        release=signal.release,
        url=signal.url,
        runbook=rule.runbook,
    )


def _told(alert: Alert) -> tuple[object, ...]:
    said = (alert.summary, alert.cause, alert.calm_since, alert.details, alert.release, alert.url, alert.runbook)
    return (alert.severity, alert.started_at, *said)


def _words(rule: Rule, signal: Signal) -> tuple[str, tuple[str, ...]]:
    """Return summary and details; of a template that fails the details tell at their end."""
    summary = write_summary(rule.summary, rule.name, signal, rule.enter)
    return summary.text, (*signal.details, summary.problem) if summary.problem else signal.details
