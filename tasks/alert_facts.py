"""Loads what the signals of projects are made of: one query a table, however many projects there are."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from watchkeeper.config import Configuration, Project
from watchkeeper.domain.alert_facts import BUILDS_BACK, AlertFacts, Counted, IssueLife, Tally
from watchkeeper.domain.alert_signals_people import NEW_FOR
from watchkeeper.domain.alert_signals_slo import RECENT
from watchkeeper.domain.health import CheckType, HealthCheck
from watchkeeper.domain.issue_events import IssueChange
from watchkeeper.domain.issues import Issue
from watchkeeper.domain.observations import Observation
from watchkeeper.domain.verdicts import Verdict
from watchkeeper.domain.windows import HOUR, Period, Window, floor
from watchkeeper.store import (
    alert_signals,
    builds,
    delivery,
    endpoints,
    health,
    observations,
    rollback_reads,
)

MINUTE: Final = timedelta(minutes=1)
DAY: Final = timedelta(days=1)
CHECKS_BACK: Final = 6 * HOUR  # how long a project is told to be critical
HOURS_BACK: Final = 75 * HOUR  # the longest window of an objective
COSTS_BACK: Final = 60 * DAY  # the weeks that tell what is to be expected
PROBE: Final = timedelta(seconds=1)

_OF_BUILDS: Final = frozenset({"failed_builds", "running_build", "build_queue"})
_OF_DELIVERY: Final = frozenset({"failed_deployments", "waiting_deployment"})
_OF_ISSUES: Final = frozenset({"new_issue", "regressed_issue"})
_OF_ROLLBACKS: Final = frozenset({"rollback_waiting", "rollback_expired", "rollback_not_cured", "in_custody"})
_OF_BURNING: Final = frozenset({"burn_rate_1h", "burn_rate_6h", "burn_rate_1d", "burn_rate_3d"})
_OF_PROBES: Final = _OF_BURNING | {"endpoint_down", "endpoint_latency", "endpoint_slowness", "certificate"}

Rows = Mapping[str, Sequence[Any]]  # by project


def facts_between(
    session: Session, configuration: Configuration, moments: Window, names: Collection[str], *, is_past: bool = False
) -> tuple[AlertFacts, ...]:
    """Return what is needed to make the named signals at any moment of a window, for each project.

    Args:
        is_past: True for moments that are over: then of every check its components are read.
    """
    slugs, first, end = configuration.slugs, moments.start, moments.end + MINUTE
    wanted = frozenset(names)

    def since(back: timedelta) -> Window:
        return Window(first - back, end)

    empty: Rows = dict.fromkeys(slugs, ())
    checks = (
        _past_checks(session, slugs, since(CHECKS_BACK)) if is_past else _checks(session, slugs, since(CHECKS_BACK))
    )
    probes: Rows = endpoints.probes(session, slugs, since(RECENT + HOUR)) if wanted & _OF_PROBES else empty
    counted = _counted(session, slugs, moments, probes) if wanted & _OF_BURNING else {}
    lives = _lives(session, slugs, first, is_past=is_past) if wanted & _OF_ISSUES else empty
    production: Rows = delivery.deployments(session, slugs, since(BUILDS_BACK)) if wanted & _OF_DELIVERY else empty
    pipelines: Rows = builds.pipelines(session, slugs, since(BUILDS_BACK)) if wanted & _OF_BUILDS else empty
    spent = _spent(session, slugs, since(COSTS_BACK)) if "cost_over" in wanted else empty
    ways_back = _ways_back(session, slugs, since(DAY), is_past=is_past) if wanted & _OF_ROLLBACKS else empty
    custody = rollback_reads.custody(session, slugs) if wanted & _OF_ROLLBACKS and not is_past else {}
    answered = sorted({probe.at for several in probes.values() for probe in several if probe.status is not None})
    return tuple(
        AlertFacts(
            **_configured(project),
            checks=checks[project.slug],
            probes=probes[project.slug],
            answered=answered,
            counted=counted.get(project.slug, {}),
            issues=lives[project.slug],
            deployments=production[project.slug],
            pipelines=pipelines[project.slug],
            costs={start.astimezone(project.zone).date(): total for start, total, _ in spent[project.slug]},
            ways_back=ways_back[project.slug],
            custody=custody.get(project.slug),
            is_past=is_past,
        )
        for project in configuration.projects
    )


def _configured(project: Project) -> dict[str, Any]:
    return {
        "project": project.slug,
        "limits": project.health_limits,
        "components": project.components,
        "endpoints": project.endpoint_values,
        "targets": project.slo_targets,
        "zone": project.zone,
        "prices": project.prices,
    }


def _checks(session: Session, slugs: Collection[str], window: Window) -> dict[str, tuple[HealthCheck, ...]]:
    """Return the newest full check of each project, with those before it where it is critical: since when it is."""
    latest = health.latest_checks(session, slugs, CheckType.FULL)
    critical = [slug for slug, check in latest.items() if check.verdict is Verdict.CRITICAL]
    before = health.checks(session, critical, window, CheckType.FULL, with_components=False) if critical else {}
    found = {slug: _in_order([*before.get(slug, ()), check]) for slug, check in latest.items()}
    return {slug: found.get(slug, ()) for slug in slugs}


def _past_checks(session: Session, slugs: Collection[str], window: Window) -> dict[str, tuple[HealthCheck, ...]]:
    found = health.checks(session, slugs, window, CheckType.FULL)
    return {slug: _in_order(several) for slug, several in found.items()}


def _ways_back(session: Session, slugs: Collection[str], window: Window, *, is_past: bool) -> Rows:
    """Return how the ways back of each project stood from when on; of those of now the newest, as it stands."""
    if is_past:
        return rollback_reads.stood(session, slugs, window)
    newest = rollback_reads.last_rollbacks(session, slugs, 1)
    return {slug: [(window.start, rollback) for rollback in several] for slug, several in newest.items()}


def _in_order(checks: Iterable[HealthCheck]) -> tuple[HealthCheck, ...]:
    """Return the checks, oldest first; of two of one window the last one."""
    by_window = {check.window: check for check in checks}
    return tuple(sorted(by_window.values(), key=lambda check: (check.window.end, check.window.start)))


def _counted(session: Session, slugs: Collection[str], moments: Window, probes: Rows) -> dict[str, dict[str, Counted]]:
    """Return what the objectives count, by project and metric."""
    end = moments.end + MINUTE
    hours = Window(floor(moments.start, HOUR) - HOURS_BACK, end)
    looks = Window(floor(moments.start, HOUR) - RECENT - HOUR, end)
    told = alert_signals.metric_sums(session, slugs, hours, Period.HOUR, ("failures", "availability"))
    requests = observations.observations(session, slugs, looks, "sentry", "failed_requests")
    sessions = observations.observations(session, slugs, looks, "sentry", "failed_sessions")
    return {
        slug: {
            "failures": _looked_at(
                (*requests[slug], *sessions[slug]),
                Tally.of((hour, round(bad), total) for hour, bad, total in told[slug]["failures"]),
            ),
            "availability": Counted(
                Tally.of((probe.at, int(not probe.ok), 1) for probe in probes[slug]),
                Tally.of((hour, total - round(good), total) for hour, good, total in told[slug]["availability"]),
                PROBE,
            ),
        }
        for slug in slugs
    }


def _spent(session: Session, slugs: Collection[str], window: Window) -> Rows:
    """Return what each day has cost, all sources together."""
    days = alert_signals.metric_sums(session, slugs, window, Period.DAY, ("cost",))
    return {slug: found["cost"] for slug, found in days.items()}


def _looked_at(several: Sequence[Observation], hours: Tally) -> Counted:
    """Return failures by the windows of the checks; of windows that overlap the first one counts."""
    if not several:
        return Counted(hours=hours)
    newest = max(several, key=lambda each: each.window.end)
    windows: dict[Window, tuple[int, int]] = {}
    for each in sorted((o for o in several if o.metric == newest.metric), key=lambda o: o.window):
        bad, total = windows.get(each.window, (0, 0))
        windows[each.window] = (bad + round(each.value), total + each.sample_size)
    counts: list[tuple[datetime, int, int]] = []
    reached = min(window.start for window in windows)
    for window, (bad, total) in windows.items():
        if window.start >= reached:
            counts.append((window.start, bad, total))
            reached = window.end
    return Counted(Tally.of(counts), hours, newest.window.length)


def _lives(
    session: Session, slugs: Collection[str], first: datetime, *, is_past: bool
) -> dict[str, tuple[IssueLife, ...]]:
    issues = alert_signals.grave_issues(session, slugs, first - DAY)
    back = alert_signals.last_changes(session, slugs, first - NEW_FOR, IssueChange.REGRESSED)
    over = alert_signals.last_changes(session, slugs, first - NEW_FOR, IssueChange.RESOLVED) if is_past else {}
    return {
        slug: tuple(
            life
            for issue in several
            if is_past or issue.status not in {"resolved", "ignored"}
            if (life := _life(issue, back[slug].get(issue.id), over.get(slug, {}).get(issue.id)))
        )
        for slug, several in issues.items()
    }


def _life(issue: Issue, back: datetime | None, over: datetime | None) -> IssueLife | None:
    """Return its life since it was new or came back; None where neither is known: unknown is not new."""
    since = issue.first_seen if back is None else back
    if since is None:
        return None
    return IssueLife(issue, back is None, since, over if over is not None and over > since else None)
