"""Incidents: opened and ended with their alerts, written into by people."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from tasks.store import database
from watchkeeper.domain.alert_groups import Group, group_key
from watchkeeper.domain.alert_passes import Known
from watchkeeper.domain.alert_values import Alert
from watchkeeper.domain.incidents import Entry, EntryKind, Incident, IncidentChange, Taken, decide_incidents
from watchkeeper.domain.people import checked_name, same_person
from watchkeeper.domain.windows import Window
from watchkeeper.store import incidents, rollbacks
from watchkeeper.store.alert_groups import storms_of_incident
from watchkeeper.store.audit import write_audit
from watchkeeper.store.database import reading, transaction

MOST_ROLLBACKS: Final = 5  # of a project


class UnknownIncident(LookupError):  # noqa: N818 - says what it is
    """There is no incident of this number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"there is no incident {number}: `watchkeeper incidents list` shows them")


@dataclass(frozen=True, slots=True)
class Story:
    """An incident with its whole timeline: its own lines, and those of the ways back that were taken in it."""

    incident: Incident
    timeline: tuple[Entry, ...]


def follow_incidents(known: Known, suppressed: Mapping[str, str], now: datetime) -> tuple[Incident, ...]:
    """Open, change and end incidents by what fires now; return those that were saved.

    Args:
        known: all alerts and groups that are not settled.
        suppressed: why nobody is told of an alert, by fingerprint.
    """
    with reading(database()) as session:
        unfinished = incidents.open_incidents(session)
    if not unfinished and not any(alert.is_firing for alert in known.alerts):
        return ()
    with transaction(database()) as session:
        changes = decide_incidents(unfinished, known.alerts, suppressed.keys(), _taken(known), now)
        linked = _linked(session, [*changes, *_unchanged(unfinished, changes)], now)
        return incidents.save_incidents(session, linked)


def with_incidents(groups: Iterable[Group], alerts: Iterable[Alert], now: Iterable[Incident]) -> tuple[Group, ...]:
    """Return the groups, each with the number of the incident that an alert of it belongs to."""
    numbers = {fingerprint: incident.number for incident in now for fingerprint in incident.alerts}
    of_groups = {
        group_key(alert.project, alert.cause): numbers[alert.fingerprint]
        for alert in alerts
        if alert.fingerprint in numbers
    }
    return tuple(replace(group, incident=of_groups.get(group.key, group.incident)) for group in groups)


def unfinished_incidents() -> tuple[Incident, ...]:
    with reading(database()) as session:
        return incidents.open_incidents(session)


def incidents_between(window: Window, project: str | None = None) -> tuple[Incident, ...]:
    """Return the incidents that were opened in the window, oldest first."""
    with reading(database()) as session:
        return incidents.incidents_of(session, window, project)


def story_of(number: int) -> Story:
    """Return an incident with everything that is on record of it.

    Raises:
        UnknownIncident: there is none with this number.
    """
    with reading(database()) as session:
        return _story(session, number)


def write_note(number: int, who: str, text: str, now: datetime) -> None:
    """Add a line that a person wrote to the timeline.

    Raises:
        ValueError: `who` is no name that can be read.
        UnknownIncident: there is none with this number.
    """
    who = checked_name(who)
    with transaction(database()) as session:
        found = _found(session, number)
        incidents.add_entries(session, number, [Entry(now, EntryKind.NOTE, text, who)])
        subject = f"incident {number}"
        write_audit(session, who, "write a note", subject, {"text": text}, "written", now, project=found.project)


def give_to(number: int, who: str, to: str, now: datetime) -> Incident:
    """Make somebody the owner; it counts as taking it on. Of two at once both hold, the later one in the end.

    Raises:
        ValueError: a name is none that can be read.
        UnknownIncident: there is none with this number.
    """
    to, who = checked_name(to), checked_name(who)
    while True:
        with transaction(database()) as session:
            found = _found(session, number)
            owned = replace(found, owner=to, acknowledged_at=found.acknowledged_at or now)
            told = f"{to} has it" if same_person(to, who) else f"{who} has given it to {to}"
            change = IncidentChange(owned, (Entry(now, EntryKind.OWNER, told, who),))
            for saved in incidents.save_incidents(session, [change]):
                subject = f"incident {number}"
                write_audit(session, who, "give an incident", subject, {"to": to}, "given", now, project=found.project)
                return saved


def _story(session: Session, number: int) -> Story:
    found = _found(session, number)
    entries = [*incidents.timeline(session, number), *_of_rollbacks(session, found), *_of_storms(session, number)]
    return Story(found, tuple(sorted(entries, key=lambda entry: entry.at)))


def _found(session: Session, number: int) -> Incident:
    found = incidents.incident(session, number)
    if found is None:
        raise UnknownIncident(number)
    return found


def _of_storms(session: Session, number: int) -> list[Entry]:
    return [
        Entry(
            at, EntryKind.TOLD, f"told in storm {storm}, together with others: watchkeeper alerts why --storm {storm}"
        )
        for storm, at in storms_of_incident(session, number).items()
    ]


def _of_rollbacks(session: Session, incident: Incident) -> list[Entry]:
    return [
        Entry(line.at, EntryKind.ROLLBACK, f"way back {number}: {line.sentence}", line.actor)
        for number in _rollbacks_in(session, incident)
        for line in rollbacks.timeline(session, number)
        if line.sentence
    ]


def _rollbacks_in(session: Session, incident: Incident) -> list[int]:
    """Return the numbers of the ways back that were asked for while it lasted, oldest first."""
    last = rollbacks.last_rollbacks(session, [incident.project], MOST_ROLLBACKS)[incident.project]
    end = incident.resolved_at
    inside = [r for r in last if r.requested_at >= incident.started_at and (end is None or r.requested_at <= end)]
    return sorted(rollback.id for rollback in inside)


def _linked(session: Session, changes: Sequence[IncidentChange], now: datetime) -> list[IncidentChange]:
    """Return the changes, each with the way back that was asked for in it; nothing for what has not changed."""
    linked = []
    for change in changes:
        number = max(_rollbacks_in(session, change.incident), default=0)
        if number > change.incident.rollback:
            told = Entry(now, EntryKind.ROLLBACK, f"way back {number} was asked for")
            linked.append(IncidentChange(replace(change.incident, rollback=number), (*change.entries, told)))
        elif change.entries:
            linked.append(change)
    return linked


def _unchanged(unfinished: Iterable[Incident], changes: Iterable[IncidentChange]) -> list[IncidentChange]:
    changed = {change.incident.number for change in changes}
    return [IncidentChange(incident, ()) for incident in unfinished if incident.number not in changed]


def _taken(known: Known) -> dict[str, Taken]:
    """Return who has acknowledged which alert: whoever has acknowledged its group."""
    groups = {group.key: group for group in known.groups if group.acknowledged_at is not None}
    found = {}
    for alert in known.alerts:
        group = groups.get(group_key(alert.project, alert.cause))
        if group is not None and group.acknowledged_at is not None:
            found[alert.fingerprint] = Taken(group.acknowledged_by, group.acknowledged_at)
    return found
