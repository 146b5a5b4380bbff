"""Health checks with their components: exactly one row for each project, window and type of check."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    ForeignKeyConstraint,
    Index,
    Row,
    and_,
    bindparam,
    delete,
    func,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import Session
from sqlmodel import Field

from watchkeeper.domain.health import Blame, CheckType, Fault, HealthCheck
from watchkeeper.domain.verdicts import Component, Evidence, Gap, Judgement, Verdict
from watchkeeper.domain.windows import Window
from watchkeeper.store.projects import ProjectRow, see_projects
from watchkeeper.store.tables import IN_ORDER_OF_KEY, Base, Columns, by_project, table_of, upsert

LONGEST_WINDOW = timedelta(days=1)
Components = dict[tuple[object, ...], dict[Component, Judgement]]
KEY = ("project", "window_start", "window_end", "check_type")


class HealthCheckRow(Base, table=True):
    __tablename__ = "health_checks"
    __table_args__ = (Index(None, "window_start"), IN_ORDER_OF_KEY)

    project: str = Field(primary_key=True)
    window_start: datetime = Field(primary_key=True)
    window_end: datetime = Field(primary_key=True)
    check_type: str = Field(primary_key=True)
    verdict: str
    score: float | None
    coverage: float
    reasons: list[str] = Field(sa_type=JSON)
    fault: str
    fault_reason: str
    fault_release: str
    release: str
    in_custody: bool
    flow_run_id: str
    checked_at: datetime


class ComponentRow(Base, table=True):
    __tablename__ = "components"
    __table_args__ = (
        ForeignKeyConstraint(KEY, [f"health_checks.{name}" for name in KEY], ondelete="CASCADE"),
        IN_ORDER_OF_KEY,
    )

    project: str = Field(primary_key=True)
    window_start: datetime = Field(primary_key=True)
    window_end: datetime = Field(primary_key=True)
    check_type: str = Field(primary_key=True)
    component: str = Field(primary_key=True)
    verdict: str
    score: float | None
    reasons: list[str] = Field(sa_type=JSON)
    evidence: list[dict[str, Any]] = Field(sa_type=JSON)
    gap: str | None


class HourlyHealthRow(Base, table=True):
    """How often a project had each verdict in an hour, for the time after single checks are deleted."""

    __tablename__ = "hourly_health"
    __table_args__ = (Index(None, "hour"), IN_ORDER_OF_KEY)

    project: str = Field(primary_key=True)
    hour: datetime = Field(primary_key=True)
    checks: int
    healthy: int
    warning: int
    critical: int
    unknown: int
    mean_score: float | None
    least_score: float | None
    mean_coverage: float


@dataclass(frozen=True, slots=True)
class HourlyHealth:
    """How many full checks of a project had which verdict in the hour that begins at `hour`.

    Attributes:
        mean_score, least_score: over the checks that have one; None when none has.
    """

    project: str
    hour: datetime
    checks: int
    healthy: int
    warning: int
    critical: int
    unknown: int
    mean_score: float | None
    least_score: float | None
    mean_coverage: float


def save_checks(session: Session, checks: Sequence[HealthCheck], flow_run_id: str, now: datetime) -> None:
    """Save checks with their components. One of the same project, window and type is replaced as a whole."""
    see_projects(session, {check.project for check in checks}, now)
    run = {"flow_run_id": flow_run_id, "checked_at": now}
    upsert(session, HealthCheckRow, ({**_key(check), **_check_row(check), **run} for check in checks))
    _delete_components(session, checks)
    components = (
        {**_key(check), "component": component.value, **_component_row(judgement)}
        for check in checks
        for component, judgement in check.components.items()
    )
    upsert(session, ComponentRow, components)


def checks(
    session: Session,
    projects: Collection[str],
    window: Window,
    check_type: CheckType | None = None,
    *,
    with_components: bool = True,
) -> dict[str, tuple[HealthCheck, ...]]:
    """Return the checks whose window began in `window`, newest first; of all types unless one is named.

    Args:
        with_components: False leaves them empty, which is ten times as fast: enough for a long history.
    """
    column = table_of(HealthCheckRow).c
    wanted = [column.project.in_(projects), column.window_start >= window.start, column.window_start < window.end]
    wanted.append(_of_type(column, check_type))
    components = _components(session, and_(*wanted)) if with_components else {}
    return _load(session, projects, and_(*wanted), components)


def critical_projects(session: Session, projects: Collection[str], window: Window) -> frozenset[str]:
    """Return the projects that a full check has found critical whose window began in `window`."""
    column = table_of(HealthCheckRow).c
    query = select(column.project.distinct()).where(
        column.project.in_(projects), column.window_start >= window.start, column.window_start < window.end
    )
    of_full = column.check_type == CheckType.FULL.value, column.verdict == Verdict.CRITICAL.value
    return frozenset(session.connection().execute(query.where(*of_full)).scalars())


def latest_checks(
    session: Session, projects: Collection[str], check_type: CheckType | None = None
) -> dict[str, HealthCheck]:
    """Return the newest check of each project that has one; of any type unless one is named."""
    column, seen = table_of(HealthCheckRow).c, table_of(ProjectRow)
    other = table_of(HealthCheckRow).alias("other").c
    # One look into the index for each project, instead of reading all its checks.
    newest = select(func.max(other.window_start)).where(other.project == seen.c.slug, _of_type(other, check_type))
    newest_of_each = select(seen.c.slug, newest.scalar_subquery()).where(seen.c.slug.in_(projects))
    wanted = and_(tuple_(column.project, column.window_start).in_(newest_of_each), _of_type(column, check_type))
    found = _load(session, projects, wanted, _components(session, wanted))
    return {project: several[0] for project, several in found.items() if several}


def checked_windows(session: Session, projects: Collection[str], span: Window) -> frozenset[Window]:
    """Return the windows that ended in `span` and for which each of the projects has a full check."""
    column = table_of(HealthCheckRow).c
    query = (
        select(column.window_start, column.window_end)
        .where(column.project.in_(projects), column.window_start >= span.start - LONGEST_WINDOW)
        .where(column.window_end >= span.start, column.window_end < span.end, _of_type(column, CheckType.FULL))
        .group_by(column.window_start, column.window_end)
        .having(func.count(column.project.distinct()) >= len(set(projects)))
    )
    return frozenset(Window(row.window_start, row.window_end) for row in session.connection().execute(query))


def hourly_health(session: Session, projects: Collection[str], window: Window) -> dict[str, tuple[HourlyHealth, ...]]:
    """Return the hours that began in `window`, oldest first; only those that retention has put together already."""
    table = table_of(HourlyHealthRow)
    query = (
        select(table)
        .where(table.c.project.in_(projects), table.c.hour >= window.start, table.c.hour < window.end)
        .order_by(table.c.project, table.c.hour)
    )
    return by_project(session.connection().execute(query), projects, lambda row: HourlyHealth(*row))


def _of_type(column: Columns, check_type: CheckType | None) -> ColumnElement[bool]:
    return true() if check_type is None else column.check_type == check_type.value


def _load(
    session: Session, projects: Collection[str], wanted: ColumnElement[bool], components: Components
) -> dict[str, tuple[HealthCheck, ...]]:
    table = table_of(HealthCheckRow)
    newest_first = (table.c.project, table.c.window_start.desc(), table.c.window_end.desc(), table.c.checked_at.desc())
    rows = session.connection().execute(select(table).where(wanted).order_by(*newest_first))
    return by_project(rows, projects, lambda row: _check(row, components.get(tuple(row[: len(KEY)]), {})))


def _components(session: Session, wanted: ColumnElement[bool]) -> Components:
    table, part = table_of(HealthCheckRow), table_of(ComponentRow)
    belongs = and_(*(part.c[name] == table.c[name] for name in KEY))
    components: Components = defaultdict(dict)
    for row in session.connection().execute(select(part).join(table, belongs).where(wanted)):
        components[tuple(row[: len(KEY)])][Component(row.component)] = _judgement(row)
    return components


def _delete_components(session: Session, checks: Sequence[HealthCheck]) -> None:
    table = table_of(ComponentRow)
    same_check = (table.c[name] == bindparam(f"of_{name}") for name in KEY)
    keys = [{f"of_{name}": value for name, value in _key(check).items()} for check in checks]
    if keys:
        session.connection().execute(delete(table).where(*same_check), keys)


def _key(check: HealthCheck) -> dict[str, Any]:
    return dict(zip(KEY, (check.project, check.window.start, check.window.end, check.check_type.value), strict=True))


def _check_row(check: HealthCheck) -> dict[str, Any]:
    return {
        "verdict": check.verdict.value,
        "score": check.score,
        "coverage": check.coverage,
        "reasons": list(check.reasons),
        "fault": check.blame.fault.value,
        "fault_reason": check.blame.reason,
        "fault_release": check.blame.release,
        "release": check.release,
        "in_custody": check.in_custody,
    }


def _check(row: Row[Any], components: dict[Component, Judgement]) -> HealthCheck:
    return HealthCheck(
        project=row.project,
        window=Window(row.window_start, row.window_end),
        check_type=CheckType(row.check_type),
        verdict=Verdict(row.verdict),
        score=row.score,
        coverage=row.coverage,
        reasons=tuple(row.reasons),
        components={component: components[component] for component in Component if component in components},
        blame=Blame(Fault(row.fault), row.fault_reason, row.fault_release),
        release=row.release,
        in_custody=row.in_custody,
    )


def _component_row(judgement: Judgement) -> dict[str, Any]:
    return {
        "verdict": judgement.verdict.value,
        "score": judgement.score,
        "reasons": list(judgement.reasons),
        "evidence": [
            {"name": fact.name, "value": fact.value, "unit": fact.unit, "url": fact.url} for fact in judgement.evidence
        ],
        "gap": None if judgement.gap is None else judgement.gap.value,
    }


def _judgement(row: Row[Any]) -> Judgement:
    return Judgement(
        verdict=Verdict(row.verdict),
        reasons=tuple(row.reasons),
        score=row.score,
        evidence=tuple(Evidence(**fact) for fact in row.evidence),
        gap=None if row.gap is None else Gap(row.gap),
    )
