"""Between two health checks: ask every endpoint and keep the answers, so that a check has several to judge by."""

from datetime import UTC, datetime, timedelta
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from tasks.configuration import load_configuration
from tasks.observation import probe
from tasks.store import recall, remember_probes
from watchkeeper.domain.endpoints import EndpointReport
from watchkeeper.domain.windows import Window


@flow(name="endpoint-probe", timeout_seconds=150, persist_result=False)
async def endpoint_probe(projects: list[str] | None = None) -> State[Any]:
    """Probe the endpoints of all projects and keep what they answered.

    Args:
        projects: slugs of the projects to look at; all when left out.
    """
    loaded, _ = load_configuration()
    configuration = loaded.only(projects)
    now = datetime.now(UTC)
    past = recall(configuration.slugs, Window.ending_at(now, timedelta(minutes=15)), now)
    seen = await probe(configuration, past)
    remember_probes(configuration.names, seen, now)
    probes = [each for report in seen.values() if isinstance(report, EndpointReport) for each in report.probes]
    failed = sum(not each.ok for each in probes)
    return Completed(message=f"{len(probes)} probes, {failed} failed")
