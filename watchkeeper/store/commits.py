"""Commits of the default branch (GitHub)."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field

from watchkeeper.store.tables import Base


class CommitRow(Base, table=True):
    __tablename__ = "commits"
    __table_args__ = (Index(None, "project", "at"),)

    project: str = Field(primary_key=True)
    sha: str = Field(primary_key=True)
    at: datetime
    title: str
    author: str
