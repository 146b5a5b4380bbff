"""Reports that were made: what they say in figures, what they recommend, where they lie.

A report is known by its period, its window and what was asked for (`scope`). Making it again replaces what it says.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import JSON, ForeignKeyConstraint, Index, Row, UniqueConstraint, delete, func, select
from sqlalchemy.orm import Session
from sqlmodel import Field

from watchkeeper.domain.period_reports import Recommendation, ReportPeriod
from watchkeeper.domain.verdicts import Verdict
from watchkeeper.domain.windows import Window
from watchkeeper.store.tables import Base, table_of, upsert

IDENTITY: Final = ("period", "window_start", "window_end", "scope")
_ADVICE: Final = tuple(part.name for part in fields(Recommendation) if part.name != "project")


class ReportRow(Base, table=True):
    __tablename__ = "reports"
    __table_args__ = (
        UniqueConstraint(*IDENTITY),
        Index(None, "window_end"),
        {"sqlite_autoincrement": True},  # an id must never come back: what was delivered hangs on it
    )

    id: int = Field(primary_key=True)
    period: str
    window_start: datetime
    window_end: datetime
    scope: str
    zone: str
    verdict: str
    headline: str
    file: str
    link: str
    digest: str
    generated_at: datetime
    created_at: datetime


class ReportProjectRow(Base, table=True):
    __tablename__ = "report_projects"
    __table_args__ = (
        ForeignKeyConstraint(["report"], ["reports.id"], ondelete="CASCADE"),
        Index(None, "project"),
    )

    report: int = Field(primary_key=True)
    project: str = Field(primary_key=True)
    verdict: str
    score: float | None
    figures: dict[str, Any] = Field(sa_type=JSON)
    recommendations: list[dict[str, Any]] = Field(sa_type=JSON)


@dataclass(frozen=True, slots=True)
class StoredProject:
    """One project's part of a report. `figures`: value, unit and source by name of the figure, as plain data."""

    verdict: Verdict
    score: float | None
    figures: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    recommendations: tuple[Recommendation, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredReport:
    """A report that was made.

    Attributes:
        scope: the slugs that were asked for, sorted, with commas between them; "" for all projects.
        file: its name in the storage of reports; `link`: address at which people find it, "" for none.
        digest: of what it says, whenever it was made.
        projects: by slug.
    """

    period: ReportPeriod
    window: Window
    scope: str
    zone: str
    verdict: Verdict
    headline: str
    file: str
    link: str
    digest: str
    generated_at: datetime
    projects: Mapping[str, StoredProject]


def save_report(session: Session, report: StoredReport, now: datetime) -> int:
    """Save a report, in the place of an earlier one on the same, and return its id."""
    identity = {
        "period": report.period.value,
        "window_start": report.window.start,
        "window_end": report.window.end,
        "scope": report.scope,
    }
    says = {
        "zone": report.zone,
        "verdict": report.verdict.value,
        "headline": report.headline,
        "file": report.file,
        "link": report.link,
        "digest": report.digest,
        "generated_at": report.generated_at,
        "created_at": now,
    }
    upsert(session, ReportRow, [{**identity, **says}], key=IDENTITY, keep={"created_at"})
    table, parts = table_of(ReportRow).c, table_of(ReportProjectRow)
    same = (table[name] == value for name, value in identity.items())
    number: int = session.connection().execute(select(table.id).where(*same)).scalar_one()
    session.connection().execute(delete(parts).where(parts.c.report == number))
    upsert(session, ReportProjectRow, (_part_row(number, *item) for item in report.projects.items()))
    return number


def reports_since(session: Session, since: datetime) -> tuple[StoredReport, ...]:
    """Return the reports whose window ended after `since`, newest first, without figures and recommendations."""
    table, part = table_of(ReportRow), table_of(ReportProjectRow)
    newest_first = (table.c.window_end.desc(), table.c.window_start, table.c.id)
    rows = session.connection().execute(select(table).where(table.c.window_end > since).order_by(*newest_first)).all()
    columns = (part.c.report, part.c.project, part.c.verdict, part.c.score)
    found: dict[int, dict[str, StoredProject]] = {row.id: {} for row in rows}
    wanted = select(*columns).where(part.c.report.in_(found))
    for row in session.connection().execute(wanted):
        found[row.report][row.project] = StoredProject(Verdict(row.verdict), row.score)
    return tuple(_report(row, found[row.id]) for row in rows)


def earlier_recommendations(session: Session, period: ReportPeriod, window: Window) -> tuple[Recommendation, ...]:
    """Return what the newest report of this kind on an earlier window has recommended; nothing when there is none."""
    table, part = table_of(ReportRow), table_of(ReportProjectRow)
    of_kind = table.c.period == period.value
    newest = select(func.max(table.c.window_start)).where(of_kind, table.c.window_start < window.start)
    wanted = select(part.c.project, part.c.recommendations).join(table, table.c.id == part.c.report)
    query = wanted.where(of_kind, table.c.window_start == newest.scalar_subquery()).order_by(table.c.generated_at)
    newest_of_each = {row.project: row.recommendations for row in session.connection().execute(query)}
    return tuple(
        Recommendation(project=project, **advice)
        for project, several in sorted(newest_of_each.items())
        for advice in several
    )


def _part_row(report: int, project: str, part: StoredProject) -> dict[str, Any]:
    advice = [{name: getattr(given, name) for name in _ADVICE} for given in part.recommendations]
    return {
        "report": report,
        "project": project,
        "verdict": part.verdict.value,
        "score": part.score,
        "figures": {name: dict(figure) for name, figure in part.figures.items()},
        "recommendations": advice,
    }


def _report(row: Row[Any], projects: Mapping[str, StoredProject]) -> StoredReport:
    return StoredReport(
        period=ReportPeriod(row.period),
        window=Window(row.window_start, row.window_end),
        scope=row.scope,
        zone=row.zone,
        verdict=Verdict(row.verdict),
        headline=row.headline,
        file=row.file,
        link=row.link,
        digest=row.digest,
        generated_at=row.generated_at,
        projects=projects,
    )
