"""Releases of each project: one commit in production, joined over the vendors by its SHA."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field

from watchkeeper.store.tables import Base


class ReleaseRow(Base, table=True):
    __tablename__ = "releases"
    __table_args__ = (Index(None, "project", "created_at"),)

    project: str = Field(primary_key=True)
    sha: str = Field(primary_key=True)
    vercel_deployment: str
    pipeline: str
    sentry_version: str
    created_at: datetime
    promoted_at: datetime | None
