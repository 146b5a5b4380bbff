"""Metric buckets by hour, day, week and month, and which hours each source has told."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Index, LargeBinary, Row, and_, case, func, or_, select
from sqlalchemy.orm import Session
from sqlmodel import Field

from watchkeeper.domain.hours import HourState, SourceCoverage, SourceHour
from watchkeeper.domain.metrics import METRICS, Bucket
from watchkeeper.domain.sketches import unpack
from watchkeeper.domain.windows import Period, Window
from watchkeeper.store.columns import insert_rows, raw_moment
from watchkeeper.store.tables import IN_ORDER_OF_KEY, Base, Columns, by_project, table_of
from watchkeeper.store.text import storable


class MetricBucketRow(Base, table=True):
    __tablename__ = "metric_buckets"
    __table_args__ = (IN_ORDER_OF_KEY,)

    project: str = Field(primary_key=True)
    period: str = Field(primary_key=True)
    metric: str = Field(primary_key=True)
    start: datetime = Field(primary_key=True)
    label: str = Field(primary_key=True)
    count: int = Field(sa_type=BigInteger)
    total: float
    least: float | None
    greatest: float | None
    sketch: bytes | None = Field(sa_type=LargeBinary)


class MetricHourRow(Base, table=True):
    __tablename__ = "metric_hours"
    __table_args__ = (Index(None, "hour"), IN_ORDER_OF_KEY)

    project: str = Field(primary_key=True)
    hour: datetime = Field(primary_key=True)
    source: str = Field(primary_key=True)
    state: str
    reason: str
    is_final: bool
    aggregated_at: datetime


@dataclass(frozen=True, slots=True)
class HourProgress:
    """How far an hour has come, over all projects and their sources.

    Attributes:
        settled: how many projects' sources need not be asked again.
        known: how many were asked at all.
        asked_at: when one that is to be asked again was asked last, the oldest such time; None when there is none.
    """

    settled: int
    known: int
    asked_at: datetime | None


def buckets(
    session: Session,
    projects: Collection[str],
    window: Window,
    period: Period,
    metrics: Collection[str] | None = None,
) -> dict[str, tuple[Bucket, ...]]:
    """Return the buckets of this size that start in the window, oldest first; of all metrics unless some are named."""
    column = table_of(MetricBucketRow).c
    query = (
        select(*(column[name] for name in _IN_ORDER_OF_BUCKET))
        .where(column.project.in_(projects), column.period == period.value)
        .where(column.metric.in_(METRICS if metrics is None else metrics))
        .where(column.start >= window.start, column.start < window.end)
        .order_by(column.project, column.start, column.metric, column.label)
    )
    return by_project(session.connection().execute(query), projects, _bucket)


_IN_ORDER_OF_BUCKET = ("project", "metric", "label", "start", "count", "total", "least", "greatest", "sketch")


def _bucket(row: Row[Any]) -> Bucket:
    # By position, because there are many of them.
    project, metric, label, start, count, total, least, greatest, sketch = row
    unpacked = None if sketch is None else unpack(sketch)
    return Bucket(project, metric, label, start, count, total, least, greatest, unpacked)


def save_source_hours(session: Session, hours: Iterable[SourceHour], now: datetime) -> None:
    moments: dict[datetime, datetime | str] = {}
    at = raw_moment(session, now)
    rows = [
        (
            each.project,
            moments.get(each.hour) or moments.setdefault(each.hour, raw_moment(session, each.hour)),
            each.source,
            each.state.value,
            storable(each.reason),
            each.is_final,
            at,
        )
        for each in hours
    ]
    columns = [column.name for column in table_of(MetricHourRow).columns]
    insert_rows(session, MetricHourRow, columns, sorted(rows), replace=True)


def source_hours(session: Session, projects: Collection[str], window: Window) -> dict[str, tuple[SourceHour, ...]]:
    """Return how much each source has told of the hours that start in the window, oldest first."""
    table = table_of(MetricHourRow)
    query = select(table).where(_within(table.c, projects, window)).order_by(table.c.project, table.c.hour)
    return by_project(
        session.connection().execute(query),
        projects,
        lambda row: SourceHour(row.project, row.hour, row.source, HourState(row.state), row.reason, row.is_final),
    )


def hour_states(session: Session, projects: Collection[str], window: Window) -> dict[str, dict[str, SourceCoverage]]:
    """Return how many hours of the window each source has told, by project and source; one never asked is left out."""
    column = table_of(MetricHourRow).c
    said = (column.project, column.source, column.state, column.reason)
    query = select(*said, func.count().label("hours")).where(_within(column, projects, window)).group_by(*said)
    hours: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    reasons: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in session.connection().execute(query.order_by(*said)):
        hours[row.project, row.source][row.state] += row.hours
        if row.reason:
            reasons[row.project, row.source][row.reason] += row.hours
    found: dict[str, dict[str, SourceCoverage]] = {project: {} for project in projects}
    for (project, source), states in hours.items():
        found[project][source] = SourceCoverage(
            complete=states[HourState.COMPLETE.value],
            incomplete=states[HourState.INCOMPLETE.value],
            not_configured=states[HourState.NOT_CONFIGURED.value],
            reasons=tuple(reasons[project, source].most_common()),
        )
    return found


def hour_progress(
    session: Session, sources: Mapping[str, Collection[str]], window: Window
) -> dict[datetime, HourProgress]:
    """Return how far the hours of the window have come that were aggregated at all.

    Args:
        sources: the sources that are configured, by project.
    """
    column = table_of(MetricHourRow).c
    settled = or_(column.state == HourState.COMPLETE.value, column.is_final)
    query = (
        select(
            column.hour,
            func.sum(case((settled, 1), else_=0)).label("settled"),
            func.count().label("known"),
            func.min(case((settled, None), else_=column.aggregated_at)).label("asked_at"),
        )
        .where(_within(column, sources, window), _configured(column, sources))
        .where(column.state != HourState.NOT_CONFIGURED.value)
        .group_by(column.hour)
    )
    rows = session.connection().execute(query)
    return {row.hour: HourProgress(row.settled, row.known, row.asked_at) for row in rows}


def aggregated_hours(session: Session, projects: Collection[str], window: Window) -> frozenset[tuple[str, datetime]]:
    """Return project and start of each hour of the window that was aggregated."""
    column = table_of(MetricHourRow).c
    query = select(column.project, column.hour).where(_within(column, projects, window)).distinct()
    return frozenset((row.project, row.hour) for row in session.connection().execute(query))


def hours_done(session: Session, projects: Collection[str], window: Window) -> int:
    """Return how many hours of the window were aggregated for every one of the projects."""
    column = table_of(MetricHourRow).c
    every = func.count(column.project.distinct()) >= len(set(projects))
    hours = select(column.hour).where(_within(column, projects, window)).group_by(column.hour).having(every)
    return session.connection().execute(select(func.count()).select_from(hours.subquery())).scalar_one()


def _within(column: Columns, projects: Collection[str], window: Window) -> ColumnElement[bool]:
    return and_(column.project.in_(projects), column.hour >= window.start, column.hour < window.end)


def _configured(column: Columns, sources: Mapping[str, Collection[str]]) -> ColumnElement[bool]:
    projects: defaultdict[str, list[str]] = defaultdict(list)
    for project, names in sources.items():
        for name in names:
            projects[name].append(project)
    return or_(*(and_(column.source == name, column.project.in_(those)) for name, those in sorted(projects.items())))
