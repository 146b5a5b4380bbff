"""How a rollback begins that nobody asks for in the form: by a stored proposal, or where another run has died.

Neither says what is to be done: that stands in the store, and what a run is given only names the row.
"""

import asyncio
from typing import Any, Final

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed

from flows.emergency_rollback import carry_on, open_request
from flows.rollback_outcomes import run_state
from tasks.proposals import event_id, stored_proposal
from tasks.rollback_record import rollback_given_to, take_step
from tasks.rollback_runs import emit_state
from watchkeeper.domain.rollback import Rollback, RollbackState
from watchkeeper.domain.rollback_requests import Asked
from watchkeeper.store.notices import Notice

GIVEN_WITHIN_SECONDS: Final = 15.0
POLL_SECONDS: Final = 0.2


@flow(name="emergency-rollback", flow_run_name="proposed-{project}", persist_result=False)
async def proposed_rollback(project: str, proposal: str) -> State[Any]:
    """Go on with what a health check has proposed, as far as the project is configured to.

    Args:
        project: slug of the project.
        proposal: name of the proposal, as the health check has written it down. Only such a one counts, and once.
    """
    begun = rollback_given_to(str(flow_run.id))
    if begun is not None:
        return await carry_on(begun)
    found = stored_proposal(project, proposal)
    if found is not None:
        return await carry_on(open_request(asked_by(found)))
    opened, why = open_request(Asked(project)), f"no health check has proposed this lately: {proposal}"
    refused = take_step(opened, RollbackState.REFUSED, {"error": why}, why)
    emit_state(refused)
    return run_state(refused)


@flow(name="emergency-rollback", flow_run_name="continued", persist_result=False)
async def continued_rollback() -> State[Any]:
    """Go on with the rollback whose row names this run; with none, if there is no such row."""
    rollback = await given_rollback()
    if rollback is None:
        return Completed(name="Not needed", message="no rollback was given to this run")
    return await carry_on(rollback)


async def given_rollback() -> Rollback | None:
    """Return what this run goes on with: that is written down right after the run was created."""
    for _ in range(round(GIVEN_WITHIN_SECONDS / POLL_SECONDS)):
        if (found := rollback_given_to(str(flow_run.id))) is not None:
            return found
        await asyncio.sleep(POLL_SECONDS)
    return None


def asked_by(proposal: Notice) -> Asked:
    """Return what a proposal asks for. How far it goes is decided by the configuration of the project."""
    content = proposal.content
    return Asked(
        proposal.project,
        reason=str(content["reason"]),
        dry_run=False,
        event_id=str(event_id(proposal)),
        release=str(content["release"]),
    )
