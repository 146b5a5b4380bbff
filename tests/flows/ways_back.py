"""Ways back of one test: started as the form does, carried on as a worker does, answered as people do."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import httpx
from prefect import Flow
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.client.schemas.responses import OrchestrationResult
from prefect.exceptions import Pause
from prefect.flow_engine import run_flow_async
from sqlalchemy import Engine

from flows.emergency_rollback import emergency_rollback
from flows.rollback_starts import continued_rollback, proposed_rollback
from tasks.rollback_record import way_back
from tests.flows.company import Company
from watchkeeper.domain.rollback import Rollback
from watchkeeper.store import rollbacks
from watchkeeper.store.database import reading

FLOWS: Final[Mapping[str, Flow[..., Any]]] = {
    "manual": emergency_rollback,
    "automatic": proposed_rollback,
    "continued": continued_rollback,
}


@dataclass(frozen=True, slots=True)
class Desk:
    """The deployments on the temporary server, and the make-believe company.

    Attributes:
        deployments: manual, automatic and continued.
    """

    client: PrefectClient
    deployments: Mapping[str, UUID]
    company: Company
    database: Engine

    async def ask(self, **parameters: Any) -> UUID:
        """Start a run as the form does; nothing is done before it is carried on."""
        given = {"project": "shop", "reason": "checkout fails", "requested_by": "Ada", "dry_run": False}
        run = await self.client.create_flow_run_from_deployment(
            self.deployments["manual"], parameters={**given, "verify_minutes": 0.05, **parameters}
        )
        return run.id

    async def start(self, deployment: str, **parameters: Any) -> UUID:
        """Create a run of a deployment with these parameters alone."""
        run = await self.client.create_flow_run_from_deployment(self.deployments[deployment], parameters=parameters)
        return run.id

    async def carry_on(self, run: UUID) -> State[Any]:
        """Let the run do what it can, as a worker would, and return the state that it is in then."""
        found = await self.client.read_flow_run(run)
        flow = next(FLOWS[name] for name, known in self.deployments.items() if known == found.deployment_id)
        with suppress(Pause):  # how a process ends whose run is suspended
            await run_flow_async(flow, found, found.parameters, return_type="state")
        return await self.state(run)

    async def state(self, run: UUID) -> State[Any]:
        found: FlowRun = await self.client.read_flow_run(run)
        assert found.state is not None
        return found.state

    async def type_in(self, run: UUID, confirm: str, approver: str, comment: str = "") -> OrchestrationResult[Any]:
        """Answer in the form of Prefect's UI."""
        typed = {"confirm": confirm, "approver": approver, "comment": comment}
        return await self.client.resume_flow_run(run, run_input=typed)

    async def waiting(self, **parameters: Any) -> tuple[UUID, Rollback]:
        """Return a run that waits for an answer, and its way back."""
        run = await self.ask(**parameters)
        state = await self.carry_on(run)
        assert state.is_paused(), state
        return run, self.of(run)

    def of(self, run: UUID) -> Rollback:
        with reading(self.database) as session:
            found = rollbacks.rollback_of_run(session, str(run))
        assert found is not None
        return found

    def again(self, rollback: Rollback) -> Rollback:
        return way_back(rollback.id)

    async def slots(self) -> list[tuple[str, int, int]]:
        """Return the limits of ways back: name, slots, how many of them are taken."""
        limits = await self.client.read_global_concurrency_limits(limit=200)
        return [(each.name, each.limit, each.active_slots) for each in limits if "way-back" in each.name]

    def moves(self) -> list[str]:
        """Return what Vercel was asked to change, in order, since this was asked last."""
        asked = httpx.get(f"{self.company.url}/sandbox/requests").json()["requests"]
        return [path.partition("?")[0] for method, path in asked if method != "GET" and path.startswith("/vercel/")]

    async def fault(self, name: str, **more: Any) -> None:
        """Let something go wrong at the company."""
        body = {"name": name, "project": "shop", **more}
        answer = await asyncio.to_thread(httpx.post, f"{self.company.url}/sandbox/fault", json=body)
        assert answer.is_success, answer.text


@asynccontextmanager
async def at_the_desk(company: Company, database: Engine) -> AsyncIterator[Desk]:
    async with get_client() as client:
        await asyncio.to_thread(httpx.post, f"{company.url}/sandbox/requests")
        made = {name: await client.create_deployment(await client.create_flow(FLOWS[name]), name) for name in FLOWS}
        yield Desk(client, made, company, database)
