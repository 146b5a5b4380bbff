"""The configurations that were in force, so that a broken file leaves the last good one."""

from datetime import datetime
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import Field

from watchkeeper.store.tables import Base, table_of, upsert


class ConfigurationRow(Base, table=True):
    __tablename__ = "configurations"

    digest: str = Field(primary_key=True)
    text: str
    first_used_at: datetime
    last_used_at: datetime


def remember_configuration(session: Session, text: str, now: datetime) -> None:
    """Remember that this text was read without a mistake and is in force."""
    digest = sha256(text.encode("utf-8", "replace")).hexdigest()
    row = {"digest": digest, "text": text, "first_used_at": now, "last_used_at": now}
    upsert(session, ConfigurationRow, [row], keep={"first_used_at"})


def last_good_configuration(session: Session) -> str | None:
    """Return the text that was in force last; None when there never was one."""
    table = table_of(ConfigurationRow)
    query = select(table.c.text).order_by(table.c.last_used_at.desc()).limit(1)
    text: str | None = session.connection().execute(query).scalar()
    return text
