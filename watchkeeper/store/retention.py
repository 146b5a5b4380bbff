"""Delete what is older than it needs to be kept; what was measured and judged is put together by the hour first.

Everything happens in small transactions, so that a check that wants to write never waits long, and a run that is killed
goes on where it stopped.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Engine, Table, and_, delete, func, select, tuple_
from sqlalchemy.orm import Session

from watchkeeper.domain.incidents import IncidentStatus
from watchkeeper.domain.metrics import METRICS
from watchkeeper.domain.windows import Period, floor
from watchkeeper.store.alert_events import AlertEventRow
from watchkeeper.store.alert_groups import AlertGroupRow
from watchkeeper.store.alert_ledger import AlertNotificationRow
from watchkeeper.store.alert_messages import AlertMessageRow
from watchkeeper.store.alerts import AlertRow
from watchkeeper.store.alias_requests import AliasRequestRow
from watchkeeper.store.audit import AuditRow
from watchkeeper.store.build_runs import BuildRunRow, FlakyTestRow
from watchkeeper.store.builds import PipelineRow
from watchkeeper.store.commits import CommitRow
from watchkeeper.store.configurations import ConfigurationRow
from watchkeeper.store.database import transaction
from watchkeeper.store.delivery import VercelDeploymentRow
from watchkeeper.store.endpoints import ProbeRow
from watchkeeper.store.errors import IssueRow, SentryReleaseRow, SessionReadingRow
from watchkeeper.store.health import HealthCheckRow, HourlyHealthRow
from watchkeeper.store.hourly import put_health_together, put_observations_together
from watchkeeper.store.incidents import IncidentRow
from watchkeeper.store.issue_events import IssueEventRow
from watchkeeper.store.metrics import MetricBucketRow, MetricHourRow
from watchkeeper.store.notices import NoticeRow
from watchkeeper.store.observations import HourlyObservationRow, ObservationRow
from watchkeeper.store.outages import OutageRow
from watchkeeper.store.projects import ProjectRow
from watchkeeper.store.releases import ReleaseRow
from watchkeeper.store.reports import ReportRow
from watchkeeper.store.rollback_reads import is_active, leaves_custody
from watchkeeper.store.rollback_rows import RollbackRow
from watchkeeper.store.runs import FlowRunRow
from watchkeeper.store.silences import SilenceRow
from watchkeeper.store.tables import Base, Columns, table_of

HOUR = timedelta(hours=1)
CHUNK = 5_000  # rows deleted in one transaction

PutTogether = Callable[[Session, datetime, datetime], None]
SINGLE: dict[type[Base], PutTogether] = {
    ObservationRow: put_observations_together,
    HealthCheckRow: put_health_together,
}
KEPT_AS_SINGLE: dict[type[Base], str] = {ProbeRow: "at", SessionReadingRow: "taken_at", FlowRunRow: "saved_at"}
KEPT_AS_HOURLY: dict[type[Base], str] = {
    HourlyObservationRow: "hour",
    HourlyHealthRow: "hour",
    VercelDeploymentRow: "created_at",
    PipelineRow: "created_at",
    ReleaseRow: "created_at",
    SentryReleaseRow: "created_at",
    IssueRow: "last_seen",
    IssueEventRow: "at",
    AliasRequestRow: "requested_at",
    BuildRunRow: "created_at",
    FlakyTestRow: "last_seen_at",
    CommitRow: "at",
    OutageRow: "started_at",
    IncidentRow: "opened_at",
    MetricBucketRow: "start",
    MetricHourRow: "hour",
    NoticeRow: "at",
    ConfigurationRow: "last_used_at",
    ReportRow: "window_end",
    RollbackRow: "requested_at",
    AuditRow: "at",
    AlertRow: "started_at",
    AlertNotificationRow: "at",
    AlertGroupRow: "opened_at",
    AlertMessageRow: "planned_at",
    AlertEventRow: "at",
    SilenceRow: "until",
}
# Only what is over may go, by table.
OVER: dict[str, Callable[[Columns], ColumnElement[bool]]] = {
    str(IncidentRow.__tablename__): lambda column: column.status == IncidentStatus.RESOLVED.value,
    str(AlertRow.__tablename__): lambda column: column.settled_at.is_not(None),
    str(AlertGroupRow.__tablename__): lambda column: column.closed_at.is_not(None),
    str(RollbackRow.__tablename__): lambda column: and_(~is_active(column), ~leaves_custody(column)),
}


def prune(
    engine: Engine, now: datetime, raw: timedelta = timedelta(days=30), hourly: timedelta = timedelta(days=400)
) -> dict[str, int]:
    """Delete what is too old; return how many rows of each table are gone, without those that went with their owner.

    Args:
        raw: how long single measurements are kept: probes, session readings, observations, health checks.
        hourly: how long is kept what was put together of them, and deployments, pipelines, releases, issues, messages,
            metrics, reports, ways back and the audit.
    """
    before = floor(now - raw, HOUR)
    deleted = {model.__tablename__: _put_together(engine, model, before, put) for model, put in SINGLE.items()}
    for model, column in KEPT_AS_SINGLE.items():
        deleted[model.__tablename__] = _delete(engine, model, column, before)
    for model, column in KEPT_AS_HOURLY.items():
        deleted[model.__tablename__] = _delete(engine, model, column, floor(now - hourly, HOUR))
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA optimize")  # so that queries are planned by what is there now
    return {str(name): count for name, count in deleted.items()}


def _put_together(engine: Engine, model: type[Base], before: datetime, put_together: PutTogether) -> int:
    """Put the hours before `before` together, one in a transaction, with their rows deleted in the same one."""
    column = table_of(model).c.window_start
    deleted = 0
    while True:
        with transaction(engine) as session:
            oldest = session.connection().execute(select(func.min(column)).where(column < before)).scalar()
            if oldest is None:
                return deleted
            start = floor(oldest, HOUR)
            put_together(session, start, start + HOUR)
            gone = delete(table_of(model)).where(column >= start, column < start + HOUR)
            deleted += session.connection().execute(gone).rowcount


def _delete(engine: Engine, model: type[Base], column: str, before: datetime) -> int:
    table = table_of(model)
    key = list(table.primary_key)
    old = select(*key).where(table.c[column] < before, *_not_needed(table)).limit(CHUNK)
    deleted = 0
    while True:
        with transaction(engine) as session:
            count = session.connection().execute(delete(table).where(tuple_(*key).in_(old))).rowcount
        deleted += count
        if count < CHUNK:
            return deleted


def _not_needed(table: Table) -> list[ColumnElement[bool]]:
    """Return what else must hold for an old row to go.

    The last configuration and what is not over yet are always kept. Metrics are found by their key, from left to right.
    """
    if table.name == ConfigurationRow.__tablename__:
        newer = table.alias("newer")
        return [select(newer).where(newer.c.last_used_at > table.c.last_used_at).exists()]
    if table.name == MetricBucketRow.__tablename__:
        mine = table.c.project.in_(select(table_of(ProjectRow).c.slug))
        return [mine, table.c.period.in_(list(Period)), table.c.metric.in_(METRICS)]
    is_over = OVER.get(table.name)
    return [] if is_over is None else [is_over(table.c)]
