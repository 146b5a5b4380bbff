"""Reads and writes the store. A database error fails the run loudly; the next run finds everything as it was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import TypeVar

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.utilities.annotations import quote
from sqlalchemy import Engine

from watchkeeper.config import read_settings
from watchkeeper.domain.builds import BuildReport
from watchkeeper.domain.delivery import AliasRequest, DeliveryReport
from watchkeeper.domain.endpoints import EndpointReport
from watchkeeper.domain.error_rates import ErrorCount
from watchkeeper.domain.errors import Denominator, ErrorReport
from watchkeeper.domain.health import CheckType, HealthCheck
from watchkeeper.domain.observations import Observation, counts_before
from watchkeeper.domain.past import Past
from watchkeeper.domain.project_health import Observed
from watchkeeper.domain.releases import Release
from watchkeeper.domain.verdicts import Missing
from watchkeeper.domain.windows import Window
from watchkeeper.store import (
    alias_requests,
    builds,
    delivery,
    endpoints,
    errors,
    health,
    observations,
    projects,
    releases,
    runs,
)
from watchkeeper.store.database import open_database, reading, transaction
from watchkeeper.store.retention import prune

PROBES_BACK = timedelta(hours=2)
BUILDS_BACK = timedelta(days=2)  # as far as the vendors are asked back: a window judged again finds the same
COUNTS_BACK = timedelta(days=1)

T = TypeVar("T")


@cache
def database() -> Engine:
    """Return the engine of this process; its address is a secret, so no task takes it as a parameter."""
    return open_database(read_settings().database)


# Not repeated: the driver itself has waited for a locked database by then.
store_task = task(cache_policy=NO_CACHE, persist_result=False)


@store_task
def recall(slugs: tuple[str, ...], window: Window, now: datetime) -> dict[str, Past]:
    """Return what earlier checks have kept, by project; the number of queries does not grow with the projects."""
    recent = Window(min(window.start, now) - PROBES_BACK, now + timedelta(minutes=1))
    with reading(database()) as session:
        readings = errors.session_readings(session, slugs, window.hours())
        probes = endpoints.probes(session, slugs, recent)
        lately = Window(window.start - BUILDS_BACK, recent.end)
        pipelines = builds.pipelines(session, slugs, lately)
        deployments = delivery.deployments(session, slugs, lately)
        latest = health.latest_checks(session, slugs, CheckType.FULL)
    return {
        slug: Past(
            readings=readings.get(slug, ()),
            probes=probes.get(slug, ()),
            pipelines=pipelines.get(slug, ()),
            deployments=deployments.get(slug, ()),
            latest=latest.get(slug),
        )
        for slug in slugs
    }


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that one look at one window has found, by project. `before`: the newest full checks before it."""

    names: Mapping[str, str]
    seen: Mapping[str, Observed]
    released: Mapping[str, Sequence[Release]]
    checks: Sequence[HealthCheck]
    measured: Sequence[Observation]
    before: Mapping[str, HealthCheck]


def remember(findings: Findings, flow_run: str, now: datetime) -> None:
    """Save everything of one window in one transaction: all of it or nothing."""
    # Unquoted, Prefect looks for futures in each of the values: a second for 1,000 projects.
    _remember(quote(findings), flow_run, now)  # type: ignore[call-overload]  # the task gets what is quoted


@task(name="remember", cache_policy=NO_CACHE, persist_result=False)
def _remember(findings: Findings, flow_run: str, now: datetime) -> None:
    seen = findings.seen
    with transaction(database()) as session:
        projects.save_projects(session, findings.names, now)
        errors.save_error_reports(session, _known(seen, "errors", ErrorReport), now)
        delivered = _known(seen, "delivery", DeliveryReport)
        delivery.save_deployments(session, {slug: report.deployments for slug, report in delivered.items()})
        alias_requests.save_alias_requests(session, {slug: moves_of(report) for slug, report in delivered.items()})
        built = _known(seen, "builds", BuildReport)
        builds.save_pipelines(session, {slug: report.pipelines for slug, report in built.items()})
        probed = _known(seen, "endpoints", EndpointReport)
        endpoints.save_probes(session, {slug: report.probes for slug, report in probed.items()})
        releases.save_releases(session, findings.released)
        observations.save_observations(session, findings.measured)
        health.save_checks(session, findings.checks, flow_run, now)
        for window in {check.window for check in findings.checks}:
            runs.save_flow_run(session, runs.FlowRun(flow_run, "health-check", window, len(findings.checks), now))


@store_task
def recall_counts(slugs: tuple[str, ...], window: Window) -> dict[str, tuple[ErrorCount, ...]]:
    """Return failures and totals by release of the day before `window`, counted as most of that day was counted."""
    day = Window(window.start - COUNTS_BACK, window.start)
    found: dict[str, tuple[ErrorCount, ...]] = {}
    with reading(database()) as session:
        for denominator in Denominator:
            metric = f"failed_{denominator.noun}s"
            for slug, several in observations.observations(session, slugs, day, "sentry", metric).items():
                counts = counts_before(several, denominator, window.start)
                found[slug] = max(found.get(slug, ()), counts, key=lambda c: sum(count.total for count in c))
    return found


@store_task
def remember_probes(names: Mapping[str, str], seen: Mapping[str, EndpointReport | Missing], now: datetime) -> None:
    """Save probes that were made between two checks."""
    known = {slug: report.probes for slug, report in seen.items() if isinstance(report, EndpointReport)}
    with transaction(database()) as session:
        projects.save_projects(session, names, now)
        endpoints.save_probes(session, known)


@store_task
def recall_history(slugs: tuple[str, ...], window: Window) -> dict[str, tuple[HealthCheck, ...]]:
    """Return the full checks whose window began in `window`, without their components, by project, newest first."""
    with reading(database()) as session:
        return health.checks(session, slugs, window, CheckType.FULL, with_components=False)


@store_task
def prune_store(now: datetime, raw: timedelta, hourly: timedelta) -> dict[str, int]:
    """Delete what is older than it is kept, and return how many rows of each table."""
    return prune(database(), now, raw, hourly)


def latest_checks(slugs: tuple[str, ...]) -> tuple[HealthCheck, ...]:
    """Return the newest full check of each project that has one, in the order asked for."""
    with reading(database()) as session:
        found = health.latest_checks(session, slugs, CheckType.FULL)
    return tuple(found[slug] for slug in slugs if slug in found)


def checked_windows(slugs: tuple[str, ...], span: Window) -> frozenset[Window]:
    """Return the windows that ended in `span` and that a full check has looked at."""
    with reading(database()) as session:
        return health.checked_windows(session, slugs, span)


def moves_of(report: DeliveryReport) -> tuple[AliasRequest, ...]:
    """Return the moves of the production domains that a report tells of: at most the last one."""
    last = report.production.last_alias_request
    return () if last is None else (last,)


def _known(seen: Mapping[str, Observed], part: str, kind: type[T]) -> dict[str, T]:
    return {slug: value for slug, one in seen.items() if isinstance(value := getattr(one, part), kind)}
