"""Looking up ways back."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, func, select
from sqlalchemy.orm import Session

from watchkeeper.domain.rollback import Rollback, RollbackKind, RollbackState, Way
from watchkeeper.domain.windows import Window
from watchkeeper.store.rollback_rows import RollbackEventRow, RollbackRow, rollback_of
from watchkeeper.store.tables import Columns, by_project, table_of
from watchkeeper.store.text import storable_key

_ACTIVE: Final = [state.value for state in RollbackState if state.is_active]
_IN_CUSTODY: Final = [way.value for way in Way if way.leaves_custody]


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line of the story of a way back. `before` and `after` are equal where its state stays."""

    at: datetime
    actor: str
    before: RollbackState
    after: RollbackState
    sentence: str


class UnknownRollback(LookupError):  # noqa: N818 - it is read as a sentence
    """There is no way back with this id."""

    def __init__(self, rollback: int) -> None:
        super().__init__(f"there is no rollback {rollback}")


def rollback(session: Session, rollback: int) -> Rollback | None:
    return _one(session, table_of(RollbackRow).c.id == rollback)


def rollback_of_run(session: Session, flow_run_id: str) -> Rollback | None:
    """Return the way back that this flow run opened or has taken over."""
    return _one(session, table_of(RollbackRow).c.flow_run_id == storable_key(flow_run_id))


def rollback_of_event(session: Session, event_id: str) -> Rollback | None:
    return _one(session, table_of(RollbackRow).c.event_id == storable_key(event_id))


def active_rollbacks(session: Session, projects: Collection[str] | None = None) -> tuple[Rollback, ...]:
    """Return what is under way, of all projects unless some are named, the oldest first: one of each at most."""
    table = table_of(RollbackRow)
    wanted = [is_active(table.c)] if projects is None else [is_active(table.c), table.c.project.in_(projects)]
    query = select(table).where(*wanted).order_by(table.c.requested_at, table.c.id)
    return tuple(rollback_of(row) for row in session.connection().execute(query))


def last_rollbacks(
    session: Session, projects: Collection[str], most: int = 20, *, dry_runs: bool = False
) -> dict[str, tuple[Rollback, ...]]:
    """Return the last ways back of each project, newest first, in whatever state.

    Args:
        most: of each project.
        dry_runs: True to have them among the others.
    """
    table = table_of(RollbackRow)
    newest_first = (table.c.requested_at.desc(), table.c.id.desc())
    place = func.row_number().over(partition_by=table.c.project, order_by=newest_first)
    wanted = select(table, place.label("place")).where(table.c.project.in_(projects))
    ranked = (wanted if dry_runs else wanted.where(~table.c.dry_run)).subquery()
    query = select(ranked).where(ranked.c.place <= most).order_by(ranked.c.project, ranked.c.place)
    return by_project(session.connection().execute(query), projects, rollback_of)


def custody(session: Session, projects: Collection[str]) -> dict[str, Rollback]:
    """Return the newest rollback of each project that is in custody by it: later builds do not go live."""
    table = table_of(RollbackRow)
    query = (
        select(table)
        .where(table.c.project.in_(projects), leaves_custody(table.c))
        .order_by(table.c.requested_at, table.c.id)
    )
    return {row.project: rollback_of(row) for row in session.connection().execute(query)}


def ended_custodies(session: Session, projects: Collection[str], since: datetime) -> tuple[int, ...]:
    """Return the ids of the rollbacks whose custody has ended after `since`, the oldest first."""
    table = table_of(RollbackRow)
    ended = select(table.c.id).where(table.c.project.in_(projects), table.c.custody_ended_at > since)
    return tuple(row.id for row in session.connection().execute(ended.order_by(table.c.id)))


def timeline(session: Session, rollback: int) -> tuple[TimelineEntry, ...]:
    """Return what has happened, in its order."""
    table = table_of(RollbackEventRow)
    query = select(table).where(table.c.rollback == rollback).order_by(table.c.id)
    return tuple(
        TimelineEntry(row.at, row.actor, RollbackState(row.before), RollbackState(row.after), row.sentence)
        for row in session.connection().execute(query)
    )


def stood(
    session: Session, projects: Collection[str], window: Window
) -> dict[str, tuple[tuple[datetime, Rollback], ...]]:
    """Return from when on a way back of each project stood how, oldest first: one for each line of its story.

    Dry runs are left out. Of what came of it only what was known then is told.
    """
    table, line = table_of(RollbackRow), table_of(RollbackEventRow)
    query = (
        select(table, line.c.at.label("stood_at"), line.c.after.label("stood_as"))
        .join(line, line.c.rollback == table.c.id)
        .where(table.c.project.in_(projects), ~table.c.dry_run, line.c.at >= window.start, line.c.at < window.end)
        .order_by(line.c.at, line.c.id)
    )
    return by_project(session.connection().execute(query), projects, _stood)


def _stood(row: Row[Any]) -> tuple[datetime, Rollback]:
    rollback, state = rollback_of(row), RollbackState(row.stood_as)
    if not state.is_final:
        rollback = replace(rollback, outcome=None, error="", finished_at=None)
    return row.stood_at, replace(rollback, state=state)


def is_active(column: Columns) -> ColumnElement[bool]:
    return and_(column.state.in_(_ACTIVE), ~column.dry_run)


def leaves_custody(column: Columns) -> ColumnElement[bool]:
    return and_(
        column.kind == RollbackKind.ROLLBACK.value,
        column.way.in_(_IN_CUSTODY),
        column.moved_at.is_not(None),
        column.custody_ended_at.is_(None),
        column.state != RollbackState.UNDONE.value,
    )


def _one(session: Session, wanted: ColumnElement[bool]) -> Rollback | None:
    row = session.connection().execute(select(table_of(RollbackRow)).where(wanted)).one_or_none()
    return None if row is None else rollback_of(row)
