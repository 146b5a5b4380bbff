"""The first days of a new installation: fill the hours before it, and make the first report, while the watch stands."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deployments.command import plain_line
from watchkeeper.config import Configuration
from watchkeeper.domain.windows import Window, floor

if TYPE_CHECKING:
    from prefect.client.schemas.objects import FlowRun

BACKFILL: Final = "metrics-aggregation/backfill"
FIRST_REPORT: Final = "period-report/daily"
HOUR: Final = timedelta(hours=1)
HISTORY: Final = timedelta(days=30)
ENOUGH: Final = timedelta(days=3)  # what a daily report speaks of, with the days that it is compared with
POLL_SECONDS: Final = 2


async def fill_history(configuration: Configuration, console: Console) -> None:
    """Aggregate the last 30 days where they are not yet, newest first, and deliver the first daily report on the way.

    What is left when the run ends, the hourly run fills in. What could not be done is told in the terminal.
    """
    end = floor(datetime.now(UTC), HOUR)
    history, recent = Window(end - HISTORY, end), Window(end - ENOUGH, end)
    report_is_due = not await _has_reports(history.start)
    report: FlowRun | None = None
    if await _is_missing(configuration, history):
        run = await _begin(BACKFILL, start=history.start.isoformat())
        async with aclosing(_followed(run, configuration, history, console)) as looks:
            async for now in looks:
                run = now
                if report_is_due and report is None and not await _is_missing(configuration, recent):
                    report = await _begin(FIRST_REPORT)
        _tell(console, "The last 30 days are not filled in, the hourly run goes on with it", run)
    if report_is_due:
        report = await _ended(report or await _begin(FIRST_REPORT))
        _tell(console, "The first report did not get everywhere", report)


async def _followed(
    run: "FlowRun", configuration: Configuration, history: Window, console: Console
) -> AsyncGenerator["FlowRun"]:
    """Yield the run again and again until it has ended, and show how far the hours have come."""
    from prefect.client.orchestration import get_client  # noqa: PLC0415 - Prefect must not be imported before its settings

    done, hours = await _progress_of(configuration, history)
    async with get_client() as client:
        with _bar(console) as bar:
            shown = bar.add_task("Filling in the last 30 days", total=hours, completed=done)
            while not _is_over(run):
                await asyncio.sleep(POLL_SECONDS)
                run = await client.read_flow_run(run.id)
                done, _ = await _progress_of(configuration, history)
                bar.update(shown, completed=done)
                yield run


async def _begin(deployment: str, **parameters: str) -> "FlowRun":
    from prefect.deployments import arun_deployment  # noqa: PLC0415 - see above

    return await arun_deployment(deployment, parameters=parameters, timeout=0, as_subflow=False)


async def _ended(run: "FlowRun") -> "FlowRun":
    from prefect.client.orchestration import get_client  # noqa: PLC0415 - see above

    async with get_client() as client:
        while not _is_over(run):
            await asyncio.sleep(POLL_SECONDS)
            run = await client.read_flow_run(run.id)
    return run


def _is_over(run: "FlowRun") -> bool:
    return run.state is not None and run.state.is_final()


def _tell(console: Console, trouble: str, run: "FlowRun") -> None:
    """Say what a run could not do; a run that was all well is not worth a word."""
    if run.state is None or not run.state.is_completed():
        why = run.state and (run.state.message or run.state.name)
        console.print(plain_line(f"{trouble}: {why}"), style="yellow", soft_wrap=True)


async def _is_missing(configuration: Configuration, window: Window) -> bool:
    done, hours = await _progress_of(configuration, window)
    return done < hours


async def _progress_of(configuration: Configuration, window: Window) -> tuple[int, int]:
    from tasks.metrics import metric_progress  # noqa: PLC0415 - see above

    return await asyncio.to_thread(metric_progress, configuration.slugs, window)


async def _has_reports(since: datetime) -> bool:
    from tasks.reports import has_reports  # noqa: PLC0415 - see above

    return await asyncio.to_thread(has_reports, since)


def _bar(console: Console) -> Progress:
    columns = TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("hours")
    return Progress(*columns, TimeElapsedColumn(), console=console)
