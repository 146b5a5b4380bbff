"""Releases of each project: one commit in production, joined over the vendors by its SHA."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ColumnElement, Index, Row, String, and_, bindparam, case, cast, delete, func, select
from sqlalchemy.orm import Session
from sqlmodel import Field

from watchkeeper.domain.commits import commit_of
from watchkeeper.domain.releases import Release
from watchkeeper.domain.windows import Window
from watchkeeper.store.tables import Base, Columns, by_project, table_of, upsert
from watchkeeper.store.text import storable_key


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
    commit is known, the row under the name that a vendor gave it is gone.
    """
    rows = [_row(project, release) for project, several in releases.items() for release in several]
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

    return {
        "created_at": case((new.created_at < old.created_at, new.created_at), else_=old.created_at),
        "live_at": func.coalesce(new.live_at, old.live_at),
        "pipeline": unless_empty("pipeline", ""),
        "vercel_deployments": unless_empty("vercel_deployments", "[]"),
        "sentry_versions": unless_empty("sentry_versions", "[]"),
    }


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
