"""Metric buckets by hour, day, week and month, and which hours each source has told."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, LargeBinary
from sqlmodel import Field

from watchkeeper.store.tables import IN_ORDER_OF_KEY, Base


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
