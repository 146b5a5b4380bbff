"""One step of a way back: the state by compare-and-swap, and its line in the timeline, together or not at all."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from watchkeeper.domain.rollback import Rollback, RollbackKind, RollbackState
from watchkeeper.store.rollback_reads import leaves_custody
from watchkeeper.store.rollback_rows import RollbackEventRow, RollbackRow, columns_of, rollback_of
from watchkeeper.store.tables import table_of
from watchkeeper.store.text import storable


def write_step(  # noqa: PLR0913, PLR0917 - what changes, who did it, and why
    session: Session, current: Rollback, to: RollbackState, actor: str, sentence: str, now: datetime
) -> Rollback:
    """Take a way back that the transaction has locked to its next state, and return it."""
    table = table_of(RollbackRow)
    ended = {"finished_at": now, "claimed_by": "", "claimed_until": None} if to.is_final else {}
    values = {"state": to.value, "updated_at": now, **ended}
    session.connection().execute(update(table).where(table.c.id == current.id).values(values))
    write_line(session, current.id, current.state, to, actor, sentence, now)
    return rollback_of(session.connection().execute(select(table).where(table.c.id == current.id)).one())


def swap(
    session: Session, rollback: int, wanted: list[ColumnElement[bool]], values: Mapping[str, Any], now: datetime
) -> bool:
    """Write values if the way back is as wanted; False, with nothing written, if it is not."""
    table = table_of(RollbackRow)
    changed = update(table).where(table.c.id == rollback, *wanted)
    return session.connection().execute(changed.values({**columns_of(values), "updated_at": now})).rowcount == 1


def write_line(  # noqa: PLR0913, PLR0917 - a line has so many parts
    session: Session,
    rollback: int,
    before: RollbackState,
    after: RollbackState,
    actor: str,
    sentence: str,
    now: datetime,
) -> None:
    row = {
        "rollback": rollback,
        "at": now,
        "actor": storable(actor),
        "before": before.value,
        "after": after.value,
        "sentence": storable(sentence),
    }
    session.connection().execute(table_of(RollbackEventRow).insert(), [row])


def settle_earlier(session: Session, rollback: int, actor: str, now: datetime) -> None:
    """Write down what a move of production means for those before it: custody ends, what is taken back is undone."""
    table = table_of(RollbackRow)
    moved = session.connection().execute(select(table).where(table.c.id == rollback)).one()
    if moved.kind == RollbackKind.ROLLBACK.value:
        return
    end_custody(session, moved.project, actor, f"rollback {rollback} has ended the custody: {moved.kind}", now)
    if moved.kind == RollbackKind.UNDO.value and moved.undoes is not None:
        _mark_undone(session, moved.undoes, actor, f"rollback {rollback} has taken it back", now)


def end_custody(session: Session, project: str, actor: str, sentence: str, now: datetime) -> int:
    """Write down that later builds of a project go live again; return how many rollbacks had kept them from it."""
    table = table_of(RollbackRow)
    kept = select(table.c.id, table.c.state).where(table.c.project == project, leaves_custody(table.c))
    rows = session.connection().execute(kept.with_for_update()).all()
    for row in rows:
        ended = update(table).where(table.c.id == row.id).values(custody_ended_at=now, updated_at=now)
        session.connection().execute(ended)
        state = RollbackState(row.state)
        write_line(session, row.id, state, state, actor, sentence, now)
    return len(rows)


def _mark_undone(session: Session, rollback: int, actor: str, sentence: str, now: datetime) -> None:
    table = table_of(RollbackRow)
    for state in (RollbackState.SUCCEEDED, RollbackState.FAILED):
        if swap(session, rollback, [table.c.state == state.value], {"state": RollbackState.UNDONE}, now):
            write_line(session, rollback, state, RollbackState.UNDONE, actor, sentence, now)
