"""Pipelines of the default branch, with their workflows (CircleCI)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    ForeignKeyConstraint,
    Index,
    Row,
    String,
    Table,
    and_,
    case,
    cast,
    func,
    select,
)
from sqlalchemy.orm import Session
from sqlmodel import Field

from watchkeeper.domain.builds import Job, Pipeline, Workflow, WorkflowStatus
from watchkeeper.domain.verdicts import Gap, Missing
from watchkeeper.domain.windows import Window
from watchkeeper.store.tables import Base, Columns, by_project, table_of, upsert


class PipelineRow(Base, table=True):
    __tablename__ = "pipelines"
    __table_args__ = (Index(None, "project", "created_at"),)

    project: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    number: int = Field(sa_type=BigInteger)
    circleci_project: str
    branch: str
    sha: str
    state: str
    created_at: datetime
    errors: list[str] = Field(sa_type=JSON)
    is_final: bool
    gap: str  # why the workflows are not known; "" when they are
    gap_reason: str
    url: str


class WorkflowRow(Base, table=True):
    __tablename__ = "workflows"
    __table_args__ = (
        ForeignKeyConstraint(["project", "pipeline"], ["pipelines.project", "pipelines.id"], ondelete="CASCADE"),
        Index(None, "project", "pipeline"),
    )

    project: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    pipeline: str
    name: str
    status: str
    created_at: datetime
    stopped_at: datetime | None
    jobs: list[dict[str, Any]] = Field(sa_type=JSON)
    url: str
    queued_s: float | None


def save_pipelines(session: Session, pipelines: Mapping[str, Iterable[Pipeline]], *, again: bool = False) -> None:
    """Save the pipelines of each project; those that are known to be final already are not written again.

    Args:
        again: True writes them, too: somebody has looked at them more closely. What was known of them is kept.
    """
    settled = set() if again else _final_keys(session, pipelines)
    changed = [
        (project, pipeline)
        for project, several in pipelines.items()
        for pipeline in several
        if (project, pipeline.id) not in settled or not pipeline.is_final
    ]
    upsert(session, PipelineRow, (_pipeline_row(project, pipeline) for project, pipeline in changed))
    workflows = (
        _workflow_row(project, pipeline.id, workflow)
        for project, pipeline in changed
        if not isinstance(pipeline.workflows, Missing)
        for workflow in pipeline.workflows
    )
    upsert(session, WorkflowRow, workflows, merged=_with_what_is_known)


def pipelines(session: Session, projects: Collection[str], window: Window) -> dict[str, tuple[Pipeline, ...]]:
    """Return the pipelines created in the window, newest first."""
    table = table_of(PipelineRow)
    created = table.c.created_at
    return _pipelines(
        session, table, and_(table.c.project.in_(projects), created >= window.start, created < window.end), projects
    )


def _pipelines(
    session: Session, table: Table, mine: ColumnElement[bool], projects: Collection[str]
) -> dict[str, tuple[Pipeline, ...]]:
    work = table_of(WorkflowRow)
    joined = select(work).join(table, and_(work.c.project == table.c.project, work.c.pipeline == table.c.id))
    workflows = defaultdict(list)
    for row in session.connection().execute(joined.where(mine).order_by(work.c.created_at, work.c.id)):
        workflows[row.project, row.pipeline].append(_workflow(row))
    query = (
        select(table)
        .where(mine)
        .order_by(table.c.project, table.c.created_at.desc(), table.c.number.desc(), table.c.id)
    )
    return by_project(
        session.connection().execute(query),
        projects,
        lambda row: _pipeline(row, tuple(workflows[row.project, row.id])),
    )


def _with_what_is_known(old: Columns, new: Columns) -> dict[str, ColumnElement[Any]]:
    """Keep jobs and the time in the queue: a quick look reads neither."""
    return {
        "jobs": case((cast(new["jobs"], String) == "[]", old["jobs"]), else_=new["jobs"]),
        "queued_s": func.coalesce(new["queued_s"], old["queued_s"]),
    }


def _final_keys(session: Session, pipelines: Mapping[str, Iterable[Pipeline]]) -> set[tuple[str, str]]:
    created = [pipeline.created_at for several in pipelines.values() for pipeline in several]
    if not created:
        return set()
    table = table_of(PipelineRow)
    query = select(table.c.project, table.c.id).where(
        table.c.project.in_(pipelines), table.c.created_at >= min(created), table.c.is_final
    )
    return {(row.project, row.id) for row in session.connection().execute(query)}


def _pipeline_row(project: str, pipeline: Pipeline) -> dict[str, Any]:
    missing = pipeline.workflows if isinstance(pipeline.workflows, Missing) else None
    return {
        "project": project,
        "id": pipeline.id,
        "number": pipeline.number,
        "circleci_project": pipeline.project,
        "branch": pipeline.branch,
        "sha": pipeline.sha,
        "state": pipeline.state,
        "created_at": pipeline.created_at,
        "errors": list(pipeline.errors),
        "is_final": pipeline.is_final,
        "gap": missing.gap.value if missing else "",
        "gap_reason": missing.reason if missing else "",
        "url": pipeline.url,
    }


def _pipeline(row: Row[Any], workflows: tuple[Workflow, ...]) -> Pipeline:
    return Pipeline(
        id=row.id,
        number=row.number,
        project=row.circleci_project,
        branch=row.branch,
        sha=row.sha,
        state=row.state,
        created_at=row.created_at,
        errors=tuple(row.errors),
        workflows=Missing(Gap(row.gap), row.gap_reason) if row.gap else workflows,
        url=row.url,
    )


def _workflow_row(project: str, pipeline: str, workflow: Workflow) -> dict[str, Any]:
    return {
        "project": project,
        "id": workflow.id,
        "pipeline": pipeline,
        "name": workflow.name,
        "status": workflow.status.value,
        "created_at": workflow.created_at,
        "stopped_at": workflow.stopped_at,
        "jobs": [_job_json(job) for job in workflow.jobs],
        "url": workflow.url,
        "queued_s": None if workflow.queued is None else workflow.queued.total_seconds(),
    }


def _workflow(row: Row[Any]) -> Workflow:
    return Workflow(
        id=row.id,
        name=row.name,
        status=WorkflowStatus(row.status),
        created_at=row.created_at,
        stopped_at=row.stopped_at,
        jobs=tuple(_job(job) for job in row.jobs),
        url=row.url,
        queued=None if row.queued_s is None else timedelta(seconds=row.queued_s),
    )


def _job_json(job: Job) -> dict[str, str | None]:
    return {
        "id": job.id,
        "name": job.name,
        "status": job.status,
        "kind": job.kind,
        "started_at": job.started_at.isoformat() if job.started_at else None,
        "stopped_at": job.stopped_at.isoformat() if job.stopped_at else None,
    }


def _job(job: dict[str, Any]) -> Job:
    return Job(
        job["id"], job["name"], job["status"], job["kind"], _moment(job["started_at"]), _moment(job["stopped_at"])
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
