"""Made-up reports for the tests of the pages."""

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from tests.reports import incident_makers
from tests.reports.list_makers import (
    areas_of,
    builds_of,
    by_week_of,
    calendar_of,
    cost_of,
    dora_of,
    endpoints_of,
    flaky_tests_of,
    incidents_of,
    issues_of,
    objectives_of,
    recommendations_of,
    releases_of,
    replay_of,
    time_saved_of,
    workflows_of,
)
from tests.reports.tales import HOUR, Tale, trend
from watchkeeper.domain.period_reports import (
    Coverage,
    Figure,
    PeriodReport,
    Point,
    ProjectReport,
    ReportPeriod,
    SentLine,
    Series,
)
from watchkeeper.domain.verdicts import Verdict
from watchkeeper.domain.windows import Window

_WINDOWS = {
    ReportPeriod.DAILY: Window(datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC)),
    ReportPeriod.WEEKLY: Window(datetime(2026, 11, 9, tzinfo=UTC), datetime(2026, 11, 16, tzinfo=UTC)),
    ReportPeriod.MONTHLY: Window(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)),
    ReportPeriod.CUSTOM: Window(datetime(2026, 11, 3, 6, tzinfo=UTC), datetime(2026, 11, 5, 18, tzinfo=UTC)),
}
_NAMES = ("Shop", "API", "Portal", "Calm", "Billing", "Search", "Mobile gateway", "Admin", "Docs", "Status page")


def period_report(period: ReportPeriod = ReportPeriod.DAILY, projects: int = 3, seed: int = 7) -> PeriodReport:
    """Return a report in which the first project had a bad release, the second a suspicion, the others nothing."""
    window = _WINDOWS[period]
    parts = tuple(project_report(n, period, window, random.Random(seed + n)) for n in range(projects))
    actions = sorted((r for part in parts for r in part.recommendations), key=lambda r: -r.weight)
    bad = parts[0].name if parts else ""
    return PeriodReport(
        period=period,
        window=window,
        zone="UTC",
        generated_at=window.end + 8 * HOUR,
        verdict=parts[0].verdict if parts else Verdict.UNKNOWN,
        headline=f"{bad} was critical for 47 minutes after release 4f2a9c1, and went back",
        sentences=(
            f"Release 4f2a9c1 of {bad} failed 12.4 % of its requests from 14:06 on; it was rolled back at 14:53.",
            "A repaired build went live at 16:58 and has failed 0.3 % of 8,412 requests since.",
            f"{max(0, projects - 2)} of {projects} projects had a quiet time; cost is 4 % above what was expected.",
        ),
        actions=tuple(actions[:5]),
        projects=parts,
        time_saved=None if period is ReportPeriod.DAILY else time_saved_of(),
        sent=(SentLine("#releases", 14, 0), SentLine("#oncall-shop", 3, 1)),
        incidents=incident_makers.incidents_of(window),
    )


def project_report(number: int, period: ReportPeriod, window: Window, dice: random.Random) -> ProjectReport:
    tale = Tale(window, period, max(0, 2 - number), dice)
    name = _NAMES[number] if number < len(_NAMES) else f"Service {number + 1}"
    verdict = (Verdict.HEALTHY, Verdict.WARNING, Verdict.CRITICAL)[tale.badness]
    slug = name.lower().replace(" ", "-")
    return ProjectReport(
        slug=slug,
        name=name,
        verdict=verdict,
        reasons=_reasons(tale),
        score=(97.2, 83.4, 71.9)[tale.badness],
        figures=_figures(tale),
        key_figures=("score", "failures", "latency_p95_ms", "releases", "cost"),
        series=_series(tale),
        coverage=_coverage(tale),
        releases=releases_of(tale),
        incidents=incidents_of(tale, slug),
        issues=issues_of(tale),
        builds=builds_of(tale),
        flaky_tests=flaky_tests_of(tale),
        endpoints=endpoints_of(tale),
        areas=areas_of(tale),
        better=(
            "Build time (p95) fell from 8.4 to 6.1 min (212 builds, p = 0.003)",
            "Sessions without a crash rose from 99.2 to 99.7 %",
        ),
        dora=dora_of(tale),
        cost=cost_of(tale),
        objectives=objectives_of(tale),
        recommendations=recommendations_of(tale, slug),
        calendar=calendar_of(tale),
        workflows=workflows_of(),
        cut={"releases": 7} if tale.badness == 2 else {},
        replay=None if tale.period is ReportPeriod.DAILY else replay_of(tale, slug),
    )


def _reasons(tale: Tale) -> tuple[str, ...]:
    return (
        ("all that is known of the period is well",),
        ("build time (p95) is 41 % above the period before", "one build of the default branch failed"),
        ("one incident of 47 minutes, laid on release 4f2a9c1", "12.4 % of 1,930 requests failed while it lasted"),
    )[tale.badness]


def _held(figure: Figure, before: float, *, significant: bool | None = None, less: bool = True) -> Figure:
    """Return the figure held against an earlier value, and against about the same a week ago."""
    value = figure.value or 0.0
    trends = {
        "previous": trend(before, value, significant=significant, less_is_better=less),
        "week": trend(before * 1.02, value, significant=None),
    }
    return replace(figure, trends=trends)


def _figures(tale: Tale) -> Mapping[str, Figure]:
    rate = (0.0031, 0.0054, 0.0187)[tale.badness]
    total = 48_211
    bad, slow = tale.badness == 2, tale.badness == 1
    sentry, probes, builds = "Sentry, spans, 24 of 24 hours", "our own probes", "CircleCI, workflows of main"
    several = (
        _held(Figure("score", "Health score", (97.2, 83.4, 71.9)[tale.badness], "points", sample=288,
                     source="Watchkeeper, 96 of 96 health checks"), 96.8, significant=tale.badness > 0, less=False),
        _held(Figure("failures", "Failure rate", rate, "%", (rate * 0.9, rate * 1.12), round(total * rate), total,
                     total, sentry, url="https://sentry.example/explore"), 0.0033, significant=bad),
        _held(Figure("crash_free", "Sessions without a crash", 0.9971, "%", (0.9964, 0.9976), 17_912, 17_964, 17_964,
                     "Sentry, sessions"), 0.9968, significant=False, less=False),
        _held(Figure("availability", "Availability", 0.9995, "%", None, 4318, 4320, 4320, probes), 0.9997,
              significant=False, less=False),
        _held(Figure("latency_p50_ms", "Time to answer, p50", 182, "ms", sample=4320, source=probes), 179),
        _held(Figure("latency_p95_ms", "Time to answer, p95", 1540 if slow else 640, "ms", sample=4320, source=probes),
              655, significant=slow),
        _held(Figure("builds", "Successful builds", 0.957, "%", None, 67, 70, 70, builds), 0.981, significant=False,
              less=False),
        _held(Figure("build_time_p95_s", "Build time, p95", 512, "s", sample=70, source=builds), 363, significant=True),
        _held(Figure("releases", "Releases", 4, sample=4, source="Vercel, production deployments",
                     note="one of them failed" if bad else ""), 5, less=False),
        _held(Figure("cost", "Cost", 41.37, "USD", sample=70, source="CircleCI Insights, 20 of 24 hours",
                     note="credits of the last four hours are not known yet"), 39.6),
        Figure("branch_recovery_s", "Default branch broken for", None, "s", source="CircleCI",
               note="no build of the default branch failed"),
    )  # fmt: skip
    return {figure.name: figure for figure in several}


def _line(tale: Tale, make: Callable[[datetime], tuple[float | None, float | None, float | None]]) -> tuple[Point, ...]:
    return tuple(Point(moment, *make(moment)) for moment in tale.moments)


def _series(tale: Tale) -> Mapping[str, Series]:
    several = [_score_series(tale), _failure_series(tale), _latency_series(tale), _build_series(tale), _money(tale)]
    several += by_week_of(tale)
    return {series.name: series for series in several}


def _score_series(tale: Tale) -> Series:
    def score(moment: datetime) -> tuple[float | None, float | None, float | None]:
        if tale.badness == 1 and moment in tale.moments[4:7]:
            return None, None, None
        mean = min(100, 95 + 4 * tale.dice.random() - 62 * tale.trouble(moment))
        return mean, max(0.0, mean - 3 - 30 * tale.trouble(moment)), min(100, mean + 2)

    return Series("score", "Health score", "points", tale.step, {"score": _line(tale, score)})


def _failure_series(tale: Tale) -> Series:
    def rate(moment: datetime) -> tuple[float | None, float | None, float | None]:
        if tale.badness == 1 and moment in tale.moments[4:7]:
            return None, None, None
        middle = 0.003 + 0.002 * tale.dice.random() + 0.09 * tale.trouble(moment)
        return middle, middle * 0.7, middle * 1.35

    return Series("failures", "Failure rate", "%", tale.step, {"rate": _line(tale, rate)})


def _latency_series(tale: Tale) -> Series:
    base = [180 + 30 * math.sin(n / 3.8) + 20 * tale.dice.random() for n, _ in enumerate(tale.moments)]
    lines = {
        name: tuple(Point(m, b * factor * (1 + tale.trouble(m))) for m, b in zip(tale.moments, base, strict=True))
        for name, factor in (("p50", 1.0), ("p95", 3.1), ("p99", 4.7))
    }
    return Series("latency_ms", "Time to answer", "ms", tale.step, lines)


def _build_series(tale: Tale) -> Series:
    passed = _line(tale, lambda _: (float(tale.dice.choice((0, 2, 3, 5, 8))), None, None))
    failed = _line(tale, lambda m: (float(tale.trouble(m) > 0.4 or tale.dice.random() < 0.06), None, None))
    return Series("builds", "Builds", "", tale.step, {"passed": passed, "failed": failed})


def _money(tale: Tale) -> Series:
    size = 1.7 * (tale.step / HOUR)
    actual = _line(tale, lambda m: (size * (0.8 + 0.4 * tale.dice.random() + 2 * tale.trouble(m)), None, None))
    expected = _line(tale, lambda _: (size, None, None))
    return Series("cost", "Cost", "USD", tale.step, {"actual": actual, "expected": expected})


def _coverage(tale: Tale) -> Coverage:
    hours = tale.window.length // HOUR
    return Coverage(
        {"sentry": (hours - 3 * (tale.badness == 1), hours), "endpoints": (hours, hours), "circleci": (hours, hours),
         "vercel": (hours, hours), "credits": (hours - 4, hours)},
        ("credits of the last four hours are not known yet",)
        + (("Sentry did not answer for three hours",) if tale.badness == 1 else ()),
    )  # fmt: skip
