"""The lines of a report's charts, from the buckets of hours, days and weeks."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from watchkeeper.domain.costs import daily_costs, expected_cost
from watchkeeper.domain.error_rates import wilson_interval
from watchkeeper.domain.metrics import Bucket, merge
from watchkeeper.domain.period_reports import Point, Series
from watchkeeper.domain.report_calendar import ReportCalendar, local_days
from watchkeeper.domain.report_facts import LONG_METRICS, ProjectFacts
from watchkeeper.domain.windows import Window

DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(weeks=1)
DAYS_OF_COST: Final = 28  # that a single day is shown among

Line = tuple[Point, ...]
Maker = Callable[[Bucket | None, datetime], dict[str, Point]]


def series_of(facts: ProjectFacts, calendar: ReportCalendar, failed: Mapping[str, str]) -> dict[str, Series]:
    """Return the lines of all charts that something is known for.

    Args:
        calendar: in the project's own time zone.
        failed: why releases failed, by their names.
    """
    points = calendar.points()
    days = calendar.day_windows()
    found = [
        _score(facts.steps, points, calendar.point),
        _failures(facts.steps, points, calendar.point),
        _latency(facts.steps, points, calendar.point),
        _builds(facts, points if calendar.window.length <= 2 * DAY else days, calendar),
        _costs(facts, calendar),
        _releases(facts, days, failed),
        *_by_week(facts, calendar),
    ]
    return {series.name: series for series in found if series is not None}


def _score(buckets: Iterable[Bucket], spans: Sequence[Window], step: timedelta) -> Series | None:
    return _series("score", "Health score", "points", buckets, spans, step, _score_points)


def _failures(buckets: Iterable[Bucket], spans: Sequence[Window], step: timedelta) -> Series | None:
    return _series("failures", "Failure rate", "%", buckets, spans, step, _rate_points)


def _latency(buckets: Iterable[Bucket], spans: Sequence[Window], step: timedelta) -> Series | None:
    return _series("latency_ms", "Time to answer", "ms", buckets, spans, step, _latency_points)


def _builds(facts: ProjectFacts, spans: Sequence[Window], calendar: ReportCalendar) -> Series | None:
    step = calendar.point if calendar.window.length <= 2 * DAY else DAY
    state = facts.states.get("circleci")
    make = partial(_build_points, nothing=0.0 if state and state.complete == state.expected else None)
    return _series("builds", "Builds", "", facts.steps, spans, step, make)


def _series(  # noqa: PLR0913, PLR0917 - all that a series is
    metric: str,
    title: str,
    unit: str,
    buckets: Iterable[Bucket],
    spans: Sequence[Window],
    step: timedelta,
    make: Maker,
) -> Series | None:
    """Return the lines of one metric; None when no bucket tells of it."""
    grouped = _grouped((bucket for bucket in buckets if bucket.metric == metric), spans)
    if not grouped:
        return None
    points = [make(merge(grouped.get(n, ())), span.start) for n, span in enumerate(spans)]
    lines = {name: tuple(point[name] for point in points) for name in points[0]}
    return Series(metric, title, unit, step, lines)


def _grouped(buckets: Iterable[Bucket], spans: Sequence[Window]) -> dict[int, list[Bucket]]:
    """Return buckets by the number of the span in which they start."""
    starts = [span.start for span in spans]
    found: dict[int, list[Bucket]] = {}
    for bucket in buckets:
        number = bisect_right(starts, bucket.start) - 1
        if number >= 0 and spans[number].contains(bucket.start):
            found.setdefault(number, []).append(bucket)
    return found


def _score_points(bucket: Bucket | None, at: datetime) -> dict[str, Point]:
    if bucket is None:
        return {"score": Point(at, None)}
    return {"score": Point(at, bucket.mean, bucket.least, bucket.greatest)}


def _rate_points(bucket: Bucket | None, at: datetime) -> dict[str, Point]:
    if bucket is None or not bucket.count:
        return {"rate": Point(at, None)}
    return {"rate": Point(at, bucket.mean, *wilson_interval(round(bucket.total), bucket.count))}


def _latency_points(bucket: Bucket | None, at: datetime) -> dict[str, Point]:
    sketch = bucket.sketch if bucket else None
    return {f"p{n}": Point(at, sketch.quantile(n / 100) if sketch else None) for n in (50, 95, 99)}


def _build_points(bucket: Bucket | None, at: datetime, nothing: float | None) -> dict[str, Point]:
    if bucket is None:
        return {"passed": Point(at, nothing), "failed": Point(at, nothing)}
    return {"passed": Point(at, bucket.total), "failed": Point(at, bucket.count - bucket.total)}


def _actual_points(bucket: Bucket | None, at: datetime) -> dict[str, Point]:
    return {"actual": Point(at, bucket.total if bucket else None)}


def _costs(facts: ProjectFacts, calendar: ReportCalendar) -> Series | None:
    """Return what each day has cost; a single day among the four weeks before it."""
    zone = ZoneInfo(calendar.zone)
    costs = daily_costs(facts.cost_days, zone)
    days = calendar.days()
    if not costs or min(costs) > days[-1]:
        return None
    shown = days if len(days) > 2 else tuple(days[-1] - n * DAY for n in range(DAYS_OF_COST - 1, -1, -1))
    spans = local_days(shown[0], shown[-1] + DAY, calendar.zone)
    actual = tuple(Point(span.start, _cost_of(costs, day)) for span, day in zip(spans, shown, strict=True))
    before = [min(days[0], day) for day in shown]
    expected = tuple(
        Point(span.start, expected_cost(costs, day, first))
        for span, day, first in zip(spans, shown, before, strict=True)
    )
    return Series("cost", "Cost", facts.prices.currency, DAY, {"actual": actual, "expected": expected})


def _cost_of(costs: Mapping[date, float], day: date) -> float | None:
    return costs.get(day, 0.0) if day >= min(costs) else None


def _releases(facts: ProjectFacts, days: Sequence[Window], failed: Mapping[str, str]) -> Series | None:
    live = [(r.live_at, r.name in failed) for r in facts.releases if r.live_at is not None]
    of_day = [[bad for at, bad in live if day.contains(at)] for day in days]
    if not any(of_day):
        return None
    released = tuple(Point(day.start, float(len(bad) - sum(bad))) for day, bad in zip(days, of_day, strict=True))
    taken = tuple(Point(day.start, float(sum(bad))) for day, bad in zip(days, of_day, strict=True))
    return Series("releases", "Releases", "", DAY, {"released": released, "failed": taken})


def _by_week(facts: ProjectFacts, calendar: ReportCalendar) -> list[Series]:
    """Return where things go in the long run, a point a week; empty unless the report is monthly."""
    window = calendar.long_window
    if window is None:
        return []
    weeks = _weeks(window, calendar.zone)
    made: dict[str, tuple[str, str, Maker]] = {
        "score": ("Health score", "points", _score_points),
        "failures": ("Failure rate", "%", _rate_points),
        "latency_ms": ("Time to answer", "ms", _latency_points),
        "builds": ("Builds", "", partial(_build_points, nothing=None)),
        "cost": ("Cost", facts.prices.currency, _actual_points),
    }
    found = [_series(m, *made[m][:2], facts.weeks, weeks, WEEK, made[m][2]) for m in sorted(LONG_METRICS)]
    return [
        replace(series, name=f"{series.name}_by_week", title=f"{series.title}, by week")
        for series in found
        if series is not None
    ]


def _weeks(window: Window, zone: str) -> list[Window]:
    place = ZoneInfo(zone)
    first, last = window.start.astimezone(place).date(), window.end.astimezone(place).date()
    days = local_days(first, last, zone)
    return [Window(days[n].start, days[min(n + 6, len(days) - 1)].end) for n in range(0, len(days), 7)]
