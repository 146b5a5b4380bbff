"""Measures whether a way back has helped: errors at Sentry, endpoints, production at Vercel."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

from blocks.sentry import Sentry
from blocks.vercel import Vercel
from tasks.asking import NOT_CONFIGURED, ask_with
from tasks.observation import probe
from tasks.rollback_plan import fetch_percentage
from tasks.sentry import fetch_error_reports
from tasks.store import recall, remember_probes
from tasks.vendors import vendor_task
from watchkeeper.config import Configuration, Project
from watchkeeper.domain.endpoints import EndpointReport, Probe
from watchkeeper.domain.error_rates import ErrorCount
from watchkeeper.domain.errors import ErrorSample
from watchkeeper.domain.moves import ProjectState
from watchkeeper.domain.production import Production
from watchkeeper.domain.project_health import merge_error_reports, sample_of
from watchkeeper.domain.releases import Release, counts_of
from watchkeeper.domain.rollback import Rollback, Way
from watchkeeper.domain.rollback_input import PercentageReading
from watchkeeper.domain.rollback_verification import Measured
from watchkeeper.domain.verdicts import Gap, Missing
from watchkeeper.domain.windows import Window

SHORTEST: Final = timedelta(seconds=1)


async def measure(configuration: Configuration, project: Project, rollback: Rollback) -> Measured:
    """Return what production says since it has moved, whatever the vendor's word is: where it is, errors, endpoints."""
    now = datetime.now(UTC)
    since = min(rollback.moved_at or rollback.updated_at, now - SHORTEST)
    production, percentage, sample, probes = await asyncio.gather(
        _production(project),
        _percentage(project, rollback),
        count_errors(project, Window(since, now), now),
        _probes(configuration.only([project.slug]), project, since, now),
    )
    return Measured(
        at=now,
        production=production,
        errors=_errors(sample, rollback),
        probes=probes,
        noun="request" if isinstance(sample, Missing) else sample.denominator.noun,
        percentage=percentage,
    )


async def count_errors(project: Project, window: Window, now: datetime) -> ErrorSample | Missing:
    """Return failures and totals of the window, by release; several Sentry projects are added up."""
    place = project.sentry
    if place is None:
        return NOT_CONFIGURED
    found = await ask_with(
        Sentry,
        project.credentials,
        lambda block: fetch_error_reports(
            block, place.organization, place.environment, place.projects, window, now, return_state=True
        ),
    )
    if isinstance(found, Missing):
        return found
    past = recall((project.slug,), window, now)[project.slug]
    return sample_of(merge_error_reports([found[name] for name in place.projects]), past, window)


@vendor_task("vercel state {project}")
async def fetch_state(vercel: Vercel, team: str, project: str) -> ProjectState:
    """Fetch what serves production, and what rolls out."""
    async with vercel.get_moves_client() as client:
        return await client.project_state(team, project)


def _errors(sample: ErrorSample | Missing, rollback: Rollback) -> ErrorCount | Missing:
    """Return the failures that it is measured by: of what it went to, or of everything where a percentage was set."""
    if isinstance(sample, Missing):
        return sample
    if rollback.way is Way.PERCENTAGE or not rollback.to_sha:
        return ErrorCount(rollback.to_sha, sample.failures, sample.total)
    return counts_of(Release(rollback.to_sha, rollback.requested_at), sample.counts)


async def _production(project: Project) -> Production | Missing:
    place = project.vercel
    if place is None:
        return NOT_CONFIGURED
    found: ProjectState | Missing = await ask_with(
        Vercel, project.credentials, lambda block: fetch_state(block, place.team, place.project, return_state=True)
    )
    return found if isinstance(found, Missing) else found.production


async def _percentage(project: Project, rollback: Rollback) -> float | Missing | None:
    item, place = project.rollback_policy.percentage, project.vercel
    if rollback.way is not Way.PERCENTAGE or item is None or place is None:
        return None
    found: PercentageReading | Missing = await ask_with(
        Vercel,
        project.credentials,
        lambda block: fetch_percentage(block, place.team, item.edge_config, item.key, return_state=True),
    )
    return found if isinstance(found, Missing) else found.value


async def _probes(
    configuration: Configuration, project: Project, since: datetime, now: datetime
) -> tuple[Probe, ...] | Missing:
    """Return the probes of the project's endpoints since then, with one that is made now."""
    if not project.endpoints:
        return ()
    past = recall((project.slug,), Window(since, now), now)
    seen = await probe(configuration, past)
    found = seen[project.slug]
    if isinstance(found, Missing):
        return found
    if not found.online:
        return Missing(Gap.UNAVAILABLE, "our own connectivity is down")
    remember_probes({project.slug: project.name}, {project.slug: EndpointReport(found.probes)}, now)
    earlier = (known for known in past[project.slug].probes if known.at >= since)
    return (*earlier, *found.probes)
