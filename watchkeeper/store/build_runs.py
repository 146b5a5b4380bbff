"""Runs of workflows on all branches with their credits, and flaky tests (CircleCI Insights)."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Index, Row, Select, case, select
from sqlalchemy.orm import Session
from sqlmodel import Field

from watchkeeper.domain.builds import WorkflowStatus
from watchkeeper.domain.history import BuildRun, FlakyTest
from watchkeeper.domain.windows import Window
from watchkeeper.store.tables import Base, Columns, by_project, table_of, upsert


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


def save_build_runs(session: Session, runs: Mapping[str, Iterable[BuildRun]]) -> None:
    upsert(session, BuildRunRow, (_run_row(project, run) for project, several in runs.items() for run in several))


def build_runs(session: Session, projects: Collection[str], window: Window) -> dict[str, tuple[BuildRun, ...]]:
    """Return the runs that stopped in the window, oldest first."""
    table = table_of(BuildRunRow)
    query = (
        select(table)
        .where(table.c.project.in_(projects), table.c.stopped_at >= window.start, table.c.stopped_at < window.end)
        .order_by(table.c.project, table.c.stopped_at, table.c.id)
    )
    return by_project(session.connection().execute(query), projects, _run)


def save_flaky_tests(session: Session, tests: Mapping[str, Iterable[FlakyTest]], now: datetime) -> None:
    """Save flaky tests as they stand now; a test that is known already keeps the time at which it was noticed first."""
    rows = (_test_row(project, test, now) for project, several in tests.items() for test in several)
    upsert(session, FlakyTestRow, rows, keep={"noticed_at"}, merged=_with_the_newest)


def flaky_tests(session: Session, projects: Collection[str], window: Window) -> dict[str, tuple[FlakyTest, ...]]:
    """Return the tests that flaked last in the window, those that cost most time first."""
    table = table_of(FlakyTestRow)
    query = _flaked_in(projects, window).order_by(table.c.project, table.c.time_lost_s.desc(), table.c.id)
    return by_project(session.connection().execute(query), projects, _test)


def flaky_times(
    session: Session, projects: Collection[str], window: Window
) -> dict[str, tuple[tuple[datetime, datetime], ...]]:
    """Return when each of these tests was noticed first, and when it flaked last."""
    query = _flaked_in(projects, window).order_by(table_of(FlakyTestRow).c.noticed_at)
    return by_project(session.connection().execute(query), projects, lambda row: (row.noticed_at, row.last_seen_at))


def _flaked_in(projects: Collection[str], window: Window) -> Select[Any]:
    column = table_of(FlakyTestRow).c
    lately = (column.last_seen_at >= window.start, column.last_seen_at < window.end)
    return select(table_of(FlakyTestRow)).where(column.project.in_(projects), *lately)


def _with_the_newest(old: Columns, new: Columns) -> dict[str, ColumnElement[Any]]:
    """Never go back in time, as when an old span is read."""
    names = ("times", "time_lost_s", "last_seen_at")
    return {name: case((new.last_seen_at < old.last_seen_at, old[name]), else_=new[name]) for name in names}


def _run_row(project: str, run: BuildRun) -> dict[str, Any]:
    return {
        "project": project,
        "id": run.id,
        "workflow": run.workflow,
        "branch": run.branch,
        "status": run.status.value,
        "created_at": run.created_at,
        "stopped_at": run.stopped_at,
        "credits": run.credits,
    }


def _run(row: Row[Any]) -> BuildRun:
    return BuildRun(
        id=row.id,
        workflow=row.workflow,
        branch=row.branch,
        status=WorkflowStatus(row.status),
        created_at=row.created_at,
        stopped_at=row.stopped_at,
        credits=row.credits,
    )


def _test_row(project: str, test: FlakyTest, now: datetime) -> dict[str, Any]:
    named = "\n".join((test.workflow, test.job, test.file, test.name))
    return {
        "project": project,
        "id": sha256(named.encode("utf-8", "replace")).hexdigest(),
        "name": test.name,
        "file": test.file,
        "job": test.job,
        "workflow": test.workflow,
        "times": test.times,
        "time_lost_s": test.time_lost.total_seconds(),
        "noticed_at": min(now, test.last_seen_at),
        "last_seen_at": test.last_seen_at,
    }


def _test(row: Row[Any]) -> FlakyTest:
    return FlakyTest(
        name=row.name,
        file=row.file,
        job=row.job,
        workflow=row.workflow,
        times=row.times,
        time_lost=timedelta(seconds=row.time_lost_s),
        last_seen_at=row.last_seen_at,
    )
