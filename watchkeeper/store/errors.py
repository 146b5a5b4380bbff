"""What Sentry said: issues, releases, and readings of the session counters."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, Row, select
from sqlalchemy.orm import Session
from sqlmodel import Field

from watchkeeper.domain.errors import ErrorCount, ErrorReport, Issue, IssueLevel, SentryRelease, SessionReading
from watchkeeper.domain.windows import Window
from watchkeeper.store.tables import IN_ORDER_OF_KEY, Base, by_project, table_of, upsert


class IssueRow(Base, table=True):
    __tablename__ = "sentry_issues"
    __table_args__ = (Index(None, "project", "last_seen"),)

    project: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    short_id: str
    sentry_project: str
    title: str
    culprit: str
    level: str
    status: str
    substatus: str
    events: int = Field(sa_type=BigInteger)
    users: int = Field(sa_type=BigInteger)
    first_seen: datetime
    last_seen: datetime
    url: str
    is_unhandled: bool


class SentryReleaseRow(Base, table=True):
    __tablename__ = "sentry_releases"

    project: str = Field(primary_key=True)
    version: str = Field(primary_key=True)
    environment: str = Field(primary_key=True)
    sentry_projects: list[str] = Field(sa_type=JSON)
    created_at: datetime
    released_at: datetime | None
    deployed_at: datetime | None
    new_issues: int = Field(sa_type=BigInteger)


class SessionReadingRow(Base, table=True):
    __tablename__ = "session_readings"
    __table_args__ = (Index(None, "taken_at"), IN_ORDER_OF_KEY)

    project: str = Field(primary_key=True)
    hour: datetime = Field(primary_key=True)
    taken_at: datetime = Field(primary_key=True)
    counts: list[list[Any]] = Field(sa_type=JSON)


def save_error_reports(session: Session, reports: Mapping[str, ErrorReport]) -> None:
    """Save the issues, releases and session readings of each project."""
    upsert(session, IssueRow, _of_all(reports, lambda report: map(_issue_row, report.issues)))
    upsert(session, SentryReleaseRow, _of_all(reports, lambda report: map(_release_row, report.releases)))
    upsert(session, SessionReadingRow, _of_all(reports, lambda report: map(_reading_row, report.readings)))


def session_readings(
    session: Session, projects: Collection[str], hours: Collection[datetime]
) -> dict[str, tuple[SessionReading, ...]]:
    """Return what was read of the counters of these clock hours, oldest hour first, then oldest reading first."""
    table = table_of(SessionReadingRow)
    query = (
        select(table)
        .where(table.c.project.in_(projects), table.c.hour.in_(hours))
        .order_by(table.c.project, table.c.hour, table.c.taken_at)
    )
    return by_project(session.connection().execute(query), projects, _reading)


def issues(session: Session, projects: Collection[str], window: Window) -> dict[str, tuple[Issue, ...]]:
    """Return the issues that were last seen in the window, the latest first."""
    table = table_of(IssueRow)
    query = (
        select(table)
        .where(table.c.project.in_(projects), table.c.last_seen >= window.start, table.c.last_seen < window.end)
        .order_by(table.c.project, table.c.last_seen.desc(), table.c.id)
    )
    return by_project(session.connection().execute(query), projects, _issue)


def sentry_releases(
    session: Session, projects: Collection[str], window: Window
) -> dict[str, tuple[SentryRelease, ...]]:
    """Return the releases created in the window, newest first."""
    table = table_of(SentryReleaseRow)
    query = (
        select(table)
        .where(table.c.project.in_(projects), table.c.created_at >= window.start, table.c.created_at < window.end)
        .order_by(table.c.project, table.c.created_at.desc(), table.c.version)
    )
    return by_project(session.connection().execute(query), projects, _release)


def _of_all(
    reports: Mapping[str, ErrorReport], rows_of: Callable[[ErrorReport], Iterable[dict[str, Any]]]
) -> Iterator[dict[str, Any]]:
    return ({"project": project, **row} for project, report in reports.items() for row in rows_of(report))


def _issue_row(issue: Issue) -> dict[str, Any]:
    return {
        "id": issue.id,
        "short_id": issue.short_id,
        "sentry_project": issue.project,
        "title": issue.title,
        "culprit": issue.culprit,
        "level": issue.level.value,
        "status": issue.status,
        "substatus": issue.substatus,
        "events": issue.count,
        "users": issue.users,
        "first_seen": issue.first_seen,
        "last_seen": issue.last_seen,
        "url": issue.url,
        "is_unhandled": issue.is_unhandled,
    }


def _issue(row: Row[Any]) -> Issue:
    return Issue(
        id=row.id,
        short_id=row.short_id,
        project=row.sentry_project,
        title=row.title,
        culprit=row.culprit,
        level=IssueLevel(row.level),
        status=row.status,
        substatus=row.substatus,
        count=row.events,
        users=row.users,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        url=row.url,
        is_unhandled=row.is_unhandled,
    )


def _release_row(release: SentryRelease) -> dict[str, Any]:
    return {
        "version": release.version,
        "environment": release.environment,
        "sentry_projects": list(release.projects),
        "created_at": release.created_at,
        "released_at": release.released_at,
        "deployed_at": release.deployed_at,
        "new_issues": release.new_issues,
    }


def _release(row: Row[Any]) -> SentryRelease:
    return SentryRelease(
        version=row.version,
        projects=tuple(row.sentry_projects),
        created_at=row.created_at,
        released_at=row.released_at,
        deployed_at=row.deployed_at,
        environment=row.environment,
        new_issues=row.new_issues,
    )


def _reading_row(reading: SessionReading) -> dict[str, Any]:
    counts = [[count.release, count.failures, count.total] for count in reading.counts]
    return {"hour": reading.hour, "taken_at": reading.taken_at, "counts": counts}


def _reading(row: Row[Any]) -> SessionReading:
    counts = tuple(ErrorCount(release, failures, total) for release, failures, total in row.counts)
    return SessionReading(row.hour, row.taken_at, counts)
