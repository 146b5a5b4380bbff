"""Charts for pages and for Slack, drawn with Altair and vl-convert; each comes with its table and a sentence."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from typing import Any, Final

import altair as alt
import vl_convert
from altair.utils.schemapi import debug_mode
from markupsafe import Markup

from reports import chart_specs
from reports.chart_axes import HALF_WIDE, NARROW, WIDE, Canvas, Drawing
from reports.figures import NOT_KNOWN, shown
from reports.main_chart import main_chart
from reports.palette import light
from reports.period_words import step_name
from reports.svg import page_svg
from reports.text import one_line
from watchkeeper.domain.period_reports import PeriodReport, Point, ProjectReport, Series
from watchkeeper.domain.phrases import amount
from watchkeeper.domain.windows import Window

_DAY: Final = timedelta(days=1)
_MOST_DAYS: Final = 42  # of the calendar: six weeks, newest last
_PNG_SCALE: Final = 2
_Spec = Callable[[Series, Canvas, tzinfo], Drawing]
SPECS: Final[Mapping[str, _Spec]] = {
    "failures": chart_specs.failure_chart,
    "latency_ms": chart_specs.latency_chart,
    "builds": chart_specs.build_chart,
    "cost": chart_specs.cost_chart,
}
_MAIN_LINES: Final = {"score": "score", "failures": "rate", "latency_ms": "p95", "builds": "failed"}
_STEPS: Final = {timedelta(hours=1): "hour", timedelta(days=1): "day", timedelta(weeks=1): "week"}
_SUMMED: Final = frozenset({"builds", "cost", "releases"})
_LEGENDS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "score": (
        ("line", "mean"),
        ("haze", "lowest to highest"),
        ("alarm", "critical"),
        ("release", "release"),
        ("failed", "release that failed"),
    ),
    "failures": (("line", "share that failed"), ("band", "95 % interval")),
    "latency_ms": (("line", "p50"), ("band", "to p95"), ("haze", "to p99")),
    "builds": (("bar", "passed, above"), ("bad", "failed, below")),
    "cost": (("bar", "cost"), ("line-ink", "expected")),
    "calendar": (("haze", "few releases"), ("band", "many"), ("framed", "✕ failed")),
}
_CONFIG: Final = alt.Config(
    aria=False,
    font="Liberation Sans, Arial, Helvetica, sans-serif",
    view=alt.ViewConfig(stroke=None),
    axis=alt.AxisConfig(
        gridColor=light("grid"), tickColor=light("rule"), tickSize=4, labelFontSize=11, labelColor=light("muted")
    ),
    text=alt.MarkConfig(fontSize=11),
    mark=alt.MarkConfig(aria=True),
).to_dict()


@dataclass(frozen=True, slots=True)
class Drawn:
    """A chart on a page.

    Attributes:
        drawings: one, or a wide and a narrow one of which the page shows that which fits.
        summary: what it shows, in a sentence.
        legend: what its colours mean: a class of the style sheet and a word.
        head, rows: its numbers as a table; the first column names the row.
    """

    name: str
    title: str
    summary: str
    drawings: tuple[Markup, ...]
    legend: tuple[tuple[str, str], ...]
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def draw_charts(project: ProjectReport, names: Sequence[str], window: Window, place: tzinfo) -> tuple[Drawn, ...]:
    """Return the charts of these names of which something is known, in this order.

    Args:
        names: of series, or `calendar`.
        window: of the report, which says how moments are named.
    """
    known = [name for name in names if _is_drawn(project, name, window)]
    wide = WIDE if fills_row(known) else HALF_WIDE
    with debug_mode(False):  # the grammar of the charts is checked by a test, not each time they are drawn
        return tuple(_draw(project, name, window, place, wide) for name in known)


def fills_row(names: Collection[str]) -> bool:
    """Return True when the wide chart has a row of three for itself; five charts fill two rows when it shares one."""
    return len(names) % 3 != 2


def _is_drawn(project: ProjectReport, name: str, window: Window) -> bool:
    if name == "calendar":
        return window.length > 2 * _DAY and bool(project.calendar)  # of one day it would say nothing
    series = project.series.get(name)
    return series is not None and is_known(series)


def _draw(project: ProjectReport, name: str, window: Window, place: tzinfo, wide: Canvas) -> Drawn:
    if name == "calendar":
        return _draw_calendar(_every_day(project.calendar, window, place))
    series = project.series[name]
    summary = summarised(series)
    if name == "score":
        specs = [(canvas, chart_specs.score_chart(project, canvas, place)) for canvas in (wide, NARROW)]
    else:
        specs = [(NARROW, SPECS[name](series, NARROW, place))]
    drawings = tuple(_page_drawing(spec, canvas, summary) for canvas, spec in specs)
    head, rows = _table(series, window, place)
    return Drawn(name, one_line(series.title), summary, drawings, _legend(project, name), head, rows)


def _every_day(days: Mapping[date, tuple[int, int]], window: Window, place: tzinfo) -> dict[date, tuple[int, int]]:
    """Return the calendar with the days on which nothing was released."""
    first = window.start.astimezone(place).date()
    last = (window.end - timedelta(microseconds=1)).astimezone(place).date()
    empty = {first + n * _DAY: (0, 0) for n in range((last - first).days + 1)}
    return empty | {day: counts for day, counts in days.items() if first <= day <= last}


def _draw_calendar(days: Mapping[date, tuple[int, int]]) -> Drawn:
    """Return the calendar of releases, of the last six weeks at most."""
    newest = dict(sorted(days.items())[-_MOST_DAYS:])
    releases, failed = (sum(counts[n] for counts in newest.values()) for n in (0, 1))
    busy = sum(counts[0] > 0 for counts in newest.values())
    summary = f"Releases by day: {amount(releases, 'release')} on {busy} of {len(newest)} days, {failed} failed"
    weeks = len({day - timedelta(days=day.weekday()) for day in newest})
    canvas = Canvas("narrow", 320, max(64, min(150, 24 + 30 * weeks)))
    rows = tuple((f"{day:%a} {day.day} {day:%b}", str(counts[0]), str(counts[1])) for day, counts in newest.items())
    drawing = _page_drawing(chart_specs.calendar_chart(newest), canvas, summary)
    return Drawn("calendar", "Releases by day", summary, (drawing,), _LEGENDS["calendar"],
                 ("Day", "Releases", "Failed"), rows)  # fmt: skip


def _legend(project: ProjectReport, name: str) -> tuple[tuple[str, str], ...]:
    """Return what the colours of a chart mean, as far as they occur in it."""
    absent: set[str] = set()
    if name == "score":
        outcomes = {release.outcome in chart_specs.FAILED_OUTCOMES for release in project.releases}
        spread = any(point.low != point.high for line in project.series[name].lines.values() for point in line)
        found = {"line": spread, "haze": spread, "alarm": bool(project.incidents)}
        found |= {"release": False in outcomes, "failed": True in outcomes}
        absent = {key for key, is_there in found.items() if not is_there}
    step = _STEPS.get(project.series[name].step, "")
    entries = (entry for entry in _LEGENDS[name] if entry[0] not in absent)
    return tuple((key, f"{words} by {step}" if words == "cost" and step else words) for key, words in entries)


def is_known(series: Series) -> bool:
    return any(point.value is not None for line in series.lines.values() for point in line)


def summarised(series: Series) -> str:
    """Return a chart in a sentence, with how much of it is not known."""
    line = series.lines.get(_MAIN_LINES.get(_kind(series), "")) or next(iter(series.lines.values()))
    missing = sum(point.value is None for point in line)
    step = f"{_STEPS.get(series.step, 'point')}s"
    gaps = f"; {missing} of {len(line)} {step} are not known" if missing else ""
    told = _sums(series) if _kind(series) in _SUMMED else _range(series, line)
    return f"{one_line(series.title)}: {told}{gaps}"


def _kind(series: Series) -> str:
    return series.name.removesuffix("_by_week")


def _sums(series: Series) -> str:
    sums = {name: sum(point.value or 0 for point in line) for name, line in series.lines.items()}
    return ", ".join(f"{shown(total, series.unit)} {name}" for name, total in sums.items())


def _range(series: Series, line: Sequence[Point]) -> str:
    values = [point.value for point in line if point.value is not None]
    if not values:
        return "not known"
    low, high, last = (str(shown(value, series.unit)) for value in (min(values), max(values), values[-1]))
    which = "" if len(series.lines) == 1 else f"{_MAIN_LINES[_kind(series)]} "
    return f"{which}between {low} and {high}, at last {last}"


def _table(series: Series, window: Window, place: tzinfo) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return a row a step; a line with bounds has a column for them."""
    head, columns = ["From"], []
    first = next(iter(series.lines.values()))
    columns.append([step_name(point.at, series.step, place, window) for point in first])
    for name, line in series.lines.items():
        head.append(name)
        columns.append([str(shown(point.value, series.unit)) for point in line])
        if any(point.low is not None for point in line):
            head.append("95 % interval" if series.unit == "%" else "range")
            columns.append([_bounds(point, series.unit) for point in line])
    return tuple(head), tuple(zip(*columns, strict=True))


def _bounds(point: Point, unit: str) -> str:
    if point.low is None or point.high is None:
        return NOT_KNOWN
    return f"{shown(point.low, unit).number} to {shown(point.high, unit)}"


# --- drawing


def _page_drawing(chart: Drawing, canvas: Canvas, summary: str) -> Markup:
    return page_svg(vl_convert.vegalite_to_svg(specification(chart, canvas)), summary, canvas.kind)


def specification(chart: Drawing, canvas: Canvas) -> dict[str, Any]:
    """Return a chart as Vega-Lite reads it, laid out to fill the canvas with its axes."""
    layout = {"type": "fit", "contains": "padding"}
    return specified(chart) | {"width": canvas.width, "height": canvas.height, "padding": 2, "autosize": layout}


def specified(chart: Drawing) -> dict[str, Any]:
    # Put in at the end: each step in Altair would copy the whole chart with its data.
    return dict(chart.to_dict(validate=False)) | {"config": _CONFIG}


def main_chart_png(report: PeriodReport) -> bytes:
    """Return the health of the period as a picture for a message, at twice its size: readable on a phone."""
    with debug_mode(False):
        return vl_convert.vegalite_to_png(specified(main_chart(report)), scale=_PNG_SCALE)
