"""Asks every vendor at once about all projects: one task run for each block and organization."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from prefect.blocks.core import Block
from prefect.client.schemas.objects import State

from blocks.circleci import CircleCI
from blocks.sentry import Sentry
from blocks.vercel import Vercel
from tasks.circleci import fetch_build_reports
from tasks.credentials import load_block
from tasks.endpoints import probe_endpoints
from tasks.sentry import fetch_error_reports
from tasks.vercel import fetch_delivery_reports, fetch_platform_status
from watchkeeper.clients.base import VendorError
from watchkeeper.config import Configuration, Project
from watchkeeper.domain.endpoints import EndpointReport
from watchkeeper.domain.health import CheckType
from watchkeeper.domain.project_health import Observed, Past, merge_error_reports
from watchkeeper.domain.verdicts import Component, Gap, Missing
from watchkeeper.domain.windows import Window

B = TypeVar("B", bound=Block)
Key = TypeVar("Key", bound=Hashable)

LOOK_BACK = timedelta(days=2)
LIVE_WITHIN = timedelta(minutes=5)
NOT_ASKED = Missing(Gap.NOT_ASKED, "this kind of check does not ask for it")
NOT_CONFIGURED = Missing(Gap.NOT_CONFIGURED, "the project does not use it")
TOO_LATE = Missing(Gap.NOT_ASKED, "the window is past and what is live now says nothing about it")
ASKED = {
    CheckType.FULL: frozenset(Component),
    CheckType.ERROR_RATES: frozenset({Component.ERRORS}),
    CheckType.ENDPOINTS_ONLY: frozenset({Component.ENDPOINTS}),
}


async def observe(
    configuration: Configuration, window: Window, check_type: CheckType, past: Mapping[str, Past], now: datetime
) -> dict[str, Observed]:
    """Return what is said of each project, by slug; what could not be had is `Missing` for that project alone."""
    asked = ASKED[check_type]
    live = now - window.end < LIVE_WITHIN
    projects = configuration.projects

    def wanted(component: Component) -> list[Project]:
        return [p for p in projects if component in asked and component in p.components]

    errors, delivery, builds, endpoints, status = await asyncio.gather(
        _observe_errors(wanted(Component.ERRORS), window, now),
        _observe_delivery(wanted(Component.DELIVERY), window),
        _observe_builds(wanted(Component.BUILDS), window, past),
        _observe_endpoints(wanted(Component.ENDPOINTS) if live else [], past, configuration.connectivity),
        _observe_status(wanted(Component.DELIVERY) if live else []),
    )

    def gap(project: Project, component: Component) -> Missing:
        if component not in project.components:
            return NOT_CONFIGURED
        return NOT_ASKED if component not in asked else TOO_LATE

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
        found = await _ask(
            Sentry,
            credentials,
            lambda block: fetch_error_reports(block, organization, environment, names, window, now, return_state=True),
        )
        if isinstance(found, Missing):
            return {p.slug: found for p in members}
        return {p.slug: merge_error_reports([found[name] for name in p.sentry.projects]) for p in members if p.sentry}

    return await _by_group(
        projects, lambda p: (p.credentials, p.sentry.organization, p.sentry.environment) if p.sentry else None, ask
    )


async def _observe_delivery(projects: Sequence[Project], window: Window) -> dict[str, Any]:
    async def ask(key: tuple[str, str], members: Sequence[Project]) -> dict[str, Any]:
        credentials, team = key
        ids = {p.slug: p.vercel.project for p in members if p.vercel}
        wanted = tuple(sorted(set(ids.values())))
        since = window.start - LOOK_BACK
        found = await _ask(
            Vercel, credentials, lambda block: fetch_delivery_reports(block, team, wanted, since, return_state=True)
        )
        return {slug: found if isinstance(found, Missing) else found[name] for slug, name in ids.items()}

    return await _by_group(projects, lambda p: (p.credentials, p.vercel.team) if p.vercel else None, ask)


async def _observe_builds(projects: Sequence[Project], window: Window, past: Mapping[str, Past]) -> dict[str, Any]:
    async def ask(key: tuple[str, str], members: Sequence[Project]) -> dict[str, Any]:
        credentials, organization = key
        slugs = {p.slug: p.circleci.project for p in members if p.circleci}
        branches = {p.circleci.project: p.circleci.branch for p in members if p.circleci}
        settled = {pipeline.id: pipeline for p in members for pipeline in past[p.slug].pipelines if pipeline.is_final}
        since = window.start - LOOK_BACK
        found = await _ask(
            CircleCI,
            credentials,
            lambda block: fetch_build_reports(block, organization, branches, since, settled, return_state=True),
        )
        return {slug: found if isinstance(found, Missing) else found[name] for slug, name in slugs.items()}

    return await _by_group(projects, lambda p: (p.credentials, p.circleci.organization) if p.circleci else None, ask)


async def _observe_endpoints(
    projects: Sequence[Project], past: Mapping[str, Past], references: tuple[str, ...]
) -> dict[str, Any]:
    if not projects:
        return {}
    endpoints = {p.slug: p.endpoint_values for p in projects}
    was_down = frozenset((p.slug, name) for p in projects for name in past[p.slug].down_endpoints(p.health_limits))
    state = await probe_endpoints(endpoints, was_down, references, return_state=True)
    found = await _result(state)
    return {p.slug: found if isinstance(found, Missing) else found[p.slug] for p in projects}


async def _observe_status(projects: Sequence[Project]) -> dict[str, Any]:
    """Return the platform's own word, by name of the credentials with which we reach it."""
    names = sorted({p.credentials for p in projects})
    found = await asyncio.gather(
        *(_ask(Vercel, name, lambda block: fetch_platform_status(block, return_state=True)) for name in names)
    )
    return dict(zip(names, found, strict=True))


async def _by_group(
    projects: Sequence[Project],
    key_of: Callable[[Project], Key | None],
    ask: Callable[[Key, Sequence[Project]], Awaitable[dict[str, Any]]],
) -> dict[str, Any]:
    """Ask for all groups at once and return what came of each project."""
    groups: defaultdict[Key, list[Project]] = defaultdict(list)
    for project in projects:
        if (key := key_of(project)) is not None:
            groups[key].append(project)
    found = await asyncio.gather(*(ask(key, members) for key, members in groups.items()))
    return {slug: outcome for part in found for slug, outcome in part.items()}


async def _ask(kind: type[B], credentials: str, ask: Callable[[B], Awaitable[State[Any]]]) -> Any:  # noqa: ANN401
    """Load the block and ask with it; without a block there is nobody to ask."""
    block = await load_block(kind, credentials)
    return block if isinstance(block, Missing) else await _result(await ask(block))


async def _result(state: State[Any]) -> Any:  # noqa: ANN401 - whatever the task returns
    """Return what the task returned, or why it did not: a failed task run must not take the other vendors with it."""
    if state.is_completed():
        return await state.aresult()
    error = await state.aresult(raise_on_failure=False)
    if isinstance(error, VendorError):
        return error.missing()
    return Missing(Gap.UNAVAILABLE, f"asking did not come to an end ({state.name}): see the task run's log")
