"""From what was asked, which is written down first, to the terms of the configuration; and what is to be seen to."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from watchkeeper.domain.rollback import RollbackRequest, RollbackState
from watchkeeper.store.rollback_reads import is_active
from watchkeeper.store.rollback_rows import RollbackRow
from watchkeeper.store.rollback_steps import swap
from watchkeeper.store.tables import table_of

_FINAL: Final = [state.value for state in RollbackState if state.is_final]


def settle_request(session: Session, rollback: int, request: RollbackRequest, now: datetime) -> bool:
    """Write down under which terms a rollback goes on that was asked for; False when it is planned already, or over."""
    terms = {
        "requested_by": request.requested_by,
        "require_approval": request.needs_approval,
        "dry_run": request.dry_run,
        "is_forced": request.is_forced,
        "two_person": request.two_person,
        "approvers": request.approvers,
        "approval_timeout": request.approval_timeout,
        "verify_for": request.verify_for,
        "undoes": request.undoes,
    }
    return swap(session, rollback, [table_of(RollbackRow).c.state == RollbackState.REQUESTED.value], terms, now)


def rollbacks_to_see_to(session: Session) -> tuple[int, ...]:
    """Return the ids of what is under way, and of dry runs whose plan is not made; the oldest first."""
    table = table_of(RollbackRow)
    unplanned = and_(table.c.dry_run, table.c.state == RollbackState.REQUESTED.value)
    query = select(table.c.id).where(or_(is_active(table.c), unplanned)).order_by(table.c.id)
    return tuple(row.id for row in session.connection().execute(query))


def rollbacks_ended(session: Session, projects: Collection[str], since: datetime, until: datetime) -> tuple[int, ...]:
    """Return the ids of those that have ended in that time, without dry runs; the oldest first."""
    table = table_of(RollbackRow)
    ended = [table.c.finished_at > since, table.c.finished_at < until, table.c.state.in_(_FINAL), ~table.c.dry_run]
    query = select(table.c.id).where(table.c.project.in_(projects), *ended).order_by(table.c.id)
    return tuple(row.id for row in session.connection().execute(query))
