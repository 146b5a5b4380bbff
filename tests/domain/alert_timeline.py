"""A virtual clock on which alerts are pushed, passes are made and messages are collected.

Moments are seconds since `START`. Of a pass the world keeps what a store keeps; nothing else is carried from one
pass to the next.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from watchkeeper.domain.alert_groups import Group, Notification, Reason
from watchkeeper.domain.alert_policy import AlertPolicy, Matcher, Silence
from watchkeeper.domain.alert_storms import storm_numbers
from watchkeeper.domain.alert_values import MOST_FLIPS, Alert, AlertStatus, Severity, labels_of
from watchkeeper.domain.alerts import Known, Message, Pass, run_pass

START = datetime(2026, 3, 2, 9, tzinfo=UTC)  # a Monday
MINUTE, HOUR = 60, 3600
POLICY = AlertPolicy(names={"shop": "Shop", "api": "API"}, default_channels={"": ("slack",)})
NEVER = frozenset[str]()


def moment(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def alert_of(rule: str = "error-rate", project: str = "shop", **values: Any) -> Alert:
    """Return a critical alert of cause `errors` that fires since the start; `endpoint` and `vendor` become labels."""
    labels = labels_of(**{name: str(values.pop(name)) for name in ("endpoint", "vendor", "channel") if name in values})
    alert = Alert(
        project=project,
        rule=rule,
        severity=Severity.CRITICAL,
        status=AlertStatus.FIRING,
        started_at=START,
        seen_at=START,
        summary=f"{rule} of {project}",
        labels=labels,
        cause="errors",
        fired_at=START,
    )
    return replace(alert, **values)


@dataclass(frozen=True, slots=True)
class Want:
    """A message that is expected: first in seconds, the rest as the message has it; `None` for anything."""

    channel: str
    reason: Reason
    since: float
    until: float
    firing: int | None = None
    resolved: int | None = None

    def fits(self, at: float, message: Message) -> bool:
        digest = message.digest
        numbers = ((self.firing, digest.firing), (self.resolved, digest.resolved))
        is_same = (message.channel, digest.reason) == (self.channel, self.reason)
        return is_same and self.since <= at <= self.until and all(w is None or w == got for w, got in numbers)


class World:
    """What is stored, and what was told so far."""

    def __init__(self) -> None:
        self.alerts: dict[int, Alert] = {}
        self.groups: dict[int, Group] = {}
        self.silences: list[Silence] = []
        self.ledger: dict[tuple[int, str, int], Notification] = {}
        self.settled: set[int] = set()

    @property
    def known(self) -> Known:
        alerts = tuple(alert for alert in self.alerts.values() if alert.id not in self.settled)
        groups = tuple(group for group in self.groups.values() if group.closed_at is None)
        return Known(alerts, groups, tuple(self.silences))

    def save_alert(self, alert: Alert) -> Alert:
        alert = replace(alert, id=alert.id or len(self.alerts) + 1, version=alert.version + 1)
        self.alerts[alert.id] = alert
        return alert

    def save(self, result: Pass) -> None:
        for alert in result.alerts:
            self.save_alert(alert)
        for group in result.groups:
            number = group.id or len(self.groups) + 1
            assert group.id or group.key not in {g.key for g in self.known.groups}, "two open groups of one key"
            self.groups[number] = replace(group, id=number, version=group.version + 1)
        numbers = storm_numbers(group for group in self.groups.values() if group.closed_at is None)
        for number, group in self.groups.items():
            if group.closed_at is None:
                self.groups[number] = replace(group, storm=numbers.get(group.key, group.storm))
        ids = {group.key: group.id for group in self.groups.values()}  # the newest of each key
        for message in result.messages:
            for entry in message.notifications:
                key = (ids[entry.group], entry.channel, entry.sequence)
                assert key not in self.ledger, "a transition was told twice"
                self.ledger[key] = entry
        self.settled |= result.settled

    def newest(self, fingerprint: str) -> Alert | None:
        return next((a for a in reversed(self.alerts.values()) if a.fingerprint == fingerprint), None)


class Timeline:
    """A story: `at(seconds)` lets the time pass until then.

    A pass is made every minute, when the last one was due again, and every `every` seconds after whatever happens.
    """

    def __init__(self, policy: AlertPolicy = POLICY, every: float = 10) -> None:
        self.policy = policy
        self.every = every
        self.clock = 0.0
        self.next_pass = 0.0
        self.world = World()
        self.told: list[tuple[float, Message]] = []
        self.last = Pass()

    @property
    def now(self) -> datetime:
        return moment(self.clock)

    def at(self, seconds: float) -> "Timeline":
        while self.next_pass < seconds:
            self.clock = self.next_pass
            self.step()
            due_at = (self.last.next_due - START).total_seconds() if self.last.next_due else math.inf
            soon = self.every * max(self.clock // self.every + 1, math.ceil(min(due_at, 1e9) / self.every))
            self.next_pass = min(MINUTE * (self.clock // MINUTE + 1), soon)
        self.clock = seconds
        self.next_pass = min(self.next_pass, self.every * math.ceil(seconds / self.every))
        return self

    def step(self) -> None:
        self.last = run_pass(self.world.known, self.policy, self.now)
        if not self.last.is_empty:
            assert run_pass(self.world.known, self.policy, self.now) == self.last, "made again, it is another one"
        self.world.save(self.last)
        self.told += [(self.clock, message) for message in self.last.messages]

    # --- what happens

    def fire(self, rule: str = "error-rate", project: str = "shop", **values: Any) -> "Timeline":
        alert = alert_of(rule, project, **values)
        before = self.world.newest(alert.fingerprint)
        if before is not None and before.is_firing:
            self.world.save_alert(replace(before, calm_since=None))
            return self
        flips = (*(before.flips if before else ()), self.now)[-MOST_FLIPS:]
        self.world.save_alert(replace(alert, started_at=self.now, seen_at=self.now, fired_at=self.now, flips=flips))
        return self

    def change(self, fingerprint: str, **values: Any) -> "Timeline":
        alert = self.world.newest(fingerprint)
        assert alert is not None
        self.world.save_alert(replace(alert, **values))
        return self

    def resolve(self, fingerprint: str = "shop/error-rate") -> "Timeline":
        alert = self.world.newest(fingerprint)
        if alert is None or not alert.is_firing:
            return self
        flips = (*alert.flips, self.now)[-MOST_FLIPS:]
        return self.change(fingerprint, status=AlertStatus.RESOLVED, resolved_at=self.now, flips=flips)

    def acknowledge(self, who: str = "ann") -> "Timeline":
        for number, group in self.world.groups.items():
            if group.closed_at is None and group.acknowledged_at is None:
                self.world.groups[number] = replace(group, acknowledged_at=self.now, acknowledged_by=who)
        return self

    def silence(self, until: float, name: str = "project", pattern: str = "shop") -> "Timeline":
        self.world.silences.append(
            Silence(
                (Matcher(name, pattern),), self.now, moment(until), "ann", "we know", id=len(self.world.silences) + 1
            )
        )
        return self

    def unsilence(self) -> "Timeline":
        self.world.silences = [replace(silence, ended_at=self.now) for silence in self.world.silences]
        return self

    # --- what is expected

    def wants(self, *expected: Want) -> None:
        """Each of these messages, in this order, and no other."""
        got = [f"{at:g} s {m.channel} {m.digest.reason} {m.digest.firing}/{m.digest.resolved}" for at, m in self.told]
        assert len(self.told) == len(expected), got
        for (at, message), want in zip(self.told, expected, strict=True):
            assert want.fits(at, message), (want, got)


Happening = Callable[[Timeline], object]


def play(
    happenings: Sequence[tuple[float, Happening]], until: float, policy: AlertPolicy = POLICY, every: float = 10
) -> Timeline:
    """Return the timeline after everything has happened at its time; then nothing more until the end."""
    timeline = Timeline(policy, every)
    for seconds, happen in happenings:
        happen(timeline.at(seconds))
    return timeline.at(until)


def fires(rule: str = "error-rate", project: str = "shop", **values: Any) -> Happening:
    return lambda timeline: timeline.fire(rule, project, **values)


def resolves(fingerprint: str = "shop/error-rate") -> Happening:
    return lambda timeline: timeline.resolve(fingerprint)


def known_to(world: World) -> Mapping[str, frozenset[str]]:
    """Return what each channel believes to be firing, by the ledger alone."""
    believed: dict[str, frozenset[str]] = {}
    for (_, channel, _), entry in sorted(world.ledger.items(), key=lambda pair: (pair[1].at, pair[0])):
        before = believed.get(channel, NEVER)
        believed[channel] = (before | entry.firing) - entry.resolved
    return believed
