"""Asks every vendor at once what it tells of past hours: one task run for each block and organization."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from prefect.utilities.annotations import quote

from blocks.circleci import CircleCI
from blocks.github import GitHub
from blocks.sentry import Sentry
from blocks.vercel import Vercel
from tasks.asking import NOT_CONFIGURED, ask_with, at_once, by_group
from tasks.circleci import fetch_build_history
from tasks.github import fetch_commits
from tasks.sentry import fetch_error_history
from tasks.vercel import fetch_delivery_history
from watchkeeper.config import Configuration, Project
from watchkeeper.domain.builds import Pipeline
from watchkeeper.domain.history import History, merge_error_histories
from watchkeeper.domain.verdicts import Missing
from watchkeeper.domain.windows import Window

HOUR = timedelta(hours=1)
MOST_HOURS = 48
SLOTS_WITHIN = 60  # seconds; a health check that asks at the same time is done by then
BUILT_WITHIN = timedelta(hours=3)  # what was begun so long before the span may have ended in it
DEPLOYED_WITHIN = timedelta(hours=3)
RELEASED_WITHIN = timedelta(days=14)  # from a commit to the release that carries it, for lead times


async def read_history(
    configuration: Configuration,
    hours: tuple[datetime, ...],
    now: datetime,
    known: Mapping[str, Sequence[Pipeline]] | None = None,
) -> dict[str, History]:
    """Return what the vendors tell of these hours of each project, by slug.

    What could not be had is `Missing` for that project and vendor alone. Pipelines, runs and deployments come with
    those that were created up to three hours before the first of the hours, since they may have ended in them; commits
    with those of the 14 days before.

    Args:
        hours: starts of complete hours in any order, at most 48 of them; all between the first and the last is read.
        known: pipelines that were read before, by slug; those that cannot change any more are not asked for again.

    Raises:
        ValueError: there are no hours, or too many.
    """
    if not 0 < len(hours) <= MOST_HOURS:
        raise ValueError(f"1 to {MOST_HOURS} hours can be read at once, not {len(hours)}")
    projects = configuration.projects
    span = Window(min(hours), max(hours) + HOUR)
    errors, delivery, builds, commits = await at_once(
        (_using(projects, "sentry"), _errors(projects, hours, now)),
        (_using(projects, "vercel"), _delivery(projects, span)),
        (_using(projects, "circleci"), _builds(projects, span, known or {}, now)),
        (_using(projects, "github"), _commits(projects, span)),
        seconds=SLOTS_WITHIN,
        besides=["history"],  # one at a time, so that a slot of each vendor is left to the health check
    )
    return {
        slug: History(
            errors=errors.get(slug, NOT_CONFIGURED),
            builds=builds.get(slug, NOT_CONFIGURED),
            delivery=delivery.get(slug, NOT_CONFIGURED),
            commits=commits.get(slug, NOT_CONFIGURED),
        )
        for slug in configuration.slugs
    }


def _using(projects: Sequence[Project], vendor: str) -> list[Project]:
    return [project for project in projects if getattr(project, vendor)]


async def _errors(projects: Sequence[Project], hours: tuple[datetime, ...], now: datetime) -> dict[str, Any]:
    """Ask once for each block, organization and environment; a project with several Sentry projects gets their sum."""

    async def ask(key: tuple[str, str, str], members: Sequence[Project]) -> dict[str, Any]:
        credentials, organization, environment = key
        names = tuple(sorted({name for p in members if p.sentry for name in p.sentry.projects}))
        found = await ask_with(
            Sentry,
            credentials,
            lambda block: fetch_error_history(block, organization, environment, names, hours, now, return_state=True),
        )
        if isinstance(found, Missing):
            return {p.slug: found for p in members}
        return {p.slug: merge_error_histories([found[name] for name in p.sentry.projects]) for p in members if p.sentry}

    return await by_group(
        projects, lambda p: (p.credentials, p.sentry.organization, p.sentry.environment) if p.sentry else None, ask
    )


async def _delivery(projects: Sequence[Project], span: Window) -> dict[str, Any]:
    since = Window(span.start - DEPLOYED_WITHIN, span.end)

    async def ask(key: tuple[str, str], members: Sequence[Project]) -> dict[str, Any]:
        credentials, team = key
        ids = {p.slug: p.vercel.project for p in members if p.vercel}
        wanted = tuple(sorted(set(ids.values())))
        found = await ask_with(
            Vercel, credentials, lambda block: fetch_delivery_history(block, team, wanted, since, return_state=True)
        )
        return _each(ids, found)

    return await by_group(projects, lambda p: (p.credentials, p.vercel.team) if p.vercel else None, ask)


async def _builds(
    projects: Sequence[Project], span: Window, known: Mapping[str, Sequence[Pipeline]], now: datetime
) -> dict[str, Any]:
    since = Window(span.start - BUILT_WITHIN, span.end)

    async def ask(key: tuple[str, str, str], members: Sequence[Project]) -> dict[str, Any]:
        credentials, organization, _branch = key
        slugs = {p.slug: p.circleci.project for p in members if p.circleci}
        branches = {p.circleci.project: p.circleci.branch for p in members if p.circleci}
        before = {pipeline.id: pipeline for slug in slugs for pipeline in known.get(slug, ())}
        found = await ask_with(
            CircleCI,
            credentials,
            # Unquoted, Prefect looks for futures in each of the pipelines.
            lambda block: fetch_build_history(
                block, organization, branches, since, quote(before), now, return_state=True
            ),
        )
        return _each(slugs, found)

    return await by_group(
        projects, lambda p: (p.credentials, p.circleci.organization, p.circleci.branch) if p.circleci else None, ask
    )


async def _commits(projects: Sequence[Project], span: Window) -> dict[str, Any]:
    since = span.start - RELEASED_WITHIN

    async def ask(credentials: str, members: Sequence[Project]) -> dict[str, Any]:
        names = {p.slug: p.github.repository for p in members if p.github}
        wanted = tuple(sorted({(p.github.repository, _branch_of(p)) for p in members if p.github}))
        found = await ask_with(
            GitHub, credentials, lambda block: fetch_commits(block, wanted, since, return_state=True)
        )
        return _each(names, found)

    return await by_group(projects, lambda p: p.credentials if p.github else None, ask)


def _branch_of(project: Project) -> str:
    return project.circleci.branch if project.circleci else "main"


Found = TypeVar("Found")


def _each(names: Mapping[str, str], found: Mapping[str, Found] | Missing) -> dict[str, Found | Missing]:
    """Return what came of each project, by slug; `names` are those by which the vendor knows them."""
    return {slug: found if isinstance(found, Missing) else found[name] for slug, name in names.items()}
