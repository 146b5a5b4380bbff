"""The runs on the Prefect server that carry ways back: whether they live, and another one where they do not."""

from enum import StrEnum
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.deployments import arun_deployment
from prefect.events import emit_event
from prefect.exceptions import ObjectNotFound

from tasks.rollback_record import hand_over
from watchkeeper.domain.rollback import Rollback

MANUAL: Final = "emergency-rollback/manual"
CONTINUED: Final = "emergency-rollback/continued"


class RunOf(StrEnum):
    """What the run of a way back is at."""

    WAITING = "waiting"  # suspended: somebody must answer
    ALIVE = "alive"  # it runs, or will by itself
    ENDED = "ended"  # it is over, was killed, or was deleted


async def run_of(rollback: Rollback) -> RunOf:
    """Return what the run that carries a way back is at."""
    async with get_client() as client:
        try:
            run = await client.read_flow_run(UUID(rollback.flow_run_id))
        except (ObjectNotFound, ValueError):
            return RunOf.ENDED
    if run.state is None:
        return RunOf.ALIVE
    if run.state.is_paused():
        return RunOf.WAITING
    return RunOf.ENDED if run.state.is_final() else RunOf.ALIVE


@task(cache_policy=NO_CACHE, persist_result=False)
async def go_on_with(rollback: Rollback) -> str:
    """Start a run that goes on where another one has died, once for each death, and return its name.

    The run is told nothing: the row says which run may go on with it.
    """
    run = await arun_deployment(
        CONTINUED,
        timeout=0,
        as_subflow=False,
        idempotency_key=f"rollback-{rollback.id}-after-{rollback.flow_run_id}",
    )
    hand_over(rollback, str(run.id))
    return run.name


def emit_state(rollback: Rollback) -> None:
    """Emit `watchkeeper.rollback.<state>`; where it was told before, the server takes it for the same event.

    What has not helped is told as `watchkeeper.rollback.not_cured` as well, for those who must come now.
    """
    names = [rollback.state.value, *([rollback.outcome.value] if rollback.outcome else [])]
    for name in names:
        _emit(name, rollback)


def emit_custody_over(rollback: Rollback) -> None:
    """Emit `watchkeeper.rollback.custody_over`: new builds go live again, by what somebody has done in Vercel."""
    _emit("custody_over", rollback)


def _emit(name: str, rollback: Rollback) -> None:
    emit_event(
        event=f"watchkeeper.rollback.{name}",
        resource={
            "prefect.resource.id": f"watchkeeper.project.{rollback.project}",
            "prefect.resource.name": rollback.project,
        },
        related=[
            {
                "prefect.resource.id": f"prefect.flow-run.{rollback.flow_run_id}",
                "prefect.resource.role": "flow-run",
            }
        ],
        payload=_payload(rollback),
        id=uuid5(NAMESPACE_URL, f"watchkeeper:rollback:{rollback.id}:{name}:{rollback.round}"),
    )


def _payload(rollback: Rollback) -> dict[str, object]:
    return {
        "rollback": rollback.id,
        "project": rollback.project,
        "kind": rollback.kind.value,
        "state": rollback.state.value,
        "outcome": rollback.outcome.value if rollback.outcome else None,
        "requested_by": rollback.requested_by,
        "reason": rollback.reason,
        "from": rollback.from_deployment,
        "to": rollback.to_deployment,
        "error": rollback.error,
        "dry_run": rollback.dry_run,
    }
