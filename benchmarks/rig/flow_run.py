"""The child that is measured: one real run of a flow. Prints its seconds and its peak memory as JSON.

Run by the benchmark: python -m benchmarks.rig.flow_run (health-check | empty)
"""

import asyncio
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from prefect import flow


@flow(name="empty", persist_result=False)
async def empty() -> None:
    """Do nothing: what is left is what Prefect itself costs a run."""


def measured(run: Callable[[], Awaitable[Any]]) -> dict[str, Any]:
    began = time.perf_counter()
    checks = asyncio.run(_awaited(run)) or ()
    seconds = time.perf_counter() - began
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    verdicts = Counter(check.verdict.value for check in checks)
    return {"seconds": seconds, "peak_mb": peak_mb, "verdicts": dict(verdicts)}


async def _awaited(run: Callable[[], Awaitable[Any]]) -> Any:  # noqa: ANN401 - whatever the flow returns
    return await run()


def main() -> None:
    if sys.argv[1] == "empty":
        found = measured(empty)
    else:
        from flows.health_check import health_check  # noqa: PLC0415 - the empty flow does without it

        found = measured(health_check)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
