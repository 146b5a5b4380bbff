"""The flow runs that wrote here, by Prefect's id."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Index, select
from sqlalchemy.orm import Session
from sqlmodel import Field

from watchkeeper.domain.windows import Window
from watchkeeper.store.tables import Base, table_of, upsert


class FlowRunRow(Base, table=True):
    __tablename__ = "flow_runs"
    __table_args__ = (Index(None, "saved_at"),)

    id: str = Field(primary_key=True)
    window_start: datetime = Field(primary_key=True)
    window_end: datetime = Field(primary_key=True)
    flow: str
    projects: int
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class FlowRun:
    """A run that has saved a window; one that catches up saves several. `id` is Prefect's."""

    id: str
    flow: str
    window: Window
    projects: int
    saved_at: datetime


def save_flow_run(session: Session, run: FlowRun) -> None:
    row = {
        "id": run.id,
        "window_start": run.window.start,
        "window_end": run.window.end,
        "flow": run.flow,
        "projects": run.projects,
        "saved_at": run.saved_at,
    }
    upsert(session, FlowRunRow, [row])


def flow_runs(session: Session, window: Window) -> tuple[FlowRun, ...]:
    """Return the runs that have saved this window, oldest first."""
    table = table_of(FlowRunRow)
    query = (
        select(table)
        .where(table.c.window_start == window.start, table.c.window_end == window.end)
        .order_by(table.c.saved_at, table.c.id)
    )
    rows = session.connection().execute(query)
    return tuple(FlowRun(row.id, row.flow, window, row.projects, row.saved_at) for row in rows)
