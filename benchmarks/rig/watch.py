"""Measures the health check of one number of projects, and the yardstick beside it."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from benchmarks.rig.company import SMALLEST, write_configuration
from benchmarks.rig.site import Site, run_child, sandbox

ENDPOINTS = "products"


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the flow. `requests`: how many by vendor; those to our own products are probes."""

    seconds: float
    peak_mb: float
    verdicts: Mapping[str, int]
    requests: Mapping[str, int]

    @property
    def vendor_calls(self) -> int:
        return sum(count for vendor, count in self.requests.items() if vendor != ENDPOINTS)

    @property
    def probes(self) -> int:
        return self.requests.get(ENDPOINTS, 0)


@dataclass(frozen=True, slots=True)
class Measured:
    """What the health check of so many projects costs: new, catching up on the last hour, and every time after."""

    projects: int
    first: Run
    catching_up: Run
    steady: tuple[Run, ...]
    bare: tuple[float, ...]

    @property
    def steady_seconds(self) -> float:
        return median(run.seconds for run in self.steady)

    @property
    def bare_seconds(self) -> float:
        return median(self.bare)

    @property
    def peak_mb(self) -> float:
        return max(run.peak_mb for run in (self.first, self.catching_up, *self.steady))

    def ratio(self, fixed: float) -> float:
        return (self.steady_seconds - fixed) / self.bare_seconds


async def measure(site: Site, projects: int, repeat: int) -> Measured:
    async with sandbox(site, max(projects, SMALLEST)) as port:
        environment = _environment(site, projects, port)
        await run_child(environment, "-m", "benchmarks.rig.prepare", str(port))
        address = f"http://127.0.0.1:{port}"
        _begin_journal(address)
        first, _ = await _run(environment, address)
        catching_up, _ = await _run(environment, address)
        steady, bare = [], []
        for _ in range(repeat):
            run, requests = await _run(environment, address)
            steady.append(run)
            bare.append(await _replay(environment, address, requests))
    return Measured(projects, first, catching_up, tuple(steady), tuple(bare))


async def measure_empty(site: Site, repeat: int) -> float:
    """Return the seconds of an empty flow run, once the server is warm."""
    runs = [await run_child(site.environment, "-m", "benchmarks.rig.flow_run", "empty") for _ in range(repeat + 1)]
    return float(median(run["seconds"] for run in runs[1:]))


def _environment(site: Site, projects: int, port: int) -> dict[str, str]:
    home = site.folder / f"watch-{projects}"
    home.mkdir()
    configuration = home / "projects.yaml"
    write_configuration(configuration, projects, f"http://127.0.0.1:{port}")
    return {**site.environment, "WATCHKEEPER_HOME": str(home), "WATCHKEEPER_PROJECTS": str(configuration)}


async def _run(environment: Mapping[str, str], address: str) -> tuple[Run, list[list[str]]]:
    found = await run_child(environment, "-m", "benchmarks.rig.flow_run", "health-check")
    requests = _requests(address)
    counts = Counter(path.split("/", 2)[1] for _, path in requests)
    return Run(found["seconds"], found["peak_mb"], found["verdicts"], dict(counts)), requests


async def _replay(environment: Mapping[str, str], address: str, requests: list[list[str]]) -> float:
    journal = Path(environment["WATCHKEEPER_HOME"]) / "journal.json"
    journal.write_text(json.dumps(requests))
    found = await run_child(environment, "-m", "benchmarks.rig.bare", address, str(journal))
    _requests(address)
    return float(found["seconds"])


def _begin_journal(address: str) -> None:
    httpx.post(f"{address}/sandbox/requests").raise_for_status()


def _requests(address: str) -> list[list[str]]:
    told: dict[str, Any] = httpx.get(f"{address}/sandbox/requests", timeout=30).raise_for_status().json()
    if told["lost"]:
        raise RuntimeError(f"the journal of the sandbox has lost {told['lost']} requests")
    return list(told["requests"])
