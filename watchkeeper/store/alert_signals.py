"""What signals are made of where the tables hold more than they need: added up, or left out, by the database."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from watchkeeper.domain.deliveries import WAITING, DeliveryState
from watchkeeper.domain.issue_events import IssueChange
from watchkeeper.domain.issues import Issue, IssueLevel
from watchkeeper.domain.windows import Period, Window
from watchkeeper.store.errors import IssueRow, issue_of
from watchkeeper.store.issue_events import IssueEventRow
from watchkeeper.store.metrics import MetricBucketRow
from watchkeeper.store.report_deliveries import ReportDeliveryRow
from watchkeeper.store.tables import by_project, table_of

Sum = tuple[datetime, float, int]  # start of the hour or day, total, and of a share of how many

_GRAVE: Final = [level.value for level in IssueLevel if level.is_grave]


@dataclass(frozen=True, slots=True)
class LateDelivery:
    """A report that has not reached a place. `error`: why, as far as that is known."""

    kind: str
    destination: str
    planned_at: datetime
    error: str
    is_given_up: bool


def metric_sums(
    session: Session, projects: Collection[str], window: Window, period: Period, metrics: Collection[str]
) -> dict[str, dict[str, list[Sum]]]:
    """Return what all labels of each metric together hold, by project and metric, the oldest first."""
    column = table_of(MetricBucketRow).c
    sums = (func.sum(column.total), func.sum(column.count))
    query = (
        select(column.project, column.metric, column.start, *sums)
        .where(column.project.in_(projects), column.period == period.value, column.metric.in_(metrics))
        .where(column.start >= window.start, column.start < window.end)
        .group_by(column.project, column.metric, column.start)
        .order_by(column.project, column.metric, column.start)
    )
    found: dict[str, dict[str, list[Sum]]] = {project: {name: [] for name in metrics} for project in projects}
    for project, metric, start, total, count in session.connection().execute(query).all():
        found[project][metric].append((start, total, int(count)))
    return found


def grave_issues(session: Session, projects: Collection[str], since: datetime) -> dict[str, tuple[Issue, ...]]:
    """Return the fatal ones and errors that were seen since, whatever has become of them; those seen last first."""
    table = table_of(IssueRow)
    query = (
        select(table)
        .where(table.c.project.in_(projects), table.c.last_seen >= since, table.c.level.in_(_GRAVE))
        .order_by(table.c.project, table.c.last_seen.desc(), table.c.id)
    )
    return by_project(session.connection().execute(query), projects, issue_of)


def last_changes(
    session: Session, projects: Collection[str], since: datetime, kind: IssueChange
) -> dict[str, dict[str, datetime]]:
    """Return when each issue came back, or was resolved, for the last time since then, by project and issue."""
    column = table_of(IssueEventRow).c
    query = (
        select(column.project, column.issue, func.max(column.at).label("at"))
        .where(column.project.in_(projects), column.at >= since, column.kind == kind.value)
        .group_by(column.project, column.issue)
    )
    found: dict[str, dict[str, datetime]] = {project: {} for project in projects}
    for row in session.connection().execute(query):
        found[row.project][row.issue] = row.at
    return found


def late_deliveries(session: Session, waiting_since: datetime, given_up_since: datetime) -> tuple[LateDelivery, ...]:
    """Return the reports that wait to be delivered since then or longer, and those that were given up since then."""
    table = table_of(ReportDeliveryRow)
    waits = and_(table.c.state.in_([state.value for state in WAITING]), table.c.planned_at <= waiting_since)
    lost = and_(table.c.state == DeliveryState.GIVEN_UP.value, table.c.planned_at >= given_up_since)
    query = select(table).where(or_(waits, lost)).order_by(table.c.planned_at.desc(), table.c.id)
    return tuple(
        LateDelivery(row.kind, row.destination, row.planned_at, row.error, row.state == DeliveryState.GIVEN_UP.value)
        for row in session.connection().execute(query)
    )
