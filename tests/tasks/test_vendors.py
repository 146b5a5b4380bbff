from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from prefect import flow
from prefect.client.schemas.objects import TaskRun
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError
from prefect.states import Failed

from tasks.vendors import is_transient, keep_or_retry, slots, vendor_task
from tests.tasks.limits import create_limit
from watchkeeper.clients.base import MissingCredential, VendorRefused, VendorUnavailable
from watchkeeper.domain.verdicts import Gap, Missing

DOWN = Missing(Gap.UNAVAILABLE, "Acme: is down")


@vendor_task("acme")
async def ask() -> None: ...


@pytest.mark.parametrize(
    ("error", "again"),
    [
        pytest.param(VendorUnavailable("Acme", "down"), True, id="unavailable"),
        pytest.param(VendorUnavailable("Acme", "wait", timedelta(seconds=15)), True, id="a wait that can be had"),
        pytest.param(VendorUnavailable("Acme", "wait", timedelta(seconds=16)), False, id="a wait that cannot"),
        pytest.param(VendorRefused("Acme", "no", 403), False, id="refused"),
        pytest.param(MissingCredential("Acme", "no token"), False, id="no credential"),
        pytest.param(TimeoutError(), True, id="the task took too long"),
        pytest.param(KeyError("x"), False, id="our own mistake"),
    ],
)
def test_only_what_may_pass_is_asked_again(error: Exception, again: bool) -> None:  # noqa: FBT001
    run = TaskRun(task_key="ask", dynamic_key="0", flow_run_id=uuid4())
    assert is_transient(ask, run, Failed(data=error)) is again


@pytest.mark.parametrize(
    "results",
    [
        pytest.param({}, id="nothing asked"),
        pytest.param({"shop": 1, "api": Missing(Gap.REFUSED, "Acme: no")}, id="a refusal will not pass"),
        pytest.param({"shop": DOWN}, id="outside a task nobody would repeat it"),
    ],
)
def test_what_there_is_is_kept(results: dict[str, Any]) -> None:
    assert keep_or_retry("Acme", results) == results


@pytest.mark.usefixtures("prefect_server")
@pytest.mark.slow
async def test_a_gap_is_asked_again_and_in_the_end_kept() -> None:
    attempts = 0

    @vendor_task("acme")
    async def always_with_a_gap() -> dict[str, int | Missing]:
        nonlocal attempts
        attempts += 1
        return keep_or_retry("Acme", {"shop": 1, "api": DOWN})

    @flow
    async def asking() -> dict[str, int | Missing]:
        return await always_with_a_gap()

    assert await asking() == {"shop": 1, "api": DOWN}
    assert attempts == 3


@pytest.mark.usefixtures("prefect_server")
async def test_a_slot_is_held_and_given_back() -> None:
    await create_limit("acme-slots", 1)
    for _ in range(2):
        async with slots("acme-slots"):
            pass


@pytest.mark.usefixtures("prefect_server")
async def test_a_limit_that_does_not_exist_is_loud() -> None:
    with pytest.raises(ConcurrencySlotAcquisitionError):
        async with slots("never-made"):
            pass
