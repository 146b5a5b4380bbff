"""What Sentry said: issues, releases, and readings of the session counters."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import JSON, BigInteger, ColumnElement, Index, Row, and_, func, or_, select, true
from sqlalchemy.orm import Session
from sqlmodel import Field

from watchkeeper.domain.errors import ErrorCount, ErrorReport, Issue, IssueLevel, SentryRelease, SessionReading
from watchkeeper.domain.issue_changes import IssueState, issue_changes
from watchkeeper.domain.windows import Window
from watchkeeper.store.issue_events import save_issue_events
from watchkeeper.store.tables import IN_ORDER_OF_KEY, Base, Columns, by_project, table_of, upsert

Value = TypeVar("Value")


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
    events: int | None = Field(sa_type=BigInteger)
    users: int | None = Field(sa_type=BigInteger)
    first_seen: datetime | None
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
    new_issues: int | None = Field(sa_type=BigInteger)


class SessionReadingRow(Base, table=True):
    __tablename__ = "session_readings"
    __table_args__ = (Index(None, "taken_at"), IN_ORDER_OF_KEY)

    project: str = Field(primary_key=True)
    hour: datetime = Field(primary_key=True)
    taken_at: datetime = Field(primary_key=True)
    counts: list[list[Any]] = Field(sa_type=JSON)


def save_error_reports(session: Session, reports: Mapping[str, ErrorReport], now: datetime) -> None:
    """Save the issues, releases and session readings of each project."""
    save_issues(session, {project: report.issues for project, report in reports.items()}, now)
    save_sentry_releases(session, {project: report.releases for project, report in reports.items()})
    upsert(session, SessionReadingRow, _of_all({p: r.readings for p, r in reports.items()}, _reading_row))


def save_issues(session: Session, issues: Mapping[str, Sequence[Issue]], now: datetime) -> None:
    """Save issues as they stand now, and what has become of them since they were looked at last.

    What the vendor leaves out this time stays as it was known.
    """
    before = _issue_states(session, issues)
    events = {project: issue_changes(before[project], several, now) for project, several in issues.items()}
    save_issue_events(session, events)
    upsert(session, IssueRow, _of_all(issues, _issue_row), merged=_with_what_was_known)


def _with_what_was_known(old: Columns, new: Columns) -> dict[str, ColumnElement[Any]]:
    return {name: func.coalesce(new[name], old[name]) for name in ("events", "users", "first_seen")}


def save_sentry_releases(session: Session, releases: Mapping[str, Iterable[SentryRelease]]) -> None:
    upsert(session, SentryReleaseRow, _of_all(releases, _release_row))


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
    """Return the issues that lived in the window, those seen last first: also those that have been seen since."""
    table = table_of(IssueRow)
    begun = or_(table.c.first_seen.is_(None), table.c.first_seen < window.end)
    query = (
        select(table)
        .where(table.c.project.in_(projects), table.c.last_seen >= window.start, begun)
        .order_by(table.c.project, table.c.last_seen.desc(), table.c.id)
    )
    return by_project(session.connection().execute(query), projects, issue_of)


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
    values: Mapping[str, Iterable[Value]], row_of: Callable[[Value], dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    return ({"project": project, **row_of(value)} for project, several in values.items() for value in several)


def _issue_states(session: Session, issues: Mapping[str, Sequence[Issue]]) -> dict[str, dict[str, IssueState]]:
    """Return how those of the issues stood that are known, by project and id."""
    table = table_of(IssueRow)
    states: dict[str, dict[str, IssueState]] = {project: {} for project in issues}
    seen = [issue.first_seen for several in issues.values() for issue in several]
    if seen:
        known = [moment for moment in seen if moment is not None]
        # None that was last seen before the first of these was first seen can be one of them.
        late = table.c.last_seen >= min(known) if len(known) == len(seen) else true()
        mine = and_(table.c.project.in_(issues), late)
        query = select(table.c.project, table.c.id, table.c.status, table.c.substatus).where(mine)
        for row in session.connection().execute(query):
            states[row.project][row.id] = IssueState(row.status, row.substatus)
    return states


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


def issue_of(row: Row[Any]) -> Issue:
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
