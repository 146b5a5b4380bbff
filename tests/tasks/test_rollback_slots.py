"""One run at a time moves production of a project, and nothing that was lost on the server holds one up."""

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate

from tasks.rollback_slots import limit_of, slot_of

pytestmark = pytest.mark.usefixtures("prefect_server")
AT_ONCE, PATIENT = 0.5, 30.0


@flow
async def two_at_once(first: str, second: str) -> tuple[bool, bool]:
    async with slot_of(first, PATIENT) as one, slot_of(second, AT_ONCE if second == first else PATIENT) as other:
        return one, other


async def taken(project: str) -> int:
    async with get_client() as client:
        return (await client.read_global_concurrency_limit_by_name(limit_of(project))).active_slots


async def test_of_one_project_one_has_it_and_the_others_go_on_by_the_claim_alone() -> None:
    assert await two_at_once("stall", "stall") == (True, False)
    assert await taken("stall") == 0
    assert await two_at_once("stall", "stall") == (True, False), "it is given back, and the limit is made once"


async def test_another_project_does_not_wait() -> None:
    assert await two_at_once("stall", "kiosk") == (True, True)


async def test_a_slot_that_was_lost_with_the_server_holds_nobody_up() -> None:
    assert await two_at_once("booth", "kiosk") == (True, True)
    async with get_client() as client:
        await client.update_global_concurrency_limit(limit_of("booth"), GlobalConcurrencyLimitUpdate(active_slots=1))
    assert await lost("booth") is False
    assert await taken("booth") == 1, "the janitor frees it"


@flow
async def lost(project: str) -> bool:
    async with slot_of(project, AT_ONCE) as held:
        return held
