"""In which state a run ends that carries a rollback: red where somebody must come."""

from typing import Any

from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from tasks.rollback_record import take_step
from tasks.rollback_runs import emit_state
from watchkeeper.config import Configuration
from watchkeeper.domain.rollback import Outcome, Rollback, RollbackState, next_states


def not_needed(rollback: Rollback) -> State[Any]:
    return Completed(name="Not needed", message=f"rollback {rollback.id} is at {rollback.state} in another run")


def run_state(rollback: Rollback) -> State[Any]:
    """Return the state in which the run ends: red where somebody must come."""
    name, told = rollback.state.value.replace("_", " ").capitalize(), rollback.error or rollback.outcome or ""
    message = f"rollback {rollback.id} of {rollback.project}: {told}".removesuffix(": ")
    if rollback.state is RollbackState.FAILED:
        return Failed(message=message)
    if rollback.outcome is Outcome.NOT_CURED:
        return Failed(name="Not cured", message=message)
    if rollback.state is RollbackState.PLANNED:
        name = "Planned"
        message = f"a dry run, nothing was changed: {rollback.plan.summary if rollback.plan else ''}"
    return Completed(name=name, message=message)


def cannot_be_done(configuration: Configuration, rollback: Rollback) -> State[Any]:
    """End a way back of a project that is not configured; of one that is configured wrongly only this run ends."""
    if rollback.project in configuration.names:
        return Failed(message=f"the configuration of {rollback.project} has mistakes: rollback {rollback.id} waits")
    try:
        configuration.project(rollback.project)
    except LookupError as error:
        why, allowed = str(error), next_states(rollback.state)
        to = RollbackState.REFUSED if RollbackState.REFUSED in allowed else RollbackState.FAILED
        if to in allowed:
            rollback = take_step(rollback, to, {"error": why}, why)
            emit_state(rollback)
    return run_state(rollback)
