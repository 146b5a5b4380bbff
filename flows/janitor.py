"""Every five minutes: free what killed processes left behind, or every later run would be cancelled."""

from datetime import UTC, datetime, timedelta

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed

from tasks.janitor import crash_runs, free_slots, read_slots, read_unfinished_runs
from watchkeeper.domain.janitor import find_leaked_slots, find_stuck_runs


@flow(name="janitor", timeout_seconds=120, persist_result=False)
async def janitor(pending_minutes: int = 5, silent_minutes: int = 5) -> State[None]:
    """Mark runs crashed that cannot be alive any more, and free the concurrency slots that nobody holds.

    Args:
        pending_minutes: a run that has been starting for longer is stuck.
        silent_minutes: a run that has been without a heartbeat for longer is stuck. Every run sends one all 30 seconds
            on the embedded server, all 3 minutes by default.
    """
    log = get_run_logger()
    pending_after, silent_after = timedelta(minutes=pending_minutes), timedelta(minutes=silent_minutes)
    stuck = find_stuck_runs(await read_unfinished_runs(), datetime.now(UTC), pending_after, silent_after)
    await crash_runs(stuck)
    slots = await read_slots()  # before the runs: a run that starts in between is then counted as a holder
    leaked = find_leaked_slots(slots, await read_unfinished_runs(), janitor=str(flow_run.id))
    await free_slots(leaked)
    for found in stuck:
        log.warning("Run %s was stuck: %s.", found.run.name, found.reason)
    for found_slots in leaked:
        log.warning("Freed: %s.", found_slots.reason)
    return Completed(message=f"{len(stuck)} stuck runs, {len(leaked)} leaked limits freed")
