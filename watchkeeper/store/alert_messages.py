"""The outbox of alerts: what is told is written with the change that it tells, and sent after that, at least once.

waiting -> claimed -> sent. A sender that dies lets its claim run out, and the next pass sends. What cannot be sent is
tried again with growing waits, and lost after a day: then it is shown as lost and not tried any more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import JSON, Index, Row, and_, case, func, or_, select, text, update
from sqlalchemy.orm import Session
from sqlmodel import Field

from watchkeeper.domain.alert_digests import Digest
from watchkeeper.domain.windows import Window
from watchkeeper.store.tables import Base, Columns, table_of
from watchkeeper.store.text import clean, storable, storable_key

LEASE: Final = timedelta(minutes=2)
LOST_AFTER: Final = timedelta(days=1)  # nobody wants to be woken for yesterday's trouble
WAITING = text("sent_at IS NULL AND lost_at IS NULL")


class AlertMessageRow(Base, table=True):
    __tablename__ = "alert_messages"
    __table_args__ = (
        Index("ix_alert_messages_waiting", "sent_at", sqlite_where=WAITING, postgresql_where=WAITING),
        Index(None, "channel", "key", "id"),
        Index(None, "planned_at"),
        {"sqlite_autoincrement": True},
    )

    id: int = Field(primary_key=True)
    project: str
    channel: str
    key: str
    reason: str
    digest: dict[str, Any] = Field(sa_type=JSON)
    planned_at: datetime
    not_before: datetime | None
    claimed_until: datetime | None
    attempts: int
    error: str
    sent_at: datetime | None
    reference: str
    lost_at: datetime | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that may be claimed now. `key`: the same for all messages of one group on one channel."""

    id: int
    channel: str
    key: str


@dataclass(frozen=True, slots=True)
class AlertMessage:
    """A message to send.

    Attributes:
        reference: what the channel calls the message, issue or incident that it made of the group; "" for none yet.
        attempts: how often sending was begun, with this time.
    """

    id: int
    channel: str
    digest: Digest
    planned_at: datetime
    attempts: int
    reference: str


@dataclass(frozen=True, slots=True)
class Sent:
    """How many messages of a time went out to a channel, wait with an error, or were lost.

    `waiting`: those that wait, with an error of their own or behind one that has it.
    """

    sent: int
    failed: int
    lost: int
    waiting: int = 0


def add_message(session: Session, channel: str, digest: Digest, now: datetime) -> int:
    """Put a message into the outbox, in the transaction that saves what it tells; return its number."""
    table = table_of(AlertMessageRow)
    row = {
        "project": storable_key(digest.project),
        "channel": storable(channel),
        "key": storable_key(digest.key),
        "reason": digest.reason.value,
        "digest": clean(_digests().dump_python(digest, mode="json")),
        "planned_at": now,
        "not_before": None,
        "claimed_until": None,
        "attempts": 0,
        "error": "",
        "sent_at": None,
        "reference": "",
        "lost_at": None,
    }
    number: int = session.connection().execute(table.insert().values(row).returning(table.c.id)).scalar_one()
    return number


def pending_messages(session: Session, now: datetime) -> tuple[Waiting, ...]:
    """Return what may be claimed now, oldest first.

    A message waits as long as an older one of its group and channel does: nothing overtakes.
    """
    column = table_of(AlertMessageRow).c
    query = select(column.id, column.channel, column.key, column.not_before, column.claimed_until)
    rows = session.connection().execute(query.where(*_is_waiting(column)))
    return tuple(_in_order(sorted(rows, key=lambda row: row.id), now))


def claim_message(session: Session, number: int, now: datetime, lease: timedelta = LEASE) -> AlertMessage | None:
    """Take a message for sending; None when somebody else has it, or it is done. Commit before sending."""
    table = table_of(AlertMessageRow)
    free = or_(table.c.claimed_until.is_(None), table.c.claimed_until <= now)
    claim = update(table).where(table.c.id == number, *_is_waiting(table.c), free)
    values = {"claimed_until": now + lease, "attempts": table.c.attempts + 1}
    if session.connection().execute(claim.values(values)).rowcount == 0:
        return None
    row = session.connection().execute(select(table).where(table.c.id == number)).one()
    digest = _digests().validate_python(row.digest)
    reference = reference_of(session, row.channel, row.key)
    return AlertMessage(row.id, row.channel, digest, row.planned_at, row.attempts, reference)


def hold_messages(session: Session, channel: str, until: datetime) -> None:
    """Let everything wait that is for a channel which has asked for a pause."""
    table = table_of(AlertMessageRow)
    sooner = or_(table.c.not_before.is_(None), table.c.not_before < until)
    waiting = update(table).where(table.c.channel == storable(channel), *_is_waiting(table.c), sooner)
    session.connection().execute(waiting.values(not_before=until))


def mark_sent(session: Session, number: int, reference: str, now: datetime) -> None:
    """Record that a message has arrived. `reference`: what the channel calls it; "" when it gives no name."""
    table = table_of(AlertMessageRow)
    sent = {"sent_at": now, "reference": storable(reference), "claimed_until": None, "error": "", "lost_at": None}
    session.connection().execute(update(table).where(table.c.id == number).values(sent))


def mark_failed(session: Session, number: int, error: str, retry_at: datetime | None, now: datetime) -> bool:
    """Give a claimed message back after sending failed; return True when it is lost by that.

    Args:
        retry_at: not before that it is tried again; None when trying again will not help.
    """
    table = table_of(AlertMessageRow)
    mine = (table.c.id == number, *_is_waiting(table.c))
    too_old = table.c.planned_at <= now - LOST_AFTER
    lost_at = case((too_old, now), else_=None) if retry_at is not None else now
    failed = {"claimed_until": None, "not_before": retry_at, "error": storable(error), "lost_at": lost_at}
    statement = update(table).where(*mine).values(failed).returning(table.c.lost_at)
    return session.connection().execute(statement).scalar() is not None


def reference_of(session: Session, channel: str, key: str) -> str:
    """Return what a channel calls what it made of a group: the last name that it gave; "" when it gave none."""
    column = table_of(AlertMessageRow).c
    same = (column.channel == storable(channel), column.key == storable_key(key), column.reference != "")
    query = select(column.reference).where(*same, column.sent_at.is_not(None)).order_by(column.id.desc()).limit(1)
    return session.connection().execute(query).scalar() or ""


def sent_by_channel(session: Session, window: Window) -> dict[str, Sent]:
    """Return how many messages of the window went out to each channel, failed so far, were lost, and wait."""
    column = table_of(AlertMessageRow).c
    numbers = {
        "sent": column.sent_at.is_not(None),
        "failed": and_(*_is_waiting(column), column.error != ""),
        "lost": column.lost_at.is_not(None),
        "waiting": and_(*_is_waiting(column)),
    }
    counted = [func.sum(case((condition, 1), else_=0)).label(name) for name, condition in numbers.items()]
    query = select(column.channel, *counted).where(column.planned_at >= window.start, column.planned_at < window.end)
    rows = session.connection().execute(query.group_by(column.channel).order_by(column.channel))
    return {row.channel: Sent(int(row.sent), int(row.failed), int(row.lost), int(row.waiting)) for row in rows}


def _is_waiting(column: Columns) -> Sequence[Any]:
    return column.sent_at.is_(None), column.lost_at.is_(None)


def _in_order(rows: Iterable[Row[Any]], now: datetime) -> Iterable[Waiting]:
    begun: set[tuple[str, str]] = set()
    for row in rows:
        is_free = row.claimed_until is None or row.claimed_until <= now
        is_due = row.not_before is None or row.not_before <= now
        if is_free and is_due and (row.channel, row.key) not in begun:
            yield Waiting(row.id, row.channel, row.key)
        begun.add((row.channel, row.key))


@lru_cache
def _digests() -> TypeAdapter[Digest]:
    return TypeAdapter(Digest)
