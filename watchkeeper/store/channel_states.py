"""How the channels do: failures in a row, and whether one is left alone for a while."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, or_, select, update
from sqlalchemy.orm import Session
from sqlmodel import Field

from watchkeeper.domain.circuits import Circuit, after_failure
from watchkeeper.store.tables import Base, table_of, upsert
from watchkeeper.store.text import storable_key

PROBE_LEASE: Final = timedelta(minutes=2)


class ChannelStateRow(Base, table=True):
    __tablename__ = "channel_states"

    channel: str = Field(primary_key=True)
    failures: int
    opened_at: datetime | None
    retry_at: datetime | None
    trying_until: datetime | None
    error: str
    at: datetime


def channel_states(session: Session) -> dict[str, Circuit]:
    """Return the circuit of each channel that has ever failed, by its name."""
    rows = session.connection().execute(select(table_of(ChannelStateRow)))
    return {row.channel: _circuit(row) for row in rows}


def claim_probe(session: Session, channel: str, now: datetime) -> bool:
    """Take the right to try a channel whose circuit is open; False when it is too early, or somebody else tries."""
    table = table_of(ChannelStateRow)
    free = or_(table.c.trying_until.is_(None), table.c.trying_until <= now)
    mine = (table.c.channel == storable_key(channel), table.c.retry_at <= now, free)
    statement = update(table).where(*mine).values(trying_until=now + PROBE_LEASE)
    return session.connection().execute(statement).rowcount == 1


def note_failure(  # noqa: PLR0913 - all but four by name
    session: Session,
    channel: str,
    error: str,
    now: datetime,
    *,
    is_certain: bool = False,
    asked: datetime | None = None,
) -> Circuit:
    """Write down that a channel has failed, and return its circuit.

    Args:
        is_certain: True where one failure says that nothing will be taken.
        asked: until when the channel wants to be left alone; None when it named no time.
    """
    table = table_of(ChannelStateRow)
    query = select(table).where(table.c.channel == storable_key(channel)).with_for_update()
    row = session.connection().execute(query).one_or_none()
    circuit = after_failure(_circuit(row) if row else Circuit(), error, now, is_certain=is_certain, asked=asked)
    _save(session, channel, circuit, now)
    return circuit


def note_success(session: Session, channel: str, now: datetime) -> None:
    """Write down that a channel works."""
    table = table_of(ChannelStateRow)
    failed = (table.c.channel == storable_key(channel), table.c.failures > 0)
    closed = {"failures": 0, "opened_at": None, "retry_at": None, "trying_until": None, "error": "", "at": now}
    session.connection().execute(update(table).where(*failed).values(closed))


def _save(session: Session, channel: str, circuit: Circuit, now: datetime) -> None:
    row = {
        "channel": channel,
        "failures": circuit.failures,
        "opened_at": circuit.opened_at,
        "retry_at": circuit.retry_at,
        "trying_until": None,
        "error": circuit.error,
        "at": now,
    }
    upsert(session, ChannelStateRow, [row])


def _circuit(row: Row[Any]) -> Circuit:
    return Circuit(row.failures, row.opened_at, row.retry_at, row.error, row.at)
