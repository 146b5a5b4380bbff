"""The lists of a made-up project."""

import math
from datetime import date, timedelta

from tests.reports.tales import DAY, Tale, trend
from watchkeeper.domain.blame import Fault
from watchkeeper.domain.outages import Outage
from watchkeeper.domain.period_reports import (
    Area,
    BuildLine,
    Cost,
    Dora,
    DoraFigure,
    EndpointLine,
    Figure,
    FlakyTestLine,
    IssueLine,
    Objective,
    Point,
    Recommendation,
    ReleaseLine,
    ReportPeriod,
    Series,
    TimeSaved,
    WorkflowLine,
)
from watchkeeper.domain.rollback_replay import Fired, Replay
from watchkeeper.domain.rollback_triggers import Proposal, Trigger
from watchkeeper.domain.verdicts import Verdict


def releases_of(tale: Tale) -> tuple[ReleaseLine, ...]:
    bad = ReleaseLine(
        "4f2a9c1", "4f2a9c1e77d0", tale.at(0.585), "rolled back", 239, 1930,
        "fails 12.4 % of its requests, the one before it 0.3 %", "https://github.example/shop/commit/4f2a9c1",
    )  # fmt: skip
    good = tuple(
        ReleaseLine(f"a{n}c3d9{n}", f"a{n}c3d9{n}b7", tale.at(share), "well", 3 + n, 9210 - 700 * n, "",
                    "https://github.example/shop/commit/a1")
        for n, share in enumerate((0.12, 0.41, 0.86))
    )  # fmt: skip
    return tuple(sorted((*good, *((bad,) if tale.badness == 2 else ())), key=lambda release: release.live_at))


def incidents_of(tale: Tale, slug: str) -> tuple[Outage, ...]:
    if tale.badness < 2:
        return ()
    first = Outage(slug, tale.at(0.587), tale.at(0.587) + timedelta(minutes=47), Fault.RELEASE, "4f2a9c1e77d0",
                     "release 4f2a9c1 fails 12.4 % of 1,930 requests, the one before it 0.3 % of 9,210")  # fmt: skip
    second = Outage(slug, tale.at(0.2), tale.at(0.2) + timedelta(minutes=12), Fault.PLATFORM, "",
                      "Vercel's status page says major: elevated errors in fra1", from_history=True)  # fmt: skip
    return (first,) if tale.period is ReportPeriod.DAILY else (second, first)


def replay_of(tale: Tale, slug: str) -> Replay | None:
    if tale.badness < 2:
        return None
    proposal = Proposal(slug, Trigger.ERRORS, "4f2a9c1e77d0", tale.at(0.2), "it fails", slug)
    false = Fired(tale.at(0.2), proposal, is_false=True, ended_at=tale.at(0.21), saved=timedelta(),
                  reason="it recovered by itself after 12 min, on the same release")  # fmt: skip
    right = Fired(tale.at(0.587), proposal, is_false=False, ended_at=tale.at(0.6), saved=timedelta(minutes=42),
                  reason="somebody rolled it back at 2026-11-20 14:52 UTC")  # fmt: skip
    return Replay(slug, tale.window, 96, (false, right))


def issues_of(tale: Tale) -> tuple[IssueLine, ...]:
    titles = (
        ("new", "error", "TypeError: cannot read properties of undefined (reading 'total')", "checkout/basket.ts", 231),
        ("regressed", "warning", "Timeout: payment provider did not answer within 10 s", "api/payments.py", 58),
        ("top", "error", "OperationalError: too many connections for role \"shop\"", "db/pool.py in acquire", 44),
        ("new", "fatal", "Worker was killed: out of memory", "images/resize.py", 9),
    )  # fmt: skip
    return tuple(
        IssueLine(kind, level, f"SHOP-{n}F", title, culprit, events, events // 3, tale.at(0.5), tale.at(0.7),
                  "https://sentry.example/issues/1")
        for n, (kind, level, title, culprit, events) in enumerate(titles[: tale.badness * 2])
    )  # fmt: skip


def builds_of(tale: Tale) -> tuple[BuildLine, ...]:
    if not tale.badness:
        return ()
    return (
        BuildLine("build-and-test", 1831, "91bd2e0c", tale.at(0.3), ("unit", "end-to-end"),
                  "2 of 412 tests failed", "https://circleci.example/1831"),
    )  # fmt: skip


def flaky_tests_of(tale: Tale) -> tuple[FlakyTestLine, ...]:
    if not tale.badness:
        return ()
    return (
        FlakyTestLine("basket survives a reload of the page", "end-to-end", 9, timedelta(minutes=74)),
        FlakyTestLine("test_payment_is_retried_after_timeout", "unit", 3, timedelta(minutes=11)),
    )


def endpoints_of(tale: Tale) -> tuple[EndpointLine, ...]:
    slow = tale.badness == 1
    return (
        EndpointLine("front page", 1440, 0.9993, 143, 420, 690, is_slow=False, certificate_days=71, limit_ms=1000,
                     trend=trend(410, 420, significant=False), url="https://shop.example/"),
        EndpointLine("https://shop.example/api/search", 1440, 0.9986, 312, 1540 if slow else 890, 2210, is_slow=slow,
                     certificate_days=9, limit_ms=1000, trend=trend(655, 1540 if slow else 650, significant=slow)),
        EndpointLine("https://shop.example/api/basket", 1440, None, None, None, None, is_slow=False),
    )  # fmt: skip


def areas_of(tale: Tale) -> tuple[Area, ...]:
    if not tale.badness:
        return ()
    return (
        Area("route", "POST /api/checkout", 231, 2, 0.61),
        Area("culprit", "api/payments.py in charge", 58, 1, 0.15),
        Area("release", "4f2a9c1", 239, 3, 0.63),
    )


def dora_of(tale: Tale) -> Dora:
    bad = tale.badness == 2
    source = "Vercel and GitHub"
    return Dora(
        DoraFigure(Figure("deployment_frequency", "Deployment frequency", 2.4, "per day", source=source), "elite",
                   "elite more than once a day, high once a week, medium once a month, low less often"),
        DoraFigure(Figure("lead_time", "Lead time for changes", 14_400, "s", sample=31, source=source), "elite",
                   "elite up to a day, high up to a week, medium up to a month, low longer"),
        DoraFigure(Figure("change_failure_rate", "Change failure rate", 0.125 if bad else 0.0, "%", None, int(bad), 8),
                   "medium" if bad else "elite", "elite up to 5 %, high up to 10 %, medium up to 15 %, low more"),
        DoraFigure(Figure("time_to_restore", "Time to restore", 2_820 if bad else None, "s",
                          note="" if bad else "no release failed"),
                   "elite" if bad else "", "elite up to an hour, high up to a day, medium up to a week, low longer"),
        unattributed=1 if bad else 0,
        incidents=2 if bad else 0,
    )  # fmt: skip


def cost_of(tale: Tale) -> Cost:
    over = tale.badness == 2
    return Cost(
        currency="USD", actual=61.2 if over else 41.37, expected=39.8, variance=0.54 if over else 0.039,
        verdict=Verdict.CRITICAL if over else Verdict.HEALTHY,
        by_source={"CircleCI": 57.9 if over else 38.07, "Vercel": 3.3}, per_deployment=15.3,
        note="usage of Vercel is a flat rate by day",
    )  # fmt: skip


def objectives_of(tale: Tale) -> tuple[Objective, ...]:
    return (
        Objective("Availability of the endpoints", 0.999, 0.9995, 43_178, 43_200, 0.49),
        Objective("Requests that succeed", 0.995, 0.9931 if tale.badness == 2 else 0.9969, 991_310, 998_200,
                  -0.38 if tale.badness == 2 else 0.38),
        Objective("Sessions without a crash", 0.998, None, 0, 0, None, "Sentry has no sessions of this project"),
    )  # fmt: skip


def recommendations_of(tale: Tale, slug: str) -> tuple[Recommendation, ...]:
    if not tale.badness:
        return ()
    if tale.badness == 1:
        return (
            Recommendation(slug, "certificate", "shop.example", "warning",
                           "Renew the certificate of shop.example", "It ends in 9 days.",
                           "No visitor meets a browser's warning on 30 November.", 6.0, 9.0),
        )  # fmt: skip
    return (
        Recommendation(slug, "failing-release", "4f2a9c1", "critical",
                       "Promote a repaired build: production is held at an earlier release since the rollback",
                       "Pushes have not gone live for 3 h 20 min; four commits wait.",
                       "Four commits go live; the next fix is not silently kept back.", 9.5, 4.0,
                       "https://vercel.example/shop/deployments"),
        Recommendation(slug, "flaky-test", "basket survives a reload", "warning",
                       "Mend or quarantine the test “basket survives a reload of the page”",
                       "It failed 9 times and passed on the same commit; 74 minutes of reruns.",
                       "About 74 minutes and 1,480 credits (0.89 USD) saved in such a period.", 4.1, 74.0,
                       "https://circleci.example/insights", "Given a week ago at 21 minutes: it has grown since."),
        Recommendation(slug, "cost-spike", "nightly", "info", "Look at the workflow nightly of branch load-test",
                       "It used 96,500 of 102,000 credits.", "About 55 USD a day.", 3.0, 96_500.0),
    )  # fmt: skip


def time_saved_of() -> TimeSaved:
    return TimeSaved(
        timedelta(hours=31),
        (
            "2,976 health checks, of which a person would have made 62 by hand at 10 minutes each: 10.3 h",
            "3 incidents that came with their evidence, 25 minutes of looking each: 1.3 h",
            "23 reports that nobody wrote, 50 minutes each: 19.2 h",
        ),
    )


def calendar_of(tale: Tale) -> dict[date, tuple[int, int]]:
    """Return releases by day; as in the real ones, a day without a release is not in it."""
    days = [(tale.window.start + n * DAY).date() for n in range(math.ceil(tale.window.length / DAY))]
    counts = {day: (tale.dice.choice((0, 1, 1, 2, 4)), 0) for day in days}
    bad = {tale.at(0.6).date(): (3, 1)} if tale.badness == 2 else {}
    return {day: found for day, found in (counts | bad).items() if found[0]}


def workflows_of() -> tuple[WorkflowLine, ...]:
    slower = trend(363, 512, significant=True)
    return (
        WorkflowLine("build-and-test", 70, 67, 512, 14, 9, 48_200, 31_900, slower),
        WorkflowLine("nightly", 1, 1, 3_120, None, 0, 102_000, None),
    )


def by_week_of(tale: Tale) -> list[Series]:
    if tale.period is not ReportPeriod.MONTHLY:
        return []
    weeks = [tale.window.end - n * timedelta(weeks=1) for n in range(13, 0, -1)]
    lines = {"score": ("score", "points", 95.0), "failures": ("rate", "%", 0.004), "latency_ms": ("p95", "ms", 600.0)}
    return [
        Series(f"{name}_by_week", f"{name}, by week".capitalize(), unit, timedelta(weeks=1),
               {line: tuple(Point(week, size * (0.9 + 0.1 * tale.dice.random())) for week in weeks)})
        for name, (line, unit, size) in lines.items()
    ]  # fmt: skip
