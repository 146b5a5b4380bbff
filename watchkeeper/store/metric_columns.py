"""Hundreds of thousands of probes and metric buckets, read and written in columns."""

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from sqlalchemy import BigInteger, ColumnElement, cast, delete, func, select
from sqlalchemy.orm import Session

from watchkeeper.domain.aggregation import Keys, ProbeColumns, keys_of
from watchkeeper.domain.bucket_columns import BucketColumns, Floats
from watchkeeper.domain.metrics import METRICS
from watchkeeper.domain.windows import Period, Window
from watchkeeper.store.columns import fetch_columns, insert_rows, is_sqlite, raw_moment, read_moment
from watchkeeper.store.endpoints import ProbeRow
from watchkeeper.store.metrics import MetricBucketRow
from watchkeeper.store.tables import table_of

COLUMNS: Final = ("project", "period", "metric", "start", "label", "count", "total", "least", "greatest", "sketch")


@dataclass(frozen=True, slots=True)
class Slot:
    """Which buckets are replaced: those of these projects and metrics that start at one of these moments."""

    projects: Collection[str]
    metrics: Collection[str]
    starts: Collection[datetime]


def probe_columns(session: Session, projects: Collection[str], window: Window) -> ProbeColumns:
    """Return the probes made in the window."""
    column = table_of(ProbeRow).c
    sqlite = is_sqlite(session)
    query = (
        select(
            column.project,
            column.endpoint,
            func.substr(column.at, 1, 13) if sqlite else _epoch(column.at) // 3600,
            column.failure.is_(None),
            column.total_ms,
            column.first_byte_ms,
            column.certificate_expires_at if sqlite else _epoch(column.certificate_expires_at),
        )
        .where(column.project.in_(projects), column.at >= window.start, column.at < window.end)
        .order_by(column.project, column.at, column.endpoint)
    )
    project, endpoint, hour, ok, total, first_byte, expires = fetch_columns(session, query)
    keys = keys_of(project, endpoint, hour)
    hours = _each_once(_hour_of_text if sqlite else _hour_of_number, [start for *_, start in keys.names])
    names = [(name, label, start) for (name, label, _), start in zip(keys.names, hours, strict=True)]
    moments = _each_once(_seconds, expires) if sqlite else expires
    return ProbeColumns(Keys(names, keys.index), *(_numbers(each) for each in (ok, total, first_byte, moments)))


def bucket_columns(
    session: Session,
    projects: Collection[str],
    window: Window,
    period: Period,
    metrics: Collection[str] | None = None,
) -> BucketColumns:
    """Return the buckets of this size that start in the window; of all metrics unless some are named."""
    column = table_of(MetricBucketRow).c
    query = (
        select(*(column[name] for name in COLUMNS if name != "period"))
        .where(column.project.in_(projects), column.period == period.value)
        .where(column.metric.in_(METRICS if metrics is None else metrics))
        .where(column.start >= window.start, column.start < window.end)
    )
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
    return sorted(rows, key=lambda row: row[:5])


def _epoch(moment: ColumnElement[Any]) -> ColumnElement[int]:
    return cast(func.floor(func.date_part("epoch", moment)), BigInteger)  # a cast alone would round


def _each_once(read: Callable[[Any], Any], values: Iterable[Hashable]) -> list[Any]:
    """Return what `read` makes of each value; it is asked once for each distinct one, None stays None."""
    known: dict[Hashable, Any] = {None: None}
    several = list(values)
    known |= {value: read(value) for value in set(several) - {None}}
    return [known[value] for value in several]


def _hour_of_text(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H").replace(tzinfo=UTC)


def _hour_of_number(hours: int) -> datetime:
    return datetime.fromtimestamp(hours * 3600, UTC)


def _seconds(text: str) -> float:
    return read_moment(text).timestamp()


def _numbers(values: Sequence[Any]) -> Floats:
    return np.array(values, np.float64)


def _or_none(values: Floats) -> list[float | None]:
    return np.where(np.isnan(values), None, values).tolist()  # type: ignore[call-overload,no-any-return]
