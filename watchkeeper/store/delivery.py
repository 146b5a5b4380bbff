"""Production deployments on Vercel."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Index, Row, select
from sqlalchemy.orm import Session
from sqlmodel import Field

from watchkeeper.domain.delivery import DeploymentState, ServingState, VercelDeployment
from watchkeeper.domain.windows import Window
from watchkeeper.store.tables import Base, by_project, table_of, upsert


class VercelDeploymentRow(Base, table=True):
    __tablename__ = "vercel_deployments"
    __table_args__ = (Index(None, "project", "created_at"),)

    project: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    vercel_project_id: str
    vercel_project_name: str
    url: str
    target: str
    state: str
    serving: str
    created_at: datetime
    building_at: datetime | None
    ready_at: datetime | None
    sha: str
    branch: str
    is_rollback_candidate: bool | None
    error: str
    inspector_url: str


def save_deployments(session: Session, deployments: Mapping[str, Iterable[VercelDeployment]]) -> None:
    rows = (_row(project, deployment) for project, several in deployments.items() for deployment in several)
    upsert(session, VercelDeploymentRow, rows)


def deployments(session: Session, projects: Collection[str], window: Window) -> dict[str, tuple[VercelDeployment, ...]]:
    """Return the deployments created in the window, newest first."""
    table = table_of(VercelDeploymentRow)
    query = (
        select(table)
        .where(table.c.project.in_(projects), table.c.created_at >= window.start, table.c.created_at < window.end)
        .order_by(table.c.project, table.c.created_at.desc(), table.c.id)
    )
    return by_project(session.connection().execute(query), projects, _deployment)


def _row(project: str, deployment: VercelDeployment) -> dict[str, Any]:
    return {
        "project": project,
        "id": deployment.id,
        "vercel_project_id": deployment.project_id,
        "vercel_project_name": deployment.project_name,
        "url": deployment.url,
        "target": deployment.target,
        "state": deployment.state.value,
        "serving": deployment.serving.value,
        "created_at": deployment.created_at,
        "building_at": deployment.building_at,
        "ready_at": deployment.ready_at,
        "sha": deployment.sha,
        "branch": deployment.branch,
        "is_rollback_candidate": deployment.is_rollback_candidate,
        "error": deployment.error,
        "inspector_url": deployment.inspector_url,
    }


def _deployment(row: Row[Any]) -> VercelDeployment:
    return VercelDeployment(
        id=row.id,
        project_id=row.vercel_project_id,
        project_name=row.vercel_project_name,
        url=row.url,
        target=row.target,
        state=DeploymentState(row.state),
        serving=ServingState(row.serving),
        created_at=row.created_at,
        building_at=row.building_at,
        ready_at=row.ready_at,
        sha=row.sha,
        branch=row.branch,
        is_rollback_candidate=row.is_rollback_candidate,
        error=row.error,
        inspector_url=row.inspector_url,
    )
