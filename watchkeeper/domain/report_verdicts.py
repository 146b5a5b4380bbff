"""How a project did over a period, all in all, and why.

Critical: it was critical for half an hour or more, or still is; certainly more failed than the critical limit allows;
the error budget of a month is overspent; the score is critical in the mean; a certificate has all but ended.
Warning: anything shorter or smaller that someone should look at. To spend too much is never more than a warning: it
breaks nothing that visitors meet. Healthy needs the vital sources, and most of their hours.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from watchkeeper.domain.figure_words import over_words, share_words, value_words
from watchkeeper.domain.limits import HealthLimits
from watchkeeper.domain.period_reports import Coverage, ProjectReport, ReportPeriod
from watchkeeper.domain.phrases import amount, listed, money, percent, span
from watchkeeper.domain.report_calendar import ReportCalendar
from watchkeeper.domain.verdicts import Verdict
from watchkeeper.domain.windows import Window

LONG: Final = timedelta(minutes=30)  # of being critical, from which the whole period is
VITAL: Final = ("sentry", "endpoints")
MOST_HOURS: Final = 0.5  # of a vital source, below which nobody can call a period healthy
DAY: Final = timedelta(days=1)
_HOURS: Final = re.compile(r" \(\d+ h(ours)?\)$")  # of a reason: how many hours it is the reason for


@dataclass(frozen=True, slots=True)
class Reason:
    verdict: Verdict
    sentence: str


def judge_period(report: ProjectReport, limits: HealthLimits, calendar: ReportCalendar) -> tuple[Verdict, list[str]]:
    """Return the verdict of a period and the reasons for it, the weightiest first.

    Args:
        report: everything but its verdict.
    """
    found = [reason for rule in _RULES for reason in rule(report, limits, calendar)]
    critical = [reason.sentence for reason in found if reason.verdict is Verdict.CRITICAL]
    warnings = [reason.sentence for reason in found if reason.verdict is Verdict.WARNING]
    unknown = _unknown(report)
    if critical or warnings:
        return Verdict.CRITICAL if critical else Verdict.WARNING, [*critical, *warnings, *unknown]
    if unknown:
        return Verdict.UNKNOWN, unknown
    return Verdict.HEALTHY, _well(report)


def critical_time(report: ProjectReport, window: Window, now: datetime) -> timedelta:
    """Return how long a project was critical within a window."""
    inside = (min(i.ended_at or now, window.end) - max(i.started_at, window.start) for i in report.incidents)
    return sum((max(length, timedelta(0)) for length in inside), timedelta(0))


def _incidents(report: ProjectReport, _: HealthLimits, calendar: ReportCalendar) -> Iterator[Reason]:
    if not report.incidents:
        return
    lasting = [incident for incident in report.incidents if incident.ended_at is None]
    total = critical_time(report, calendar.window, calendar.generated_at)
    longest = max(report.incidents, key=lambda incident: incident.length(calendar.generated_at))
    told = f"it was critical for {span(total)}"
    told += f" in {amount(len(report.incidents), 'incident')}" if len(report.incidents) > 1 else ""
    told += ", and it is not over" if lasting else ""
    yield Reason(Verdict.CRITICAL if lasting or total >= LONG else Verdict.WARNING, f"{told}: {longest.reason}")


def _failure_rate(report: ProjectReport, limits: HealthLimits, _: ReportCalendar) -> Iterator[Reason]:
    figure = report.figures.get("failures")
    if figure is None or figure.value is None or figure.interval is None:
        return
    if (figure.numerator or 0) < limits.errors.min_failures or figure.sample < limits.errors.min_total:
        return
    low = figure.interval[0]
    for verdict, limit in ((Verdict.CRITICAL, limits.errors.critical), (Verdict.WARNING, limits.errors.warning)):
        if low > limit:
            told = f"{percent(figure.value)} of {figure.sample:,} failed over the whole period"
            yield Reason(verdict, f"{told} (at least {percent(low)}), limit {percent(limit)}")
            return


def _objectives(report: ProjectReport, _: HealthLimits, calendar: ReportCalendar) -> Iterator[Reason]:
    is_long = calendar.period is ReportPeriod.MONTHLY or calendar.window.length > 25 * DAY
    for objective in report.objectives:
        if objective.is_met is False and objective.actual is not None:
            actual, target = share_words(objective.actual), share_words(objective.target)
            told = f"{objective.name} was {actual} instead of the {target} promised"
            told += ": the error budget is overspent" if is_long else ""
            yield Reason(Verdict.CRITICAL if is_long else Verdict.WARNING, told)


def _score(report: ProjectReport, limits: HealthLimits, _: ReportCalendar) -> Iterator[Reason]:
    if report.score is None:
        return
    for verdict, limit in ((Verdict.CRITICAL, limits.critical_score), (Verdict.WARNING, limits.warning_score)):
        if report.score < limit:
            yield Reason(verdict, f"the health score was {report.score:.0f} in the mean, below {limit:g}")
            return


def _certificates(report: ProjectReport, limits: HealthLimits, _: ReportCalendar) -> Iterator[Reason]:
    critical, warning = limits.endpoints.certificate_critical / DAY, limits.endpoints.certificate_warning / DAY
    for line in report.endpoints:
        if line.certificate_days is not None and line.certificate_days < warning:
            verdict = Verdict.CRITICAL if line.certificate_days < critical else Verdict.WARNING
            yield Reason(verdict, f"the certificate of {line.name} ends in {line.certificate_days:.0f} days")


def _releases(report: ProjectReport, _: HealthLimits, __: ReportCalendar) -> Iterator[Reason]:
    failed = [line for line in report.releases if line.outcome in {"failed", "rolled back"}]
    if failed:
        names = listed([line.name + (" (rolled back)" if line.outcome == "rolled back" else "") for line in failed])
        released = sum(number for number, _ in report.calendar.values())
        bad = sum(number for _, number in report.calendar.values())
        yield Reason(Verdict.WARNING, f"{bad:,} of {amount(released, 'release')} failed: {names}")


def _custody(report: ProjectReport, _: HealthLimits, calendar: ReportCalendar) -> Iterator[Reason]:
    if report.custody_since is not None:
        held = f"production is held at an earlier release for {span(calendar.generated_at - report.custody_since)}"
        waiting = f": {amount(report.waiting, 'newer build')} did not go live" if report.waiting else ""
        yield Reason(Verdict.WARNING, held + waiting)


def _fatal_issues(report: ProjectReport, _: HealthLimits, __: ReportCalendar) -> Iterator[Reason]:
    fatal = [line for line in report.issues if line.level == "fatal" and line.kind in {"new", "regressed"}]
    if fatal:
        names = listed([line.short_id for line in fatal])
        yield Reason(Verdict.WARNING, f"{amount(len(fatal), 'fatal issue')} appeared or came back: {names}")


def _builds(report: ProjectReport, _: HealthLimits, calendar: ReportCalendar) -> Iterator[Reason]:
    if report.broken_since is not None:
        length = span(calendar.window.end - report.broken_since)
        yield Reason(Verdict.WARNING, f"the default branch was broken at the end of the period, for {length}")


def _endpoints(report: ProjectReport, _: HealthLimits, __: ReportCalendar) -> Iterator[Reason]:
    for line in report.endpoints:
        if line.is_slow and line.p95_ms is not None and line.limit_ms is not None:
            told = f"{line.name} took {value_words(line.p95_ms, 'ms')} for 5 % of its answers or longer"
            yield Reason(Verdict.WARNING, f"{told}, limit {value_words(line.limit_ms, 'ms')}")


def _cost(report: ProjectReport, _: HealthLimits, __: ReportCalendar) -> Iterator[Reason]:
    cost = report.cost
    if cost is None or cost.actual is None or cost.expected is None or cost.variance is None:
        return
    if cost.verdict in {Verdict.WARNING, Verdict.CRITICAL}:
        told = f"it cost {money(cost.actual, cost.currency)}, {over_words(cost.variance)} the"
        yield Reason(Verdict.WARNING, f"{told} {money(cost.expected, cost.currency)} expected")


_RULES: Final = (
    _incidents,
    _failure_rate,
    _objectives,
    _certificates,
    _score,
    _releases,
    _custody,
    _fatal_issues,
    _builds,
    _endpoints,
    _cost,
)


def _unknown(report: ProjectReport) -> list[str]:
    """Return why a period without anything bad cannot be called healthy; empty when it can."""
    hours = report.coverage.hours
    vital = {s: hours[s] for s in VITAL if s in hours and s not in report.coverage.not_begun}
    if not vital:
        return ["nothing vital is known of the period: neither errors nor endpoints are looked at"]
    blind = [
        f"{source} ({known} of {of} hours{_why(source, report.coverage)})"
        for source, (known, of) in vital.items()
        if known < MOST_HOURS * of
    ]
    return [f"too little is known of {listed(blind)}"] if blind else []


def _why(source: str, coverage: Coverage) -> str:
    """Return why hours of a source are not known, as `: the watch was not running`; "" when nobody says."""
    reasons = (reason.removeprefix(f"{source}: ") for reason in coverage.reasons if reason.startswith(f"{source}: "))
    first = next(reasons, "")
    return f": {_HOURS.sub('', first)}" if first else ""


def _well(report: ProjectReport) -> list[str]:
    """Return what went well, with its numbers."""
    told = ["it was never critical"]
    failures = report.figures.get("failures")
    if failures is not None and failures.value is not None:
        told.append(f"{percent(failures.value)} of {failures.sample:,} failed")
    availability = report.figures.get("availability")
    if availability is not None and availability.value is not None:
        told.append(f"{share_words(availability.value)} of {amount(availability.sample, 'probe')} were answered")
    if report.calendar:
        released = sum(number for number, _ in report.calendar.values())
        told.append(f"{amount(released, 'release')} went live, none failed")
    return [*told, *(f"{source} were not watched yet" for source in report.coverage.not_begun)]
