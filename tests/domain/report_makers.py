"""What a report is made of: a shop that did well, unless a test says otherwise."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from watchkeeper.domain.delivery import AliasJob, AliasRequest
from watchkeeper.domain.metrics import METRICS, Bucket, Kind
from watchkeeper.domain.period_reports import (
    Cost,
    Coverage,
    EndpointLine,
    Figure,
    ProjectReport,
    Recommendation,
    ReportPeriod,
)
from watchkeeper.domain.releases import Release
from watchkeeper.domain.report_calendar import ReportCalendar, calendar_of, local_days
from watchkeeper.domain.report_facts import ProjectFacts, SourceState
from watchkeeper.domain.sketches import sketch_of
from watchkeeper.domain.slo import SloTarget
from watchkeeper.domain.verdicts import Verdict
from watchkeeper.domain.windows import Window

NOW = datetime(2026, 11, 17, 8, 0, tzinfo=UTC)  # a Tuesday: yesterday was Monday
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
GOOD, BAD = "a" * 40, "b" * 40
TARGETS = (SloTarget("Availability", 0.999, "availability"), SloTarget("Success rate", 0.995, "failures"))

# Of an hour: metric, label, total, count (of a share) or samples (of a distribution).
WELL: tuple[tuple[str, str, float, int], ...] = (
    ("failures", GOOD, 3, 1_000),
    ("crash_free", "", 499, 500),
    ("affected_users", "", 2, 1),
    ("new_issues", "error", 0, 0),
    ("availability", "home", 60, 60),
    ("certificate_days", "home", 80, 1),
    ("builds", "build", 4, 4),
    ("build_reruns", "build", 0, 0),
    ("credits", "build", 1_000, 0),
    ("vercel_deployments", "", 1, 1),
    ("releases", "", 0, 0),
    ("cost", "circleci", 0.6, 0),
    ("score", "", 4 * 97, 4),
    ("checks", "healthy", 4, 0),
)
LATENCIES = tuple(float(100 + 10 * n) for n in range(20))


def calendar(period: ReportPeriod = ReportPeriod.DAILY, now: datetime = NOW, **other: Any) -> ReportCalendar:
    return calendar_of(period, now, **other)


def bucket(metric: str, start: datetime, total: float = 0, count: int = 0, label: str = "") -> Bucket:
    """Return a bucket; a level's extremes are its mean, and a distribution is made by `samples`."""
    level = METRICS[metric].kind is Kind.LEVEL and count
    extreme = total / count if level else None
    return Bucket("shop", metric, label, start, count, total, extreme, extreme)


def samples(metric: str, start: datetime, values: Iterable[float], label: str = "") -> Bucket:
    known = tuple(values)
    return Bucket(
        "shop", metric, label, start, len(known), sum(known), min(known), max(known), sketch_of(known)
    )  # fmt: skip


def buckets_at(
    start: datetime, times: float = 1, changes: Mapping[str, tuple[float, int]] | None = None
) -> list[Bucket]:
    """Return everything of so many hours in which all was well, in one bucket a metric.

    Args:
        changes: (total, count) by metric, instead of what is usual, for the whole of it.
    """
    made = []
    for metric, label, total, count in WELL:
        total_, count_ = (changes or {}).get(metric, (total * times, round(count * times)))
        made.append(bucket(metric, start, total_, count_, label))
    repeated = LATENCIES * max(1, round(times))
    return [*made, samples("latency_ms", start, repeated, "home"), samples("build_time_s", start, repeated, "build")]


def totals(calendar: ReportCalendar, changes: Mapping[str, tuple[float, int]] | None = None) -> tuple[Bucket, ...]:
    """Return the buckets of all windows of a calendar; only the one that is reported of is changed."""
    found: list[Bucket] = []
    for name, window in calendar.windows.items():
        hours = window.length / HOUR
        found += buckets_at(window.start, hours, changes if name == "window" else None)
    return tuple(found)


def steps(calendar: ReportCalendar) -> tuple[Bucket, ...]:
    size = HOUR if calendar.step.value == "hour" else DAY
    return tuple(each for start in _starts(calendar.window, size) for each in buckets_at(start, size / HOUR))


def _starts(window: Window, size: timedelta) -> Iterator[datetime]:
    start = window.start
    while start < window.end:
        yield start
        start += size


def cost_days(calendar: ReportCalendar, of_window: float = 14.4) -> tuple[Bucket, ...]:
    """Return 14.40 a day for eight weeks, and something else for each day of the window."""
    span = Window(calendar.cost_window.start, calendar.window.end)
    days = local_days(span.start.date(), span.end.date(), "UTC")
    return tuple(
        bucket("cost", day.start, of_window if calendar.window.contains(day.start) else 14.4, label="circleci")
        for day in days
    )


def states(hours: float = 24, **incomplete: tuple[int, str]) -> dict[str, SourceState]:
    """Return every source as complete, but for the ones named: (hours complete, why not all)."""
    found = {}
    for source in ("sentry", "endpoints", "circleci", "credits", "vercel", "watchkeeper"):
        complete, reason = incomplete.get(source, (round(hours), ""))
        found[source] = SourceState(complete, round(hours), (reason,) if reason else ())
    return found


def release(sha: str, live_at: datetime, **other: Any) -> Release:
    values: dict[str, Any] = {"vercel_deployments": (f"dpl_{sha[:7]}",), "sentry_versions": (sha,)}
    return Release(sha, live_at - 10 * timedelta(minutes=1), live_at=live_at, **(values | other))


def rollback(sha: str, at: datetime, to: str = GOOD, job: AliasJob = AliasJob.SUCCEEDED) -> AliasRequest:
    return AliasRequest("rollback", f"dpl_{sha[:7]}", f"dpl_{to[:7]}", job, at)


def facts(
    calendar: ReportCalendar, changes: Mapping[str, tuple[float, int]] | None = None, **other: Any
) -> ProjectFacts:
    values: dict[str, Any] = {
        "targets": TARGETS,
        "totals": totals(calendar, changes),
        "steps": steps(calendar),
        "cost_days": cost_days(calendar),
        "states": states(calendar.window.length / HOUR),
        "links": {"sentry": "https://sentry.example/errors", "circleci": "https://circleci.example/shop"},
    }
    return ProjectFacts("shop", "Shop", **(values | other))


# --- reports, for the rules that are made of them


def figure(name: str, value: float | None, **other: Any) -> Figure:
    return Figure(name, name.replace("_", " "), value, **other)


def report(**other: Any) -> ProjectReport:
    values: dict[str, Any] = {
        "verdict": Verdict.HEALTHY,
        "reasons": (),
        "score": 97.0,
        "figures": {},
        "key_figures": (),
        "series": {},
        "coverage": Coverage(dict.fromkeys(("sentry", "endpoints", "circleci", "vercel", "credits"), (24, 24)), ()),
    }
    return ProjectReport("shop", "Shop", **(values | other))


def figures(*several: Figure) -> dict[str, Figure]:
    return {each.name: each for each in several}


def endpoint_line(**other: Any) -> EndpointLine:
    values: dict[str, Any] = {
        "name": "home", "probes": 1_440, "availability": 1.0, "p50_ms": 120.0, "p95_ms": 300.0, "p99_ms": 400.0,
        "is_slow": False, "certificate_days": 80.0, "limit_ms": 1_500.0,
    }  # fmt: skip
    return EndpointLine(**(values | other))


def cost(**other: Any) -> Cost:
    values: dict[str, Any] = {
        "currency": "USD", "actual": 14.4, "expected": 14.4, "variance": 0.0, "verdict": Verdict.HEALTHY,
        "by_source": {"circleci": 14.4}, "per_deployment": 7.2,
    }  # fmt: skip
    return Cost(**(values | other))


def earlier(given: Recommendation, measured: float) -> Recommendation:
    return replace(given, measured=measured)


def names(items: Sequence[Any]) -> list[str]:
    return [item.name for item in items]
