"""What came of a task run, as a value: one that failed must not take the others with it."""

from typing import Any

from prefect.client.schemas.objects import State

from watchkeeper.clients.base import VendorError
from watchkeeper.domain.verdicts import Gap, Missing


async def outcome(asking: Any) -> Any:  # noqa: ANN401 - Prefect types an async task with `return_state` as not awaitable
    """Await a task called with `return_state=True`; return what it returned, or why it did not."""
    state: State[Any] = await asking
    if state.is_completed():
        return await state.aresult()
    error = await state.aresult(raise_on_failure=False)
    if isinstance(error, VendorError):
        return error.missing()
    return Missing(Gap.UNAVAILABLE, f"asking did not come to an end ({state.name}): see the log of the task run")
