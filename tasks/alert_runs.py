"""Asks the Prefect server which of our own runs failed, crashed or are late.

It is asked, not waited for: an event that nobody heard would be lost, and a hundred at once would start a hundred runs.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterEndTime,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateName,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.utilities.urls import url_for

from tasks.store import database
from watchkeeper.domain.phrases import clock
from watchkeeper.domain.run_troubles import FORGOTTEN, LATE, AlertEvent, made_up_for
from watchkeeper.store.alert_events import end_events, open_events, save_events
from watchkeeper.store.database import reading, transaction

LATE_AFTER: Final = timedelta(minutes=3)  # a busy machine starts some runs a minute late
MOST: Final = 200
OURS: Final = WorkPoolFilter(name=WorkPoolFilterName(any_=["watchkeeper"]))
BAD_ENDS: Final = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.FAILED, StateType.CRASHED]))
GOOD_ENDS: Final = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.COMPLETED]))
NOT_BEGUN: Final = FlowRunFilterState(name=FlowRunFilterStateName(any_=["Late"]))


async def note_runs(now: datetime) -> None:
    """Write down which of our runs went wrong, and which of those were made up for."""
    with reading(database()) as session:
        known = open_events(session)
    async with get_client() as client:
        failed, late = await _ended(client, BAD_ENDS, now), await _late(client, now)
        if not (known or failed or late):
            return
        names = await _deployments(client)
        good = await _ended(client, GOOD_ENDS, now)
    troubles = (*_failures(failed, names), *_delays(late, names))
    over = made_up_for((*known, *troubles), _last_ends(good, names), {event.name for event in troubles}, now)
    with transaction(database()) as session:
        save_events(session, troubles)
        end_events(session, over, now)


async def _ended(client: PrefectClient, state: FlowRunFilterState, now: datetime) -> list[FlowRun]:
    """Return the newest runs of the last day that ended so."""
    lately = FlowRunFilterEndTime(after_=now - FORGOTTEN)
    return await client.read_flow_runs(
        flow_run_filter=FlowRunFilter(state=state, end_time=lately),
        work_pool_filter=OURS,
        sort=FlowRunSort.END_TIME_DESC,
        limit=MOST,
    )


async def _late(client: PrefectClient, now: datetime) -> list[FlowRun]:
    due = FlowRunFilterExpectedStartTime(before_=now - LATE_AFTER)
    return await client.read_flow_runs(
        flow_run_filter=FlowRunFilter(state=NOT_BEGUN, expected_start_time=due), work_pool_filter=OURS, limit=MOST
    )


async def _deployments(client: PrefectClient) -> Mapping[UUID, str]:
    """Return the names of our deployments, as `retention/daily`, by id."""
    flows = {flow.id: flow.name for flow in await client.read_flows(limit=MOST)}
    found = await client.read_deployments(work_pool_filter=OURS, limit=MOST)
    return {each.id: f"{flows.get(each.flow_id, '')}/{each.name}" for each in found}


def _failures(runs: Iterable[FlowRun], names: Mapping[UUID, str]) -> Iterable[AlertEvent]:
    for run in runs:
        if run.deployment_id and run.deployment_id in names and run.end_time is not None:
            sentence = f"the run {run.name} {(run.state_name or 'failed').lower()} at {clock(run.end_time)}"
            yield AlertEvent(names[run.deployment_id], str(run.id), run.end_time, sentence, _page(run))


def _delays(runs: Iterable[FlowRun], names: Mapping[UUID, str]) -> Iterable[AlertEvent]:
    for run in runs:
        due = run.expected_start_time
        if run.deployment_id and run.deployment_id in names and due is not None:
            sentence = f"the run {run.name} was to begin at {clock(due)} and has not: is a worker running?"
            yield AlertEvent(names[run.deployment_id], f"{run.id}{LATE}", due, sentence, _page(run))


def _last_ends(runs: Iterable[FlowRun], names: Mapping[UUID, str]) -> Mapping[str, datetime]:
    ends: dict[str, datetime] = {}
    for run in runs:  # the newest first
        if run.deployment_id and run.deployment_id in names and run.end_time is not None:
            ends.setdefault(names[run.deployment_id], run.end_time)
    return ends


def _page(run: FlowRun) -> str:
    return url_for("flow-run", run.id) or ""
