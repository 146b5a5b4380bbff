"""The outbox of alerts: what is told is written with the change that it tells, and sent after that, at least once.

waiting -> claimed -> sent. A sender that dies lets its claim run out, and the next pass sends. What cannot be sent is
tried again with growing waits, and lost after a day, or at once where the channel refuses it in every form: then it is
shown as lost, and what the channel was to know by it is taken back (`alert_withdrawals`).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import JSON, ColumnElement, Index, Row, and_, case, func, or_, select, text, update
from sqlalchemy.orm import Session
from sqlmodel import Field

from watchkeeper.domain.alert_digests import Digest
from watchkeeper.domain.alert_groups import Reason
from watchkeeper.domain.alert_values import Severity
from watchkeeper.domain.attempts import EXPIRES_AFTER
from watchkeeper.domain.circuits import Circuit
from watchkeeper.domain.outbox import Lost, Waiting, next_messages, rank_of
from watchkeeper.domain.windows import Window
from watchkeeper.store.outbox import Lease, claim, conclude, failed, note_unsure
from watchkeeper.store.tables import Base, Columns, table_of
from watchkeeper.store.text import clean, storable, storable_key

LEASE: Final = timedelta(minutes=2)
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
    rank: int
    digest: dict[str, Any] = Field(sa_type=JSON)
    planned_at: datetime
    began_at: datetime
    not_before: datetime | None
    claimed_until: datetime | None
    attempts: int
    error: str
    failed_at: datetime | None
    unsure_since: datetime | None
    sent_at: datetime | None
    reference: str
    lost_at: datetime | None


@dataclass(frozen=True, slots=True)
class AlertMessage:
    """A message to send.

    Attributes:
        reference: what the channel calls the message, issue or incident that it made of the group; "" for none yet.
        attempts: how often sending was begun, with this time.
        failed_at: when it failed last; None when it never did.
        unsure_since: since when an earlier attempt may have got it there without our knowing; None where none may.
    """

    id: int
    channel: str
    digest: Digest
    planned_at: datetime
    attempts: int
    reference: str
    failed_at: datetime | None = None
    unsure_since: datetime | None = None


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
        "planned_at": now,
        "attempts": 0,
        "error": "",
        "reference": "",
        **_told(digest),
    }
    number: int = session.connection().execute(table.insert().values(row).returning(table.c.id)).scalar_one()
    return number


def waiting_messages(session: Session) -> tuple[Waiting, ...]:
    """Return all that is neither sent nor lost, the oldest first."""
    column = table_of(AlertMessageRow).c
    wanted = [column[each.name] for each in fields(Waiting)]
    rows = session.connection().execute(select(*wanted).where(is_waiting(column)))
    return tuple(sorted(map(_waiting, rows), key=lambda message: message.id))


def pending_messages(
    session: Session, now: datetime, circuits: Mapping[str, Circuit] | None = None
) -> tuple[Waiting, ...]:
    """Return what may be claimed now, in the order of each channel (`next_messages`)."""
    several = next_messages(waiting_messages(session), circuits or {}, now)
    return tuple(message for channel in several.values() for message in channel)


def claim_message(session: Session, number: int, now: datetime, lease: timedelta = LEASE) -> AlertMessage | None:
    """Take a message for sending; None when somebody else has it, or it is done. Commit before sending.

    From then on it may arrive without our knowing, until `mark_sent` or `mark_failed` says better.
    """
    table = table_of(AlertMessageRow)
    row = claim(session, table, and_(table.c.id == number, is_waiting(table.c)), Lease(now, lease))
    if row is None:
        return None
    note_unsure(session, table, table.c.id == number, now)
    return AlertMessage(
        id=row.id,
        channel=row.channel,
        digest=digest_of(row),
        planned_at=row.planned_at,
        attempts=row.attempts,
        reference=reference_of(session, row.channel, row.key),
        failed_at=row.failed_at,
        unsure_since=row.unsure_since,
    )


def digest_of(row: Row[Any]) -> Digest:
    """Return what the message in a row of the table tells."""
    return _digests().validate_python(row.digest)


def waiting_of(session: Session, channel: str, key: str) -> tuple[int, ...]:
    """Return the numbers of what waits for one group on one channel, the oldest first."""
    column = table_of(AlertMessageRow).c
    same = (column.channel == storable(channel), column.key == storable_key(key))
    query = select(column.id).where(*same, is_waiting(column)).order_by(column.id)
    return tuple(session.connection().execute(query).scalars())


def change_digest(session: Session, number: int, digest: Digest, unsure_since: datetime | None) -> None:
    """Let a message that waits tell something else. `unsure_since`: of what it stands for now, too."""
    table = table_of(AlertMessageRow)
    values = {**_told(digest), "unsure_since": unsure_since}
    session.connection().execute(update(table).where(table.c.id == number).values(values))


def hold_messages(session: Session, channel: str, until: datetime) -> None:
    """Let everything wait that is for a channel which has asked for a pause."""
    table = table_of(AlertMessageRow)
    sooner = or_(table.c.not_before.is_(None), table.c.not_before < until)
    waiting = update(table).where(table.c.channel == storable(channel), is_waiting(table.c), sooner)
    session.connection().execute(waiting.values(not_before=until))


def mark_sent(session: Session, number: int, reference: str, now: datetime, *, missing: str = "") -> None:
    """Record that a message has arrived.

    Args:
        reference: what the channel calls it; "" when it gives no name.
        missing: who does not have it; "" when everybody has.
    """
    table = table_of(AlertMessageRow)
    sent = {"sent_at": now, "lost_at": None, "unsure_since": None, "reference": reference, "error": missing}
    conclude(session, table, table.c.id == number, sent)


def mark_failed(  # noqa: PLR0913 - all but five by name
    session: Session,
    number: int,
    error: str,
    retry_at: datetime | None,
    now: datetime,
    *,
    is_unsure: bool = False,
    attempt: int | None = None,
) -> bool:
    """Give a claimed message back after sending failed; return True when it is lost by that.

    Args:
        retry_at: not before that it is tried again; None when trying again will not help.
        is_unsure: True when it may have arrived all the same.
        attempt: the one that failed; where somebody has begun another since, the message is theirs, and stays as it is.
    """
    table = table_of(AlertMessageRow)
    mine = and_(table.c.id == number, is_waiting(table.c))
    if attempt is not None:
        mine = and_(mine, table.c.attempts == attempt)
    too_old = table.c.planned_at <= now - EXPIRES_AFTER
    lost_at = case((too_old, now), else_=None) if retry_at is not None else now
    values = {**failed(error, retry_at, is_unsure=is_unsure), "failed_at": now, "lost_at": lost_at}
    row = conclude(session, table, mine, values)
    return row is not None and row.lost_at is not None


def lost_messages(session: Session, since: datetime) -> tuple[Lost, ...]:
    """Return what was lost since then, or did not reach everybody, the newest first.

    What a later message of its group has made up for is left out.
    """
    column = table_of(AlertMessageRow).c
    missed = or_(column.lost_at >= since, and_(column.sent_at >= since, column.error != ""))
    query = select(table_of(AlertMessageRow)).where(column.planned_at >= since - EXPIRES_AFTER, missed)
    # Asked in an order, it would be read by another index.
    rows = sorted(session.connection().execute(query), key=lambda row: row.id, reverse=True)
    arrived = _last_arrived(session, {row.channel for row in rows}, {row.key for row in rows})
    return tuple(_lost(row) for row in rows if row.id > arrived.get((row.channel, row.key), 0))


def _last_arrived(session: Session, channels: Collection[str], keys: Collection[str]) -> Mapping[tuple[str, str], int]:
    """Return the number of the last message of these groups that everybody has, by channel and key."""
    if not keys:
        return {}
    column = table_of(AlertMessageRow).c
    same = (column.channel.in_(channels), column.key.in_(keys))
    whole = (*same, column.sent_at.is_not(None), column.error == "")
    query = select(column.channel, column.key, func.max(column.id).label("id")).where(*whole)
    rows = session.connection().execute(query.group_by(column.channel, column.key))
    return {(row.channel, row.key): row.id for row in rows}


def _lost(row: Row[Any]) -> Lost:
    return Lost(
        channel=row.channel,
        title=str(row.digest["title"]),
        severity=Severity(row.digest["severity"]),
        at=row.lost_at or row.sent_at,
        error=row.error,
        fingerprints=frozenset(line["fingerprint"] for line in row.digest["lines"]),
    )


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
        "failed": and_(is_waiting(column), column.error != ""),
        "lost": column.lost_at.is_not(None),
        "waiting": is_waiting(column),
    }
    counted = [func.sum(case((condition, 1), else_=0)).label(name) for name, condition in numbers.items()]
    query = select(column.channel, *counted).where(column.planned_at >= window.start, column.planned_at < window.end)
    rows = session.connection().execute(query.group_by(column.channel).order_by(column.channel))
    return {row.channel: Sent(int(row.sent), int(row.failed), int(row.lost), int(row.waiting)) for row in rows}


def is_waiting(column: Columns) -> ColumnElement[bool]:
    """Return what holds where a message is neither sent nor lost."""
    return and_(column.sent_at.is_(None), column.lost_at.is_(None))


def _told(digest: Digest) -> dict[str, Any]:
    return {
        "reason": digest.reason.value,
        "rank": rank_of(digest),
        "began_at": digest.started_at,
        "digest": clean(_digests().dump_python(digest, mode="json")),
    }


def _waiting(row: Row[Any]) -> Waiting:
    return Waiting(**{**row._asdict(), "reason": Reason(row.reason)})


@lru_cache
def _digests() -> TypeAdapter[Digest]:
    return TypeAdapter(Digest)
