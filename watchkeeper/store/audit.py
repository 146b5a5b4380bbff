"""Who has done what, with every parameter: never changed, kept as long as anything is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, select
from sqlalchemy.orm import Session
from sqlmodel import Field

from watchkeeper.store.tables import Base, table_of
from watchkeeper.store.text import storable, storable_key


class AuditRow(Base, table=True):
    __tablename__ = "audit"
    __table_args__ = (Index(None, "at"), Index(None, "project", "at"), {"sqlite_autoincrement": True})

    id: int = Field(primary_key=True)
    at: datetime
    actor: str
    action: str
    project: str
    subject: str
    parameters: dict[str, Any] = Field(sa_type=JSON)
    outcome: str


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing that somebody has done. `project`: "" where it concerns none."""

    at: datetime
    actor: str
    action: str
    project: str
    subject: str
    parameters: Mapping[str, Any]
    outcome: str


def write_audit(  # noqa: PLR0913, PLR0917 - an entry has so many parts
    session: Session,
    actor: str,
    action: str,
    subject: str,
    parameters: Mapping[str, Any],
    outcome: str,
    now: datetime,
    *,
    project: str = "",
) -> None:
    """Write down what was done.

    Args:
        subject: what it was done to, as `rollback 12`.
        parameters: plain data, without secrets.
    """
    row = {
        "at": now,
        "actor": storable(actor),
        "action": storable(action),
        "project": storable_key(project),
        "subject": storable(subject),
        "parameters": dict(parameters),
        "outcome": storable(outcome),
    }
    session.connection().execute(table_of(AuditRow).insert(), [row])


def audit_entries(session: Session, project: str, since: datetime) -> tuple[AuditEntry, ...]:
    """Return what was done to a project from `since` on, oldest first."""
    table = table_of(AuditRow)
    query = select(table).where(table.c.project == project, table.c.at >= since).order_by(table.c.at, table.c.id)
    rows = session.connection().execute(query)
    return tuple(
        AuditEntry(row.at, row.actor, row.action, row.project, row.subject, row.parameters, row.outcome) for row in rows
    )
