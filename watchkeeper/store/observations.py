"""Measured values, as they were measured, and put together by the hour for the long run."""

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Row, select
from sqlalchemy.orm import Session
from sqlmodel import Field

from watchkeeper.domain.observations import Observation
from watchkeeper.domain.windows import Window
from watchkeeper.store.tables import IN_ORDER_OF_KEY, Base, by_project, table_of, upsert


class ObservationRow(Base, table=True):
    __tablename__ = "observations"
    __table_args__ = (Index(None, "window_start"), IN_ORDER_OF_KEY)

    project: str = Field(primary_key=True)
    source: str = Field(primary_key=True)
    metric: str = Field(primary_key=True)
    window_start: datetime = Field(primary_key=True)
    window_end: datetime = Field(primary_key=True)
    release: str = Field(primary_key=True)
    value: float
    sample_size: int = Field(sa_type=BigInteger)


class HourlyObservationRow(Base, table=True):
    __tablename__ = "hourly_observations"
    __table_args__ = (Index(None, "hour"), IN_ORDER_OF_KEY)

    project: str = Field(primary_key=True)
    source: str = Field(primary_key=True)
    metric: str = Field(primary_key=True)
    hour: datetime = Field(primary_key=True)
    release: str = Field(primary_key=True)
    number: int = Field(sa_type=BigInteger)
    total: float
    mean: float
    least: float
    greatest: float
    sample_size: int = Field(sa_type=BigInteger)


@dataclass(frozen=True, slots=True)
class HourlyObservation:
    """The observations of one metric that began in one clock hour, put together.

    Attributes:
        hour: start of the hour, aware UTC.
        number: how many observations there were; `total` is the sum of their values.
        mean: weighted by sample size; an observation without one weighs 1.
        sample_size: sum of all sample sizes.
    """

    project: str
    source: str
    metric: str
    hour: datetime
    release: str
    number: int
    total: float
    mean: float
    least: float
    greatest: float
    sample_size: int


def save_observations(session: Session, observations: Iterable[Observation]) -> None:
    """Save measured values; one that is not a finite number was not measured and is left out."""
    upsert(session, ObservationRow, (_row(each) for each in observations if math.isfinite(each.value)))


def observations(
    session: Session, projects: Collection[str], window: Window, source: str, metric: str
) -> dict[str, tuple[Observation, ...]]:
    """Return the values whose window began in `window`, oldest first."""
    table = table_of(ObservationRow)
    query = (
        select(table)
        .where(table.c.project.in_(projects), table.c.source == source, table.c.metric == metric)
        .where(table.c.window_start >= window.start, table.c.window_start < window.end)
        .order_by(table.c.project, table.c.window_start, table.c.window_end, table.c.release)
    )
    return by_project(session.connection().execute(query), projects, _observation)


def hourly_observations(
    session: Session, projects: Collection[str], window: Window, source: str, metric: str
) -> dict[str, tuple[HourlyObservation, ...]]:
    """Return the hours that began in `window`, oldest first; only those that retention has put together already."""
    table = table_of(HourlyObservationRow)
    query = (
        select(table)
        .where(table.c.project.in_(projects), table.c.source == source, table.c.metric == metric)
        .where(table.c.hour >= window.start, table.c.hour < window.end)
        .order_by(table.c.project, table.c.hour, table.c.release)
    )
    rows = session.connection().execute(query)
    return by_project(rows, projects, lambda row: HourlyObservation(*row))


def _row(observation: Observation) -> dict[str, Any]:
    return {
        "project": observation.project,
        "source": observation.source,
        "metric": observation.metric,
        "window_start": observation.window.start,
        "window_end": observation.window.end,
        "release": observation.release,
        "value": observation.value,
        "sample_size": observation.sample_size,
    }


def _observation(row: Row[Any]) -> Observation:
    return Observation(
        project=row.project,
        source=row.source,
        metric=row.metric,
        window=Window(row.window_start, row.window_end),
        value=row.value,
        sample_size=row.sample_size,
        release=row.release,
    )
