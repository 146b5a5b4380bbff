"""The first days of a new installation: fill the hours before it, and make the first report, while the watch stands."""

import asyncio
from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from watchkeeper.config import Configuration
from watchkeeper.domain.windows import Window, floor

BACKFILL = "metrics-aggregation/backfill"
FIRST_REPORT = "period-report/daily"
HISTORY = timedelta(days=30)
ENOUGH = timedelta(days=3)  # what a daily report speaks of, with the days that it is compared with
POLL_SECONDS = 2


async def fill_history(configuration: Configuration, console: Console) -> None:
    """Aggregate the last 30 days where they are not yet, newest first, and deliver the first daily report on the way.

    What is left when the run ends, the hourly run fills in.
    """
    from prefect.client.orchestration import get_client  # noqa: PLC0415 - Prefect must not be imported before its settings
    from prefect.deployments import arun_deployment  # noqa: PLC0415

    end = floor(datetime.now(UTC), timedelta(hours=1))
    history, recent = Window(end - HISTORY, end), Window(end - ENOUGH, end)
    done, hours = await _progress_of(configuration, history)
    if done >= hours:
        return
    report_is_due = done == 0
    run = await arun_deployment(BACKFILL, parameters={"start": history.start.isoformat()}, timeout=0, as_subflow=False)
    with _bar(console) as bar:
        shown = bar.add_task("Filling in the last 30 days", total=hours, completed=done)
        async with get_client() as client:
            while run.state is None or not run.state.is_final():
                await asyncio.sleep(POLL_SECONDS)
                done, _ = await _progress_of(configuration, history)
                bar.update(shown, completed=done)
                known, wanted = await _progress_of(configuration, recent)
                if report_is_due and known >= wanted:
                    report_is_due = False
                    await arun_deployment(FIRST_REPORT, timeout=0, as_subflow=False)
                run = await client.read_flow_run(run.id)


async def _progress_of(configuration: Configuration, window: Window) -> tuple[int, int]:
    from tasks.metrics import metric_progress  # noqa: PLC0415 - see above

    return await asyncio.to_thread(metric_progress, configuration.slugs, window)


def _bar(console: Console) -> Progress:
    columns = TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("hours")
    return Progress(*columns, TimeElapsedColumn(), console=console)
