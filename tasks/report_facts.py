"""Loads what a report is made of: one query a table (and time zone), however many projects there are."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.utilities.annotations import quote
from sqlalchemy.orm import Session

from tasks.incident_reports import draft_place
from tasks.replay import replays
from tasks.reports import earlier_recommendations
from tasks.store import database
from watchkeeper.config import Configuration, Project
from watchkeeper.domain.hours import Coverages, SourceCoverage
from watchkeeper.domain.incidents import Draft
from watchkeeper.domain.metrics import Bucket
from watchkeeper.domain.period_reports import PeriodIncidents, ReportPeriod, SentLine
from watchkeeper.domain.report_figures import CHART_METRICS, LONG_METRICS, ProjectFacts, ReportCalendar, SourceState
from watchkeeper.domain.report_incidents import OURSELVES, tell_incidents
from watchkeeper.domain.windows import Period, Window
from watchkeeper.store import (
    alert_messages,
    alias_requests,
    build_runs,
    builds,
    commits,
    delivery,
    errors,
    health,
    incidents,
    issue_events,
    metrics,
    outages,
    releases,
)
from watchkeeper.store.database import reading

HOUR = timedelta(hours=1)

Rows = Mapping[str, Sequence[Any]]  # by project


def gather(configuration: Configuration, calendar: ReportCalendar) -> tuple[ProjectFacts, ...]:
    """Return all that is stored of the projects and belongs to the report, in the order of the configuration."""
    # Unquoted, Prefect looks for futures in each of the values.
    return _gather(quote(configuration), quote(calendar))  # type: ignore[call-overload, no-any-return]


def sent_messages(calendar: ReportCalendar) -> tuple[SentLine, ...]:
    """Return how many messages of alerts went where in the window of the report, and how many did not until now."""
    with reading(database()) as session:
        found = alert_messages.sent_by_channel(session, calendar.window)
    return tuple(SentLine(channel, told.sent, told.waiting + told.lost) for channel, told in found.items())


def incidents_told(configuration: Configuration, calendar: ReportCalendar) -> PeriodIncidents:
    """Return the incidents of the window of the report; those of the watch itself where all projects are told of."""
    ourselves = {} if configuration.chosen else {"": OURSELVES}
    with reading(database()) as session:
        found = incidents.incidents_in(session, calendar.window)
        before = incidents.last_incidents(session, calendar.window.start)
    drafted = [each.number for each in found if each.draft is not Draft.NONE]
    places = {number: draft_place(configuration.reports, number) for number in drafted}
    return tell_incidents(found, before, calendar.window, {**ourselves, **configuration.names}, places)


@task(name="gather", cache_policy=NO_CACHE, persist_result=False)
def _gather(configuration: Configuration, calendar: ReportCalendar) -> tuple[ProjectFacts, ...]:
    slugs, zones = configuration.slugs, {project.zone.key for project in configuration.projects}
    local = {zone: calendar.in_zone(zone) for zone in zones}
    advice = earlier_recommendations(calendar.period, calendar.window)
    with reading(database()) as session:
        known = {zone: _known(session, slugs, own) for zone, own in local.items()}
        latest = health.latest_checks(session, slugs)
        found = _everything(session, slugs, tuple(local.values()))
    is_daily = calendar.period is ReportPeriod.DAILY  # one day is too little to judge triggers by
    played = {} if is_daily else replays(configuration, {zone: own.window for zone, own in local.items()})
    return tuple(
        ProjectFacts(
            slug=project.slug,
            name=project.name,
            zone=project.zone.key,
            limits=project.health_limits,
            prices=project.prices,
            targets=project.slo_targets,
            endpoints=project.endpoint_values,
            states=_states_of(project, known, local)["window"],
            states_before=_states_of(project, known, local),
            latest=latest.get(project.slug),
            earlier=tuple(each for each in advice if each.project == project.slug),
            replay=played.get(project.slug),
            **_own(found, project),
        )
        for project in configuration.projects
    )


def _own(found: Mapping[str, Rows], project: Project) -> dict[str, Any]:
    own: dict[str, Any] = {name: tuple(rows[project.slug]) for name, rows in found.items()}
    return own if project.github else {**own, "commits": None}


def _everything(session: Session, slugs: tuple[str, ...], local: Sequence[ReportCalendar]) -> dict[str, Rows]:
    """Return the rows of each table, by the name that they have in the facts, and by project."""
    window, story = _all(own.window for own in local), _all(own.story for own in local)
    return {
        "totals": _totals(session, slugs, local),
        "steps": metrics.buckets(session, slugs, window, local[0].step, CHART_METRICS),
        "cost_days": metrics.buckets(session, slugs, _cost_window(local), Period.DAY, {"cost"}),
        "weeks": _weeks(session, slugs, local),
        "releases": releases.releases(session, slugs, story),
        "deployments": delivery.deployments(session, slugs, story),
        "pipelines": builds.pipelines(session, slugs, story),
        "issues": errors.issues(session, slugs, window),
        "issue_events": issue_events.issue_events(session, slugs, story),
        "flaky_tests": build_runs.flaky_tests(session, slugs, window),
        "incidents": outages.outages(session, slugs, story),
        "alias_requests": alias_requests.alias_requests(session, slugs, story),
        "commits": commits.commits(session, slugs, story),
    }


def _totals(session: Session, slugs: tuple[str, ...], local: Sequence[ReportCalendar]) -> Rows:
    """Return the buckets of every window that the report holds against each other; windows may overlap."""
    found: dict[str, dict[tuple[Any, ...], Bucket]] = {slug: {} for slug in slugs}
    for name in local[0].windows:
        span = _all(own.windows[name] for own in local)
        for slug, buckets in metrics.buckets(session, slugs, span, local[0].whole).items():
            found[slug].update({(bucket.metric, bucket.label, bucket.start): bucket for bucket in buckets})
    return {slug: tuple(buckets.values()) for slug, buckets in found.items()}


def _weeks(session: Session, slugs: tuple[str, ...], local: Sequence[ReportCalendar]) -> Rows:
    spans = [own.long_window for own in local if own.long_window is not None]
    return (
        metrics.buckets(session, slugs, _all(spans), Period.WEEK, LONG_METRICS) if spans else dict.fromkeys(slugs, ())
    )


def _cost_window(local: Sequence[ReportCalendar]) -> Window:
    return _all(window for own in local for window in (own.cost_window, own.window))


def _all(windows: Iterable[Window]) -> Window:
    """Return the span that holds all of them."""
    several = list(windows)
    return Window(min(window.start for window in several), max(window.end for window in several))


def _known(session: Session, slugs: Sequence[str], own: ReportCalendar) -> dict[str, Coverages]:
    """Return how much is known of each window of the report, by the window's name."""
    return {name: metrics.hour_states(session, slugs, window) for name, window in own.windows.items()}


def _states_of(
    project: Project, known: Mapping[str, Mapping[str, Coverages]], local: Mapping[str, ReportCalendar]
) -> dict[str, dict[str, SourceState]]:
    zone = project.zone.key
    windows = local[zone].windows
    return {name: _states(project, windows[name], own[project.slug]) for name, own in known[zone].items()}


def _states(project: Project, window: Window, known: Mapping[str, SourceCoverage]) -> dict[str, SourceState]:
    hours = window.length // HOUR
    return {
        source: SourceState(own.complete, hours, tuple(f"{reason} ({count} h)" for reason, count in own.reasons))
        for source in sorted(project.sources)
        for own in [known.get(source, SourceCoverage())]
    }
