"""What killed processes leave behind on the server is freed, and nothing else."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from prefect import flow
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import State, StateType
from prefect.events import emit_event
from prefect.states import Pending, Running

from deployments.bootstrap import crash_runs_of_worker
from flows.janitor import janitor
from tasks.janitor import crash, unfinished_runs
from tests.flows.prefect_time import age
from tests.flows.test_telling import events
from watchkeeper.domain.janitor import StuckRun

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("registered")]

LONG = timedelta(minutes=6)


@flow
def watching() -> None: ...


@pytest.fixture
async def client() -> AsyncIterator[PrefectClient]:
    """A client of a server without unfinished runs: other tests have killed some."""
    async with get_client() as client:
        for run in await unfinished_runs(client):
            await crash(client, StuckRun(run, "another test left it"))
        yield client


async def deploy(client: PrefectClient) -> UUID:
    """Create a deployment that may run once at a time."""
    flow_id = await client.create_flow(watching)
    return await client.create_deployment(flow_id, f"watching-{uuid4().hex[:8]}", concurrency_limit=1)


async def start(client: PrefectClient, deployment: UUID, *states: State[None]) -> UUID:
    """Create a run of the deployment and bring it through the states, as a worker would."""
    run = await client.create_flow_run_from_deployment(deployment)
    for state in states:
        await client.set_flow_run_state(run.id, state)
    return run.id


async def state_of(client: PrefectClient, run: UUID) -> StateType | None:
    return (await client.read_flow_run(run)).state_type


async def slots_of(client: PrefectClient, deployment: UUID) -> int:
    return (await client.read_global_concurrency_limit_by_name(f"deployment:{deployment}")).active_slots


@pytest.mark.parametrize(
    "states", [pytest.param([Pending()], id="starting"), pytest.param([Pending(), Running()], id="running")]
)
async def test_a_run_whose_process_is_gone_is_crashed_and_its_slot_is_free(
    states: list[State[None]], client: PrefectClient
) -> None:
    deployment = await deploy(client)
    run = await start(client, deployment, *states)
    assert await slots_of(client, deployment) == 1
    age(run, LONG)
    state = await janitor(return_state=True)
    assert str(state.message).startswith("1 stuck runs")
    assert await state_of(client, run) is StateType.CRASHED
    assert await slots_of(client, deployment) == 0
    again = await start(client, deployment, Pending())
    assert await state_of(client, again) is StateType.PENDING, "the next run is not held up"


async def test_with_its_worker_each_run_of_a_deployment_has_ended_and_what_people_run_by_hand_has_not(
    client: PrefectClient,
) -> None:
    deployment = await deploy(client)
    starting = await start(client, deployment, Pending())
    by_hand = (await client.create_flow_run(watching, state=Running())).id
    await crash_runs_of_worker()
    assert await state_of(client, starting) is StateType.CRASHED
    assert await slots_of(client, deployment) == 0
    assert await state_of(client, by_hand) is StateType.RUNNING


async def test_a_run_that_gives_signs_of_life_is_left_alone(client: PrefectClient) -> None:
    deployment = await deploy(client)
    run = await start(client, deployment, Pending(), Running())
    age(run, LONG)
    since = datetime.now(UTC)
    emit_event(event="prefect.flow-run.heartbeat", resource={"prefect.resource.id": f"prefect.flow-run.{run}"})
    assert await events(since, "prefect.flow-run.heartbeat")
    await janitor()
    assert await state_of(client, run) is StateType.RUNNING
    assert await slots_of(client, deployment) == 1


async def test_a_run_that_has_just_begun_is_left_alone(client: PrefectClient) -> None:
    run = await start(client, await deploy(client), Pending(), Running())
    await janitor()
    assert await state_of(client, run) is StateType.RUNNING


async def test_slots_of_a_vendor_that_nobody_can_hold_are_freed(client: PrefectClient) -> None:
    await client.increment_concurrency_slots(["watchkeeper-sentry"], 2, "concurrency")
    state = await janitor(return_state=True)
    assert str(state.message) == "0 stuck runs, 1 leaked limits freed"
    assert (await client.read_global_concurrency_limit_by_name("watchkeeper-sentry")).active_slots == 0


async def test_slots_of_a_vendor_that_somebody_may_hold_are_left_alone(client: PrefectClient) -> None:
    await start(client, await deploy(client), Pending(), Running())
    await client.increment_concurrency_slots(["watchkeeper-sentry"], 1, "concurrency")
    await janitor()
    assert (await client.read_global_concurrency_limit_by_name("watchkeeper-sentry")).active_slots == 1
    await client.release_concurrency_slots(["watchkeeper-sentry"], 1, 1.0)
