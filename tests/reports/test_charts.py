import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from altair import LayerChart
from hypothesis import given
from hypothesis import strategies as st

from reports.chart_axes import NARROW, WIDE, alone, nice_marks
from reports.chart_specs import calendar_chart, score_chart
from reports.charts import SPECS, Drawn, draw_charts, main_chart_png, specification, specified, summarised
from reports.main_chart import main_chart
from tests.reports.odd_reports import empty_report, hostile_report, wordy_report
from tests.reports.period_makers import period_report
from watchkeeper.domain.period_reports import PeriodReport, Point, ProjectReport, ReportPeriod, Series
from watchkeeper.domain.windows import Window

NAMES = ("score", "failures", "latency_ms", "builds", "cost", "calendar")
UTC_ZONE = ZoneInfo("UTC")


def charts(report: PeriodReport, project: ProjectReport | None = None) -> tuple[Drawn, ...]:
    return draw_charts(project or report.projects[0], NAMES, report.window, UTC_ZONE)


def series(name: str, *values: float | None, unit: str = "ms", line: str = "p95") -> Series:
    start = datetime(2026, 11, 20, tzinfo=UTC)
    points = tuple(Point(start + n * timedelta(hours=1), value) for n, value in enumerate(values))
    return Series(name, "Time to answer", unit, timedelta(hours=1), {line: points})


def test_a_day_has_no_calendar() -> None:
    assert [chart.name for chart in charts(period_report())] == list(NAMES[:-1])


@pytest.mark.parametrize("report", [period_report(ReportPeriod.MONTHLY, 2), hostile_report(ReportPeriod.WEEKLY)])
def test_every_chart_is_in_the_grammar(report: PeriodReport) -> None:
    project = report.projects[0]
    specs = [spec(project.series[name], NARROW, UTC_ZONE) for name, spec in SPECS.items()]
    specs += [score_chart(project, WIDE, UTC_ZONE), calendar_chart(project.calendar)]
    for chart in specs:
        LayerChart.from_json(json.dumps(specification(chart, NARROW)), validate=True)
    LayerChart.from_json(json.dumps(specified(main_chart(report))), validate=True)


@pytest.mark.parametrize("period", [ReportPeriod.WEEKLY, ReportPeriod.MONTHLY, ReportPeriod.CUSTOM])
def test_every_chart_has_a_sentence_a_table_and_a_legend(period: ReportPeriod) -> None:
    report = period_report(period, 1)
    found = charts(report)
    assert [chart.name for chart in found] == list(NAMES)
    for chart in found:
        assert chart.summary
        assert chart.legend
        assert all(len(row) == len(chart.head) for row in chart.rows)


def test_the_score_is_drawn_for_both_widths() -> None:
    assert [len(chart.drawings) for chart in charts(period_report())] == [2, 1, 1, 1, 1]


def test_the_calendar_has_the_days_without_a_release() -> None:
    calendar = charts(period_report(ReportPeriod.MONTHLY, 1))[-1]
    assert len(calendar.rows) == 31


def test_drawings_have_no_ids_scripts_or_outside_references() -> None:
    for period in ReportPeriod:
        for chart in charts(period_report(period, 1)):
            for drawing in chart.drawings:
                assert not re.search(r"\sid=|href|url\(|<script|<style|\sstyle=", drawing)


def test_text_from_outside_is_escaped_in_a_drawing() -> None:
    report = hostile_report()
    drawings = [drawing for chart in charts(report) for drawing in chart.drawings]
    assert not any("<script" in drawing or "<img" in drawing for drawing in drawings)
    assert any("&lt;!channel&gt;" in drawing for drawing in drawings)


def test_what_is_not_known_is_not_drawn() -> None:
    report = empty_report()
    assert charts(report) == ()


def test_a_series_without_a_value_is_not_drawn() -> None:
    project = period_report().projects[0]
    quiet = replace(project, series={"latency_ms": series("latency_ms", None, None)})
    assert charts(period_report(), quiet) == ()


@pytest.mark.parametrize("name", ["failures", "builds", "cost"])
def test_nothing_but_zeros_can_be_drawn(name: str) -> None:
    project = period_report().projects[0]
    flat = project.series[name]
    zeros = {line: tuple(Point(p.at, 0.0) for p in points) for line, points in flat.lines.items()}
    drawn = charts(period_report(), replace(project, series={name: replace(flat, lines=zeros)}))
    assert [chart.name for chart in drawn] == [name]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        pytest.param(series("latency_ms", 100.0, 250.0, 180.0),
                     "Time to answer: between 100 ms and 250 ms, at last 180 ms", id="a range"),
        pytest.param(series("latency_ms", 100.0, None, 180.0),
                     "Time to answer: between 100 ms and 180 ms, at last 180 ms; 1 of 3 hours are not known",
                     id="a gap"),
        pytest.param(series("latency_ms", None), "Time to answer: not known; 1 of 1 hours are not known", id="nothing"),
        pytest.param(series("cost_by_week", 3.0, 4.5, unit="USD", line="actual"), "Time to answer: $7.50 actual",
                     id="a sum"),
    ],
)  # fmt: skip
def test_a_chart_can_be_read_aloud(found: Series, said: str) -> None:
    assert summarised(found) == said


@given(bottom=st.floats(-1e6, 0), top=st.floats(1e-6, 1e9))
def test_marks_are_few_and_inside(bottom: float, top: float) -> None:
    marks = nice_marks(bottom, top)
    assert 1 <= len(marks) <= 9
    size = max(top, -bottom)
    assert all(bottom - 1e-6 * size - 1e-9 <= mark <= top + 1e-6 * size + 1e-9 for mark in marks)


def test_a_point_between_gaps_needs_a_dot() -> None:
    rows = [{"value": value} for value in (1.0, None, 2.0, None, 3.0, 4.0)]
    assert alone(rows) == [{"value": 1.0}, {"value": 2.0}]


@pytest.mark.parametrize(
    "report",
    [period_report(), period_report(ReportPeriod.MONTHLY, 50), empty_report(), wordy_report(), hostile_report(),
     period_report(projects=0)],
    ids=["a day", "fifty", "empty", "wordy", "hostile", "none"],
)  # fmt: skip
def test_there_is_always_a_picture(report: PeriodReport) -> None:
    png = main_chart_png(report)
    assert png.startswith(b"\x89PNG")
    width, height = (int.from_bytes(png[start : start + 4]) for start in (16, 20))
    assert width <= 1_600
    assert 0.3 < height / width < 1.5, "a phone shows it whole"
    assert len(png) < 500_000


def test_a_window_may_be_larger_than_the_series() -> None:
    report = period_report()
    wide = Window(report.window.start - timedelta(days=20), report.window.end)
    assert draw_charts(report.projects[0], NAMES, wide, UTC_ZONE)
