"""Who is told what, when and how often: what projects.yaml says of it, and the silences that people have set."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from watchkeeper.domain.alert_values import Alert
from watchkeeper.domain.schedule import Maintenance

ON_CALL: Final = "on_call"  # in an escalation: whoever is on call at that moment
FIELDS: Final = ("project", "rule", "severity", "cause", "release")  # what a matcher may name besides labels


class ChannelKind(StrEnum):
    SLACK = "slack"
    PAGERDUTY = "pagerduty"
    JIRA = "jira"
    DATADOG = "datadog"
    GITHUB = "github"
    APPRISE = "apprise"
    WEBHOOK = "webhook"
    CONSOLE = "console"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Matcher:
    """A condition on one field or label of an alert; a label that is not there is "".

    Attributes:
        pattern: the value, or with `is_regex` an expression that must match the whole of it. What is no expression
            matches nothing, negated or not: a mistake must not silence.
    """

    name: str
    pattern: str
    is_regex: bool = False
    is_negated: bool = False

    def matches(self, alert: Alert) -> bool:
        return self.accepts(value_of(alert, self.name))

    def accepts(self, value: str) -> bool:
        """Return whether the field or label may have this value."""
        if not self.is_regex:
            return (value == self.pattern) is not self.is_negated
        try:
            return (re.fullmatch(self.pattern, value) is not None) is not self.is_negated
        except (re.error, OverflowError, RecursionError):
            return False


def value_of(alert: Alert, name: str) -> str:
    """Return the field or label of that name; "" for a label that is not there."""
    if name in FIELDS:
        return str(getattr(alert, name))
    return next((value for label, value in alert.labels if label == name), "")


Matchers = tuple[Matcher, ...]


def match_all(matchers: Iterable[Matcher], alert: Alert) -> bool:
    return all(matcher.matches(alert) for matcher in matchers)


@dataclass(frozen=True, slots=True)
class Silence:
    """What somebody does not want to hear of for a while: `[starts_at, until)`. It expires by itself.

    Attributes:
        ended_at: when somebody took it back before its time.
        storm: number of the storm whose alerts it keeps quiet, those that match; 0 for all alerts.
    """

    matchers: Matchers
    starts_at: datetime
    until: datetime
    author: str
    comment: str
    ended_at: datetime | None = None
    id: int = 0
    storm: int = 0

    def holds(self, now: datetime) -> bool:
        return self.starts_at <= now < self.until and self.ended_at is None


@dataclass(frozen=True, slots=True)
class Inhibition:
    """While a `source` alert fires, `target` alerts that equal it in these fields and labels are not told.

    Attributes:
        equal: names of fields or labels; empty for any two alerts.
        reason: shown where it is asked why somebody was not told.
    """

    source: Matchers
    target: Matchers
    equal: tuple[str, ...] = ("project",)
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Hours:
    """A time of the week in a time zone: `weekdays` 0 (Monday) to 6, minutes of the day `[start, end)`.

    An `end` that is not after `start` lies on the next day.
    """

    weekdays: frozenset[int]
    start: int
    end: int
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class Route:
    """Alerts that match, at these hours, go to these channels. The first route that matches wins.

    Attributes:
        channels: names; the default channels are always told besides.
        hours: None for always.
        escalation: name of what happens when nobody acknowledges; "" for nothing.
    """

    matchers: Matchers
    channels: tuple[str, ...]
    hours: Hours | None = None
    escalation: str = ""


@dataclass(frozen=True, slots=True)
class EscalationStep:
    """Attributes: after: time since the step before it, or since the group was told first; people: names, `on_call`."""

    after: timedelta
    channels: tuple[str, ...] = ()
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Escalation:
    """Steps that are taken one after the other until somebody acknowledges; then again, `repeat` times (at most 5)."""

    name: str
    steps: tuple[EscalationStep, ...]
    repeat: int = 0


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can be told. `handles`: by kind of channel, as `{"slack": "U0123ABCD"}`."""

    name: str
    channels: tuple[str, ...] = ()
    handles: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OnCall:
    """People who take turns, the first one from `since` on.

    Attributes:
        turn: length by the clock of `zone`: a turn of a week that begins on Monday at 09:00 begins at 09:00 all year.
    """

    people: tuple[str, ...]
    turn: timedelta
    since: datetime
    zone: tzinfo = UTC


@dataclass(frozen=True, slots=True)
class FlapLimits:
    """So many changes within a time make an alert flapping; without a change for `stable_after` it is stable again."""

    changes: int = 6
    within: timedelta = timedelta(hours=1)
    stable_after: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a new group waits for more alerts, how often a group is told changes, how often it is recalled."""

    group_wait: timedelta = timedelta(seconds=30)
    group_interval: timedelta = timedelta(minutes=5)
    repeat_interval: timedelta = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class AlertPolicy:
    """All that the configuration says of telling.

    Attributes:
        names: names of the projects for people, by slug.
        default_channels: by project; `""` for those of the watch itself. They are told of everything.
        parents: slug of the project that a project depends on.
        endpoint_parents: by project and endpoint, the endpoint that it depends on.
        maintenance: by project.
        most_groups: new groups a channel is told one by one in one pass; more than that are one message.
    """

    names: Mapping[str, str]
    default_channels: Mapping[str, tuple[str, ...]]
    routes: tuple[Route, ...] = ()
    inhibitions: tuple[Inhibition, ...] = ()
    escalations: Mapping[str, Escalation] = field(default_factory=dict)
    people: Mapping[str, Person] = field(default_factory=dict)
    on_call: OnCall | None = None
    parents: Mapping[str, str] = field(default_factory=dict)
    endpoint_parents: Mapping[tuple[str, str], str] = field(default_factory=dict)
    maintenance: Mapping[str, tuple[Maintenance, ...]] = field(default_factory=dict)
    timing: Timing = Timing()
    flapping: FlapLimits = FlapLimits()
    most_groups: int = 5
