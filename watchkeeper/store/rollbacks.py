"""Ways back: opened once, taken from state to state by compare-and-swap, with a line of the timeline for each step.

What must never happen cannot be written here: a second way back of a project while one is under way, an approval that
nobody gave, a dry run that goes on after its plan, a change of production that nobody has claimed.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from watchkeeper.domain.rollback import (
    Plan,
    Rollback,
    RollbackEvidence,
    RollbackRequest,
    RollbackState,
    next_states,
)
from watchkeeper.store.rollback_answers import AnswerResult, StoredAnswer, accepted_answers, answer, answers, approved
from watchkeeper.store.rollback_moves import MoveClaim, claim_move, note_call, release_move
from watchkeeper.store.rollback_reads import (
    TimelineEntry,
    UnknownRollback,
    active_rollbacks,
    custody,
    is_active,
    last_rollbacks,
    rollback,
    rollback_of_event,
    rollback_of_run,
    timeline,
)
from watchkeeper.store.rollback_rows import RollbackChanges, RollbackRow, columns_of, rollback_of
from watchkeeper.store.rollback_steps import end_custody, settle_earlier, swap, write_line
from watchkeeper.store.tables import Columns, table_of
from watchkeeper.store.text import storable_key

__all__ = [
    "AnswerResult",
    "MoveClaim",
    "RollbackChanges",
    "StoredAnswer",
    "TimelineEntry",
    "UnknownRollback",
    "accepted_answers",
    "active_rollbacks",
    "adopt_rollback",
    "advance",
    "answer",
    "answers",
    "ask_approval",
    "claim_move",
    "claim_reminder",
    "custody",
    "end_custody",
    "last_rollbacks",
    "note_call",
    "open_rollback",
    "record",
    "release_move",
    "rollback",
    "rollback_of_event",
    "rollback_of_run",
    "timeline",
]

TO_CONFIRM: Final = timedelta(minutes=10)
# What a dry run may become.
_UNCHANGED: Final = frozenset({RollbackState.PLANNED, RollbackState.REFUSED, RollbackState.FAILED})
# States that only an answer, or the question for one, leads to.
_ASKED: Final = frozenset({RollbackState.AWAITING_APPROVAL, RollbackState.DECLINED})
_NEW: Final[dict[str, Any]] = {
    "way": None,
    "from_deployment": "",
    "from_sha": "",
    "to_deployment": "",
    "to_sha": "",
    "round": 0,
    "approve_until": None,
    "plan": None,
    "evidence": None,
    "claimed_by": "",
    "claimed_until": None,
    "move_calls": 0,
    "move_started_at": None,
    "request_before": None,
    "moved_at": None,
    "outcome": None,
    "slack_channel": "",
    "slack_thread": "",
    "github_issue": "",
    "finished_at": None,
    "reminded_at": None,
    "custody_ended_at": None,
    "notes": {},
}


def open_rollback(session: Session, request: RollbackRequest, now: datetime) -> Rollback:
    """Open a way back and return it, or the one that this run or this event has opened before.

    While another one of the project is under way it is opened as refused. Where an event is told twice, the second run
    gets the first one's: its `flow_run_id` is another.
    """
    known = _known(session, request)
    if known is not None:
        return known
    opened = _insert(session, _row(request, now))
    if opened is None:
        opened = _known(session, request) or _refused(session, request, now)
    return opened


def advance(  # noqa: PLR0913, PLR0917 - from where to where, what with it, who and why
    session: Session,
    rollback: int,
    expected: RollbackState,
    to: RollbackState,
    changes: RollbackChanges,
    actor: str,
    sentence: str,
    now: datetime,
) -> bool:
    """Take a way back to its next state; False, with nothing written, when it is not where it was expected.

    False as well where the step may not be taken: an approval is needed, the time to answer is not over, a dry run.
    Production has moved where it is to be verified: `moved_at` is set by that step if it is not given.

    Raises:
        ValueError: no such step exists, or only an answer leads there.
    """
    if to not in next_states(expected) or to in _ASKED or expected is RollbackState.UNDONE:
        raise ValueError(f"no step leads from {expected} to {to} here")
    if (expected, to) == (RollbackState.AWAITING_APPROVAL, RollbackState.APPROVED):
        raise ValueError("only an answer leads from awaiting_approval to approved")
    table = table_of(RollbackRow)
    wanted = [table.c.state == expected.value, *_allowed(table.c, to, now)]
    if not swap(session, rollback, wanted, {**_with_move(changes, to, now), **_reached(to, now)}, now):
        return False
    write_line(session, rollback, expected, to, actor, sentence, now)
    if to is RollbackState.VERIFYING or changes.get("moved_at"):
        settle_earlier(session, rollback, actor, now)
    return True


def ask_approval(  # noqa: PLR0913 - all by name
    session: Session,
    rollback: int,
    *,
    plan: Plan,
    evidence: RollbackEvidence | None,
    actor: str,
    sentence: str,
    now: datetime,
) -> int | None:
    """Ask for approval, or ask again because something has changed; return the round, None when there is no asking.

    Answers to an earlier round do not count any more. Who is asked again has ten minutes at least.
    """
    table = table_of(RollbackRow)
    askable = [RollbackState.PLANNED, RollbackState.AWAITING_APPROVAL, RollbackState.APPROVED]
    query = select(table).where(table.c.id == rollback, ~table.c.dry_run).with_for_update()
    row = session.connection().execute(query).one_or_none()
    if row is None or row.state not in askable:
        return None
    current = rollback_of(row)
    values = {
        "state": RollbackState.AWAITING_APPROVAL,
        "round": current.round + 1,
        "approve_until": _until(current, now),
        "plan": plan,
        "evidence": evidence,
        "require_approval": True,  # what was changed under way is never done without being asked
    }
    swap(session, rollback, [table.c.state == row.state], values, now)
    write_line(session, rollback, current.state, RollbackState.AWAITING_APPROVAL, actor, sentence, now)
    return current.round + 1


def record(  # noqa: PLR0913, PLR0917 - what, who and why
    session: Session, rollback: int, changes: RollbackChanges, actor: str, sentence: str, now: datetime
) -> None:
    """Write down what was found or told on the way, whatever state it is in.

    Args:
        sentence: a line for the timeline; "" for none.

    Raises:
        UnknownRollback: there is none with this id.
    """
    table = table_of(RollbackRow)
    state = session.connection().execute(select(table.c.state).where(table.c.id == rollback)).scalar()
    if state is None or not swap(session, rollback, [], changes, now):
        raise UnknownRollback(rollback)
    if sentence:
        write_line(session, rollback, RollbackState(state), RollbackState(state), actor, sentence, now)


def adopt_rollback(session: Session, rollback: int, expected_run: str, flow_run_id: str, now: datetime) -> bool:
    """Let another run go on with a way back that is under way; False when a third one has taken it, or it is over."""
    table = table_of(RollbackRow)
    same = table.c.flow_run_id == storable_key(expected_run) if expected_run else table.c.flow_run_id.is_(None)
    return swap(session, rollback, [same, is_active(table.c)], {"flow_run_id": flow_run_id}, now)


def claim_reminder(session: Session, rollback: int, not_since: datetime, now: datetime) -> bool:
    """Take the right to remind people; False when somebody has done so after `not_since`."""
    table = table_of(RollbackRow)
    due = table.c.reminded_at.is_(None) | (table.c.reminded_at <= not_since)
    return swap(session, rollback, [due], {"reminded_at": now}, now)


def _known(session: Session, request: RollbackRequest) -> Rollback | None:
    by_run = rollback_of_run(session, request.flow_run_id) if request.flow_run_id else None
    if by_run is not None or not request.event_id:
        return by_run
    return rollback_of_event(session, request.event_id)


def _insert(session: Session, row: dict[str, Any]) -> Rollback | None:
    """Return the new way back; None when one with its keys, or an active one of the project, is there."""
    table = table_of(RollbackRow)
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(table).values(columns_of(row)).on_conflict_do_nothing().returning(table)
    new = session.connection().execute(statement).one_or_none()
    if new is None:
        return None
    state = RollbackState(new.state)
    write_line(
        session, new.id, RollbackState.REQUESTED, state, new.requested_by, new.error or new.reason, row["requested_at"]
    )
    return rollback_of(new)


def _refused(session: Session, request: RollbackRequest, now: datetime) -> Rollback:
    """Open it as refused: the one that is under way comes first."""
    first = next(iter(active_rollbacks(session, [request.project])), None)
    told = (
        f"rollback {first.id} of {first.requested_by} is under way ({first.state})" if first else "another is under way"
    )
    row = {**_row(request, now), "state": RollbackState.REFUSED, "finished_at": now}
    opened = _insert(session, {**row, "error": f"{told}: one at a time"})
    if opened is None:
        raise RuntimeError(f"the rollback of {request.project} could neither be opened nor refused")
    return opened


def _row(request: RollbackRequest, now: datetime) -> dict[str, Any]:
    return {
        **_NEW,
        "project": request.project,
        "kind": request.kind,
        "state": RollbackState.REQUESTED,
        "source": request.source,
        "requested_by": request.requested_by,
        "reason": request.reason,
        "requested_at": now,
        "updated_at": now,
        "flow_run_id": request.flow_run_id,
        "event_id": request.event_id,
        "target_asked": request.target_asked,
        "rollout_percentage": request.rollout_percentage,
        "require_approval": request.needs_approval,
        "dry_run": request.dry_run,
        "is_forced": request.is_forced,
        "two_person": request.two_person,
        "approvers": request.approvers,
        "approval_timeout": request.approval_timeout,
        "verify_for": request.verify_for,
        "undoes": request.undoes,
        "asked": request.asked,
        "error": "",
    }


def _until(current: Rollback, now: datetime) -> datetime:
    if current.approve_until is None:
        return now + current.approval_timeout
    return max(current.approve_until, now + min(current.approval_timeout, TO_CONFIRM))


def _allowed(column: Columns, to: RollbackState, now: datetime) -> list[ColumnElement[bool]]:
    """Return what else must hold for a step."""
    allowed = [] if to in _UNCHANGED else [~column.dry_run]
    more = {
        RollbackState.APPROVED: [~column.require_approval],
        RollbackState.EXECUTING: [approved(column)],
        RollbackState.EXPIRED: [column.approve_until <= now],
    }
    return [*allowed, *more.get(to, [])]


def _with_move(changes: RollbackChanges, to: RollbackState, now: datetime) -> RollbackChanges:
    moved: RollbackChanges = {"moved_at": now} if to is RollbackState.VERIFYING else {}
    return {**moved, **changes}


def _reached(to: RollbackState, now: datetime) -> dict[str, Any]:
    freed = {"claimed_by": "", "claimed_until": None} if to is not RollbackState.EXECUTING else {}
    return {"state": to, **freed, **({"finished_at": now} if to.is_final else {})}
