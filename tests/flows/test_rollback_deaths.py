"""Ways back whose runs are killed at every state, and again: never two moves, never one that nobody approved."""

import asyncio
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkServerProcess
from uuid import UUID

import pytest
from prefect.states import Crashed
from sqlalchemy import text

from flows.rollback_watch import rollback_watch
from tasks.rollback_record import answers_of
from tasks.store import database
from tests.flows import dying
from tests.flows.company import Company
from tests.flows.watch import Watch
from tests.flows.ways_back import Desk, at_the_desk
from watchkeeper.domain.rollback import RollbackState
from watchkeeper.store import rollbacks
from watchkeeper.store.database import reading, transaction

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
WATCH = """
import asyncio
from flows.rollback_watch import rollback_watch

asyncio.run(rollback_watch())
"""
DEATHS = [
    "after requested",
    "after planned",
    "after awaiting_approval",
    "after approved",
    "after executing",
    "after claimed",
    "after called",  # which is written down before the vendor is called
    "before released",  # the vendor was called, and nobody knows it yet
    "after verifying",
]


@pytest.fixture
async def desk(watch: Watch, company: Company) -> AsyncIterator[Desk]:
    company.play("bad-release", project="shop")
    async with at_the_desk(company, database()) as desk:
        yield desk


async def killed(desk: Desk, run: UUID, dies: str) -> None:
    """Carry on with a run in a process of its own until that kills itself; who is asked on the way says YES."""
    while (code := await _exit_code(dying.start(CARRY_ON, str(run), dies=dies))) != -signal.SIGKILL:
        assert (await desk.state(run)).is_paused(), f"it has ended with {code} before it was to die"
        assert desk.moves() == [], "nobody has said yes"
        await desk.type_in(run, "YES", "Grace")


async def _exit_code(process: ForkServerProcess) -> int | None:
    await asyncio.to_thread(process.join)
    try:
        return process.exitcode
    finally:
        process.close()


def let_claims_run_out(desk: Desk) -> None:
    """Let the time pass in which a run that has called the vendor may still be at it."""
    past = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=1)
    with transaction(desk.database) as session:
        table = "UPDATE rollbacks SET claimed_until = :past WHERE claimed_until IS NOT NULL"
        session.connection().execute(text(table), {"past": f"{past:%Y-%m-%d %H:%M:%S.%f}"})


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


@pytest.mark.parametrize("dies", DEATHS)
async def test_a_run_that_is_killed_twice_goes_on_and_moves_production_once(
    desk: Desk, company: Company, dies: str
) -> None:
    bad = company.production("shop")
    run = await desk.ask()
    for death in (dies, "before succeeded"):
        await killed(desk, run, death)
        if desk.of(run).move_started_at is not None:
            let_claims_run_out(desk)
        run = await next_run(desk, run)
    if (await desk.carry_on(run)).is_paused():
        assert desk.moves() == [], "nobody has said yes"
        await desk.type_in(run, "YES", "Grace")
        await desk.carry_on(run)
    assert _state(desk) is RollbackState.SUCCEEDED
    assert company.production("shop") != bad
    assert len(desk.moves()) == 1
    rollback = desk.of(run)
    assert sum(given.is_accepted for given in answers_of(rollback.id)) == 1


async def test_a_watch_that_is_killed_once_another_run_has_it_leaves_that_run_to_go_on(desk: Desk) -> None:
    run = await desk.ask()
    await killed(desk, run, "after executing")
    await desk.client.set_flow_run_state(run, Crashed(message="killed"), force=True)
    assert await _exit_code(dying.start(WATCH, dies="after adopted")) == -signal.SIGKILL
    with reading(desk.database) as session:
        (row, *_) = rollbacks.last_rollbacks(session, ["shop"])["shop"]
    assert row.flow_run_id != str(run)
    await desk.carry_on(UUID(row.flow_run_id))
    assert _state(desk) is RollbackState.SUCCEEDED
    assert len(desk.moves()) == 1
