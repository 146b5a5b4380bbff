"""Hundreds of thousands of probes and metric buckets, read and written in columns."""

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import fsum
from typing import Any, Final

import numpy as np
from sqlalchemy import BigInteger, Select, bindparam, cast, delete, func, select
from sqlalchemy.orm import Session

from watchkeeper.domain.aggregation import Keys, ProbeColumns, keys_of, merge_packed, rounded
from watchkeeper.domain.bucket_columns import BucketColumns, Floats
from watchkeeper.domain.metrics import METRICS
from watchkeeper.domain.windows import Period, Window
from watchkeeper.store.aggregates import joined_bytes, packed_numbers, read_numbers
from watchkeeper.store.columns import fetch_each, insert_rows, is_sqlite, raw_moment, read_moment
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
    found = fetch_each(session, probes_query(session, projects), each_hour)
    rows = [(hour, *row) for hour, several in zip(hours, found, strict=True) for row in several]
    hour, project, endpoint, ok, expires, number, times = _columns(rows, 7)
    keys = keys_of(project, endpoint, hour)
    total_ms, first_byte_ms = read_numbers(b"".join(times)).reshape(-1, 2).T
    return ProbeColumns(
        Keys(keys.names, np.repeat(keys.index, number)),
        np.repeat(np.array(ok, np.float64), number),
        total_ms,
        first_byte_ms,
        np.repeat(np.array(_each_once(_seconds, expires), np.float64), number),
    )


def probes_query(session: Session, projects: Collection[str]) -> Select[Any]:
    """Return the query of the probes made from `since` (included) until `until` (not included).

    Probes that differ only in their times stand in one row: a few rows an hour, instead of thousands.
    """
    column = table_of(ProbeRow).c
    same = (column.project, column.endpoint, column.failure.is_(None), column.certificate_expires_at)
    times = packed_numbers(session, column.total_ms, column.first_byte_ms)
    since, until = (bindparam(name, required=False, type_=column.at.type) for name in ("since", "until"))
    return (
        select(*same, func.count(), times)
        .where(column.project.in_(projects), column.at >= since, column.at < until)
        .group_by(*same)
    )


def rolled_up(session: Session, projects: Collection[str], window: Window, parts: Period) -> BucketColumns:
    """Return the buckets of the size `parts` that start in the window, merged into buckets as long as the window."""
    (rows,) = fetch_each(session, parts_query(session, projects, window, parts), [{}])
    project, metric, label, count, total, least, greatest, sketch = _columns(rows, 8)
    return BucketColumns(
        project,
        metric,
        label,
        [window.start] * len(rows),
        np.array(count, np.int64),
        rounded(np.array([fsum(read_numbers(several)) for several in total])),  # fsum: the same in any order
        np.array(least, np.float64),
        np.array(greatest, np.float64),
        merge_packed([joined or b"" for joined in sketch]),
    )


def parts_query(session: Session, projects: Collection[str], window: Window, parts: Period) -> Select[Any]:
    """Return the query of what a larger bucket is made of, a row for each of project, metric and label."""
    column = table_of(MetricBucketRow).c
    same = (column.project, column.metric, column.label)
    return (
        select(
            *same,
            cast(func.sum(column.count), BigInteger),
            packed_numbers(session, column.total),
            func.min(column.least),
            func.max(column.greatest),
            joined_bytes(column.sketch),
        )
        .where(column.project.in_(projects), column.period == parts.value, column.metric.in_(METRICS))
        .where(column.start >= window.start, column.start < window.end)
        .group_by(*same)
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
        _nullable(session, buckets.least),
        _nullable(session, buckets.greatest),
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


def _columns(rows: Sequence[tuple[Any, ...]], number: int) -> list[Sequence[Any]]:
    return list(zip(*rows, strict=True)) or [()] * number


def _seconds(moment: datetime | str) -> float:
    return read_moment(moment).timestamp()


def _nullable(session: Session, values: Floats) -> list[float | None]:
    """Return the values with what becomes NULL for NaN: in SQLite that is NaN itself."""
    return (values if is_sqlite(session) else np.where(np.isnan(values), None, values)).tolist()  # type: ignore[call-overload,no-any-return]
