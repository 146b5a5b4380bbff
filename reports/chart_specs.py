"""What each chart shows, in Altair's grammar."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta, tzinfo
from typing import Any, Final

import altair as alt

from reports.chart_axes import (
    Canvas,
    Drawing,
    Row,
    alone,
    bars,
    data,
    extent,
    ms,
    rows_of,
    time_axis,
    value_axis,
)
from reports.palette import light
from reports.text import one_line
from watchkeeper.domain.commits import short_name
from watchkeeper.domain.outages import Outage
from watchkeeper.domain.period_reports import ProjectReport, ReleaseLine, Series
from watchkeeper.domain.windows import Window

FAILED_OUTCOMES: Final = frozenset({"failed", "rolled back"})
_SCORE_TOP: Final = 116  # room above a score of 100 for the releases
_RELEASE_HEIGHT: Final = 110
_DAY: Final = timedelta(days=1)
_WEEKDAYS: Final = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def score_chart(project: ProjectReport, canvas: Canvas, place: tzinfo) -> Drawing:
    """Return the health score with the incidents behind it and the releases above it."""
    series = project.series["score"]
    window = extent(series)
    x = time_axis(window, place, canvas)
    y = (
        value_axis("value", _SCORE_TOP, "")
        .scale(domain=[0, _SCORE_TOP])
        .axis(values=[0, 50, 100], labelExpr="datum.value")
    )
    rows = rows_of(series.lines["score"], series.step)
    spread = alt.Chart(data(rows)).mark_area(color=light("haze")).encode(x=x, y=alt.Y("low:Q"), y2=alt.Y2("high:Q"))
    has_spread = any(row["low"] is not None and row["low"] != row["high"] for row in rows)
    return alt.layer(
        *([spread] if has_spread else ()),
        *_incident_layers(incident_rows(project.incidents, window)),
        *_line_layers(rows, x, y),
        *_release_layers([release for release in project.releases if window.contains(release.live_at)], canvas),
    )


def incident_rows(incidents: Sequence[Outage], window: Window) -> list[Row]:
    """Return where incidents lie in the window, each wide enough to be seen."""
    least = window.length / 160
    spans = [(max(i.started_at, window.start), min(i.ended_at or window.end, window.end)) for i in incidents]
    return [
        {"at": ms(start), "end": ms(max(end, start + least)), "value": 0, "top": 100}
        for start, end in spans
        if end >= start
    ]


def _incident_layers(rows: list[Row]) -> list[alt.Chart]:
    if not rows:
        return []
    base = alt.Chart(data(rows)).encode(x=alt.X("at:Q"), x2=alt.X2("end:Q"), y=alt.Y("value:Q"))
    return [
        base.mark_rect(color=light("alarm")).encode(y2=alt.Y2("top:Q")),
        base.mark_rect(color=light("bad"), height=3, yOffset=-1.5),
    ]


def _release_layers(releases: Sequence[ReleaseLine], canvas: Canvas) -> list[alt.Chart]:
    layers = []
    for failed, shape, colour in ((False, "triangle-down", "accent"), (True, "cross", "bad")):
        rows = [_release_row(release) for release in releases if (release.outcome in FAILED_OUTCOMES) is failed]
        if not rows:
            continue
        base = alt.Chart(data(rows)).encode(x=alt.X("at:Q"), y=alt.Y("value:Q"))
        layers += [
            base.mark_rule(color=light(colour), strokeDash=[1, 3], opacity=0.7).encode(y2=alt.Y2("zero:Q")),
            base.mark_point(shape=shape, filled=True, size=70 if failed else 48, color=light(colour), opacity=1).encode(
                description=alt.Description("told:N")
            ),
        ]
        if failed and canvas.is_wide:
            layers.append(
                base.mark_text(align="left", dx=8, color=light("bad"), fontWeight=600).encode(text=alt.Text("name:N"))
            )
    return layers


def _release_row(release: ReleaseLine) -> Row:
    name = one_line(short_name(release.name))[:12]
    return {
        "at": ms(release.live_at), "value": _RELEASE_HEIGHT, "zero": 0, "name": name,
        "told": f"Release {name}: {one_line(release.outcome)}",
    }  # fmt: skip


def _line_layers(rows: list[Row], x: alt.X, y: alt.Y, colour: str = "accent", size: float = 2) -> list[alt.Chart]:
    line = alt.Chart(data(rows)).mark_line(color=light(colour), strokeWidth=size, strokeJoin="round").encode(x=x, y=y)
    lonely = alone(rows)
    if not lonely:
        return [line]
    dots = alt.Chart(data(lonely)).mark_point(filled=True, size=14, color=light(colour), opacity=1)
    return [line, dots.encode(x=alt.X("at:Q"), y=alt.Y("value:Q"))]


def failure_chart(series: Series, canvas: Canvas, place: tzinfo) -> Drawing:
    """Return the failure rate with its interval, cut where the interval of a quiet hour would hide all else."""
    line = series.lines["rate"]
    peak = max((point.value for point in line if point.value is not None), default=0.0)
    highs = [point.high for point in line if point.high is not None]
    top = max(0.01, min(max(highs, default=0.0), 2.5 * peak), peak) * 1.08
    rows = rows_of(line, series.step, top)
    x, y = time_axis(extent(series), place, canvas), value_axis("value", top, "%")
    band = alt.Chart(data(rows)).mark_area(color=light("band")).encode(x=x, y=alt.Y("low:Q"), y2=alt.Y2("high:Q"))
    return alt.layer(band, *_line_layers(rows, x, y))


def latency_chart(series: Series, canvas: Canvas, place: tzinfo) -> Drawing:
    """Return p50 as a line, and how far p95 and p99 lie above it as bands."""
    names = [name for name in ("p50", "p95", "p99") if name in series.lines]
    top = max((p.value for name in names for p in series.lines[name] if p.value is not None), default=1.0) * 1.08
    x, y = time_axis(extent(series), place, canvas), value_axis("value", top or 1.0, "ms")
    layers: list[alt.Chart] = []
    for low, high, colour in (("p95", "p99", "haze"), ("p50", "p95", "band")):
        if low in names and high in names:
            rows = _between(series, low, high)
            layers.append(
                alt.Chart(data(rows)).mark_area(color=light(colour)).encode(x=x, y=alt.Y("low:Q"), y2=alt.Y2("high:Q"))
            )
    for name, colour, size in (("p95", "accent", 1), ("p50", "accent", 2)):
        if name in names:
            layers += _line_layers(rows_of(series.lines[name], series.step), x, y, colour, size)
    return alt.layer(*layers)


def _between(series: Series, low: str, high: str) -> list[Row]:
    pairs = zip(rows_of(series.lines[low], series.step), rows_of(series.lines[high], series.step), strict=True)
    return [{"at": below["at"], "low": below["value"], "high": above["value"]} for below, above in pairs]


def build_chart(series: Series, canvas: Canvas, place: tzinfo) -> Drawing:
    """Return the builds that passed above the line, and those that failed below it."""
    passed, failed = bars(series.lines["passed"], series.step), bars(series.lines["failed"], series.step, -1)
    top = max((row["value"] for row in passed), default=1.0) * 1.1
    bottom = min((row["value"] for row in failed), default=0.0) * 1.1
    return _bar_layers([(passed, "bar"), (failed, "bad")], series, canvas, place, (min(bottom, -0.12 * top), top))


def cost_chart(series: Series, canvas: Canvas, place: tzinfo) -> Drawing:
    """Return what each step has cost as a bar, and what was to be expected as a stroke across it."""
    actual = bars(series.lines["actual"], series.step)
    expected = [
        {"at": ms(point.at), "end": ms(point.at + series.step), "value": point.value}
        for point in series.lines.get("expected", ())
        if point.value is not None
    ]
    top = max((row["value"] for row in (*actual, *expected)), default=1.0) * 1.1
    layered = _bar_layers([(actual, "bar")], series, canvas, place, (0.0, top or 1.0))
    if not expected:
        return layered
    strokes = alt.Chart(data(expected)).mark_rule(color=light("ink"), strokeWidth=1.5)
    return alt.layer(layered, strokes.encode(x=alt.X("at:Q"), x2=alt.X2("end:Q"), y=alt.Y("value:Q")))


def _bar_layers(
    several: list[tuple[list[Row], str]], series: Series, canvas: Canvas, place: tzinfo, bounds: tuple[float, float]
) -> Drawing:
    x = time_axis(extent(series), place, canvas)
    y = value_axis("value", bounds[1], series.unit, bounds[0])
    layers: list[Any] = [
        alt.Chart(data(rows)).mark_rect(color=light(colour)).encode(x=x, x2=alt.X2("end:Q"), y=y, y2=alt.Y2("zero:Q"))
        for rows, colour in several
        if rows
    ]
    if not layers:
        layers = [alt.Chart(data([{"at": 0, "value": 0}])).mark_point(opacity=0).encode(x=x, y=y)]
    return alt.layer(*layers)


def calendar_chart(days: Mapping[date, tuple[int, int]]) -> Drawing:
    """Return a field a day, a row a week: the darker the more releases; one that failed is framed."""
    most = max(releases for releases, _ in days.values())
    rows = [_day_row(day, counts, most) for day, counts in sorted(days.items())]
    style: dict[str, Any] = {"domain": False, "ticks": False, "labelAngle": 0, "labelPadding": 5, "title": None}
    base = alt.Chart(data(rows)).encode(
        x=alt.X(
            "weekday:O",
            axis=alt.Axis(orient="top", **style),
            sort=None,
            scale=alt.Scale(domain=_WEEKDAYS, paddingInner=0.08),
        ),
        y=alt.Y("week:O", axis=alt.Axis(**style), sort=None, scale=alt.Scale(paddingInner=0.12)),
    )
    fields = base.mark_rect(cornerRadius=3).encode(color=alt.Color("colour:N", scale=None))
    frames = base.transform_filter("datum.failed > 0").mark_rect(
        cornerRadius=3, filled=False, stroke=light("bad"), strokeWidth=2
    )
    counts = base.transform_filter("datum.count > 0").mark_text(color=light("ink"), fontWeight=600)
    return alt.layer(fields, frames, counts.encode(text=alt.Text("shown:N")))


def _day_row(day: date, counts: tuple[int, int], most: int) -> Row:
    releases, failed = counts
    monday = day - day.weekday() * _DAY
    shade = "grid" if not releases else "haze" if releases <= max(1, most / 2) else "band"
    return {
        "weekday": _WEEKDAYS[day.weekday()],
        "week": f"{monday.day} {monday:%b}",
        "count": releases,
        "failed": failed,
        "shown": f"{releases} ✕{failed}" if failed else str(releases),
        "colour": light(shade),
    }
