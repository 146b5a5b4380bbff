"""A report as one page: everything in one file, nothing to run, nothing to fetch."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from markupsafe import Markup

from reports.charts import Drawn, draw_charts, summarised
from reports.figures import NO_CHANGE, Change, Shown, change, figure_value, shown
from reports.order import worst_first
from reports.pages import environment
from reports.period_words import TITLES, compared, dates, moment
from reports.sparkline import sparkline
from watchkeeper.domain.period_reports import (
    EndpointLine,
    Figure,
    PeriodReport,
    ProjectReport,
    ReleaseLine,
    ReportPeriod,
)
from watchkeeper.domain.phrases import listed

MOST_BYTES: Final = 1_000_000
CHARTS: Final = ("score", "failures", "latency_ms", "builds", "cost", "calendar")
_PARTS: Final[Mapping[ReportPeriod, tuple[str, ...]]] = {
    ReportPeriod.DAILY: ("issues", "incidents", "releases", "builds", "endpoints", "cost", "recommendations"),
    ReportPeriod.WEEKLY: (
        "better", "areas", "issues", "endpoints", "flaky_tests", "workflows", "dora", "incidents", "replay", "releases",
        "cost", "recommendations",
    ),
    ReportPeriod.MONTHLY: (
        "long_run", "dora", "objectives", "incidents", "replay", "cost", "recommendations", "better", "areas",
        "endpoints", "flaky_tests", "workflows",
    ),
    ReportPeriod.CUSTOM: (
        "issues", "incidents", "replay", "releases", "builds", "endpoints", "areas", "flaky_tests", "workflows",
        "dora", "objectives", "cost", "better", "recommendations",
    ),
}  # fmt: skip
LONG_RUN: Final = {
    "score_by_week": "score", "failures_by_week": "rate", "latency_ms_by_week": "p95", "builds_by_week": "failed",
    "cost_by_week": "actual",
}  # fmt: skip
_LINES: Final = {
    "score": ("score", "score"), "cost": ("cost", "actual"), "failures": ("failures", "rate"),
    "latency_p50_ms": ("latency_ms", "p50"), "latency_p95_ms": ("latency_ms", "p95"),
    "latency_p99_ms": ("latency_ms", "p99"), "releases": ("releases", "released"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Detail:
    """How much a page shows.

    Attributes:
        charted: projects with full charts, the worst ones; the others are quiet.
        lines: of a list of a project with full charts; `quiet_lines` of one without.
        all_figures: whether quiet projects show all their figures with their sources, or the key figures alone.
    """

    charted: int
    lines: int
    quiet_lines: int
    all_figures: bool


# A page shows as much as stays below 1 MB; six projects with charts are drawn in about two seconds.
DETAILS: Final = (Detail(6, 10, 5, True), Detail(6, 10, 3, False), Detail(4, 5, 2, False), Detail(2, 3, 1, False))
MORE_INCIDENTS: Final = 3  # times the lines of a list of one project: they are of all projects


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure held against an earlier one; `against` says which in words."""

    change: Change
    against: str


@dataclass(frozen=True, slots=True)
class Line:
    """A figure as it stands on the page."""

    figure: Figure
    value: Shown
    comparisons: tuple[Comparison, ...]
    spark: Markup

    @property
    def change(self) -> Change:
        return self.comparisons[0].change if self.comparisons else NO_CHANGE


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure of a project in the table of all projects."""

    value: Shown
    change: Change
    spark: Markup


@dataclass(frozen=True, slots=True)
class LongLine:
    """Where something goes in the long run: a small line, and its first and last value."""

    title: str
    spark: Markup
    told: str


@dataclass(frozen=True, slots=True)
class Section:
    """One project on the page. `parts` are macros of the template; a quiet one has small lines instead of charts."""

    anchor: str
    project: ProjectReport
    cells: tuple[Cell, ...]
    cards: tuple[Line, ...]
    lines: tuple[Line, ...]
    charts: tuple[Drawn, ...]
    parts: tuple[str, ...]
    long_run: tuple[LongLine, ...]
    most: int  # lines of a list
    is_quiet: bool


def render_report(report: PeriodReport) -> str:
    """Return the report as one HTML file below 1 MB.

    The worst six projects have full charts, the others small lines. Lists are cut, with a count of what was cut, the
    shorter the more projects there are.
    """
    ordered = worst_first(report.projects)
    place = ZoneInfo(report.zone)
    charts = [draw_charts(project, CHARTS, report.window, place) for project in ordered[: DETAILS[0].charted]]
    columns = _columns(ordered)
    page = ""
    for detail in DETAILS:
        sections = [_section(n, p, report, columns, charts, detail) for n, p in enumerate(ordered)]
        page = _page(report, sections, columns, detail)
        if len(page.encode()) < MOST_BYTES:
            break
    return page


def _page(report: PeriodReport, sections: Sequence[Section], columns: Sequence[Figure], detail: Detail) -> str:
    place = ZoneInfo(report.zone)
    words = compared(report)
    return environment().get_template("period_report.html").render(
        report=report,
        title=TITLES[report.period],
        dates=dates(report.window, report.zone, report.period),
        made_at=_made_at(report.generated_at, place),
        is_daily=report.period is ReportPeriod.DAILY,
        names={project.slug: project.name for project in report.projects},
        sections=sections,
        columns=columns,
        compared=words,
        against=listed(list(words.values())),
        quiet_note=_quiet_note(len(sections), detail.charted),
        most_incidents=MORE_INCIDENTS * detail.lines,
        newest=newest,
        slowest=slowest,
        when=lambda at: moment(at, report.window, place),
    )  # fmt: skip


def _quiet_note(number: int, charted: int) -> str:
    if number <= charted:
        return ""
    return f"The worst first. The first {charted} have full charts, the other {number - charted} small lines."


def _made_at(at: datetime, place: tzinfo) -> str:
    local = at.astimezone(place)
    return f"{local.day} {local:%B %Y, %H:%M} {local.tzname() or ''}".strip()


def _columns(projects: Sequence[ProjectReport]) -> list[Figure]:
    """Return a figure for each column of the table: the key figures of all projects, five at most."""
    found = {name: p.figures[name] for p in projects for name in p.key_figures if name in p.figures}
    return list(found.values())[:5]


def _section(  # noqa: PLR0913, PLR0917 - all that a section is made of
    number: int,
    project: ProjectReport,
    report: PeriodReport,
    columns: Sequence[Figure],
    charts: Sequence[tuple[Drawn, ...]],
    detail: Detail,
) -> Section:
    words = compared(report)
    is_quiet = number >= detail.charted
    lines = {name: _line(figure, words) for name, figure in project.figures.items()}
    shown_lines = (
        lines if detail.all_figures or not is_quiet else {n: lines[n] for n in project.key_figures if n in lines}
    )
    return Section(
        anchor=f"p{number + 1}",
        project=project,
        cells=tuple(_cell(project, lines.get(column.name), column.name) for column in columns),
        cards=tuple(_card(project, lines[name]) for name in project.key_figures if name in lines),
        lines=tuple(shown_lines.values()),
        charts=() if is_quiet or project.is_empty else charts[number],
        parts=_PARTS[report.period],
        long_run=tuple(_long_lines(project)),
        most=detail.quiet_lines if is_quiet else detail.lines,
        is_quiet=is_quiet,
    )


def _long_lines(project: ProjectReport) -> Iterator[LongLine]:
    for name, line_name in LONG_RUN.items():
        series = project.series.get(name)
        known = [p.value for p in series.lines[line_name] if p.value is not None] if series else []
        if series and len(known) > 1:
            spark = sparkline([p.value for p in series.lines[line_name]], summarised(series), width=200, height=44)
            first, last = shown(known[0], series.unit), shown(known[-1], series.unit)
            before = first.number if first.unit == last.unit else first
            yield LongLine(series.title, spark, f"from {before} to {last} in {len(series.lines[line_name])} weeks")


def _line(figure: Figure, words: Mapping[str, str]) -> Line:
    comparisons = tuple(Comparison(change(figure.trends.get(key), figure.unit), said) for key, said in words.items())
    return Line(figure, figure_value(figure), comparisons, Markup())


def _cell(project: ProjectReport, line: Line | None, name: str) -> Cell:
    if line is None:
        return Cell(Shown("–"), NO_CHANGE, Markup())
    spark = _spark(project, name, 72, 18) if name == "score" else Markup()
    return Cell(Shown(line.value.number) if name == "score" else line.value, line.change, spark)


def _card(project: ProjectReport, line: Line) -> Line:
    told = tuple(comparison for comparison in line.comparisons if comparison.change.amount)
    return Line(line.figure, line.value, told, _spark(project, line.figure.name, 120, 26))


def _spark(project: ProjectReport, figure: str, width: int, height: int) -> Markup:
    """Return the line of a figure's series; nothing where it has none."""
    series_name, line_name = _LINES.get(figure, ("", ""))
    series = project.series.get(series_name)
    if series is None or line_name not in series.lines:
        return Markup()
    bounds = (0.0, 100.0) if series_name == "score" else None
    values = [point.value for point in series.lines[line_name]]
    return sparkline(values, summarised(series), bounds=bounds, width=width, height=height)


def newest(releases: Sequence[ReleaseLine], most: int) -> list[ReleaseLine]:
    return sorted(releases, key=lambda release: release.live_at, reverse=True)[:most]


def slowest(endpoints: Sequence[EndpointLine], most: int) -> list[EndpointLine]:
    """Return the slow ones first, then by p95."""
    return sorted(endpoints, key=lambda e: (not e.is_slow, -(e.p95_ms or 0.0)))[:most]
