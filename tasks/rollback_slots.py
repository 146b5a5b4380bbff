"""The slot of a project on the Prefect server: who holds it moves production, and the UI shows that somebody does.

What keeps two runs apart is the claim in the row of the way back. The slot comes before it, so that a second run waits
without asking the store; a slot that was lost with a server, or cannot be had, holds no way back up.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Final

import httpx
from prefect import get_run_logger
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError, concurrency
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

SLOT_SECONDS: Final = 3.0
LEASE_SECONDS: Final = 60.0  # the shortest that the server gives: after that the slot of a killed run is free


@asynccontextmanager
async def slot_of(project: str, seconds: float = SLOT_SECONDS) -> AsyncGenerator[bool, None]:
    """Hold the slot of a project, of which there is one; yields False where it could not be had in so many seconds."""
    stack = AsyncExitStack()
    is_held = await _take(stack, limit_of(project), seconds)
    if not is_held:
        get_run_logger().warning("The slot %s could not be had: the store alone decides.", limit_of(project))
    try:
        yield is_held
    finally:
        with suppress(httpx.HTTPError):  # the server is away: what it holds runs out by itself
            await stack.aclose()


def limit_of(project: str) -> str:
    """Return the name of the limit. It begins as those do whose lost slots the janitor frees, and comes after them."""
    return f"watchkeeper-way-back-{project}"


async def _take(stack: AsyncExitStack, name: str, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await _make(name)
        slot = concurrency(
            name,
            timeout_seconds=seconds,  # an acquisition that is cancelled from outside goes on in its own thread
            lease_duration=LEASE_SECONDS,
            strict=True,
            raise_on_lease_renewal_failure=False,
        )
        await stack.enter_async_context(slot)
    except (TimeoutError, ConcurrencySlotAcquisitionError, httpx.HTTPError):
        return False
    return True


async def _make(name: str) -> None:
    """Create the limit where it is not there; a person's number is left alone."""
    async with get_client() as client:
        try:
            await client.read_global_concurrency_limit_by_name(name)
        except ObjectNotFound:
            with suppress(ObjectAlreadyExists):  # by another run, in this moment
                await client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name=name, limit=1))
