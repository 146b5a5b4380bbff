"""A rule over the stored past: how often it would have fired, for how long, and how many messages that had made."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from watchkeeper.domain.alert_policy import Timing
from watchkeeper.domain.alert_rules import Rule, evaluate
from watchkeeper.domain.alert_signals import Signal
from watchkeeper.domain.alert_values import Alert, Severity

INFO_AGAIN: Final = timedelta(hours=24)  # how often people are reminded of what is only information

Moment = tuple[datetime, Sequence[Signal]]


@dataclass(frozen=True, slots=True)
class Episode:
    """One time that an alert would have fired; `until` is None where it still would."""

    project: str
    summary: str
    cause: str
    since: datetime
    until: datetime | None

    def length(self, now: datetime) -> timedelta:
        return (self.until or now) - self.since


@dataclass(frozen=True, slots=True)
class Trial:
    """What a rule would have done.

    Attributes:
        rule: its name.
        since: of the oldest moment that is stored; None where none is.
        moments: number of moments at which it was looked at.
        episodes: oldest first.
        messages: that each channel would have got, without any other alert, silence or acknowledgement.
        note: why it could not be tried; "" when it was.
    """

    rule: str
    until: datetime
    since: datetime | None = None
    moments: int = 0
    episodes: tuple[Episode, ...] = ()
    messages: int = 0
    note: str = ""

    @property
    def firing(self) -> timedelta:
        """Time that it would have fired, all episodes together."""
        return sum((episode.length(self.until) for episode in self.episodes), timedelta())

    @property
    def longest(self) -> timedelta:
        return max((episode.length(self.until) for episode in self.episodes), default=timedelta())


def try_rule(rules: Sequence[Rule], history: Iterable[Moment], now: datetime, timing: Timing | None = None) -> Trial:
    """Return what a rule would have done.

    Args:
        rules: of one name: the one for all projects, and those of single projects; at least one.
        history: what was known at each moment, the oldest first.
    """
    known: dict[str, Alert] = {}
    over: list[Alert] = []
    moments, since = 0, None
    for moment, signals in history:
        moments, since = moments + 1, since or moment
        for alert in evaluate(rules, signals, known.values(), moment):
            known[alert.fingerprint] = alert
            if alert.is_resolved and alert.fired_at is not None:
                over.append(alert)
    fired = sorted([*over, *(alert for alert in known.values() if alert.is_firing)], key=_fired_at)
    episodes = tuple(_episode(alert) for alert in fired)
    repeat = (timing or Timing()).repeat_interval
    repeat = INFO_AGAIN if rules[0].severity is Severity.INFO else repeat
    messages = _messages(episodes, timing or Timing(), repeat, now)
    return Trial(rules[0].name, now, since, moments, episodes, messages)


def _fired_at(alert: Alert) -> datetime:
    return alert.fired_at or alert.started_at


def _episode(alert: Alert) -> Episode:
    return Episode(alert.project, alert.summary, alert.cause, _fired_at(alert), alert.resolved_at)


def _messages(episodes: Iterable[Episode], timing: Timing, repeat: timedelta, now: datetime) -> int:
    """Return how many messages a channel gets: what is over within the group wait is never told."""
    groups: defaultdict[tuple[str, str], list[Episode]] = defaultdict(list)
    for episode in episodes:
        if episode.length(now) > timing.group_wait:
            groups[episode.project, episode.cause].append(episode)
    return sum(_changes(group, timing) + _reminders(group, repeat, now) for group in groups.values())


def _changes(group: Sequence[Episode], timing: Timing) -> int:
    """Return how often changes are told: those within a group interval together."""
    begun = {episode.since + timing.group_wait for episode in group}
    ended = {episode.until for episode in group if episode.until is not None}
    number, told = 0, None
    for change in sorted(begun | ended):
        if told is None or change > told:
            told = change if told is None else max(change, told + timing.group_interval)
            number += 1
    return number


def _reminders(group: Sequence[Episode], repeat: timedelta, now: datetime) -> int:
    number, reached = 0, None
    for episode in sorted(group, key=lambda each: each.since):
        start = episode.since if reached is None else max(episode.since, reached)
        end = episode.until or now
        number += max(timedelta(), end - start) // repeat
        reached = end if reached is None else max(reached, end)
    return number
