"""The ledger of what was told: planned with the change it tells, claimed by one sender, marked when it was sent.

planned -> claimed -> sent. A sender that dies lets its claim run out, and the next pass sends. So a message arrives at
least once. A message is known by what it changes: the last one that was sent, and the verdict it tells. The same change
seen by two runs, or by one run twice, is one message.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Index,
    Row,
    Table,
    UniqueConstraint,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session
from sqlmodel import Field

from watchkeeper.domain.health import CheckType, HealthCheck
from watchkeeper.domain.verdicts import Verdict
from watchkeeper.domain.windows import Window
from watchkeeper.store.tables import Base, table_of, upsert

LEASE = timedelta(minutes=2)
TRANSITION = ("project", "channel", "follows", "verdict")


class MessageRow(Base, table=True):
    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint(*TRANSITION),
        Index(None, "project", "channel", "sent_at"),
        Index(None, "sent_at", "planned_at"),
        {"sqlite_autoincrement": True},  # an id must never come back: later messages follow it
    )

    id: int = Field(primary_key=True)
    project: str
    channel: str
    follows: int  # id of the message that was sent before; 0 for the first
    verdict: str
    reason: str
    window_start: datetime
    window_end: datetime
    check_type: str
    planned_at: datetime
    is_withdrawn: bool
    not_before: datetime | None
    claimed_until: datetime | None
    attempts: int
    error: str
    sent_at: datetime | None
    posted_at: datetime | None
    ts: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A change that a channel should hear of; window and type name the health check that it tells."""

    project: str
    channel: str
    verdict: Verdict
    reason: str
    window: Window
    check_type: CheckType = CheckType.FULL


@dataclass(frozen=True, slots=True)
class Told:
    """What a channel heard last of a project.

    Attributes:
        ts: Slack's id of the message; "" when the channel gives none.
        sent_at: when it was sent or last edited; `posted_at`: when it first appeared.
    """

    message: int
    verdict: Verdict
    ts: str
    sent_at: datetime
    posted_at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """A message that waits to be sent. `told` is what the channel heard before; None when it heard nothing yet."""

    id: int
    plan: Plan
    attempts: int
    told: Told | None


def plan_messages(session: Session, plans: Sequence[Plan], now: datetime) -> None:
    """Plan to tell these changes, in the transaction that saves them.

    What a channel has been told already is not planned again. An older message that still waits is replaced: of several
    changes in a row only the last one is told.
    """
    told = last_told(session, {plan.project for plan in plans})
    rows = [
        _row(plan, last.message if last else 0, now)
        for plan in plans
        for last in [told.get((plan.project, plan.channel))]
        if last is None or last.verdict is not plan.verdict
    ]
    upsert(session, MessageRow, rows, key=TRANSITION, where=lambda table: _waits(table, now))
    _withdraw_others(session, rows, now)


def plan_message(session: Session, plan: Plan, now: datetime) -> None:
    plan_messages(session, [plan], now)


def withdraw_passed(session: Session, checks: Iterable[HealthCheck], now: datetime) -> None:
    """Take back what earlier checks planned to tell, where these have returned to what was told last."""
    latest = {check.project: check for check in checks}
    told = last_told(session, latest)
    passed = [
        {
            "of_project": project,
            "of_channel": channel,
            "of_type": latest[project].check_type.value,
            "until": latest[project].window.end,
        }
        for (project, channel), last in sorted(told.items())
        if last.verdict is latest[project].verdict
    ]
    table = table_of(MessageRow)
    waiting = update(table).where(
        table.c.project == bindparam("of_project"),
        table.c.channel == bindparam("of_channel"),
        table.c.check_type == bindparam("of_type"),
        table.c.window_end <= bindparam("until", type_=table.c.window_end.type),
        _waits(table, now),
    )
    if passed:
        session.connection().execute(waiting.values(is_withdrawn=True), passed)


def withdraw_messages(session: Session, projects: Collection[str], now: datetime) -> int:
    """Take back what still waits to be told of these projects; return how many messages."""
    table = table_of(MessageRow)
    taken_back = update(table).where(table.c.project.in_(projects), _waits(table, now), ~table.c.is_withdrawn)
    return session.connection().execute(taken_back.values(is_withdrawn=True)).rowcount


def pending_messages(session: Session, now: datetime) -> tuple[Message, ...]:
    """Return the messages that may be claimed now, oldest first."""
    table = table_of(MessageRow)
    due = or_(table.c.not_before.is_(None), table.c.not_before <= now)
    query = select(table).where(_waits(table, now), ~table.c.is_withdrawn, due).order_by(table.c.planned_at, table.c.id)
    rows = session.connection().execute(query).all()
    told = last_told(session, {row.project for row in rows})
    return tuple(Message(row.id, _plan(row), row.attempts, told.get((row.project, row.channel))) for row in rows)


def claim_message(session: Session, message: int, now: datetime, lease: timedelta = LEASE) -> bool:
    """Take the message for sending; False when somebody else has it, or nobody needs it any more.

    Commit before sending. The claim runs out after `lease`, so that a sender's death loses nothing.
    """
    table = table_of(MessageRow)
    claim = update(table).where(table.c.id == message, _waits(table, now), ~table.c.is_withdrawn)
    values = {"claimed_until": now + lease, "attempts": table.c.attempts + 1}
    return session.connection().execute(claim.values(values)).rowcount == 1


def mark_sent(session: Session, message: int, ts: str, now: datetime, posted_at: datetime | None = None) -> None:
    """Record that a message has arrived.

    Args:
        ts: Slack's id of the message; "" when the channel gives none.
        posted_at: when the message first appeared, if this one was an edit of it.
    """
    table = table_of(MessageRow)
    sent = {"sent_at": now, "posted_at": posted_at or now, "ts": ts, "claimed_until": None, "error": ""}
    session.connection().execute(update(table).where(table.c.id == message).values(sent))


def mark_failed(session: Session, message: int, error: str, retry_at: datetime) -> None:
    """Give a claimed message back after sending failed; it is not tried again before `retry_at`."""
    table = table_of(MessageRow)
    failed = {"claimed_until": None, "not_before": retry_at, "error": error}
    session.connection().execute(update(table).where(table.c.id == message, table.c.sent_at.is_(None)).values(failed))


def last_told(session: Session, projects: Collection[str]) -> dict[tuple[str, str], Told]:
    """Return what was last told, by project and channel; nothing for a channel that heard nothing."""
    table = table_of(MessageRow)
    newest_first = (table.c.sent_at.desc(), table.c.id.desc())
    place = func.row_number().over(partition_by=(table.c.project, table.c.channel), order_by=newest_first)
    sent = select(table, place.label("place")).where(table.c.project.in_(projects), table.c.sent_at.is_not(None))
    ranked = sent.subquery()
    rows = session.connection().execute(select(ranked).where(ranked.c.place == 1))
    return {
        (row.project, row.channel): Told(row.id, Verdict(row.verdict), row.ts, row.sent_at, row.posted_at)
        for row in rows
    }


def sent_by_channel(session: Session, window: Window) -> dict[str, tuple[int, int]]:
    """Return how many messages of the window went out to each channel, and how many were tried in vain."""
    column = table_of(MessageRow).c
    arrived = case((column.sent_at.is_not(None), 1), else_=0)
    in_vain = case((and_(column.sent_at.is_(None), column.error != ""), 1), else_=0)
    query = (
        select(column.channel, func.sum(arrived).label("sent"), func.sum(in_vain).label("failed"))
        .where(column.planned_at >= window.start, column.planned_at < window.end)
        .group_by(column.channel)
        .order_by(column.channel)
    )
    rows = session.connection().execute(query)
    return {row.channel: (row.sent, row.failed) for row in rows if row.sent or row.failed}


def _waits(table: Table, now: datetime) -> ColumnElement[bool]:
    free = or_(table.c.claimed_until.is_(None), table.c.claimed_until <= now)
    return and_(table.c.sent_at.is_(None), free)


def _withdraw_others(session: Session, rows: Iterable[dict[str, Any]], now: datetime) -> None:
    table = table_of(MessageRow)
    others = update(table).where(
        table.c.project == bindparam("of_project"),
        table.c.channel == bindparam("of_channel"),
        or_(table.c.follows != bindparam("of_follows"), table.c.verdict != bindparam("of_verdict")),
        _waits(table, now),
    )
    keys = [{f"of_{name}": row[name] for name in TRANSITION} for row in rows]
    if keys:
        session.connection().execute(others.values(is_withdrawn=True), keys)


def _row(plan: Plan, follows: int, now: datetime) -> dict[str, Any]:
    return {
        "project": plan.project,
        "channel": plan.channel,
        "follows": follows,
        "verdict": plan.verdict.value,
        "reason": plan.reason,
        "window_start": plan.window.start,
        "window_end": plan.window.end,
        "check_type": plan.check_type.value,
        "planned_at": now,
        "is_withdrawn": False,
        "not_before": None,
        "claimed_until": None,
        "attempts": 0,
        "error": "",
        "sent_at": None,
        "posted_at": None,
        "ts": "",
    }


def _plan(row: Row[Any]) -> Plan:
    return Plan(
        project=row.project,
        channel=row.channel,
        verdict=Verdict(row.verdict),
        reason=row.reason,
        window=Window(row.window_start, row.window_end),
        check_type=CheckType(row.check_type),
    )
