"""Measures what a person waits for: the import of the flow, and `watchkeeper up` to the first verdict."""

import asyncio
import re
import tempfile
import time
from pathlib import Path

from benchmarks.rig.site import REPOSITORY, RUN_SECONDS, free_port, run_child
from deployments.children import Child, port_is_free, start_child, stop_child

_IMPORT = (
    "import time; began = time.perf_counter(); import flows.health_check; "
    "print('{\"seconds\": %f}' % (time.perf_counter() - began))"
)
_READY = re.compile(r"Ready after (\d+) s")


async def measure_import(repeat: int) -> float:
    """Return the seconds of the fastest import in a fresh process."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        runs = [await run_child({"PREFECT_HOME": folder}, "-c", _IMPORT) for _ in range(repeat)]
    return min(float(run["seconds"]) for run in runs)


async def measure_up() -> tuple[float, float]:
    """Return the seconds until the first verdict in a fresh home, and at the second start in the same."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        return await _up(Path(folder)), await _up(Path(folder))


async def _up(folder: Path) -> float:
    environment = {
        "WATCHKEEPER_HOME": str(folder / "home"),
        "WATCHKEEPER_PREFECT_PORT": str(free_port()),
        "WATCHKEEPER_SANDBOX_PORT": str(_two_free_ports()),
        "PYTHONUNBUFFERED": "1",
    }
    log = folder / "up.log"
    log.unlink(missing_ok=True)
    began = time.perf_counter()
    child = await start_child("up", "-m", "deployments.cli", "up", environment=environment, log=log, folder=REPOSITORY)
    try:
        await _until_ready(child)
        return time.perf_counter() - began
    finally:
        await stop_child(child)


async def _until_ready(child: Child) -> None:
    async with asyncio.timeout(RUN_SECONDS):
        while not _READY.search(child.log.read_text(errors="replace")):
            if child.process.returncode is not None:
                raise RuntimeError(f"up ended:\n{child.last_words()}")
            await asyncio.sleep(0.1)


def _two_free_ports() -> int:
    """Return the first of two neighbours: the sandbox speaks TLS on the next one. None that the system hands out."""
    return next(port for port in range(20_000, 30_000, 2) if port_is_free(port) and port_is_free(port + 1))
