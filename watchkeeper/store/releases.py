"""Releases of each project: one commit in production, joined over the vendors by its SHA."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import JSON, ColumnElement, Index, Row, String, and_, bindparam, case, cast, delete, func, not_, select
from sqlalchemy.orm import Session
from sqlmodel import Field

from watchkeeper.domain.commits import commit_of
from watchkeeper.domain.releases import FULL, Release
from watchkeeper.domain.windows import Window
from watchkeeper.store.tables import Base, Columns, by_project, table_of, upsert
from watchkeeper.store.text import storable_key

AROUND: Final = timedelta(days=7)  # between the moments at which two vendors first hear of one commit


class ReleaseRow(Base, table=True):
    __tablename__ = "releases"
    __table_args__ = (Index(None, "project", "created_at"), Index(None, "project", "live_at"))

    project: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    sha: str
    created_at: datetime
    live_at: datetime | None
    vercel_deployments: list[str] = Field(sa_type=JSON)
    pipeline: str
    sentry_versions: list[str] = Field(sa_type=JSON)
    note: str


def save_releases(session: Session, releases: Mapping[str, Iterable[Release]]) -> None:
    """Save the releases of each project.

    A look that goes back less far sees fewer parts of an old release: what is known of it already is kept. Once its
    commit is known, the row under the name that a vendor gave it is gone, and does not come back.
    """
    rows = [_row(project, release) for project, several in releases.items() for release in several]
    rows = _under_their_commits(session, rows)
    upsert(session, ReleaseRow, rows, merged=_with_what_is_known)
    _delete_other_names(session, rows)


def releases(session: Session, projects: Collection[str], window: Window) -> dict[str, tuple[Release, ...]]:
    """Return the releases created in the window, newest first."""
    return _releases(session, projects, window, "created_at")


def live_releases(session: Session, projects: Collection[str], window: Window) -> dict[str, tuple[Release, ...]]:
    """Return the releases that last went live in the window, newest first."""
    return _releases(session, projects, window, "live_at")


def _releases(session: Session, projects: Collection[str], window: Window, by: str) -> dict[str, tuple[Release, ...]]:
    table = table_of(ReleaseRow)
    moment = table.c[by]
    query = (
        select(table)
        .where(table.c.project.in_(projects), moment >= window.start, moment < window.end)
        .order_by(table.c.project, moment.desc(), table.c.name)
    )
    return by_project(session.connection().execute(query), projects, _release)


def _with_what_is_known(old: Columns, new: Columns) -> dict[str, ColumnElement[Any]]:
    def unless_empty(name: str, empty: str) -> ColumnElement[Any]:
        return case((cast(new[name], String) == empty, old[name]), else_=new[name])

    def seen(row: Columns) -> ColumnElement[bool]:
        return cast(row.vercel_deployments, String) != "[]"

    return {
        "created_at": case((new.created_at < old.created_at, new.created_at), else_=old.created_at),
        # Vercel knows better than Sentry, which is told of a release when it is built.
        "live_at": case(
            (and_(seen(new), not_(seen(old))), new.live_at),
            (and_(seen(old), not_(seen(new))), old.live_at),
            else_=func.coalesce(new.live_at, old.live_at),
        ),
        "pipeline": unless_empty("pipeline", ""),
        "vercel_deployments": unless_empty("vercel_deployments", "[]"),
        "sentry_versions": unless_empty("sentry_versions", "[]"),
    }


def _under_their_commits(session: Session, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows, those with a short SHA under the whole one where it is known from an earlier look."""
    short = [row for row in rows if 0 < len(row["sha"]) < FULL]
    if not short:
        return list(rows)
    known = _whole_shas(session, short)
    return [_renamed(row, known) for row in rows]


def _whole_shas(session: Session, short: Sequence[dict[str, Any]]) -> dict[str, tuple[str, ...]]:
    """Return the whole SHAs of releases that were made about when these were, by project."""
    table, moments = table_of(ReleaseRow), [row["created_at"] for row in short]
    projects = {row["project"] for row in short}
    query = (
        select(table.c.project, table.c.sha)
        .where(table.c.project.in_(projects), func.length(table.c.sha) >= FULL)
        .where(table.c.created_at >= min(moments) - AROUND, table.c.created_at < max(moments) + AROUND)
    )
    return by_project(session.connection().execute(query), projects, lambda row: str(row.sha))


def _renamed(row: dict[str, Any], known: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    if not 0 < len(row["sha"]) < FULL:
        return row
    meant = [sha for sha in known[row["project"]] if sha.startswith(row["sha"])]
    return {**row, "name": meant[0], "sha": meant[0]} if len(meant) == 1 else row


def _delete_other_names(session: Session, rows: Iterable[dict[str, Any]]) -> None:
    table = table_of(ReleaseRow)
    other = and_(table.c.project == bindparam("of_project"), table.c.name == bindparam("of_name"))
    keys = [
        {"of_project": row["project"], "of_name": storable_key(name)}
        for row in rows
        for name in {*row["vercel_deployments"], *row["sentry_versions"], *map(commit_of, row["sentry_versions"])}
        if row["sha"] and name != row["name"]
    ]
    if keys:
        session.connection().execute(delete(table).where(other), keys)


def _row(project: str, release: Release) -> dict[str, Any]:
    return {
        "project": project,
        "name": release.name,
        "sha": release.sha,
        "created_at": release.created_at,
        "live_at": release.live_at,
        "vercel_deployments": list(release.vercel_deployments),
        "pipeline": release.pipeline,
        "sentry_versions": list(release.sentry_versions),
        "note": release.note,
    }


def _release(row: Row[Any]) -> Release:
    return Release(
        sha=row.sha,
        created_at=row.created_at,
        vercel_deployments=tuple(row.vercel_deployments),
        pipeline=row.pipeline,
        sentry_versions=tuple(row.sentry_versions),
        live_at=row.live_at,
        note=row.note,
    )
