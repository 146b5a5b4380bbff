"""Times in which a project was critical."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, or_, select
from sqlalchemy.orm import Session
from sqlmodel import Field

from watchkeeper.domain.blame import Fault
from watchkeeper.domain.outages import Outage
from watchkeeper.domain.windows import Window
from watchkeeper.store.tables import IN_ORDER_OF_KEY, Base, by_project, table_of, upsert


class OutageRow(Base, table=True):
    __tablename__ = "outages"
    __table_args__ = (IN_ORDER_OF_KEY,)

    project: str = Field(primary_key=True)
    started_at: datetime = Field(primary_key=True)
    ended_at: datetime | None
    fault: str
    release: str
    reason: str
    from_history: bool


def save_outages(session: Session, projects: Collection[str], window: Window, incidents: Iterable[Outage]) -> None:
    """Put these incidents in the place of all of these projects that began in the window."""
    table = table_of(OutageRow)
    began = (table.c.started_at >= window.start, table.c.started_at < window.end)
    session.connection().execute(delete(table).where(table.c.project.in_(projects), *began))
    upsert(session, OutageRow, map(_row, incidents))


def outages(session: Session, projects: Collection[str], window: Window) -> dict[str, tuple[Outage, ...]]:
    """Return the incidents that overlap the window, oldest first; one that lasts goes on for ever."""
    table = table_of(OutageRow)
    query = (
        select(table)
        .where(table.c.project.in_(projects), table.c.started_at < window.end)
        .where(or_(table.c.ended_at.is_(None), table.c.ended_at > window.start))
        .order_by(table.c.project, table.c.started_at)
    )
    return by_project(session.connection().execute(query), projects, _incident)


def _row(incident: Outage) -> dict[str, Any]:
    return {
        "project": incident.project,
        "started_at": incident.started_at,
        "ended_at": incident.ended_at,
        "fault": incident.fault.value,
        "release": incident.release,
        "reason": incident.reason,
        "from_history": incident.from_history,
    }


def _incident(row: Row[Any]) -> Outage:
    return Outage(
        project=row.project,
        started_at=row.started_at,
        ended_at=row.ended_at,
        fault=Fault(row.fault),
        release=row.release,
        reason=row.reason,
        from_history=row.from_history,
    )
