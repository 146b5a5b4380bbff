"""A place to measure in: a temporary folder, free ports, and children that are gone afterwards."""

import asyncio
import json
import os
import re
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from deployments.children import Child, start_child, stop_child
from deployments.home import open_home, prefect_server_environment

REPOSITORY = Path(__file__).resolve().parents[2]
UP_SECONDS = 90
RUN_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Site:
    """A running Prefect server; `environment` is what its clients need."""

    folder: Path
    environment: Mapping[str, str]


def forget_own_settings() -> None:
    """Keep what the caller's shell says about Prefect and Watchkeeper away from the children."""
    for name in [name for name in os.environ if name.startswith(("PREFECT_", "WATCHKEEPER_"))]:
        del os.environ[name]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def prefect_server() -> AsyncIterator[Site]:
    """Serve Prefect from a temporary folder on SQLite, as `watchkeeper up` does."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as temporary:
        folder, port = Path(temporary), free_port()
        environment = prefect_server_environment(open_home(folder), port)
        site = Site(folder, {**environment, "PREFECT_LOGGING_TO_CONSOLE": "false", "PREFECT_LOGGING_LEVEL": "ERROR"})
        arguments = ("-m", "deployments.prefect_server")
        async with running(site, "prefect", arguments, f"http://127.0.0.1:{port}/api/health"):
            yield site


@asynccontextmanager
async def sandbox(site: Site, projects: int) -> AsyncIterator[int]:
    """Serve a company of so many projects, and yield its port."""
    port = free_port()
    arguments = ("-m", "watchkeeper.sandbox", "--port", str(port), "--projects", str(projects))
    async with running(site, f"sandbox-{projects}", arguments, f"http://127.0.0.1:{port}/connectivity"):
        yield port


@asynccontextmanager
async def running(site: Site, name: str, arguments: tuple[str, ...], address: str) -> AsyncIterator[Child]:
    log = site.folder / f"{name}.log"
    child = await start_child(name, *arguments, environment=site.environment, log=log, folder=REPOSITORY)
    try:
        await _until_up(child, address)
        yield child
    finally:
        await stop_child(child)


async def _until_up(child: Child, address: str) -> None:
    deadline = time.monotonic() + UP_SECONDS
    async with httpx.AsyncClient(timeout=5) as http:
        while time.monotonic() < deadline and child.process.returncode is None:
            with suppress(httpx.TransportError):
                if (await http.get(address)).is_success:
                    return
            await asyncio.sleep(0.2)
    raise RuntimeError(f"{child.name} did not come up:\n{child.last_words()}")


async def run_child(environment: Mapping[str, str], *arguments: str) -> dict[str, Any]:
    """Run `python arguments...` to its end, and return the JSON of its last line, {} when it prints none.

    Raises:
        RuntimeError: it failed, or did not end in time.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(RUN_SECONDS):
            printed, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise RuntimeError(f"{' '.join(arguments)} failed:\n{errors.decode()[-3000:]}")
    lines = re.findall(r"^\{.*\}$", printed.decode(), re.MULTILINE)
    return dict(json.loads(lines[-1])) if lines else {}
