"""Reads and frees what runs hold on the Prefect server."""

from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate
from prefect.client.schemas.events import EventPage
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterEndTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun as PrefectFlowRun
from prefect.client.schemas.objects import State, StateType
from prefect.client.schemas.responses import GlobalConcurrencyLimitResponse
from prefect.client.schemas.sorting import FlowRunSort
from prefect.events.filters import (
    EventFilter,
    EventNameFilter,
    EventOccurredFilter,
    EventOrder,
    EventResourceFilter,
)
from prefect.exceptions import ObjectNotFound
from prefect.states import Crashed, Pending

from watchkeeper.domain.janitor import FlowRun, LeakedSlots, SlotLimit, StuckRun

PAGE = 200
EVENTS_PAGE = 50  # the server refuses to give more at once
HEARTBEATS_BACK = timedelta(minutes=15)
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
        heard_at = await _heartbeats(client, [str(run.id) for run in page])
        found.extend(_flow_run(run, heard_at.get(str(run.id))) for run in page)
        if len(page) < PAGE:
            return tuple(found)


def _flow_run(run: PrefectFlowRun, heard_at: datetime | None) -> FlowRun:
    state = run.state or Pending()
    return FlowRun(str(run.id), run.name, state.type.value, state.timestamp, str(run.deployment_id or ""), heard_at)


async def _heartbeats(client: PrefectClient, runs: list[str]) -> dict[str, datetime]:
    """Return the newest heartbeat of the last minutes of each run that sent one."""
    if not runs:
        return {}
    wanted = EventFilter(
        occurred=EventOccurredFilter(since=datetime.now(UTC) - HEARTBEATS_BACK),
        event=EventNameFilter(name=["prefect.flow-run.heartbeat"]),
        resource=EventResourceFilter(id=[f"prefect.flow-run.{run}" for run in runs]),
        order=EventOrder.ASC,
    )
    page: EventPage | None = await client.read_events(filter=wanted, limit=50)  # the most that Prefect gives
    heard_at: dict[str, datetime] = {}
    while page is not None:
        for event in page.events:
            heard_at[event.resource.id.removeprefix("prefect.flow-run.")] = event.occurred
        page = await page.get_next_page(client)
    return heard_at


@task(cache_policy=NO_CACHE, persist_result=False)
async def crash_runs(stuck: tuple[StuckRun, ...]) -> None:
    """Mark the runs crashed, which gives back the slots of their deployments."""
    async with get_client() as client:
        for found in stuck:
            await crash(client, found)


async def crash(client: PrefectClient, stuck: StuckRun) -> None:
    state: State[None] = Crashed(message=f"Freed by the janitor: {stuck.reason}.")
    with suppress(ObjectNotFound):  # it was deleted in this moment
        await client.set_flow_run_state(UUID(stuck.run.id), state, force=True)


async def every_limit(client: PrefectClient, page_size: int = PAGE) -> AsyncIterator[GlobalConcurrencyLimitResponse]:
    """Yield the limits of the server, all pages of them: each project has one of its own."""
    for offset in count(0, page_size):
        page = await client.read_global_concurrency_limits(limit=page_size, offset=offset)
        for limit in page:
            yield limit
        if len(page) < page_size:
            return


@task(cache_policy=NO_CACHE, persist_result=False)
async def read_slots() -> tuple[SlotLimit, ...]:
    """Return the limits of deployments and of vendors that have slots taken."""
    async with get_client() as client:
        limits = [limit async for limit in every_limit(client)]
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
