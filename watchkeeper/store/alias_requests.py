"""Moves of the production domains (Vercel): promotions and rollbacks."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session
from sqlmodel import Field

from watchkeeper.domain.delivery import AliasJob, AliasRequest
from watchkeeper.domain.windows import Window
from watchkeeper.store.tables import IN_ORDER_OF_KEY, Base, by_project, table_of, upsert


class AliasRequestRow(Base, table=True):
    __tablename__ = "alias_requests"
    __table_args__ = (IN_ORDER_OF_KEY,)

    project: str = Field(primary_key=True)
    requested_at: datetime = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    from_deployment: str
    to_deployment: str
    job: str


def save_alias_requests(session: Session, requests: Mapping[str, Iterable[AliasRequest]]) -> None:
    """Save the moves that were seen: the vendor only tells the last one, so that each is kept when it is seen."""
    rows = (_row(project, request) for project, several in requests.items() for request in several)
    upsert(session, AliasRequestRow, rows)


def alias_requests(session: Session, projects: Collection[str], window: Window) -> dict[str, tuple[AliasRequest, ...]]:
    """Return the moves that were asked for in the window, oldest first."""
    table = table_of(AliasRequestRow)
    moment = table.c.requested_at
    query = (
        select(table)
        .where(table.c.project.in_(projects), moment >= window.start, moment < window.end)
        .order_by(table.c.project, moment, table.c.kind)
    )
    return by_project(session.connection().execute(query), projects, _request)


def _row(project: str, request: AliasRequest) -> dict[str, Any]:
    return {
        "project": project,
        "requested_at": request.requested_at,
        "kind": request.kind,
        "from_deployment": request.from_deployment,
        "to_deployment": request.to_deployment,
        "job": request.job.value,
    }


def _request(row: Row[Any]) -> AliasRequest:
    return AliasRequest(row.kind, row.from_deployment, row.to_deployment, AliasJob(row.job), row.requested_at)
