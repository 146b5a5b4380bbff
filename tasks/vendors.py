"""What the tasks of all vendors share: when they are repeated, and how many may ask at once."""

from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final, ParamSpec, TypeVar

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.concurrency.asyncio import AcquireConcurrencySlotTimeoutError, concurrency
from prefect.runtime import task_run

from watchkeeper.clients.base import VendorUnavailable
from watchkeeper.domain.verdicts import Gap, Missing

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

RETRIES: Final = 2
RETRY_DELAYS: Final = [2.0, 5.0]
TIMEOUT_SECONDS: Final = 40
HISTORY_SECONDS: Final = 180  # of a task that reads many past hours: nobody waits for a verdict
SLOT_SECONDS: Final = 15  # leaves most of the time for the vendor itself
# The last retry comes some 7 s after the first failure and its client waits 10 s more: later cannot be reached.
LONGEST_WAIT: Final = timedelta(seconds=15)


def vendor_task(
    run_name: str, seconds: int = TIMEOUT_SECONDS
) -> Callable[[Callable[P, Coroutine[Any, Any, R]]], Task[P, Coroutine[Any, Any, R]]]:
    """Return the decorator of a task that asks a vendor for so long; `run_name` may name its arguments in braces."""
    return task(
        task_run_name=run_name,
        retries=RETRIES,
        retry_delay_seconds=RETRY_DELAYS,
        retry_jitter_factor=0.3,
        retry_condition_fn=is_transient,
        timeout_seconds=seconds,
        cache_policy=NO_CACHE,
        persist_result=False,
    )


def is_transient(_task: Task[..., Any], _task_run: TaskRun, state: State[Any]) -> bool:
    """Return whether asking again can help before the check must be done."""
    error = state.data
    if isinstance(error, VendorUnavailable):
        return error.retry_after is None or error.retry_after <= LONGEST_WAIT
    return isinstance(error, TimeoutError)


@asynccontextmanager
async def slots(*vendors: str, seconds: int = SLOT_SECONDS) -> AsyncGenerator[None, None]:
    """Hold one slot of each vendor, so that runs side by side do not add up.

    All are taken in one call, before the vendors are asked: a server on SQLite that Prefect's own command has started
    answers half of the calls that meet the records of a task run with "busy", and each of those costs two seconds.

    Raises:
        VendorUnavailable: they were not free in time.
        ConcurrencySlotAcquisitionError: the server has no limit `watchkeeper-<vendor>`.
    """
    names = [f"watchkeeper-{vendor}" for vendor in vendors]
    try:
        async with concurrency(names, timeout_seconds=seconds, strict=True):
            yield
    except AcquireConcurrencySlotTimeoutError:
        reason = f"other runs have been asking it for {seconds} s: no slot free"
        raise VendorUnavailable(" or ".join(vendors), reason) from None


def keep_or_retry(vendor: str, results: Mapping[str, T | Missing]) -> dict[str, T | Missing]:
    """Return the results as they are, unless a project has none yet and another attempt is left.

    Raises:
        VendorUnavailable: the task is to be repeated.
    """
    gaps = [result for result in results.values() if isinstance(result, Missing) and result.gap is Gap.UNAVAILABLE]
    if gaps and _attempts_left():
        raise VendorUnavailable(vendor, f"{len(gaps)} of {len(results)} projects could not be read: {gaps[0].reason}")
    return dict(results)


def _attempts_left() -> bool:
    """Return whether Prefect will repeat the task; outside a task run nobody will."""
    attempt = task_run.run_count
    return isinstance(attempt, int) and 0 < attempt <= RETRIES
