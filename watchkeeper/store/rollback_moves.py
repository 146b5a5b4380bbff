"""Changing production: claimed by one run at a time, and marked before the vendor is called.

Where a run dies between the mark and the answer, the next one knows that the vendor may have done it, and asks.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from watchkeeper.domain.rollback import RollbackState
from watchkeeper.store.rollback_rows import RollbackRow
from watchkeeper.store.tables import Columns, table_of

LEASE: Final = timedelta(seconds=45)  # longer than any call to a vendor may take


@dataclass(frozen=True, slots=True)
class MoveClaim:
    """The right to change production.

    Attributes:
        started_at: since when the vendor may have been called; None: never.
        request_before: when the last move before that was asked for, by the vendor's own clock; None for none.
    """

    started_at: datetime | None
    request_before: datetime | None
    calls: int
    until: datetime


def claim_move(
    session: Session, rollback: int, owner: str, now: datetime, lease: timedelta = LEASE
) -> MoveClaim | None:
    """Take the right to change production; None when another run has it, or the rollback is not being executed.

    Commit, look at production, then `note_call`. Who has lost the claim cannot note a call any more, so before a call
    is noted whoever comes later takes the claim, and nobody waits for a run that has died. From then on it runs out
    after `lease`; its owner may take it again before. One that ends later than any could is of a clock that was put
    back since, and holds nobody up. So the vendor is asked twice, for the same target, only where a clock jumps in the
    moment between a note and its call.

    Args:
        owner: one process: a run that is started again must not take itself for the one that may still be calling.
    """
    table = table_of(RollbackRow)
    until = table.c.claimed_until
    nobody_called = table.c.move_started_at.is_(None)
    free = or_(nobody_called, until.is_(None), until <= now, until > now + lease, table.c.claimed_by == owner)
    executing = table.c.state == RollbackState.EXECUTING.value
    claim = update(table).where(table.c.id == rollback, executing, free)
    values = {"claimed_by": owner, "claimed_until": now + lease}
    if session.connection().execute(claim.values(values)).rowcount == 0:
        return None
    wanted = select(table.c.move_started_at, table.c.request_before, table.c.move_calls).where(table.c.id == rollback)
    row = session.connection().execute(wanted).one()
    return MoveClaim(row.move_started_at, row.request_before, row.move_calls, now + lease)


def note_call(  # noqa: PLR0913 - all by name but what is usual
    session: Session,
    rollback: int,
    owner: str,
    now: datetime,
    *,
    request_before: datetime | None = None,
    again: bool = False,
    lease: timedelta = LEASE,
) -> bool:
    """Note that from now on the vendor may have been called; False when it must not be. Commit before calling.

    Args:
        request_before: when the last move before this call was asked for, by the vendor's own clock.
        again: True only after the vendor was asked and knows nothing of the call before.
    """
    table = table_of(RollbackRow)
    mine = [_mine(table.c, rollback, owner, now)]
    if not again:
        mine.append(table.c.move_started_at.is_(None))
    values = {
        "move_started_at": func.coalesce(table.c.move_started_at, now),
        "request_before": request_before,
        "move_calls": table.c.move_calls + 1,
        "claimed_until": now + lease,
        "updated_at": now,
    }
    return session.connection().execute(update(table).where(*mine).values(values)).rowcount == 1


def release_move(session: Session, rollback: int, owner: str) -> bool:
    """Give the right back before it runs out; False when another run has taken it."""
    table = table_of(RollbackRow)
    mine = update(table).where(table.c.id == rollback, table.c.claimed_by == owner)
    return session.connection().execute(mine.values(claimed_by="", claimed_until=None)).rowcount == 1


def _mine(column: Columns, rollback: int, owner: str, now: datetime) -> ColumnElement[bool]:
    executing = column.state == RollbackState.EXECUTING.value
    return and_(column.id == rollback, executing, column.claimed_by == owner, column.claimed_until > now)
