"""How Vercel makes a change, and what can go wrong with it when a switch says so."""

import asyncio
from collections.abc import Callable
from time import monotonic

from starlette.responses import Response

from watchkeeper.sandbox.manners import answer
from watchkeeper.sandbox.world import World

LOST_SECONDS = 60.0
REFUSALS: dict[int, tuple[str, str]] = {
    402: ("payment_required", "Your plan does not allow rolling back to this deployment. Upgrade to Pro."),
    409: ("conflict", "Another promotion or rollback is under way"),
    410: ("deployment_deleted", "The deployment was deleted"),
    422: ("not_rollback_candidate", "The deployment cannot be rolled back to"),
    429: ("rate_limited", "Rate limit exceeded"),
    500: ("internal_server_error", "An unexpected internal error occurred"),
}


async def changed(world: World, project: str, work: Callable[[], Response]) -> Response:
    """Do `work`, which makes a change to a project, and return its answer, as far as no switch is in the way."""
    for status, (code, message) in REFUSALS.items():
        if world.switches.take(f"change-{status}", project):
            return answer({"error": {"code": code, "message": message}}, status)
    reply = work()
    if world.switches.take("change-500-done", project):
        code, message = REFUSALS[500]
        return answer({"error": {"code": code, "message": message}}, 500)
    if lost := world.switches.take("change-lost", project):
        await _wait(world, LOST_SECONDS if lost.value is None else lost.value)
    return reply


async def _wait(world: World, seconds: float) -> None:
    """Wait, but not past the next change of a switch, so that a stop of the sandbox need not wait."""
    generation, end = world.switches.generation, monotonic() + seconds
    while world.switches.generation == generation and monotonic() < end:  # noqa: ASYNC110 - a switch has no event
        await asyncio.sleep(0.05)
