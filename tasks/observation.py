"""Asks every vendor at once about all projects: one task run for each block and organization."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from prefect.utilities.annotations import quote

from blocks.circleci import CircleCI
from blocks.sentry import Sentry
from blocks.vercel import Vercel
from tasks.asking import NOT_CONFIGURED, ask_with, at_once, by_group
from tasks.circleci import fetch_build_reports
from tasks.endpoints import probe_endpoints
from tasks.outcomes import outcome
from tasks.sentry import fetch_error_reports
from tasks.vercel import fetch_delivery_reports, fetch_platform_status
from watchkeeper.config import Configuration, Project
from watchkeeper.domain.delivery import with_earlier
from watchkeeper.domain.endpoints import EndpointReport, down_endpoints
from watchkeeper.domain.health import CheckType, asked_components
from watchkeeper.domain.past import Past
from watchkeeper.domain.project_health import Observed, is_live, merge_error_reports
from watchkeeper.domain.verdicts import Component, Gap, Missing
from watchkeeper.domain.windows import Window

LOOK_BACK = timedelta(days=2)
DEPLOYMENTS_AGAIN, PIPELINES_AGAIN = timedelta(hours=12), timedelta(minutes=15)  # read again: they may have changed
NOT_ASKED = Missing(Gap.NOT_ASKED, "this kind of check does not ask for it")
NOT_PROBED = Missing(Gap.NO_EVIDENCE, "no endpoint was probed in this window, and it is too late to ask now")


async def observe(
    configuration: Configuration, window: Window, check_type: CheckType, past: Mapping[str, Past], now: datetime
) -> dict[str, Observed]:
    """Return what is said of each project, by slug; what could not be had is `Missing` for that project alone."""
    asked = asked_components(check_type)
    live = is_live(window, now)
    projects = configuration.projects

    def wanted(component: Component) -> list[Project]:
        return [p for p in projects if component in asked and component in p.components]

    (errors, delivery, builds), endpoints, status = await asyncio.gather(
        at_once(
            (wanted(Component.ERRORS), _observe_errors(wanted(Component.ERRORS), window, now)),
            (wanted(Component.DELIVERY), _observe_delivery(wanted(Component.DELIVERY), window, past)),
            (wanted(Component.BUILDS), _observe_builds(wanted(Component.BUILDS), window, past)),
        ),
        _observe_endpoints(wanted(Component.ENDPOINTS), past, configuration.connectivity)
        if live
        else _remember_endpoints(wanted(Component.ENDPOINTS), window, past),
        _observe_status(wanted(Component.DELIVERY) if live else []),
    )

    def gap(project: Project, component: Component) -> Missing:
        return NOT_ASKED if component in project.components else NOT_CONFIGURED

    return {
        p.slug: Observed(
            errors=errors.get(p.slug, gap(p, Component.ERRORS)),
            delivery=delivery.get(p.slug, gap(p, Component.DELIVERY)),
            builds=builds.get(p.slug, gap(p, Component.BUILDS)),
            endpoints=endpoints.get(p.slug, gap(p, Component.ENDPOINTS)),
            platform=status.get(p.credentials, NOT_ASKED),
        )
        for p in projects
    }


async def probe(configuration: Configuration, past: Mapping[str, Past]) -> dict[str, EndpointReport | Missing]:
    """Return fresh probes of every endpoint, by project."""
    projects = [project for project in configuration.projects if project.endpoints]
    return await _observe_endpoints(projects, past, configuration.connectivity)


async def _observe_errors(projects: Sequence[Project], window: Window, now: datetime) -> dict[str, Any]:
    """Ask once for each block, organization and environment; a project with several Sentry projects gets their sum."""

    async def ask(key: tuple[str, str, str], members: Sequence[Project]) -> dict[str, Any]:
        credentials, organization, environment = key
        names = tuple(sorted({name for p in members if p.sentry for name in p.sentry.projects}))
        found = await ask_with(
            Sentry,
            credentials,
            lambda block: fetch_error_reports(block, organization, environment, names, window, now, return_state=True),
        )
        if isinstance(found, Missing):
            return {p.slug: found for p in members}
        return {p.slug: merge_error_reports([found[name] for name in p.sentry.projects]) for p in members if p.sentry}

    return await by_group(
        projects, lambda p: (p.credentials, p.sentry.organization, p.sentry.environment) if p.sentry else None, ask
    )


async def _observe_delivery(projects: Sequence[Project], window: Window, past: Mapping[str, Past]) -> dict[str, Any]:
    async def ask(key: tuple[str, str], members: Sequence[Project]) -> dict[str, Any]:
        credentials, team = key
        ids = {p.slug: p.vercel.project for p in members if p.vercel}
        wanted = tuple(sorted(set(ids.values())))
        pasts = [past[p.slug] for p in members]
        building = [d.created_at for each in pasts for d in each.deployments if not d.state.is_final]
        since = _since(window, pasts, DEPLOYMENTS_AGAIN, building)
        found = await ask_with(
            Vercel, credentials, lambda block: fetch_delivery_reports(block, team, wanted, since, return_state=True)
        )
        if isinstance(found, Missing):
            return dict.fromkeys(ids, found)
        return {slug: with_earlier(found[name], past[slug].deployments, since) for slug, name in ids.items()}

    return await by_group(projects, lambda p: (p.credentials, p.vercel.team) if p.vercel else None, ask)


async def _observe_builds(projects: Sequence[Project], window: Window, past: Mapping[str, Past]) -> dict[str, Any]:
    async def ask(key: tuple[str, str, str], members: Sequence[Project]) -> dict[str, Any]:
        credentials, organization, _branch = key
        slugs = {p.slug: p.circleci.project for p in members if p.circleci}
        branches = {p.circleci.project: p.circleci.branch for p in members if p.circleci}
        known = {pipeline.id: pipeline for p in members for pipeline in past[p.slug].pipelines}
        since = _since(window, [past[p.slug] for p in members], PIPELINES_AGAIN)
        found = await ask_with(
            CircleCI,
            credentials,
            lambda block: fetch_build_reports(block, organization, branches, since, quote(known), return_state=True),
        )
        return {slug: found if isinstance(found, Missing) else found[name] for slug, name in slugs.items()}

    return await by_group(
        projects, lambda p: (p.credentials, p.circleci.organization, p.circleci.branch) if p.circleci else None, ask
    )


def _since(window: Window, pasts: Sequence[Past], again: timedelta, unfinished: Iterable[datetime] = ()) -> datetime:
    """Return from when on the vendor is asked: since shortly before every project was last looked at.

    Args:
        unfinished: when that was made which must be read again, since it has changed or will.
    """
    known = [past.latest.window.end - again for past in pasts if past.latest is not None]
    if len(known) < len(pasts):
        return window.start - LOOK_BACK
    return max(window.start - LOOK_BACK, min([window.start, *known, *unfinished]))


async def _observe_endpoints(
    projects: Sequence[Project], past: Mapping[str, Past], references: tuple[str, ...]
) -> dict[str, Any]:
    if not projects:
        return {}
    endpoints = {p.slug: p.endpoint_values for p in projects}
    limits = {p.slug: p.health_limits.endpoints for p in projects}
    was_down = frozenset(
        (p.slug, name) for p in projects for name in down_endpoints(past[p.slug].probes, limits[p.slug])
    )
    # Unquoted, Prefect looks for futures in each of the values: a quarter of a second for 1,000 projects.
    asked = probe_endpoints(quote(endpoints), quote(was_down), references, quote(limits), return_state=True)
    found = await outcome(asked)
    return {p.slug: found if isinstance(found, Missing) else found[p.slug] for p in projects}


async def _remember_endpoints(projects: Sequence[Project], window: Window, past: Mapping[str, Past]) -> dict[str, Any]:
    """Return the probes that were kept of a window that is over: nobody can be asked what an endpoint answered then."""
    kept = {p.slug: tuple(probe for probe in past[p.slug].probes if window.contains(probe.at)) for p in projects}
    return {slug: EndpointReport(probes) if probes else NOT_PROBED for slug, probes in kept.items()}


async def _observe_status(projects: Sequence[Project]) -> dict[str, Any]:
    """Return the platform's own word, by name of the credentials with which we reach it."""
    names = sorted({p.credentials for p in projects})
    found = await asyncio.gather(
        *(ask_with(Vercel, name, lambda block: fetch_platform_status(block, return_state=True)) for name in names)
    )
    return dict(zip(names, found, strict=True))
