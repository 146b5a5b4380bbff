"""What the command line does with ways back: it starts runs, gives answers, and looks at the record."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.deployments import arun_deployment
from prefect.exceptions import ObjectNotFound

from tasks.rollback_record import timeline_of, way_back
from tasks.rollback_runs import MANUAL
from tasks.store import database
from watchkeeper.domain.rollback import Outcome, Rollback, RollbackState
from watchkeeper.domain.rollback_requests import Asked
from watchkeeper.store import rollbacks
from watchkeeper.store.database import reading
from watchkeeper.store.rollbacks import TimelineEntry

PATIENCE_SECONDS: Final = 180.0
POLL_SECONDS: Final = 0.4
_WELL: Final = frozenset({RollbackState.SUCCEEDED, RollbackState.UNDONE})


class NotStartedError(RuntimeError):
    """The run came to an end, or to nothing, before there was a way back; the message says why."""


async def start_way_back(parameters: Mapping[str, Any]) -> Rollback:
    """Start a run as the form does, and return the way back once it is planned, waits for an answer, or is over.

    Raises:
        NotStartedError: nothing has come of it.
    """
    given = {**empty_form(str(parameters["project"])), **parameters}
    try:
        run = await arun_deployment(MANUAL, parameters=given, timeout=0, as_subflow=False)
    except ObjectNotFound:
        raise NotStartedError(f"the server has no deployment {MANUAL}: register it by `watchkeeper up`") from None
    return await _settled(run.id)


async def follow(rollback: int) -> AsyncIterator[TimelineEntry]:
    """Yield what happens on a way back, from its beginning until it is over, or waits for an answer again."""
    told = 0
    while True:
        current, entries = way_back(rollback), timeline_of(rollback)
        for entry in entries[told:]:
            yield entry
        told = len(entries)
        if is_settled(current):
            return
        await asyncio.sleep(POLL_SECONDS)


def is_settled(rollback: Rollback) -> bool:
    """Return True when nothing more happens without somebody."""
    if rollback.state is RollbackState.PLANNED:
        return rollback.dry_run
    return rollback.state.is_final or rollback.state is RollbackState.AWAITING_APPROVAL


def exit_code(rollback: Rollback) -> int:
    """Return 0 as asked, 1 done with a doubt, 2 not done or not cured, 3 still under way."""
    if not is_settled(rollback):
        return 3
    if rollback.state not in _WELL:
        return 0 if rollback.state.is_active else 2
    doubt = rollback.outcome is Outcome.NOT_ENOUGH_EVIDENCE
    return 2 if rollback.outcome in {Outcome.NOT_CURED, Outcome.NOT_MOVED} else int(doubt)


async def _settled(run: UUID) -> Rollback:
    deadline = time.monotonic() + PATIENCE_SECONDS
    async with get_client() as client:
        while time.monotonic() < deadline:
            found = _of_run(run)
            if found is not None and is_settled(found):
                return found
            state = (await client.read_flow_run(run)).state
            if state is not None and state.is_final() and _is_lost(_of_run(run)):
                raise NotStartedError(f"the run has ended as {state.name}: {state.message}")
            await asyncio.sleep(POLL_SECONDS)
    if (left := _of_run(run)) is not None:
        return left
    raise NotStartedError(f"run {run} was not picked up within {PATIENCE_SECONDS:g} s: does a worker run?")


def empty_form(project: str) -> dict[str, Any]:
    """Return every field of the form as it is left empty: what a deployment has in their place is nobody's wish."""
    not_in_the_form = {"event_id", "release"}
    return {name: value for name, value in asdict(Asked(project)).items() if name not in not_in_the_form}


def _is_lost(found: Rollback | None) -> bool:
    """Return True when a run that has ended leaves nothing that another run goes on with."""
    return found is None or (found.dry_run and not is_settled(found))


def _of_run(run: UUID) -> Rollback | None:
    with reading(database()) as session:
        return rollbacks.rollback_of_run(session, str(run))
