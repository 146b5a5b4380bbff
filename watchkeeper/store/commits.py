"""Commits of the default branch (GitHub)."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy import Index, select
from sqlalchemy.orm import Session
from sqlmodel import Field

from watchkeeper.domain.commits import Commit
from watchkeeper.domain.windows import Window
from watchkeeper.store.tables import Base, by_project, table_of, upsert


class CommitRow(Base, table=True):
    __tablename__ = "commits"
    __table_args__ = (Index(None, "project", "at"),)

    project: str = Field(primary_key=True)
    sha: str = Field(primary_key=True)
    at: datetime
    title: str
    author: str


def save_commits(session: Session, commits: Mapping[str, Iterable[Commit]]) -> None:
    rows = (
        {"project": project, "sha": commit.sha, "at": commit.at, "title": commit.title, "author": commit.author}
        for project, several in commits.items()
        for commit in several
    )
    upsert(session, CommitRow, rows)


def commits(session: Session, projects: Collection[str], window: Window) -> dict[str, tuple[Commit, ...]]:
    """Return the commits that were written in the window, oldest first."""
    table = table_of(CommitRow)
    query = (
        select(table)
        .where(table.c.project.in_(projects), table.c.at >= window.start, table.c.at < window.end)
        .order_by(table.c.project, table.c.at, table.c.sha)
    )
    rows = session.connection().execute(query)
    return by_project(rows, projects, lambda row: Commit(row.sha, row.at, row.title, row.author))
