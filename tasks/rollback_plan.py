"""Reads what the plan of a way back is made from: production at Vercel, changes at GitHub, our own record."""

import asyncio
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from blocks.github import GitHub
from blocks.vercel import Vercel
from tasks.asking import NOT_CONFIGURED, ask_with
from tasks.store import database, store_task
from tasks.vendors import vendor_task
from watchkeeper.clients.base import VendorError, VendorRefused
from watchkeeper.clients.vercel_moves import VercelMovesClient
from watchkeeper.config import Project
from watchkeeper.domain.health import CheckType
from watchkeeper.domain.moves import DeploymentDetails, ProjectState
from watchkeeper.domain.production import VercelDeployment, newest_first
from watchkeeper.domain.releases import same_commit
from watchkeeper.domain.rollback import Rollback, RollbackKind, Way
from watchkeeper.domain.rollback_changes import Changes, CronJobs, EnvChange
from watchkeeper.domain.rollback_input import Case, PercentageReading, Permission, PlanInput
from watchkeeper.domain.rollback_targets import ReleaseRecord, release_records
from watchkeeper.domain.verdicts import Gap, Missing
from watchkeeper.domain.windows import Window
from watchkeeper.store import health, outages, rollbacks
from watchkeeper.store.database import reading

RECORD_BACK: Final = timedelta(days=30)
_SHA: Final = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Facts:
    """What Vercel tells of a project's production; `deployments` are newest first."""

    state: ProjectState
    deployments: tuple[VercelDeployment, ...]
    env_changes: tuple[EnvChange, ...] | Missing


@dataclass(frozen=True, slots=True)
class Known:
    """What our own store tells: how releases did, earlier ways back but this one, and the one that an undo is about."""

    records: dict[str, ReleaseRecord]
    others: tuple[Rollback, ...]
    undoes: Rollback | None


async def read_plan_input(project: Project, rollback: Rollback) -> PlanInput:
    """Return everything that is known for the plan of a way back; what could not be read says why."""
    now = datetime.now(UTC)
    facts, known = await _facts(project, rollback), recall_ways_back(project.slug, rollback.id, rollback.undoes, now)
    state = facts if isinstance(facts, Missing) else facts.state
    given = PlanInput(
        project=project.slug,
        now=now,
        policy=project.rollback_policy,
        production=state if isinstance(state, Missing) else state.production,
        deployments=facts if isinstance(facts, Missing) else facts.deployments,
        kind=rollback.kind,
        target_asked=rollback.target_asked,
        rollout_percentage=rollback.rollout_percentage,
        is_forced=rollback.is_forced,
        records=known.records,
        env_changes=facts if isinstance(facts, Missing) else facts.env_changes,
        rolls_out=None if isinstance(state, Missing) else state.rolls_out,
        only_previous=None if isinstance(state, Missing) or not state.plan else state.plan == "hobby",
        others=known.others,
        undoes=known.undoes,
    )
    case = Case(given)
    changes, crons, percentage = await asyncio.gather(
        _changes(project, case), _crons(project, state, case), _percentage(project, case)
    )
    permission = state if isinstance(state, Missing) else _permission(state, case)
    return replace(given, changes=changes, crons=crons, percentage=percentage, permission=permission)


@vendor_task("vercel production {project}")
async def fetch_facts(vercel: Vercel, team: str, project: str, asked: str) -> Facts:
    """Fetch what serves production of a project, what could, and when its environment was changed.

    Args:
        asked: the deployment or commit that somebody has named, which may be an old one; "" for none.
    """
    async with vercel.get_moves_client() as client:
        state, deployments, changes = await asyncio.gather(
            client.project_state(team, project), client.deployments(team, project), _env_changes(client, team, project)
        )
        more = await _asked(client, team, state, asked, deployments)
    serving = (state.serving,) if state.serving else ()
    every = {deployment.id: deployment for deployment in (*serving, *more, *deployments)}
    return Facts(state, tuple(newest_first(list(every.values()))), changes)


@vendor_task("vercel deployment {name}")
async def fetch_deployment(vercel: Vercel, team: str, name: str) -> DeploymentDetails:
    """Fetch one deployment by id or address."""
    async with vercel.get_moves_client() as client:
        return await client.deployment(team, name)


@vendor_task("vercel percentage {key}")
async def fetch_percentage(vercel: Vercel, team: str, config: str, key: str) -> PercentageReading:
    """Fetch the value of an item, 0..100."""
    async with vercel.get_percentages_client() as client:
        return PercentageReading(await client.percentage(team, config, key))


@vendor_task("github changes {repository}")
async def fetch_changes(github: GitHub, repository: str, base: str, head: str) -> Changes:
    """Fetch what `head` has and `base` has not: commits, files and pull requests."""
    async with github.get_changes_client() as client:
        return await client.changes(repository, base, head)


@store_task
def recall_ways_back(slug: str, rollback: int, undoes: int | None, now: datetime) -> Known:
    """Return how releases of the last month did, and the last ways back of the project but this one."""
    month = Window(now - RECORD_BACK, now + timedelta(minutes=1))
    with reading(database()) as session:
        checks = health.checks(session, [slug], month, CheckType.FULL, with_components=False).get(slug, ())
        troubles = outages.outages(session, [slug], month).get(slug, ())
        earlier = rollbacks.last_rollbacks(session, [slug]).get(slug, ())
        undone = rollbacks.rollback(session, undoes) if undoes is not None else None
    others = tuple(other for other in earlier if other.id != rollback)
    return Known(release_records(checks, troubles, others), others, undone)


async def _facts(project: Project, rollback: Rollback) -> Facts | Missing:
    place = project.vercel
    if place is None:
        return NOT_CONFIGURED
    found: Facts | Missing = await ask_with(
        Vercel,
        project.credentials,
        lambda block: fetch_facts(block, place.team, place.project, rollback.target_asked.strip(), return_state=True),
    )
    return found


async def _env_changes(client: VercelMovesClient, team: str, project: str) -> tuple[EnvChange, ...] | Missing:
    try:
        return await client.env_changes(team, project)
    except VendorError as error:
        return error.missing()


async def _asked(
    client: VercelMovesClient, team: str, state: ProjectState, asked: str, listed: tuple[VercelDeployment, ...]
) -> tuple[VercelDeployment, ...]:
    """Return the deployments that were asked for and are too old to be listed; nothing where there is none such."""
    if not asked or any(asked in {d.id, d.url} or same_commit(d.sha, asked) for d in listed):
        return ()
    project = state.production.project_id
    if _SHA.fullmatch(asked.lower()):
        return await client.deployments(team, project, asked.lower())
    try:
        found = (await client.deployment(team, asked)).deployment
    except VendorRefused:
        return ()
    return (found,) if found.project_id == project and found.target == "production" else ()


async def _changes(project: Project, case: Case) -> Changes | Missing:
    serving, target, place = case.serving, case.found, project.github
    if case.given.kind is not RollbackKind.ROLLBACK or case.way is Way.PERCENTAGE:
        return case.given.changes
    if place is None:
        return Missing(Gap.NOT_CONFIGURED, "the project names no GitHub repository (github.repository)")
    if serving is None or target is None or not serving.sha or not target.sha:
        return Missing(Gap.NO_EVIDENCE, "the commit of what serves, or of the target, is not known")
    base, head = target.sha, serving.sha
    found: Changes | Missing = await ask_with(
        GitHub,
        project.credentials,
        lambda block: fetch_changes(block, place.repository, base, head, return_state=True),
    )
    return found


async def _crons(project: Project, state: ProjectState | Missing, case: Case) -> CronJobs | Missing:
    target, place = case.found, project.vercel
    if isinstance(state, Missing) or target is None or place is None or case.given.kind is not RollbackKind.ROLLBACK:
        return case.given.crons
    name = target.id
    found: DeploymentDetails | Missing = await ask_with(
        Vercel, project.credentials, lambda block: fetch_deployment(block, place.team, name, return_state=True)
    )
    if isinstance(found, Missing):
        return found
    if found.crons is None and state.crons:
        return Missing(Gap.NO_EVIDENCE, "Vercel does not name those of the target")
    return CronJobs(state.crons, found.crons or ())


async def _percentage(project: Project, case: Case) -> PercentageReading | Missing:
    item, place = case.given.policy.percentage, project.vercel
    if item is None or place is None or case.way is not Way.PERCENTAGE:
        return case.given.percentage
    found: PercentageReading | Missing = await ask_with(
        Vercel,
        project.credentials,
        lambda block: fetch_percentage(block, place.team, item.edge_config, item.key, return_state=True),
    )
    return found


def _permission(state: ProjectState, case: Case) -> Permission | Missing:
    """Return what Vercel says the token may do; it names that with the project, for whoever asks."""
    if case.way is Way.PERCENTAGE:
        may, what = state.may_set_items, "set items of an Edge Config"
    elif case.given.kind is RollbackKind.ROLLBACK:
        may, what = state.may_roll_back, "roll back"
    else:
        may, what = state.may_promote, "promote"
    if may is None:
        return Missing(Gap.NO_EVIDENCE, "Vercel does not say what the token may do")
    return Permission(may, f"Vercel lets the token {what}" if may else f"Vercel does not let the token {what}")
