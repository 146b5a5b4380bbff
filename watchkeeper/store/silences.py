"""What people do not want to hear of for a while."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, Row, select, update
from sqlalchemy.orm import Session
from sqlmodel import Field

from watchkeeper.domain.alert_policy import Matcher, Silence
from watchkeeper.store.tables import Base, table_of
from watchkeeper.store.text import clean, storable


class SilenceRow(Base, table=True):
    __tablename__ = "silences"
    __table_args__ = (Index(None, "until"), {"sqlite_autoincrement": True})

    id: int = Field(primary_key=True)
    matchers: list[dict[str, Any]] = Field(sa_type=JSON)
    starts_at: datetime
    until: datetime
    author: str
    comment: str
    ended_at: datetime | None
    storm: int


def silences(session: Session, now: datetime) -> tuple[Silence, ...]:
    """Return the silences that hold at `now` or will, the oldest first."""
    table = table_of(SilenceRow)
    query = select(table).where(table.c.until > now, table.c.ended_at.is_(None))
    rows = session.connection().execute(query)
    return tuple(sorted((_silence(row) for row in rows), key=lambda each: each.id))


def silence(session: Session, number: int) -> Silence | None:
    """Return one silence, also one that is over; None when there is none of this number."""
    table = table_of(SilenceRow)
    row = session.connection().execute(select(table).where(table.c.id == number)).one_or_none()
    return None if row is None else _silence(row)


def save_silence(session: Session, silence: Silence) -> int:
    """Save a silence and return its number."""
    table = table_of(SilenceRow)
    row = {
        "matchers": [_written(matcher) for matcher in silence.matchers],
        "starts_at": silence.starts_at,
        "until": silence.until,
        "author": storable(silence.author),
        "comment": storable(silence.comment),
        "ended_at": silence.ended_at,
        "storm": silence.storm,
    }
    number: int = session.connection().execute(table.insert().values(row).returning(table.c.id)).scalar_one()
    return number


def end_silence(session: Session, number: int, now: datetime) -> bool:
    """Take a silence back before its time; False when there is none of this number, or it is over."""
    table = table_of(SilenceRow)
    holding = (table.c.id == number, table.c.ended_at.is_(None), table.c.until > now)
    return session.connection().execute(update(table).where(*holding).values(ended_at=now)).rowcount == 1


def _written(matcher: Matcher) -> dict[str, Any]:
    written: dict[str, Any] = clean(
        {
            "name": matcher.name,
            "pattern": matcher.pattern,
            "is_regex": matcher.is_regex,
            "is_negated": matcher.is_negated,
        }
    )
    return written


def _silence(row: Row[Any]) -> Silence:
    matchers = tuple(Matcher(**written) for written in row.matchers)
    return Silence(matchers, row.starts_at, row.until, row.author, row.comment, row.ended_at, row.id, row.storm)
