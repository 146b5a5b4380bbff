"""What a health check costs, for few and for many projects, against a bare script that makes the same requests.

Run it with: python benchmarks/health_check.py [--projects 1 10 100 1000] [--repeat 3]
"""

import argparse
import asyncio
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.rig.site import forget_own_settings, prefect_server
from benchmarks.rig.start import measure_import, measure_up
from benchmarks.rig.watch import Measured, Run, measure, measure_empty

COLUMNS = (
    "projects", "first run", "catching up", "steady", "bare", "ratio", "vendor calls", "of the first run", "probes",
    "peak memory", "verdicts",
)  # fmt: skip


def row(found: Measured, fixed: float) -> tuple[str, ...]:
    usual = found.steady[-1]
    return (
        f"{found.projects:,}",
        f"{found.first.seconds:.1f} s",
        f"{found.catching_up.seconds:.1f} s",
        f"{found.steady_seconds:.1f} s",
        f"{found.bare_seconds:.2f} s",
        f"{found.ratio(fixed):.2f}",
        f"{usual.vendor_calls:,}",
        f"{found.first.vendor_calls:,}",
        f"{usual.probes:,}",
        f"{found.peak_mb:.0f} MB",
        ", ".join(f"{count:,} {verdict}" for verdict, count in sorted(usual.verdicts.items())),
    )


def calls(run: Run) -> str:
    return ", ".join(f"{vendor} {count:,}" for vendor, count in sorted(run.requests.items()))


def show(console: Console, several: Sequence[Measured], fixed: float) -> None:
    table = Table(*COLUMNS, title="Health check", box=None, title_justify="left")
    for found in several:
        table.add_row(*row(found, fixed))
    console.print(table)
    for found in several:
        console.print(f"Requests for {found.projects:,} projects: first {calls(found.first)}")
        console.print(f"  steady {calls(found.steady[-1])}")


async def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--projects", type=int, nargs="+", default=[1, 10, 100, 1000])
    parser.add_argument("--repeat", type=int, default=3, help="steady runs, of which the median counts (%(default)s)")
    parser.add_argument("--only-runs", action="store_true", help="leave out the import and `watchkeeper up`")
    options = parser.parse_args()
    console = Console(width=200, highlight=False)
    forget_own_settings()
    async with prefect_server() as site:
        fixed = await measure_empty(site, options.repeat)
        console.print(f"An empty Prefect flow run: {fixed:.2f} s, taken off before the ratio.")
        several = [await measure(site, number, options.repeat) for number in options.projects]
    show(console, several, fixed)
    if not options.only_runs:
        console.print(f"Import of the flow: {await measure_import(options.repeat):.2f} s")
        fresh, again = await measure_up()
        console.print(f"watchkeeper up to the first verdict: {fresh:.1f} s in a fresh home, {again:.1f} s again")


if __name__ == "__main__":
    asyncio.run(main())
