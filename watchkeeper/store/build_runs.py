"""Runs of workflows on all branches with their credits, and flaky tests (CircleCI Insights)."""

from datetime import datetime

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from watchkeeper.store.tables import Base


class BuildRunRow(Base, table=True):
    __tablename__ = "build_runs"
    __table_args__ = (Index(None, "project", "stopped_at"),)

    project: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    workflow: str
    branch: str
    status: str
    created_at: datetime
    stopped_at: datetime | None
    credits: int = Field(sa_type=BigInteger)


class FlakyTestRow(Base, table=True):
    __tablename__ = "flaky_tests"
    __table_args__ = (Index(None, "project", "last_seen_at"),)

    project: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    name: str
    file: str
    job: str
    workflow: str
    times: int = Field(sa_type=BigInteger)
    time_lost_s: float
    noticed_at: datetime
    last_seen_at: datetime
