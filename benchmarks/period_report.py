"""What the page of a report costs: time, memory and size, for few and for many projects.

Run it with: python -m benchmarks.period_report [--projects 1 3 50] [--repeat 3]
"""

import argparse
import multiprocessing
import resource
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from statistics import median

from rich.console import Console
from rich.table import Table

COLUMNS = ("period", "projects", "first page", "next page", "picture", "index", "size", "of it packed", "peak memory")
PERIODS = ("daily", "weekly", "monthly")


@dataclass(frozen=True, slots=True)
class Rendered:
    """Seconds, bytes and the peak of memory in MB of one process that made several pages."""

    period: str
    projects: int
    first: float
    later: float
    picture: float
    index: float
    size: int
    packed: int
    peak_mb: float


def seconds(start: float) -> float:
    return time.perf_counter() - start


def render(period: str, projects: int, repeat: int) -> Rendered:
    """Make the pages in a process of its own: the first one pays for imports and for starting the renderer."""
    started = time.perf_counter()
    import gzip  # noqa: PLC0415

    from reports.charts import main_chart_png  # noqa: PLC0415
    from reports.period_report import render_report  # noqa: PLC0415
    from reports.report_index import render_index  # noqa: PLC0415
    from tests.reports.heavy_reports import heavy_report  # noqa: PLC0415
    from tests.reports.index_makers import index_entries  # noqa: PLC0415
    from watchkeeper.domain.period_reports import ReportPeriod  # noqa: PLC0415

    report = heavy_report(ReportPeriod(period), projects)
    page = render_report(report)
    first, later = seconds(started), []
    for _ in range(repeat):
        again = time.perf_counter()
        render_report(report)
        later.append(seconds(again))
    drawn = time.perf_counter()
    main_chart_png(report)
    picture = seconds(drawn)
    listed = time.perf_counter()
    render_index(index_entries())
    index = seconds(listed)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    body = page.encode()
    return Rendered(period, projects, first, median(later), picture, index, len(body), len(gzip.compress(body)), peak)


def measured(projects: list[int], repeat: int) -> Iterator[Rendered]:
    context = multiprocessing.get_context("spawn")
    for period in PERIODS:
        for number in projects:
            with ProcessPoolExecutor(1, mp_context=context) as pool:
                yield pool.submit(render, period, number, repeat).result()


def row(found: Rendered) -> tuple[str, ...]:
    return (
        found.period,
        f"{found.projects:,}",
        f"{found.first:.2f} s",
        f"{found.later:.2f} s",
        f"{found.picture:.2f} s",
        f"{found.index:.2f} s",
        f"{found.size / 1000:,.0f} kB",
        f"{found.packed / 1000:,.0f} kB",
        f"{found.peak_mb:.0f} MB",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--projects", type=int, nargs="+", default=[1, 3, 50])
    parser.add_argument("--repeat", type=int, default=3, help="further pages, of which the median counts (%(default)s)")
    options = parser.parse_args()
    table = Table(*COLUMNS, title="Page of a report, every list as long as it can be", box=None, title_justify="left")
    for found in measured(options.projects, options.repeat):
        table.add_row(*row(found))
    Console(width=160, highlight=False).print(table)


if __name__ == "__main__":
    main()
