"""Hundreds of thousands of probes and metric buckets, read and written in columns."""

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
from sqlalchemy import Select, bindparam, delete, func, select
from sqlalchemy.orm import Session

from watchkeeper.domain.aggregation import Keys, ProbeColumns, keys_of
from watchkeeper.domain.bucket_columns import BucketColumns, Floats
from watchkeeper.domain.metrics import METRICS
from watchkeeper.domain.windows import Period, Window
from watchkeeper.store.columns import fetch_columns, fetch_columns_each, insert_rows, is_sqlite, raw_moment, read_moment
from watchkeeper.store.endpoints import ProbeRow
from watchkeeper.store.metrics import MetricBucketRow
from watchkeeper.store.tables import table_of

HOUR: Final = timedelta(hours=1)
BUCKET_LOCK: Final = 0x6275636B_65747300  # any number will do, as long as all of us take the same
COLUMNS: Final = ("project", "period", "metric", "start", "label", "count", "total", "least", "greatest", "sketch")


@dataclass(frozen=True, slots=True)
class Slot:
    """Which buckets are replaced: those of these projects and metrics that start at one of these moments."""

    projects: Collection[str]
    metrics: Collection[str]
    starts: Collection[datetime]


def take_turn(session: Session) -> None:
    """Wait until nobody else replaces buckets, to the end of the transaction. SQLite has one writer anyway."""
    if not is_sqlite(session):
        session.connection().execute(select(func.pg_advisory_xact_lock(BUCKET_LOCK)))


def probe_columns(session: Session, projects: Collection[str], hours: Sequence[datetime]) -> ProbeColumns:
    """Return the probes made in these hours.

    One query an hour: the hour of each row is known then, which is quicker than having it told with every row.
    """
    each_hour = [{"since": hour, "until": hour + HOUR} for hour in hours]
    found, counts = fetch_columns_each(session, probes_query(session, projects), each_hour)
    project, endpoint, ok, total, first_byte, expires = found
    keys = keys_of(project, endpoint, np.repeat(np.arange(len(hours)), counts))
    names = [(name, label, hours[number]) for name, label, number in keys.names]
    moments = _each_once(_seconds, expires) if is_sqlite(session) else expires
    return ProbeColumns(Keys(names, keys.index), *(_numbers(each) for each in (ok, total, first_byte, moments)))


def probes_query(session: Session, projects: Collection[str]) -> Select[Any]:
    """Return the query of the probes made from `since` (included) until `until` (not included)."""
    column = table_of(ProbeRow).c
    expires = column.certificate_expires_at
    since, until = (bindparam(name, required=False, type_=column.at.type) for name in ("since", "until"))
    return (
        select(
            column.project,
            column.endpoint,
            column.failure.is_(None),
            column.total_ms,
            column.first_byte_ms,
            expires if is_sqlite(session) else func.date_part("epoch", expires),
        )
        .where(column.project.in_(projects), column.at >= since, column.at < until)
        .order_by(column.project, column.at, column.endpoint)
    )


def bucket_columns(
    session: Session,
    projects: Collection[str],
    window: Window,
    period: Period,
    metrics: Collection[str] | None = None,
) -> BucketColumns:
    """Return the buckets of this size that start in the window; of all metrics unless some are named."""
    query = buckets_query(projects, window, period, METRICS if metrics is None else metrics)
    project, metric, start, label, count, total, least, greatest, sketch = fetch_columns(session, query)
    return BucketColumns(
        project,
        metric,
        label,
        _each_once(read_moment, start),
        np.array(count, np.int64),
        _numbers(total),
        _numbers(least),
        _numbers(greatest),
        [packed or b"" for packed in sketch],
    )


def buckets_query(projects: Collection[str], window: Window, period: Period, metrics: Collection[str]) -> Select[Any]:
    column = table_of(MetricBucketRow).c
    return (
        select(*(column[name] for name in COLUMNS if name != "period"))
        .where(column.project.in_(projects), column.period == period.value, column.metric.in_(metrics))
        .where(column.start >= window.start, column.start < window.end)
    )


def replace_buckets(session: Session, period: Period, slots: Iterable[Slot], buckets: BucketColumns) -> None:
    """Put these buckets in the place of all that are in the slots; none of them lies outside."""
    table = table_of(MetricBucketRow)
    for slot in slots:
        gone = delete(table).where(
            table.c.project.in_(slot.projects),
            table.c.period == period.value,
            table.c.metric.in_(slot.metrics),
            table.c.start.in_(slot.starts),
        )
        session.connection().execute(gone)
    insert_rows(session, MetricBucketRow, COLUMNS, _rows(session, period, buckets))


def replace_span(
    session: Session, period: Period, projects: Collection[str], window: Window, buckets: BucketColumns
) -> None:
    """Put these buckets in the place of all of these projects that start in the window."""
    column = table_of(MetricBucketRow).c
    gone = delete(table_of(MetricBucketRow)).where(
        column.project.in_(projects),
        column.period == period.value,
        column.metric.in_(METRICS),
        column.start >= window.start,
        column.start < window.end,
    )
    session.connection().execute(gone)
    insert_rows(session, MetricBucketRow, COLUMNS, _rows(session, period, buckets))


def _rows(session: Session, period: Period, buckets: BucketColumns) -> Iterable[tuple[Any, ...]]:
    """Return the rows in the order of their keys: the order in which they lie in the table."""
    starts = _each_once(lambda start: raw_moment(session, start), buckets.start)
    rows = zip(
        buckets.project,
        [period.value] * len(buckets),
        buckets.metric,
        starts,
        buckets.label,
        buckets.count.tolist(),
        buckets.total.tolist(),
        _or_none(buckets.least),
        _or_none(buckets.greatest),
        [packed or None for packed in buckets.sketch],
        strict=True,
    )
    return sorted(rows)  # no two have the same key, so nothing behind the key is ever compared


def _each_once(read: Callable[[Any], Any], values: Iterable[Hashable]) -> list[Any]:
    """Return what `read` makes of each value; it is asked once for each distinct one, None stays None."""
    known: dict[Hashable, Any] = {None: None}
    several = list(values)
    known |= {value: read(value) for value in set(several) - {None}}
    return [known[value] for value in several]


def _seconds(text: str) -> float:
    return read_moment(text).timestamp()


def _numbers(values: Sequence[Any]) -> Floats:
    return np.array(values, np.float64)


def _or_none(values: Floats) -> list[float | None]:
    return np.where(np.isnan(values), None, values).tolist()  # type: ignore[call-overload,no-any-return]
