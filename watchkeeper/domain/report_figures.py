"""What a report says: every figure with its source, its sample and its trends, made from what was loaded."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from watchkeeper.domain.areas import areas
from watchkeeper.domain.costs import cost_report, daily_costs, day_shares
from watchkeeper.domain.dora import measure_dora
from watchkeeper.domain.hour_states import NOT_RUNNING
from watchkeeper.domain.hours import CREDITS
from watchkeeper.domain.metrics import Better
from watchkeeper.domain.outages import Outage
from watchkeeper.domain.period_reports import (
    Cost,
    Coverage,
    Dora,
    Figure,
    Objective,
    PeriodIncidents,
    PeriodReport,
    ProjectReport,
    Recommendation,
    ReleaseLine,
    ReportPeriod,
    SentLine,
    TimeSaved,
)
from watchkeeper.domain.phrases import amount
from watchkeeper.domain.recommendations import done_recommendations, recommend
from watchkeeper.domain.release_outcomes import distinct_releases, failed_releases, live_releases
from watchkeeper.domain.report_calendar import ReportCalendar, calendar_of
from watchkeeper.domain.report_facts import CHART_METRICS, LONG_METRICS, ProjectFacts, SourceState
from watchkeeper.domain.report_lists import (
    MOST,
    build_lines,
    cut,
    endpoint_lines,
    flaky_lines,
    issue_lines,
    release_calendar,
    release_lines,
    workflow_lines,
)
from watchkeeper.domain.report_metrics import figures_of, hours_note, key_figures
from watchkeeper.domain.report_series import series_of
from watchkeeper.domain.report_spans import Span, spans_of
from watchkeeper.domain.report_standing import broken_since, custody_since, waiting_builds
from watchkeeper.domain.report_verdicts import judge_period
from watchkeeper.domain.report_words import better_sentences, headline, sentences
from watchkeeper.domain.slo import objectives
from watchkeeper.domain.time_saved import Watched, time_saved
from watchkeeper.domain.trends import trend_of
from watchkeeper.domain.verdicts import worst
from watchkeeper.domain.windows import Window

__all__ = [
    "CHART_METRICS",
    "LONG_METRICS",
    "ProjectFacts",
    "ReportCalendar",
    "SourceState",
    "calendar_of",
    "summarise",
    "summarise_project",
]

DAY: Final = timedelta(days=1)
DORA_FROM: Final = timedelta(days=6)  # a shorter period says nothing of how often a team releases
URGENT: Final = frozenset({"critical", "warning"})
MOST_ACTIONS: Final = 7
FAILED: Final = frozenset({"failed", "rolled back"})


def summarise(
    projects: Sequence[ProjectFacts],
    calendar: ReportCalendar,
    sent: Sequence[SentLine] = (),
    incidents: PeriodIncidents | None = None,
) -> PeriodReport:
    """Return the whole report, the projects in the order in which they were given."""
    reports = tuple(summarise_project(facts, calendar) for facts in projects)
    return PeriodReport(
        period=calendar.period,
        window=calendar.window,
        zone=calendar.zone,
        generated_at=calendar.generated_at,
        verdict=worst(report.verdict for report in reports),
        headline=headline(reports, calendar),
        sentences=sentences(reports, calendar),
        actions=_actions(reports),
        projects=reports,
        compared_with=calendar.compare_to,
        time_saved=None if calendar.period is ReportPeriod.DAILY else _time_saved(reports, calendar),
        sent=tuple(sent),
        incidents=incidents,
        why_empty=_why_empty(reports),
    )


def summarise_project(facts: ProjectFacts, calendar: ReportCalendar) -> ProjectReport:
    """Return one project's part of a report, over its own local days."""
    calendar = calendar.in_zone(facts.zone)
    facts = replace(facts, releases=distinct_releases(facts.releases))
    spans = spans_of(facts, calendar)
    failed = failed_releases(facts.releases, facts.incidents, facts.alias_requests)
    report = _drafted(facts, calendar, spans, failed)
    verdict, reasons = judge_period(report, facts.limits, calendar)
    if report.is_empty:
        return replace(report, verdict=verdict, reasons=tuple(reasons))
    days = calendar.window.length / DAY
    given = recommend(report, facts.earlier, days)
    better = (*better_sentences(report), *done_recommendations(report, facts.earlier, days))
    return replace(report, verdict=verdict, reasons=tuple(reasons), recommendations=given, better=better)


def _drafted(
    facts: ProjectFacts, calendar: ReportCalendar, spans: Mapping[str, Span], failed: Mapping[str, str]
) -> ProjectReport:
    """Return everything of a report but what is concluded from it."""
    window, span, before = calendar.window, spans["window"], spans["previous"]
    cost = _cost(facts, calendar, span)
    figures = _with_deployment_cost(figures_of(facts, spans), cost)
    lines = release_lines(facts, window, span, failed)
    issues, builds, flaky = issue_lines(facts, window), build_lines(facts, window), flaky_lines(facts, window)
    usual = spans["week"] if calendar.period is ReportPeriod.DAILY else before
    endpoints, workflows = endpoint_lines(facts, span, before), workflow_lines(span, before, usual)
    incidents = _incidents(facts, window)
    held_since = custody_since(facts)
    return ProjectReport(
        slug=facts.slug,
        name=facts.name,
        verdict=worst(()),
        reasons=(),
        score=figures["score"].value if "score" in figures else None,
        figures=_with_failed_releases(figures, lines),
        key_figures=key_figures(figures),
        series=series_of(facts, calendar, failed),
        coverage=_coverage(facts),
        releases=_shown_releases(lines),
        incidents=incidents,
        issues=tuple(issues[: MOST["issues"]]),
        builds=tuple(builds[: MOST["builds"]]),
        flaky_tests=tuple(flaky[: MOST["flaky_tests"]]),
        endpoints=tuple(endpoints[: MOST["endpoints"]]),
        areas=areas(facts.issues, span.by_label("failures")),
        dora=_dora(facts, calendar),
        cost=cost,
        objectives=_objectives(facts, span),
        calendar=release_calendar(lines, calendar.zone),
        is_empty=not (span.buckets or incidents or lines or issues),
        workflows=tuple(workflows[: MOST["workflows"]]),
        cut=cut(
            releases=len(lines),
            issues=len(issues),
            builds=len(builds),
            flaky_tests=len(flaky),
            endpoints=len(endpoints),
            workflows=len(workflows),
        ),
        custody_since=held_since,
        waiting=waiting_builds(facts, held_since),
        checks=round(span.total("checks")),
        broken_since=broken_since(facts, window),
        replay=facts.replay if facts.replay and facts.replay.fired else None,
    )


# --- parts of one project


def _incidents(facts: ProjectFacts, window: Window) -> tuple[Outage, ...]:
    """Return the incidents that overlap the window, oldest first."""
    own = [i for i in facts.incidents if i.started_at < window.end and (i.ended_at or window.end) > window.start]
    return tuple(sorted(own, key=lambda incident: incident.started_at))


def _coverage(facts: ProjectFacts) -> Coverage:
    reasons = [f"{source}: {reason}" for source, state in facts.states.items() for reason in state.reasons]
    hours = {source: (state.complete, state.expected) for source, state in facts.states.items()}
    begun_later = [s for s, state in facts.states.items() if not state.complete and _is_before(state)]
    return Coverage(hours, tuple(dict.fromkeys(reasons)), tuple(begun_later))


def _is_before(state: SourceState) -> bool:
    """Return True when the watch of a source began after the period: that is why nothing is known."""
    return bool(state.reasons) and all(reason.startswith(NOT_RUNNING) for reason in state.reasons)


def _shown_releases(lines: Sequence[ReleaseLine]) -> tuple[ReleaseLine, ...]:
    """Return as many releases as are shown, newest first; failed ones before all others."""
    chosen = sorted(lines, key=lambda line: line.outcome not in FAILED)[: MOST["releases"]]
    return tuple(sorted(chosen, key=lambda line: line.live_at, reverse=True))


def _dora(facts: ProjectFacts, calendar: ReportCalendar) -> Dora | None:
    if calendar.window.length < DORA_FROM:
        return None
    told = facts.releases, facts.commits, facts.incidents, facts.alias_requests
    return measure_dora(*told, calendar.window, calendar.previous)


def _objectives(facts: ProjectFacts, span: Span) -> tuple[Objective, ...]:
    sources = {"availability": "endpoints", "failures": "sentry"}
    notes = {metric: hours_note(facts.states.get(source)) for metric, source in sources.items()}
    return objectives(facts.targets, {target.metric: span.whole(target.metric) for target in facts.targets}, notes)


def _cost(facts: ProjectFacts, calendar: ReportCalendar, span: Span) -> Cost | None:
    """Return what the period has cost; None when the project has nothing that costs."""
    state, zone = facts.states.get(CREDITS), ZoneInfo(calendar.zone)
    if state is None and not facts.cost_days and not span.by_label("cost"):
        return None
    parts = {label: bucket.total for label, bucket in span.by_label("cost").items()}
    is_known = bool(parts) or (state is not None and state.complete > 0)
    return cost_report(
        parts if is_known else None,
        daily_costs(facts.cost_days, zone),
        day_shares(calendar.day_windows(), calendar.window, zone),
        facts.prices,
        releases=len(live_releases(facts.releases, calendar.window)),
        is_complete=state is None or state.complete >= state.expected,
    )


def _with_deployment_cost(figures: dict[str, Figure], cost: Cost | None) -> dict[str, Figure]:
    """Return the figures with the cost per deployment behind the cost, and the cost held against what was expected."""
    if cost is None or "cost" not in figures:
        return figures
    whole = figures["cost"]
    notes = [whole.note, "" if cost.note in whole.note else cost.note]
    trends = dict(whole.trends)
    if cost.expected is not None:
        trends["expected"] = trend_of(cost.actual, cost.expected, Better.LESS)
    note = "; ".join(filter(None, notes))
    each = "" if cost.per_deployment is not None else "no release went live"
    per = Figure("cost_per_deployment", "Cost per deployment", cost.per_deployment, whole.unit,
                 source=whole.source, note=each)  # fmt: skip
    return figures | {"cost": replace(whole, trends=trends, note=note), "cost_per_deployment": per}


def _with_failed_releases(figures: dict[str, Figure], lines: Sequence[ReleaseLine]) -> dict[str, Figure]:
    failed = sum(line.outcome in FAILED for line in lines)
    if not failed or "releases" not in figures:
        return figures
    whole = figures["releases"]
    note = "; ".join(filter(None, [f"{failed:,} of them failed", whole.note]))
    return figures | {"releases": replace(whole, note=note)}


# --- the whole


def _actions(reports: Sequence[ProjectReport]) -> tuple[Recommendation, ...]:
    """Return what needs doing now, over all projects, the weightiest first."""
    urgent = [r for report in reports for r in report.recommendations if r.severity in URGENT]
    return tuple(sorted(urgent, key=lambda r: -r.weight)[:MOST_ACTIONS])


def _time_saved(reports: Sequence[ProjectReport], calendar: ReportCalendar) -> TimeSaved:
    known = [report for report in reports if not report.is_empty]
    incidents = [incident for report in known for incident in report.incidents]
    return time_saved(
        Watched(
            checks=sum(report.checks for report in known),
            days=len(known) * calendar.window.length / DAY,
            projects=len(known),
            incidents=len(incidents),
            attributed=sum(incident.fault.value in {"release", "platform"} for incident in incidents),
        )
    )


def _why_empty(reports: Sequence[ProjectReport]) -> str:
    """Return why nothing is known of any project; "" when something is."""
    if not all(report.is_empty for report in reports):
        return ""
    reasons = list(dict.fromkeys(reason for report in reports for reason in report.coverage.reasons))
    if not reports:
        return "there is no project to report of"
    told = "; ".join(reasons[:3]) or "no hour of it was aggregated: a backfill of these days fills it"
    return f"nothing is known of {amount(len(reports), 'project')}: {told}"
