"""What went wrong with the watch itself: runs of Prefect that failed, crashed or are late, until they are all right."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Index, Row, UniqueConstraint, select, text, update
from sqlalchemy.orm import Session
from sqlmodel import Field

from watchkeeper.domain.run_troubles import AlertEvent
from watchkeeper.store.tables import Base, table_of, upsert
from watchkeeper.store.text import storable_key

__all__ = ["AlertEvent", "AlertEventRow", "end_events", "open_events", "save_events"]

OPEN = text("ended_at IS NULL")


class AlertEventRow(Base, table=True):
    __tablename__ = "alert_events"
    __table_args__ = (
        UniqueConstraint("name"),
        Index("ix_alert_events_open", "ended_at", sqlite_where=OPEN, postgresql_where=OPEN),
        Index(None, "at"),
        {"sqlite_autoincrement": True},
    )

    id: int = Field(primary_key=True)
    subject: str
    name: str
    at: datetime
    sentence: str
    url: str
    ended_at: datetime | None


def save_events(session: Session, events: Sequence[AlertEvent]) -> None:
    """Write events down; one that is there already stays as it is."""
    rows = [
        {
            "subject": event.subject,
            "name": event.name,
            "at": event.at,
            "sentence": event.sentence,
            "url": event.url,
            "ended_at": event.ended_at,
        }
        for event in events
    ]
    kept = {"subject", "at", "sentence", "url", "ended_at"}
    upsert(session, AlertEventRow, rows, key=("name",), keep=kept)


def open_events(session: Session) -> tuple[AlertEvent, ...]:
    """Return what has not ended, oldest first."""
    table = table_of(AlertEventRow)
    query = select(table).where(table.c.ended_at.is_(None)).order_by(table.c.at, table.c.id)
    return tuple(_event(row) for row in session.connection().execute(query))


def end_events(session: Session, names: Collection[str], now: datetime) -> None:
    """Write down that these have ended."""
    table = table_of(AlertEventRow)
    wanted = table.c.name.in_([storable_key(name) for name in names])
    if names:
        over = update(table).where(wanted, table.c.ended_at.is_(None))
        session.connection().execute(over.values(ended_at=now))


def _event(row: Row[Any]) -> AlertEvent:
    return AlertEvent(row.subject, row.name, row.at, row.sentence, row.url, row.ended_at)
