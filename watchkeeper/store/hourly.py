"""Put the single rows of an hour together into one."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from watchkeeper.domain.health import CheckType
from watchkeeper.domain.verdicts import Verdict
from watchkeeper.store.health import HealthCheckRow, HourlyHealthRow
from watchkeeper.store.observations import HourlyObservationRow, ObservationRow
from watchkeeper.store.tables import Base, table_of


def put_observations_together(session: Session, start: datetime, end: datetime) -> None:
    """Put the observations whose window began in `[start, end)` together into the hour `start`."""
    row = table_of(ObservationRow).c
    weight = case((row.sample_size > 0, row.sample_size), else_=1) * 1.0
    names = (row.project, row.source, row.metric, row.release)
    values: dict[str, ColumnElement[Any]] = {
        "number": func.count(),
        "total": func.sum(row.value),
        "mean": func.sum(row.value * weight) / func.sum(weight),
        "least": func.min(row.value),
        "greatest": func.max(row.value),
        "sample_size": func.sum(row.sample_size),
    }
    hour = literal(start, type_=row.window_start.type)
    query = select(*names, hour, *values.values()).where(row.window_start >= start, row.window_start < end)
    columns = [*(name.name for name in names), "hour", *values]
    _insert_once(session, HourlyObservationRow, columns, query.group_by(*names))


def put_health_together(session: Session, start: datetime, end: datetime) -> None:
    """Put the full checks whose window began in `[start, end)` together into the hour `start`."""
    row = table_of(HealthCheckRow).c
    values: dict[str, ColumnElement[Any]] = {
        "checks": func.count(),
        **{verdict.value: func.sum(case((row.verdict == verdict.value, 1), else_=0)) for verdict in Verdict},
        "mean_score": func.avg(row.score),
        "least_score": func.min(row.score),
        "mean_coverage": func.avg(row.coverage),
    }
    hour = literal(start, type_=row.window_start.type)
    query = select(row.project, hour, *values.values()).where(row.window_start >= start, row.window_start < end)
    full = query.where(row.check_type == CheckType.FULL.value).group_by(row.project)
    _insert_once(session, HourlyHealthRow, ["project", "hour", *values], full)


def _insert_once(session: Session, model: type[Base], columns: list[str], query: Select[Any]) -> None:
    """Insert what the query gives; an hour that is there already stays as it is.

    It was whole when it was put together. Single rows that came since are a second look at a part of it.
    """
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(table_of(model)).from_select(columns, query).on_conflict_do_nothing()
    session.connection().execute(statement)
