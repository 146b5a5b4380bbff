"""Reads and frees what runs hold on the Prefect server."""

from datetime import datetime
from uuid import UUID

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterEndTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import State, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound
from prefect.states import Crashed

from watchkeeper.domain.janitor import FlowRun, LeakedSlots, SlotLimit, StuckRun

PAGE = 200
UNFINISHED = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]


@task(cache_policy=NO_CACHE, persist_result=False)
async def read_unfinished_runs() -> tuple[FlowRun, ...]:
    """Return the runs that are starting, running or being cancelled."""
    async with get_client() as client:
        return await unfinished_runs(client)


async def unfinished_runs(client: PrefectClient) -> tuple[FlowRun, ...]:
    states = FlowRunFilterState(type=FlowRunFilterStateType(any_=UNFINISHED))
    found: list[FlowRun] = []
    while True:
        page = await client.read_flow_runs(
            flow_run_filter=FlowRunFilter(state=states), sort=FlowRunSort.ID_DESC, limit=PAGE, offset=len(found)
        )
        found.extend(
            FlowRun(str(run.id), run.name, run.state.type.value, run.state.timestamp, str(run.deployment_id or ""))
            for run in page
            if run.state is not None
        )
        if len(page) < PAGE:
            return tuple(found)


@task(cache_policy=NO_CACHE, persist_result=False)
async def crash_runs(stuck: tuple[StuckRun, ...]) -> None:
    """Mark the runs crashed, which gives back the slots of their deployments."""
    async with get_client() as client:
        for found in stuck:
            state: State[None] = Crashed(message=f"Freed by the janitor: {found.reason}.")
            await client.set_flow_run_state(UUID(found.run.id), state, force=True)


@task(cache_policy=NO_CACHE, persist_result=False)
async def read_slots() -> tuple[SlotLimit, ...]:
    """Return the limits of deployments and of vendors that have slots taken."""
    async with get_client() as client:
        limits = await client.read_global_concurrency_limits(limit=PAGE)
    ours = (limit for limit in limits if limit.name.startswith(("deployment:", "watchkeeper-")))
    return tuple(SlotLimit(limit.name, limit.active_slots) for limit in ours if limit.active_slots)


@task(cache_policy=NO_CACHE, persist_result=False)
async def free_slots(leaked: tuple[LeakedSlots, ...]) -> None:
    """Put the counts of taken slots to what can really be held."""
    async with get_client() as client:
        for found in leaked:
            update = GlobalConcurrencyLimitUpdate(active_slots=found.holders)
            await client.update_global_concurrency_limit(found.limit.name, update)


@task(cache_policy=NO_CACHE, persist_result=False)
async def prune_flow_runs(before: datetime, most: int = 5_000) -> int:
    """Delete at most `most` runs that ended before `before`, with their task runs, and return how many."""
    ended = FlowRunFilter(end_time=FlowRunFilterEndTime(before_=before))
    deleted = 0
    async with get_client() as client:
        while deleted < most:
            runs = await client.read_flow_runs(flow_run_filter=ended, sort=FlowRunSort.END_TIME_DESC, limit=PAGE)
            for run in runs:
                deleted += await _delete(client, run.id)
            if len(runs) < PAGE:
                break
    return deleted


async def _delete(client: PrefectClient, run: UUID) -> bool:
    try:
        await client.delete_flow_run(run)
    except ObjectNotFound:  # pruned by the server itself in the meantime
        return False
    return True
