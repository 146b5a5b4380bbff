"""Groups of alerts: what each channel knows of them, and what people have said to them. Changed by compare-and-swap."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ColumnElement, Index, Row, bindparam, func, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlmodel import Field

from watchkeeper.domain.alert_groups import Group, Told
from watchkeeper.store.tables import Base, table_of
from watchkeeper.store.text import storable, storable_key

OPEN = text("closed_at IS NULL")


class AlertGroupRow(Base, table=True):
    __tablename__ = "alert_groups"
    __table_args__ = (
        Index("uq_alert_groups_open", "key", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
        Index("ix_alert_groups_unclosed", "closed_at", sqlite_where=OPEN, postgresql_where=OPEN),
        Index(None, "project", "opened_at"),
        Index(None, "opened_at"),
        {"sqlite_autoincrement": True},  # an id must never come back: people have written it down
    )

    id: int = Field(primary_key=True)
    key: str
    project: str
    cause: str
    opened_at: datetime
    due_at: datetime
    channels: dict[str, Any] = Field(sa_type=JSON)
    acknowledged_at: datetime | None
    acknowledged_by: str
    assigned_to: str
    escalation_step: int
    escalated_at: datetime | None
    incident: int
    storm: int
    closed_at: datetime | None
    version: int


class UnknownGroup(LookupError):  # noqa: N818 - says what it is
    """There is no group of this number."""


def open_groups(session: Session) -> tuple[Group, ...]:
    """Return the groups that are not closed, oldest first."""
    table = table_of(AlertGroupRow)
    found = (group_of(row) for row in session.connection().execute(select(table).where(table.c.closed_at.is_(None))))
    return tuple(sorted(found, key=lambda each: each.id))


def group(session: Session, number: int) -> Group:
    """Return one group, also one that is closed.

    Raises:
        UnknownGroup: there is none with this number.
    """
    table = table_of(AlertGroupRow)
    row = session.connection().execute(select(table).where(table.c.id == number)).one_or_none()
    if row is None:
        raise UnknownGroup(
            f"there is no group {number}: its number is in the message, and in `watchkeeper alerts list`"
        )
    return group_of(row)


def change_groups(session: Session, groups: Sequence[Group]) -> int:
    """Write groups that have a row, where they still have the version they were read with; return how many had."""
    table = table_of(AlertGroupRow)
    mine = (table.c.id == bindparam("of_id"), table.c.version == bindparam("of_version"))
    rows = [
        {"of_id": each.id, "of_version": each.version, **_state(each), "version": each.version + 1} for each in groups
    ]
    return session.connection().execute(update(table).where(*mine), rows).rowcount if rows else 0


def add_groups(session: Session, groups: Sequence[Group]) -> dict[str, int]:
    """Insert new groups; return the numbers of their rows by key, without those that somebody else has opened."""
    if not groups:
        return {}
    table = table_of(AlertGroupRow)
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(table).on_conflict_do_nothing().returning(table.c.key, table.c.id)
    rows = [_row(each) for each in sorted(groups, key=lambda each: each.key)]
    numbers = {row.key: row.id for row in session.connection().execute(statement, rows)}
    return {each.key: numbers[key] for each in groups if (key := storable_key(each.key)) in numbers}


def number_storms(session: Session, storms: Mapping[int, int]) -> None:
    """Write down in which storm groups were told, by the numbers of their rows: nothing else of them changes."""
    table = table_of(AlertGroupRow)
    rows = [{"of_id": group, "of_storm": storm} for group, storm in storms.items()]
    if rows:
        statement = update(table).where(table.c.id == bindparam("of_id")).values(storm=bindparam("of_storm"))
        session.connection().execute(statement, rows)


def groups_of_storm(session: Session, number: int) -> tuple[Group, ...]:
    """Return the open groups of a storm, oldest first; empty when there is none of this number, or it is over."""
    return tuple(group for group in open_groups(session) if number and group.storm == number)


def storms_of_incident(session: Session, incident: int) -> dict[int, datetime]:
    """Return the numbers of the storms that groups of an incident were told in, each with when its first was opened."""
    table = table_of(AlertGroupRow).c
    query = select(table.storm, func.min(table.opened_at).label("at")).where(
        table.incident == incident, table.storm > 0
    )
    return {row.storm: row.at for row in session.connection().execute(query.group_by(table.storm))}


def acknowledge(session: Session, number: int, who: str, at: datetime) -> bool:
    """Write down that somebody has taken a group on; False when it is closed, or somebody has already."""
    table = table_of(AlertGroupRow)
    taken = {"acknowledged_at": at, "acknowledged_by": storable(who)}
    return _say(session, number, at, taken, table.c.acknowledged_at.is_(None))


def assign(session: Session, number: int, to: str, at: datetime) -> bool:
    """Write down who shall see to a group; False when it is closed."""
    return _say(session, number, at, {"assigned_to": storable(to)})


def _say(session: Session, number: int, at: datetime, said: Mapping[str, Any], *wanted: ColumnElement[bool]) -> bool:
    """Write what somebody said to an open group; the next pass looks at it at once."""
    table = table_of(AlertGroupRow)
    statement = update(table).where(table.c.id == number, table.c.closed_at.is_(None), *wanted)
    values = {**said, "due_at": at, "version": table.c.version + 1}
    return session.connection().execute(statement.values(values)).rowcount == 1


def _row(group: Group) -> dict[str, Any]:
    return {
        "key": storable_key(group.key),
        "project": storable_key(group.project),
        "cause": storable(group.cause),
        "opened_at": group.opened_at,
        **_state(group),
        "version": 1,
    }


def _state(group: Group) -> dict[str, Any]:
    """Return what changes in the life of a group."""
    return {
        "due_at": group.due_at,
        "channels": {storable(name): _written(told) for name, told in group.channels.items()},
        "acknowledged_at": group.acknowledged_at,
        "acknowledged_by": storable(group.acknowledged_by),
        "assigned_to": storable(group.assigned_to),
        "escalation_step": group.escalation_step,
        "escalated_at": group.escalated_at,
        "incident": group.incident,
        "storm": group.storm,
        "closed_at": group.closed_at,
    }


def _written(told: Told) -> dict[str, Any]:
    firing = sorted(storable(each) for each in told.firing)
    at = told.at.isoformat() if told.at else None
    heard_of = told.acknowledgement.isoformat() if told.acknowledgement else None
    retry_at = {"retry_at": told.retry_at.isoformat()} if told.retry_at else {}
    known = {"sequence": told.sequence, "firing": firing, "at": at, "storm": storable(told.storm)}
    return {**known, "acknowledgement": heard_of, **retry_at}


def _told(written: Mapping[str, Any]) -> Told:
    return Told(
        sequence=written["sequence"],
        firing=frozenset(written["firing"]),
        at=_moment(written["at"]),
        storm=written["storm"],
        acknowledgement=_moment(written.get("acknowledgement")),
        retry_at=_moment(written.get("retry_at")),
    )


def _moment(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None


def group_of(row: Row[Any]) -> Group:
    """Return the group that a row of the table holds."""
    return Group(
        key=row.key,
        project=row.project,
        cause=row.cause,
        opened_at=row.opened_at,
        due_at=row.due_at,
        channels={name: _told(written) for name, written in row.channels.items()},
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
        assigned_to=row.assigned_to,
        escalation_step=row.escalation_step,
        escalated_at=row.escalated_at,
        incident=row.incident,
        storm=row.storm,
        closed_at=row.closed_at,
        id=row.id,
        version=row.version,
    )
