"""The projects that were ever watched."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session
from sqlmodel import Field

from watchkeeper.store.tables import IN_ORDER_OF_KEY, Base, table_of, upsert


class ProjectRow(Base, table=True):
    __tablename__ = "projects"
    __table_args__ = (IN_ORDER_OF_KEY,)

    slug: str = Field(primary_key=True)
    name: str
    first_seen: datetime
    last_seen: datetime


def save_projects(session: Session, names: Mapping[str, str], now: datetime) -> None:
    """Remember that these projects are watched.

    Args:
        names: slug -> name for people.
    """
    rows = ({"slug": slug, "name": name, "first_seen": now, "last_seen": now} for slug, name in names.items())
    upsert(session, ProjectRow, rows, keep={"first_seen"})


def see_projects(session: Session, slugs: Iterable[str], now: datetime) -> None:
    """Make sure that these projects are known; one that is new is named by its slug until its name is saved."""
    rows = ({"slug": slug, "name": slug, "first_seen": now, "last_seen": now} for slug in slugs)
    upsert(session, ProjectRow, rows, keep={"first_seen", "name"})


def forget_project(session: Session, slug: str) -> dict[str, int]:
    """Delete everything that is known of a project; return how many rows of each table are gone."""
    deleted = {}
    for table in reversed(Base.metadata.sorted_tables):
        owner = table_of(ProjectRow).c.slug if table.name == "projects" else table.c.get("project")
        if owner is not None:
            deleted[table.name] = session.connection().execute(delete(table).where(owner == slug)).rowcount
    return deleted
