"""Probes of the projects' own endpoints."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Index, Row, func, select
from sqlalchemy.orm import Session
from sqlmodel import Field

from watchkeeper.domain.endpoints import Probe, ProbeFailure
from watchkeeper.domain.windows import Window
from watchkeeper.store.projects import ProjectRow
from watchkeeper.store.tables import IN_ORDER_OF_KEY, Base, by_project, table_of, upsert


class ProbeRow(Base, table=True):
    __tablename__ = "probes"
    __table_args__ = (Index(None, "at"), IN_ORDER_OF_KEY)

    project: str = Field(primary_key=True)
    at: datetime = Field(primary_key=True)
    endpoint: str = Field(primary_key=True)
    failure: str | None
    detail: str
    status: int | None
    dns_ms: float | None
    connect_ms: float | None
    tls_ms: float | None
    first_byte_ms: float | None
    total_ms: float | None
    certificate_expires_at: datetime | None
    redirected_to: str


def save_probes(session: Session, probes: Mapping[str, Iterable[Probe]]) -> None:
    upsert(session, ProbeRow, (_row(project, probe) for project, several in probes.items() for probe in several))


def probes(session: Session, projects: Collection[str], window: Window) -> dict[str, tuple[Probe, ...]]:
    """Return the probes made in the window, oldest first."""
    table = table_of(ProbeRow)
    query = (
        select(table)
        .where(table.c.project.in_(projects), table.c.at >= window.start, table.c.at < window.end)
        .order_by(table.c.project, table.c.at, table.c.endpoint)
    )
    return by_project(session.connection().execute(query), projects, _probe)


def first_probes(session: Session, projects: Collection[str]) -> dict[str, datetime]:
    """Return when the oldest probe was made that is kept of each project; nothing for one that was never probed."""
    column, seen = table_of(ProbeRow).c, table_of(ProjectRow)
    # One look into the index for each project, instead of reading all its probes.
    first = select(func.min(column.at)).where(column.project == seen.c.slug).scalar_subquery()
    query = select(seen.c.slug, first.label("at")).where(seen.c.slug.in_(projects))
    return {row.slug: row.at for row in session.connection().execute(query) if row.at is not None}


def _row(project: str, probe: Probe) -> dict[str, Any]:
    return {
        "project": project,
        "at": probe.at,
        "endpoint": probe.endpoint,
        "failure": None if probe.failure is None else probe.failure.value,
        "detail": probe.detail,
        "status": probe.status,
        "dns_ms": probe.dns_ms,
        "connect_ms": probe.connect_ms,
        "tls_ms": probe.tls_ms,
        "first_byte_ms": probe.first_byte_ms,
        "total_ms": probe.total_ms,
        "certificate_expires_at": probe.certificate_expires_at,
        "redirected_to": probe.redirected_to,
    }


def _probe(row: Row[Any]) -> Probe:
    # By position, because there are many of them: twice as fast as by name.
    _, at, endpoint, failure, *how_it_went = row
    return Probe(endpoint, at, None if failure is None else ProbeFailure(failure), *how_it_went)
