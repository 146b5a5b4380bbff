"""The products' own endpoints, as a visitor meets them."""

from collections.abc import Mapping
from typing import Final

from prefect import task
from prefect.cache_policies import NO_CACHE

from watchkeeper.clients.endpoints import EndpointClient
from watchkeeper.domain.endpoints import Endpoint, EndpointReport
from watchkeeper.domain.limits import EndpointLimits

# The client begins no probe after 75 s, and none takes longer than 30 s; then the references have 5 s.
_TIMEOUT_SECONDS: Final = 115


@task(task_run_name="endpoints", timeout_seconds=_TIMEOUT_SECONDS, cache_policy=NO_CACHE, persist_result=False)
async def probe_endpoints(
    endpoints: Mapping[str, tuple[Endpoint, ...]],
    was_down: frozenset[tuple[str, str]],
    references: tuple[str, ...],
    limits: Mapping[str, EndpointLimits] | None = None,
) -> dict[str, EndpointReport]:
    """Probe the endpoints of all projects, a failed one until it is clear that it fails.

    There is no repetition of the task: the client repeats what is worth it.

    Args:
        endpoints: by project.
        was_down: project and endpoint name of those that were down.
        references: URLs that tell whether we are online; asked only when an endpoint did not answer at all.
        limits: by project, how many failures and successes in a row count.
    """
    async with EndpointClient() as client:
        probes = await client.probe_all(endpoints, was_down, limits)
        unanswered = any(probe.status is None for its in probes.values() for probe in its)
        online = not unanswered or await client.is_online(references)
    return {project: EndpointReport(its, online) for project, its in probes.items()}
