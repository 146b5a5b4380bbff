"""Incidents: what people work on together, from the first alert until all of them are resolved and stay so.

A critical alert opens one, and so do several alerts that belong together: of one project, with one cause or release, or
within a quarter of an hour. Alerts that belong to an open incident join it. Only what people are told of opens one.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from watchkeeper.domain.alert_values import Alert, Severity
from watchkeeper.domain.phrases import span

TOGETHER: Final = timedelta(minutes=15)  # alerts of a project that begin to fire within it belong together
ENOUGH: Final = 3  # of them are an incident, even where none is critical
CALM: Final = timedelta(minutes=15)  # without any alert, after which it is over
WATCH: Final = "Watchkeeper"


class IncidentStatus(StrEnum):
    OPEN = "open"
    MITIGATED = "mitigated"  # nothing critical any more, or nothing at all but not for long yet
    RESOLVED = "resolved"


class EntryKind(StrEnum):
    """What a line of the timeline tells."""

    OPENED = "opened"
    JOINED = "joined"  # another alert
    CALMED = "calmed"  # one of its alerts is resolved
    MITIGATED = "mitigated"
    WORSE = "worse"  # critical again
    RESOLVED = "resolved"
    ACKNOWLEDGED = "acknowledged"
    OWNER = "owner"
    NOTE = "note"  # what a person wrote
    TOLD = "told"
    ROLLBACK = "rollback"
    REPORT = "report"  # its report was drafted


class Draft(StrEnum):
    """How far the draft of the post-incident report is."""

    NONE = ""
    EARLY = "early"  # written while the incident was not over
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the timeline. `actor`: a person's name, or Watchkeeper."""

    at: datetime
    kind: EntryKind
    text: str
    actor: str = WATCH


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident.

    Attributes:
        number: as people call it; 0 for one that is not stored yet.
        project: slug; "" for the watch itself.
        cause, release: of the alert that opened it, or of the first one that could name a release.
        started_at: since when the first of its conditions holds; `opened_at`: when that was known.
        severity: of the worst alert that it ever had.
        alerts: fingerprints of all that belong to it; `firing`: of those that fire.
        acknowledged_at: when somebody first took it on, as `owner`.
        calm_since: since when nothing of it fires; None while something does.
        rollback: number of the way back that was taken in it; 0 for none.
        version: counts the changes of the row; `draft` does not count.
    """

    project: str
    cause: str
    title: str
    severity: Severity
    started_at: datetime
    opened_at: datetime
    status: IncidentStatus = IncidentStatus.OPEN
    release: str = ""
    owner: str = ""
    acknowledged_at: datetime | None = None
    mitigated_at: datetime | None = None
    resolved_at: datetime | None = None
    calm_since: datetime | None = None
    alerts: frozenset[str] = frozenset()
    firing: frozenset[str] = frozenset()
    rollback: int = 0
    number: int = 0
    version: int = 0
    draft: Draft = Draft.NONE

    @property
    def is_over(self) -> bool:
        return self.status is IncidentStatus.RESOLVED


@dataclass(frozen=True, slots=True)
class IncidentChange:
    """An incident that is new or has changed, with the lines of its timeline that say how."""

    incident: Incident
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """Somebody has taken an alert on."""

    by: str
    at: datetime


def decide_incidents(
    known: Iterable[Incident],
    alerts: Iterable[Alert],
    untold: Collection[str],
    taken: Mapping[str, Taken],
    now: datetime,
) -> tuple[IncidentChange, ...]:
    """Return the incidents that open, change or end.

    Args:
        known: those that are not over.
        alerts: all that are not settled; one that is not there any more does not fire.
        untold: fingerprints of alerts that nobody is told of, as in maintenance: they open nothing and join nothing.
        taken: who has acknowledged which alert, by fingerprint.
    """
    firing = {alert.fingerprint: alert for alert in alerts if alert.is_firing}
    incidents, changes = list(known), []
    belongs = {fingerprint for incident in incidents for fingerprint in incident.alerts}
    free = [a for a in _by_time(firing.values()) if a.fingerprint not in belongs and a.fingerprint not in untold]
    joining: dict[int, list[Alert]] = {place: [] for place in range(len(incidents))}
    alone: list[Alert] = []
    for alert in free:
        place = next((n for n, incident in enumerate(incidents) if _is_of(alert, incident)), None)
        (alone if place is None else joining[place]).append(alert)
    for place, incident in enumerate(incidents):
        changes.append(_go_on(incident, joining[place], firing, taken, now))
    changes += [_opened(several, taken, now) for several in _new(alone)]
    return tuple(change for change in changes if change is not None)


def _by_time(alerts: Iterable[Alert]) -> list[Alert]:
    return sorted(alerts, key=lambda alert: (alert.fired_at or alert.started_at, alert.fingerprint))


def _is_of(alert: Alert, incident: Incident) -> bool:
    if alert.project != incident.project:
        return False
    fired_at = alert.fired_at or alert.started_at
    is_same = alert.cause == incident.cause or bool(alert.release and alert.release == incident.release)
    return is_same or abs(fired_at - incident.opened_at) < TOGETHER


def _new(alerts: Sequence[Alert]) -> list[list[Alert]]:
    """Return the alerts that open an incident, those that belong together in one list."""
    found: list[list[Alert]] = []
    for alert in alerts:
        together = next((several for several in found if _are_together(several[0], alert)), None)
        if together is None:
            found.append([alert])
        else:
            together.append(alert)
    return [each for each in found if len(each) >= ENOUGH or any(a.severity is Severity.CRITICAL for a in each)]


def _are_together(first: Alert, other: Alert) -> bool:
    apart = (other.fired_at or other.started_at) - (first.fired_at or first.started_at)
    return first.project == other.project and (first.cause == other.cause or apart < TOGETHER)


def _opened(alerts: Sequence[Alert], taken: Mapping[str, Taken], now: datetime) -> IncidentChange:
    leading = min(alerts, key=lambda alert: (alert.severity.rank, not alert.release))
    incident = Incident(
        project=leading.project,
        cause=leading.cause,
        title=leading.summary,
        severity=leading.severity,
        started_at=min(alert.started_at for alert in alerts),
        opened_at=now,
        release=next((alert.release for alert in alerts if alert.release), ""),
        alerts=frozenset(alert.fingerprint for alert in alerts),
        firing=frozenset(alert.fingerprint for alert in alerts),
    )
    others = [Entry(now, EntryKind.JOINED, alert.summary) for alert in alerts if alert is not leading]
    owned, entries = _taken(incident, taken, now)
    return IncidentChange(owned, (Entry(now, EntryKind.OPENED, leading.summary), *others, *entries))


def _go_on(
    incident: Incident, joining: Sequence[Alert], firing: Mapping[str, Alert], taken: Mapping[str, Taken], now: datetime
) -> IncidentChange | None:
    grown, entries = _joined(incident, joining, now)
    calmer, calmed = _calmed(grown, firing, now)
    moved, how = _moved(calmer, [firing[name] for name in calmer.firing], now)
    owned, who = _taken(moved, taken, now)
    return IncidentChange(owned, (*entries, *calmed, *how, *who)) if owned != incident else None


def _joined(incident: Incident, joining: Sequence[Alert], now: datetime) -> tuple[Incident, list[Entry]]:
    if not joining:
        return incident, []
    names = frozenset(alert.fingerprint for alert in joining)
    worst = min([incident.severity, *(alert.severity for alert in joining)], key=lambda severity: severity.rank)
    grown = replace(
        incident,
        alerts=incident.alerts | names,
        firing=incident.firing | names,
        severity=worst,
        release=incident.release or next((alert.release for alert in joining if alert.release), ""),
        started_at=min([incident.started_at, *(alert.started_at for alert in joining)]),
    )
    return grown, [Entry(now, EntryKind.JOINED, alert.summary) for alert in joining]


def _calmed(incident: Incident, firing: Mapping[str, Alert], now: datetime) -> tuple[Incident, list[Entry]]:
    """Say which alerts have come back or are resolved since the last look."""
    fires = frozenset(name for name in incident.alerts if name in firing)
    back = [firing[name].summary for name in sorted(fires - incident.firing)]
    gone = sorted(incident.firing - fires)
    entries = [Entry(now, EntryKind.JOINED, f"again: {summary}") for summary in back]
    entries += [Entry(now, EntryKind.CALMED, f"resolved: {name}") for name in gone]
    calm_since = None if fires else incident.calm_since or now
    return replace(incident, firing=fires, calm_since=calm_since), entries


def _moved(incident: Incident, firing: Sequence[Alert], now: datetime) -> tuple[Incident, list[Entry]]:
    """Return the incident in the status that its alerts give it."""
    is_critical = any(alert.severity is Severity.CRITICAL for alert in firing)
    if is_critical or (firing and incident.severity is not Severity.CRITICAL):
        if incident.status is IncidentStatus.OPEN:
            return incident, []
        return replace(incident, status=IncidentStatus.OPEN), [Entry(now, EntryKind.WORSE, "it is back")]
    if incident.calm_since is not None and now - incident.calm_since >= CALM:
        over = replace(
            incident,
            status=IncidentStatus.RESOLVED,
            mitigated_at=incident.mitigated_at or incident.calm_since,
            resolved_at=incident.calm_since,
        )
        lasted = span(incident.calm_since - incident.started_at)
        return over, [Entry(now, EntryKind.RESOLVED, f"nothing of it fires since {span(CALM)}; it lasted {lasted}")]
    if incident.status is IncidentStatus.MITIGATED:
        return incident, []
    eased = replace(incident, status=IncidentStatus.MITIGATED, mitigated_at=now)
    told = "nothing critical any more" if firing else "none of its alerts fires any more"
    return eased, [Entry(now, EntryKind.MITIGATED, told)]


def _taken(incident: Incident, taken: Mapping[str, Taken], now: datetime) -> tuple[Incident, list[Entry]]:
    found = [taken[name] for name in incident.alerts if name in taken]
    if incident.acknowledged_at is not None or not found:
        return incident, []
    first = min(found, key=lambda each: each.at)
    owned = replace(incident, acknowledged_at=max(first.at, incident.opened_at), owner=incident.owner or first.by)
    return owned, [Entry(now, EntryKind.ACKNOWLEDGED, f"{first.by} has taken it on", first.by)]
