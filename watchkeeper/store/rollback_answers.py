"""Answers to the question whether to go back: each is written down once, of each round one YES and one NO may count.

The answer is durable before anything is resumed by it: a run that is killed in between finds it when it starts again.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, exists, or_, select
from sqlalchemy.orm import Session

from watchkeeper.domain.approvals import NO, YES, Accepted, Answer, RefusedAnswer, judge_answer
from watchkeeper.domain.rollback import Rollback, RollbackState
from watchkeeper.domain.rollback_questions import plan_digest
from watchkeeper.store.audit import write_audit
from watchkeeper.store.rollback_reads import UnknownRollback
from watchkeeper.store.rollback_rows import RollbackAnswerRow, RollbackRow, rollback_of
from watchkeeper.store.rollback_steps import write_line, write_step
from watchkeeper.store.tables import Columns, table_of
from watchkeeper.store.text import storable, storable_key

LONGEST = 500  # characters of a word, a name or a comment that are kept


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer as it was given. `reason`: why it does not count; "" where it does."""

    answer: Answer
    is_accepted: bool
    reason: str


@dataclass(frozen=True, slots=True)
class AnswerResult:
    """What became of an answer.

    Attributes:
        reason: a sentence for the one who gave it.
        is_repeat: it does not count, but the same answer of the same person does: what hangs on it may go on.
        is_outdated: it was not to the question that stands now: show the plan of `rollback`.
        rollback: as it stands after it.
        is_woken: False when the run that waits for it could not be told, since its server cannot be reached.
    """

    is_accepted: bool
    reason: str
    rollback: Rollback
    is_repeat: bool = False
    is_outdated: bool = False
    is_woken: bool = True


def answer(session: Session, rollback: int, answer: Answer, now: datetime) -> AnswerResult:
    """Write an answer down and let it count if it may; of two in the same moment the first one does.

    It counts from the moment it is written down: what comes after the end of the time is late, whenever it was sent.
    One that has a key is written down once.

    Raises:
        UnknownRollback: there is none with this id.
    """
    current = _locked(session, rollback)
    given = _shortened(replace(answer, at=now))
    if known := _written(session, rollback, given.key):
        return AnswerResult(is_accepted=known.is_accepted, reason=known.reason, rollback=current)
    judged = judge_answer(current, given, accepted_answers(session, rollback))
    if isinstance(judged, RefusedAnswer):
        return _refuse(session, current, given, judged)
    # What counts is to the question of now, whichever way it has named that.
    given = replace(given, round=current.round, plan=plan_digest(current))
    _write(session, current, given, "")
    sentence = _sentence(judged)
    after = write_step(session, current, judged.state, given.approver, sentence, now)
    return AnswerResult(is_accepted=True, reason=sentence, rollback=after)


def answers(session: Session, rollback: int) -> tuple[StoredAnswer, ...]:
    """Return every answer that was given, in their order."""
    table = table_of(RollbackAnswerRow)
    query = select(table).where(table.c.rollback == rollback).order_by(table.c.id)
    return tuple(StoredAnswer(_answer(r), r.is_accepted, r.reason) for r in session.connection().execute(query))


def accepted_answers(session: Session, rollback: int) -> tuple[Answer, ...]:
    """Return the answers that count, in their order: of each round one YES at most, and one NO."""
    return tuple(stored.answer for stored in answers(session, rollback) if stored.is_accepted)


def approved(column: Columns) -> ColumnElement[bool]:
    """Return the condition that a way back needs no approval, or that its newest question has a YES and no NO."""
    return or_(~column.require_approval, and_(_is_answered(column, YES), ~_is_answered(column, NO)))


def _is_answered(column: Columns, word: str) -> ColumnElement[bool]:
    given = table_of(RollbackAnswerRow).c
    same = and_(given.rollback == column.id, given.round == column.round, given.word == word)
    return exists().where(same, given.is_accepted)


def _refuse(session: Session, current: Rollback, given: Answer, judged: RefusedAnswer) -> AnswerResult:
    """Write down an answer that does not count. Who has typed it into a form is told by the timeline."""
    given = replace(given, round=given.round or current.round)
    _write(session, current, given, judged.reason)
    if given.key:
        sentence = f"an answer in the form does not count: {judged.reason}"
        write_line(session, current.id, current.state, current.state, given.approver, sentence, given.at)
    return AnswerResult(
        is_accepted=False,
        reason=judged.reason,
        rollback=current,
        is_repeat=judged.is_repeat,
        is_outdated=judged.is_outdated,
    )


def _written(session: Session, rollback: int, key: str) -> StoredAnswer | None:
    """Return the answer of this key; None where it is not written down, or has none."""
    if not key:
        return None
    table = table_of(RollbackAnswerRow)
    query = select(table).where(table.c.rollback == rollback, table.c.key == storable_key(key))
    row = session.connection().execute(query).one_or_none()
    return None if row is None else StoredAnswer(_answer(row), row.is_accepted, row.reason)


def _locked(session: Session, rollback: int) -> Rollback:
    """Return the way back, which nobody else can change until the transaction ends."""
    table = table_of(RollbackRow)
    row = session.connection().execute(select(table).where(table.c.id == rollback).with_for_update()).one_or_none()
    if row is None:
        raise UnknownRollback(rollback)
    return rollback_of(row)


def _shortened(answer: Answer) -> Answer:
    texts = {name: storable(getattr(answer, name)[:LONGEST]) for name in ("word", "approver", "comment", "via", "plan")}
    return replace(answer, **texts)


def _sentence(judged: Accepted) -> str:
    given = judged.answer
    did = "approved" if judged.state is RollbackState.APPROVED else "declined"
    return f"{given.approver} {did} it (by {given.via})" + (f": {given.comment}" if given.comment else "")


def _write(session: Session, current: Rollback, given: Answer, reason: str) -> None:
    row = {
        "rollback": current.id,
        "round": given.round,
        "plan": given.plan,
        "key": storable_key(given.key) if given.key else None,
        "word": given.word,
        "approver": given.approver,
        "comment": given.comment,
        "via": given.via,
        "at": given.at,
        "is_accepted": not reason,
        "reason": reason,
    }
    session.connection().execute(table_of(RollbackAnswerRow).insert(), [row])
    said = {name: row[name] for name in ("round", "plan", "word", "comment", "via")}
    subject, outcome = f"rollback {current.id}", reason or "accepted"
    write_audit(session, given.approver, "answer", subject, said, outcome, given.at, project=current.project)


def _answer(row: Row[Any]) -> Answer:
    return Answer(row.word, row.approver, row.at, row.comment, row.via, row.round, row.plan, row.key or "")
