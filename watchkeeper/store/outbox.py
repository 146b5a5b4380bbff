"""The life of what waits to be sent, the same for alerts, reports and notices.

waiting -> claimed -> sent or lost, or given back to wait for the next attempt. A claim is a lease: who dies lets it run
out, and the next sender takes over. The tables have `id`, `claimed_until`, `not_before`, `attempts` and `error`; with
`claimed_by` a claim has an owner, with `unsure_since` it is known since when something may have arrived.

The tables are several: an alert is a new message each time and in line with others of its group, a report has one row
for each place, which is planned anew and edited, and goes with its report.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, and_, case, or_, update
from sqlalchemy.orm import Session

from watchkeeper.store.tables import Columns
from watchkeeper.store.text import storable


@dataclass(frozen=True, slots=True)
class Lease:
    """A claim that somebody wants. `owner`: may take its own claim again as the same attempt; "" for nobody."""

    now: datetime
    duration: timedelta
    owner: str = ""

    @property
    def until(self) -> datetime:
        return self.now + self.duration


def is_free(column: Columns, now: datetime) -> ColumnElement[bool]:
    """Return what holds where nobody has a claim that still runs."""
    return or_(column.claimed_until.is_(None), column.claimed_until <= now)


def is_due(column: Columns, now: datetime) -> ColumnElement[bool]:
    """Return what holds where an attempt may be made: it is free, and its pause is over."""
    return and_(is_free(column, now), or_(column.not_before.is_(None), column.not_before <= now))


def claim(session: Session, table: Table, waiting: ColumnElement[bool], lease: Lease) -> Row[Any] | None:
    """Take the row that waits, and return it as it is now; None when it is done, or somebody else has it.

    Commit before sending.
    """
    free, attempts, owned = is_free(table.c, lease.now), table.c.attempts + 1, {}
    if lease.owner:
        is_mine = table.c.claimed_by == lease.owner
        free, attempts = or_(free, is_mine), case((is_mine, table.c.attempts), else_=attempts)
        owned = {"claimed_by": lease.owner}
    values = {"claimed_until": lease.until, "attempts": attempts, **owned}
    statement = update(table).where(waiting, free).values(values).returning(table)
    return session.connection().execute(statement).one_or_none()


def note_unsure(session: Session, table: Table, mine: ColumnElement[bool], now: datetime) -> None:
    """Note that from now on something may arrive without our knowing; an earlier moment stays."""
    statement = update(table).where(mine, table.c.unsure_since.is_(None))
    session.connection().execute(statement.values(unsure_since=now))


def conclude(session: Session, table: Table, mine: ColumnElement[bool], values: Mapping[str, Any]) -> Row[Any] | None:
    """End a claim with what came of it, and return the row as it is now; None when it is not ours any more."""
    free = {"claimed_until": None, **({"claimed_by": ""} if "claimed_by" in table.c else {})}
    written = {name: storable(value) for name, value in values.items()}
    statement = update(table).where(mine).values({**written, **free}).returning(table)
    return session.connection().execute(statement).one_or_none()


def failed(error: str, retry_at: datetime | None, *, is_unsure: bool) -> dict[str, Any]:
    """Return what to conclude where something has not arrived, or not all of it.

    Args:
        retry_at: not before that it is tried again; None when trying again will not help.
        is_unsure: True when it may have arrived all the same.
    """
    return {"error": error, "not_before": retry_at, **({} if is_unsure else {"unsure_since": None})}
