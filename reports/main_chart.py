"""The one picture of a report, for where no page can be shown: how each project went, the worst first.

It is one chart whose rows lie above each other, a row a project; text is large enough for a phone.
"""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any, Final
from unicodedata import bidirectional
from zoneinfo import ZoneInfo

import altair as alt

from reports.chart_axes import Canvas, Drawing, Row, alone, data, ms, rows_of, time_axis
from reports.chart_specs import incident_rows
from reports.figures import NOT_KNOWN
from reports.order import worst_first
from reports.palette import light
from reports.period_words import TITLES, dates
from reports.text import one_line
from watchkeeper.domain.period_reports import PeriodReport, ProjectReport
from watchkeeper.domain.verdicts import Verdict

MOST_ROWS: Final = 6
_ROW: Final = 136  # height of a row on the axis, on which a score fills 100
_ROW_PX: Final = 74
_LEFT, _PLOT = 196, 396  # px
_NAME, _SMALL, _HEADLINE = 17, 14, 20
_LETTERS: Final = 20  # of a name
_RIGHT_TO_LEFT_MARK: Final = "\u200f"  # behind it an ellipsis stands where a name that is read from the right ends
_COLOURS: Final = {
    Verdict.HEALTHY: "good",
    Verdict.WARNING: "warning",
    Verdict.CRITICAL: "bad",
    Verdict.UNKNOWN: "unknown",
}


def main_chart(report: PeriodReport) -> Drawing:
    """Return the health scores of the worst six projects over the period."""
    projects = worst_first(report.projects)
    rows = list(enumerate(projects[:MOST_ROWS]))
    layers = [*_grid(rows, report), *_incidents(rows, report), *_lines(rows), *_words(rows)]
    return alt.layer(*layers).properties(
        width=_PLOT, height=_ROW_PX * max(1, len(rows)), padding={"left": 20, "right": 20, "top": 20, "bottom": 16},
        title=_title(report, len(projects)), background=light("paper"),
    )  # fmt: skip


def _title(report: PeriodReport, projects: int) -> alt.TitleParams:
    lines = textwrap.wrap(one_line(report.headline), 54, max_lines=3, placeholder=" …") or [""]
    small = f"{TITLES[report.period]} · {dates(report.window, report.zone, report.period)}"
    rest = f" · {projects - MOST_ROWS} more in the report" if projects > MOST_ROWS else ""
    look: dict[str, Any] = {"fontSize": _HEADLINE, "fontWeight": "bold", "lineHeight": 25, "color": light("ink")}
    below: dict[str, Any] = {"fontSize": _SMALL, "color": light("muted"), "padding": 8}
    under = {f"subtitle{name[0].upper()}{name[1:]}": value for name, value in below.items()}
    return alt.TitleParams(lines, subtitle=[small + rest], anchor="start", frame="bounds", offset=22, **look, **under)


def _floor(row: int) -> float:
    """Return where a row's score of 0 lies."""
    return -_ROW * row


def _grid(rows: Sequence[tuple[int, ProjectReport]], report: PeriodReport) -> list[alt.Chart]:
    """Return the axes, with a line at 0 and at 100 in each row."""
    edges = [ms(report.window.start), ms(report.window.end)]
    lines = [
        {"at": edge, "value": _floor(row) + score, "row": f"{row} {score}"}
        for row in range(max(1, len(rows)))
        for score in (0, 100)
        for edge in edges
    ]
    x = time_axis(report.window, ZoneInfo(report.zone), Canvas("narrow", _PLOT, 0))
    domain = [_floor(max(len(rows) - 1, 0)) - 6, 112]
    y = alt.Y("value:Q", scale=alt.Scale(domain=domain, nice=False, zero=False), axis=None)
    base = alt.Chart(data(lines)).encode(x=x, y=y, detail=alt.Detail("row:N"))
    return [base.mark_line(color=light("grid"), strokeWidth=1)]


def _incidents(rows: Sequence[tuple[int, ProjectReport]], report: PeriodReport) -> list[alt.Chart]:
    found = [
        {**span, "value": _floor(row), "top": _floor(row) + 100}
        for row, project in rows
        for span in incident_rows(project.incidents, report.window)
    ]
    if not found:
        return []
    base = alt.Chart(data(found)).mark_rect(color=light("alarm"))
    return [base.encode(x=alt.X("at:Q"), x2=alt.X2("end:Q"), y=alt.Y("value:Q"), y2=alt.Y2("top:Q"))]


def _lines(rows: Sequence[tuple[int, ProjectReport]]) -> list[alt.Chart]:
    points = [point for row, project in rows for point in _raised(row, project)]
    if not points:
        return []
    line = alt.Chart(data(points)).mark_line(color=light("accent"), strokeWidth=2.5, strokeJoin="round")
    dots = alt.Chart(data(alone(points))).mark_point(color=light("accent"), filled=True, size=18, opacity=1)
    places = alt.X("at:Q"), alt.Y("value:Q"), alt.Detail("row:N")
    return [layer.encode(*places) for layer in (line, dots)]


def _raised(row: int, project: ProjectReport) -> Iterator[Row]:
    """Return a project's line at the height of its row."""
    series = project.series.get("score")
    for found in rows_of(series.lines["score"], series.step) if series else ():
        value = found["value"]
        yield {"at": found["at"], "value": None if value is None else value + _floor(row), "row": row}


def _words(rows: Sequence[tuple[int, ProjectReport]]) -> list[alt.Chart]:
    """Return name, verdict and score at the left of each row."""
    told = [_told(row, project) for row, project in rows] or [
        {"row": 0, "name": "No project", "verdict": "", "score": "", "colour": light("muted"), "value": 50}
    ]
    base = alt.Chart(data(told)).encode(y=alt.Y("value:Q"))
    left: dict[str, Any] = {"align": "left", "baseline": "middle", "x": -_LEFT}
    name = {**left, "dy": -12, "fontSize": _NAME, "fontWeight": "bold", "color": light("ink"), "limit": _LEFT - 8}
    colour = alt.Color("colour:N", scale=None)
    score = {**name, "align": "right", "x": -12, "dy": 11, "fontSize": 24}
    return [
        base.mark_text(**name).encode(text=alt.Text("name:N")),
        base.mark_text(**left, dy=11, fontSize=_SMALL).encode(text=alt.Text("verdict:N"), color=colour),
        base.mark_text(**score).encode(text=alt.Text("score:N")),
    ]


def _told(row: int, project: ProjectReport) -> Row:
    name = one_line(project.name)
    score = NOT_KNOWN if project.score is None else f"{project.score:.0f}"
    return {
        "row": row, "name": _cut(name),
        "verdict": project.verdict.capitalize(), "score": score, "colour": light(_COLOURS[project.verdict]),
        "value": _floor(row) + 50,
    }  # fmt: skip


def _cut(name: str) -> str:
    if len(name) <= _LETTERS:
        return name
    is_right_to_left = any(bidirectional(letter) in {"R", "AL"} for letter in name)
    return f"{name[: _LETTERS - 1].rstrip()}…{_RIGHT_TO_LEFT_MARK if is_right_to_left else ''}"
