"""When issues showed up, came back and were resolved, as far as looking at them has told."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session
from sqlmodel import Field

from watchkeeper.domain.issue_events import IssueChange, IssueEvent
from watchkeeper.domain.issues import IssueLevel
from watchkeeper.domain.windows import Window
from watchkeeper.store.tables import IN_ORDER_OF_KEY, Base, by_project, table_of, upsert


class IssueEventRow(Base, table=True):
    __tablename__ = "issue_events"
    __table_args__ = (IN_ORDER_OF_KEY,)

    project: str = Field(primary_key=True)
    at: datetime = Field(primary_key=True)
    issue: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    level: str


def save_issue_events(session: Session, events: Mapping[str, Iterable[IssueEvent]]) -> None:
    upsert(session, IssueEventRow, (_row(project, event) for project, several in events.items() for event in several))


def issue_events(session: Session, projects: Collection[str], window: Window) -> dict[str, tuple[IssueEvent, ...]]:
    """Return what happened to issues in the window, oldest first."""
    table = table_of(IssueEventRow)
    query = (
        select(table)
        .where(table.c.project.in_(projects), table.c.at >= window.start, table.c.at < window.end)
        .order_by(table.c.project, table.c.at, table.c.issue, table.c.kind)
    )
    return by_project(session.connection().execute(query), projects, _event)


def _row(project: str, event: IssueEvent) -> dict[str, Any]:
    return {
        "project": project,
        "at": event.at,
        "issue": event.issue,
        "kind": event.kind.value,
        "level": event.level.value,
    }


def _event(row: Row[Any]) -> IssueEvent:
    return IssueEvent(row.issue, IssueChange(row.kind), row.at, IssueLevel(row.level))
