"""What is told once under a name of its own: that going back is proposed.

written down -> event emitted -> claimed -> sent. Whoever writes it down first tells it; a sender that dies lets its
claim run out, and the next pass sends. So an event and a message are told at least once, and twice only after a death.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ColumnElement, Index, Row, Table, UniqueConstraint, and_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlmodel import Field

from watchkeeper.domain.attempts import EXPIRES_AFTER
from watchkeeper.store.outbox import Lease, claim, conclude, is_due
from watchkeeper.store.tables import Base, by_project, table_of
from watchkeeper.store.text import clean, storable, storable_key

LEASE = timedelta(minutes=2)


class NoticeKind(StrEnum):
    PROPOSAL = "proposal"  # going back is proposed
    SHADOW = "shadow"  # it would be, if anything might happen by itself


class NoticeRow(Base, table=True):
    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("project", "kind", "name"),
        Index(None, "project", "kind", "at"),
        Index(None, "at"),
        {"sqlite_autoincrement": True},
    )

    id: int = Field(primary_key=True)
    project: str
    kind: str
    name: str
    at: datetime
    content: dict[str, Any] = Field(sa_type=JSON)
    channel: str
    is_event: bool
    emitted_at: datetime | None
    claimed_until: datetime | None
    not_before: datetime | None
    attempts: int
    error: str
    sent_at: datetime | None
    ts: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that is told once.

    Attributes:
        name: what makes it one and the same, unique for its project and kind.
        content: plain data that the message and the event are made of.
        channel: "" when nobody is told.
        is_event: True when automations are told as well.
        id: 0 for one that is not stored.
    """

    project: str
    kind: NoticeKind
    name: str
    at: datetime
    content: Mapping[str, Any] = field(default_factory=dict)
    channel: str = ""
    is_event: bool = False
    id: int = 0


def write_notice(session: Session, notice: Notice) -> bool:
    """Write a notice down; False when it is there already."""
    row = {
        "project": storable_key(notice.project),
        "kind": notice.kind.value,
        "name": storable_key(notice.name),
        "at": notice.at,
        "content": clean(dict(notice.content)),
        "channel": storable(notice.channel),
        "is_event": notice.is_event,
        "emitted_at": None,
        "claimed_until": None,
        "not_before": None,
        "attempts": 0,
        "error": "",
        "sent_at": None,
        "ts": "",
    }
    table = table_of(NoticeRow)
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(table).values(row).on_conflict_do_nothing().returning(table.c.id)
    return session.connection().execute(statement).one_or_none() is not None


def notices(
    session: Session, projects: Collection[str], kinds: Sequence[NoticeKind], since: datetime
) -> dict[str, tuple[Notice, ...]]:
    """Return what was written down from `since` on, newest first, by project."""
    table = table_of(NoticeRow)
    wanted = (table.c.project.in_(projects), table.c.kind.in_([kind.value for kind in kinds]), table.c.at >= since)
    query = select(table).where(*wanted).order_by(table.c.project, table.c.at.desc(), table.c.id.desc())
    return by_project(session.connection().execute(query), projects, _notice)


def untold_events(session: Session, now: datetime) -> tuple[Notice, ...]:
    """Return what automations were not told yet, oldest first."""
    table = table_of(NoticeRow)
    wanted = (_recent(table, now), table.c.is_event, table.c.emitted_at.is_(None))
    rows = session.connection().execute(select(table).where(*wanted).order_by(table.c.at, table.c.id))
    return tuple(_notice(row) for row in rows)


def mark_emitted(session: Session, notice: int, now: datetime) -> None:
    table = table_of(NoticeRow)
    session.connection().execute(update(table).where(table.c.id == notice).values(emitted_at=now))


def pending_notices(session: Session, now: datetime) -> tuple[Notice, ...]:
    """Return what may be sent now, oldest first."""
    table = table_of(NoticeRow)
    query = select(table).where(_waits(table, now), is_due(table.c, now)).order_by(table.c.at, table.c.id)
    return tuple(_notice(row) for row in session.connection().execute(query))


def claim_notice(session: Session, notice: int, now: datetime, lease: timedelta = LEASE) -> bool:
    """Take a notice for sending; False when somebody else has it, or it was sent. Commit before sending."""
    table = table_of(NoticeRow)
    waiting = and_(table.c.id == notice, _waits(table, now))
    return claim(session, table, waiting, Lease(now, lease)) is not None


def mark_notice_sent(session: Session, notice: int, ts: str, now: datetime) -> None:
    table = table_of(NoticeRow)
    conclude(session, table, table.c.id == notice, {"sent_at": now, "ts": ts, "error": ""})


def mark_notice_failed(session: Session, notice: int, error: str, retry_at: datetime) -> None:
    """Give a claimed notice back after sending failed; it is not tried again before `retry_at`."""
    table = table_of(NoticeRow)
    unsent = and_(table.c.id == notice, table.c.sent_at.is_(None))
    conclude(session, table, unsent, {"error": error, "not_before": retry_at})


def _waits(table: Table, now: datetime) -> ColumnElement[bool]:
    return and_(_recent(table, now), table.c.channel != "", table.c.sent_at.is_(None))


def _recent(table: Table, now: datetime) -> ColumnElement[bool]:
    return table.c.at >= now - EXPIRES_AFTER


def _notice(row: Row[Any]) -> Notice:
    return Notice(
        project=row.project,
        kind=NoticeKind(row.kind),
        name=row.name,
        at=row.at,
        content=row.content,
        channel=row.channel,
        is_event=row.is_event,
        id=row.id,
    )
