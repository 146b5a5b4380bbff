"""Incidents and their timelines, changed by compare-and-swap, both in one transaction.

A project has at most one open incident with one cause: the database itself sees to that.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import JSON, ColumnElement, ForeignKeyConstraint, Index, Row, TextClause, func, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlmodel import Field

from watchkeeper.domain.alert_values import Severity
from watchkeeper.domain.incidents import Draft, Entry, EntryKind, Incident, IncidentChange, IncidentStatus
from watchkeeper.domain.windows import Window
from watchkeeper.store.tables import Base, table_of
from watchkeeper.store.text import storable, storable_key

MOST: Final = 10_000  # incidents that are read at once
LONGEST: Final = timedelta(days=30)  # so far back it is looked for incidents that were over in a window
FARTHEST: Final = timedelta(days=90)  # so far back it is looked for the one before
UNFINISHED: Final = "status <> 'resolved'"
UNDRAFTED: Final = "status = 'resolved' AND coalesce(draft, '') <> 'final'"


class IncidentRow(Base, table=True):
    __tablename__ = "incidents"
    __table_args__ = (
        Index(
            "uq_incidents_open",
            "project",
            "cause",
            unique=True,
            sqlite_where=text(UNFINISHED),
            postgresql_where=text(UNFINISHED),
        ),
        Index(None, "project", "opened_at"),
        Index(None, "opened_at"),
        Index(
            "ix_incidents_unfinished", "resolved_at", sqlite_where=text(UNFINISHED), postgresql_where=text(UNFINISHED)
        ),
        Index("ix_incidents_undrafted", "resolved_at", sqlite_where=text(UNDRAFTED), postgresql_where=text(UNDRAFTED)),
        {"sqlite_autoincrement": True},  # a number must never come back: people have written it down
    )

    number: int = Field(primary_key=True)
    project: str
    cause: str
    title: str
    severity: str
    status: str
    release: str
    owner: str
    started_at: datetime
    opened_at: datetime
    acknowledged_at: datetime | None
    mitigated_at: datetime | None
    resolved_at: datetime | None
    calm_since: datetime | None
    alerts: list[str] = Field(sa_type=JSON)
    firing: list[str] = Field(sa_type=JSON)
    rollback: int
    version: int
    draft: str | None


class IncidentEntryRow(Base, table=True):
    __tablename__ = "incident_entries"
    __table_args__ = (
        ForeignKeyConstraint(["incident"], ["incidents.number"], ondelete="CASCADE"),
        Index(None, "incident", "at"),
    )

    id: int = Field(primary_key=True)
    incident: int
    at: datetime
    kind: str
    text: str
    actor: str


def save_incidents(session: Session, changes: Iterable[IncidentChange]) -> tuple[Incident, ...]:
    """Save new and changed incidents with their lines, and return those that were saved.

    One that somebody else has opened or changed meanwhile is left as it is, without the lines: the next look decides
    anew.
    """
    saved = []
    for change in changes:
        incident = _insert(session, change.incident) if not change.incident.number else _swap(session, change.incident)
        if incident is not None:
            add_entries(session, incident.number, change.entries)
            saved.append(incident)
    return tuple(saved)


def add_entries(session: Session, number: int, entries: Sequence[Entry]) -> None:
    rows = [
        {
            "incident": number,
            "at": entry.at,
            "kind": entry.kind.value,
            "text": storable(entry.text),
            "actor": storable(entry.actor),
        }
        for entry in entries
    ]
    if rows:
        session.connection().execute(table_of(IncidentEntryRow).insert(), rows)


def open_incidents(session: Session) -> tuple[Incident, ...]:
    """Return the incidents that are not over, oldest first."""
    return _incidents(session, *_is_unfinished())


def incident(session: Session, number: int) -> Incident | None:
    found = _incidents(session, table_of(IncidentRow).c.number == number)
    return found[0] if found else None


def incidents_of(session: Session, window: Window, project: str | None = None) -> tuple[Incident, ...]:
    """Return the incidents that were opened in the window, oldest first, at most `MOST`; of all projects by default."""
    table = table_of(IncidentRow)
    own = () if project is None else (table.c.project == project,)
    return _incidents(session, table.c.opened_at >= window.start, table.c.opened_at < window.end, *own)


def incidents_in(session: Session, window: Window) -> tuple[Incident, ...]:
    """Return the incidents of all projects that were not over before the window, and were opened before its end."""
    column = table_of(IncidentRow).c
    recent = column.opened_at >= window.start - LONGEST, column.opened_at < window.end
    lasting = column.resolved_at.is_(None) | (column.resolved_at >= window.start)
    older = _incidents(session, *_is_unfinished(), column.opened_at < window.start - LONGEST)
    return *older, *_incidents(session, *recent, lasting)


def last_incidents(session: Session, before: datetime) -> tuple[Incident, ...]:
    """Return the last incident of each project that was opened before this moment, and not very long before it."""
    column = table_of(IncidentRow).c
    recent = column.opened_at >= before - FARTHEST, column.opened_at < before
    newest = select(func.max(column.number)).where(*recent).group_by(column.project)
    return _incidents(session, column.number.in_(newest))


def undrafted_incidents(session: Session, most: int) -> tuple[int, ...]:
    """Return the numbers of those that are over and have no final draft of their report, at most `most` of them."""
    column = table_of(IncidentRow).c
    over = text(UNDRAFTED), column.resolved_at.is_not(None)
    query = select(column.number).where(*over).order_by(column.resolved_at, column.number).limit(most)
    return tuple(session.connection().execute(query).scalars())


def mark_draft(session: Session, known: Incident, draft: Draft) -> bool:
    """Record how far the draft of an incident is; return False when that has changed since `known` was read."""
    table = table_of(IncidentRow)
    mine = table.c.number == known.number, func.coalesce(table.c.draft, Draft.NONE.value) == known.draft.value
    return session.connection().execute(update(table).where(*mine).values(draft=draft.value)).rowcount == 1


def timeline(session: Session, number: int) -> tuple[Entry, ...]:
    """Return the lines of an incident, oldest first."""
    table = table_of(IncidentEntryRow)
    query = select(table).where(table.c.incident == number).order_by(table.c.at, table.c.id)
    rows = session.connection().execute(query)
    return tuple(Entry(row.at, EntryKind(row.kind), row.text, row.actor) for row in rows)


def _insert(session: Session, incident: Incident) -> Incident | None:
    table = table_of(IncidentRow)
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(table).values(_row(incident) | {"version": 1}).on_conflict_do_nothing().returning(table)
    row = session.connection().execute(statement).one_or_none()
    return _incident(row) if row is not None else None


def _swap(session: Session, incident: Incident) -> Incident | None:
    table = table_of(IncidentRow)
    mine = table.c.number == incident.number, table.c.version == incident.version
    changed = update(table).where(*mine).values(_row(incident) | {"version": incident.version + 1}).returning(table)
    row = session.connection().execute(changed).one_or_none()
    return _incident(row) if row is not None else None


def _incidents(session: Session, *conditions: ColumnElement[bool] | TextClause) -> tuple[Incident, ...]:
    table = table_of(IncidentRow)
    rows = session.connection().execute(select(table).where(*conditions).limit(MOST))
    found = (_incident(row) for row in rows)  # asked in an order, they would be read by another index
    return tuple(sorted(found, key=lambda each: (each.opened_at, each.number)))


def _is_unfinished() -> tuple[ColumnElement[bool] | TextClause, ...]:
    return text(UNFINISHED), table_of(IncidentRow).c.resolved_at.is_(None)


def _row(incident: Incident) -> dict[str, Any]:
    return {
        "project": storable_key(incident.project),
        "cause": storable(incident.cause),
        "title": storable(incident.title),
        "severity": incident.severity.value,
        "status": incident.status.value,
        "release": storable(incident.release),
        "owner": storable(incident.owner),
        "started_at": incident.started_at,
        "opened_at": incident.opened_at,
        "acknowledged_at": incident.acknowledged_at,
        "mitigated_at": incident.mitigated_at,
        "resolved_at": incident.resolved_at,
        "calm_since": incident.calm_since,
        "alerts": sorted(incident.alerts),
        "firing": sorted(incident.firing),
        "rollback": incident.rollback,
    }


def _incident(row: Row[Any]) -> Incident:
    return Incident(
        project=row.project,
        cause=row.cause,
        title=row.title,
        severity=Severity(row.severity),
        started_at=row.started_at,
        opened_at=row.opened_at,
        status=IncidentStatus(row.status),
        release=row.release,
        owner=row.owner,
        acknowledged_at=row.acknowledged_at,
        mitigated_at=row.mitigated_at,
        resolved_at=row.resolved_at,
        calm_since=row.calm_since,
        alerts=frozenset(row.alerts),
        firing=frozenset(row.firing),
        rollback=row.rollback,
        number=row.number,
        version=row.version,
        draft=Draft(row.draft or Draft.NONE),
    )
