"""Every night: delete what is older than it needs to be kept."""

from datetime import UTC, datetime, timedelta
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed
from prefect.variables import Variable
from pydantic import BaseModel, Field

from tasks.janitor import prune_flow_runs
from tasks.store import prune_store


class KeepDays(BaseModel):
    """How many days are kept. The Prefect variable `watchkeeper_retention` holds the numbers that are in force."""

    raw_days: int = Field(default=30, ge=2, description="Single measurements: probes, observations, health checks.")
    hourly_days: int = Field(default=400, ge=2, description="What is aggregated by the hour, and releases.")
    prefect_days: int = Field(default=30, ge=1, description="Prefect's own runs, with their logs and artifacts.")


@flow(name="retention", timeout_seconds=1800, persist_result=False)
async def retention(keep: KeepDays | None = None) -> State[Any]:
    """Prune the store and the Prefect server.

    Args:
        keep: days to keep; left out, those of the variable `watchkeeper_retention`.
    """
    days = keep or KeepDays.model_validate(await Variable.aget("watchkeeper_retention", default={}))
    now = datetime.now(UTC)
    rows = prune_store(now, timedelta(days=days.raw_days), timedelta(days=days.hourly_days))
    runs = await prune_flow_runs(now - timedelta(days=days.prefect_days))
    deleted = {**rows, "Prefect runs": runs}
    return Completed(message=", ".join(f"{count} {name}" for name, count in deleted.items()) + " deleted")
