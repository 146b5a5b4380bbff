"""Ways back whose runs are killed at every state, and again: never two moves, never one that nobody approved."""

import asyncio
import signal
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from prefect.states import Crashed

from flows.rollback_watch import rollback_watch
from tasks.rollback_record import answers_of
from tasks.store import database
from tests.flows import dying
from tests.flows.company import Company
from tests.flows.watch import Watch
from tests.flows.ways_back import Desk, at_the_desk
from watchkeeper.domain.rollback import RollbackState
from watchkeeper.store import rollbacks
from watchkeeper.store.database import reading

pytestmark = pytest.mark.slow

CARRY_ON = """
import asyncio, sys
from uuid import UUID
from prefect.client.orchestration import get_client
from prefect.flow_engine import run_flow_async
from tests.flows.ways_back import FLOWS

async def main() -> None:
    async with get_client() as client:
        run = await client.read_flow_run(UUID(sys.argv[1]))
        deployment = await client.read_deployment(run.deployment_id)
    await run_flow_async(FLOWS[deployment.name], run, run.parameters, return_type="state")

asyncio.run(main())
"""
DEATHS = [
    (RollbackState.REQUESTED, 0.0),
    (RollbackState.PLANNED, 0.0),
    (RollbackState.AWAITING_APPROVAL, 0.0),
    (RollbackState.APPROVED, 0.0),
    (RollbackState.EXECUTING, 0.0),
    (RollbackState.EXECUTING, 0.4),  # in the midst of it
    (RollbackState.VERIFYING, 0.0),
]


@pytest.fixture
async def desk(watch: Watch, company: Company) -> AsyncIterator[Desk]:
    company.play("bad-release", project="shop")
    async with at_the_desk(company, database()) as desk:
        yield desk


async def carried_on_until(desk: Desk, run: UUID, state: RollbackState, seconds: float = 0) -> bool:
    """Carry on with a run in a process of its own, and kill that `seconds` after it has reached a state.

    Returns:
        False when the process came to its end before: the run is suspended or over.
    """
    process = dying.start(CARRY_ON, str(run))
    while process.is_alive():
        if _state(desk) is state:
            await asyncio.sleep(seconds)
            process.kill()
            break
        await asyncio.sleep(0.002)
    process.join()
    return process.exitcode == -signal.SIGKILL


def _state(desk: Desk) -> RollbackState | None:
    with reading(desk.database) as session:
        found = rollbacks.last_rollbacks(session, ["shop"])["shop"]
    return found[0].state if found else None


async def next_run(desk: Desk, dead: UUID) -> UUID:
    """Let the worker notice the death, and the watch start another run."""
    await desk.client.set_flow_run_state(dead, Crashed(message="killed"), force=True)
    await rollback_watch()
    with reading(desk.database) as session:
        (newest, *_) = rollbacks.last_rollbacks(session, ["shop"])["shop"]
    assert newest.flow_run_id != str(dead), "another run has it"
    return UUID(newest.flow_run_id)


@pytest.mark.parametrize(("state", "seconds"), DEATHS)
async def test_a_run_that_is_killed_twice_goes_on_and_moves_production_once(
    desk: Desk, company: Company, state: RollbackState, seconds: float
) -> None:
    bad = company.production("shop")
    run, deaths, approvals = await desk.ask(), 0, 0
    for _ in range(8):
        if (await desk.state(run)).is_paused():
            assert desk.moves() == [], "nobody has said yes"
            await desk.type_in(run, "YES", "Grace")
            approvals += 1
        if deaths < 2 and await carried_on_until(desk, run, state, seconds):
            deaths += 1
            run = await next_run(desk, run)
        elif deaths >= 2:
            await desk.carry_on(run)
        if _state(desk) is RollbackState.SUCCEEDED:
            break
    assert _state(desk) is RollbackState.SUCCEEDED
    assert company.production("shop") != bad
    assert len(desk.moves()) == 1
    rollback = desk.of(run)
    assert sum(given.is_accepted for given in answers_of(rollback.id)) == 1
    assert deaths > 0
