"""Every hour at five past: what was measured in the hours that are complete, and in those that were missed.

Order: which hours are due -> read the vendors' history -> keep it -> aggregate, a batch of hours at a time.
"""

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Annotated, Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import AwareDatetime, Field

from tasks.configuration import load_configuration
from tasks.history import read_history
from tasks.metrics import Aggregated, Subject, aggregate_hours, hours_due, known_pipelines, save_history, show_progress
from tasks.reports import retry_deliveries
from watchkeeper.config import Configuration
from watchkeeper.domain.phrases import amount
from watchkeeper.domain.windows import Window, floor

HOUR = timedelta(hours=1)
BACK = timedelta(days=30)  # how far a run looks for hours that were missed
SECONDS = 480  # after that no batch is begun; the next run goes on there


@flow(name="metrics-aggregation", timeout_seconds=900, persist_result=False)
async def metrics_aggregation(
    projects: list[str] | None = None,
    start: AwareDatetime | None = None,
    end: AwareDatetime | None = None,
    most_hours: Annotated[int, Field(ge=1, le=2400)] = 48,
) -> State[Any]:
    """Aggregate what the vendors report and what the checks have stored, hour by hour, the newest hours first.

    Aggregating an hour again gives the same rows. An hour with a source missing is incomplete, and due again.

    Args:
        projects: slugs of the projects to aggregate; all when left out.
        start: of the span to fill; left out, 30 days before its end.
        end: of the span to fill; left out, the last complete hour.
        most_hours: how many hours this run does at most; the others are left to the next run.
    """
    began, now = time.monotonic(), datetime.now(UTC)
    loaded, _ = load_configuration()
    configuration = loaded.only(projects)
    window = span_to_fill(start, end, now)
    due = hours_due(configuration.slugs, sources_of(configuration), window, now, most_hours)
    done: list[Aggregated] = []
    for batch in batches(due):
        if done and time.monotonic() - began > SECONDS:
            break
        done.append(await aggregate(configuration, batch, now))
        await show_progress(configuration.slugs, window)
    await retry_deliveries(configuration, now)
    return Completed(message=summary(due, done), data=done)


async def aggregate(configuration: Configuration, hours: Sequence[datetime], now: datetime) -> Aggregated:
    """Read, keep and aggregate these hours of all projects. Doing it again changes nothing but what vendors now say."""
    known = known_pipelines(configuration.slugs, hours)
    histories = await read_history(configuration, tuple(hours), now, known)
    save_history(histories, now)
    aggregated = aggregate_hours(subjects_of(configuration), histories, tuple(hours), now)
    for reason in aggregated.incomplete:
        get_run_logger().warning("%s", reason)
    return aggregated


def subjects_of(configuration: Configuration) -> tuple[Subject, ...]:
    return tuple(
        Subject(project.slug, configuration.zone_of(project), project.health_limits, project.prices, sources)
        for project, sources in zip(configuration.projects, sources_of(configuration).values(), strict=True)
    )


def sources_of(configuration: Configuration) -> dict[str, frozenset[str]]:
    """Return the sources that each project is measured by, by slug."""
    return {project.slug: project.sources for project in configuration.projects}


def span_to_fill(start: datetime | None, end: datetime | None, now: datetime) -> Window:
    """Return the whole hours from `start` to `end`, as far as they are over.

    Raises:
        ValueError: there is no whole hour between the two.
    """
    last = floor(min(end or now, now), HOUR)
    first = floor(start, HOUR) if start else last - BACK
    if first >= last:
        raise ValueError(
            f"there is no complete hour from {start:%Y-%m-%d %H:%M} to {end or now:%Y-%m-%d %H:%M}: "
            "choose a `start` at least an hour before `end`, in the past"
        )
    return Window(first, last)


def batches(hours: Sequence[datetime]) -> Iterator[Sequence[datetime]]:
    """Yield the hours, newest first, a day (in UTC) at a time, so that most days are rolled up once."""
    for _, batch in groupby(hours, key=datetime.date):
        yield tuple(batch)


def summary(due: Sequence[datetime], done: Sequence[Aggregated]) -> str:
    hours, buckets = sum(len(each.hours) for each in done), sum(each.buckets for each in done)
    left = f", {len(due) - hours} left to the next run" if len(due) > hours else ""
    gaps = f"; {amount(sum(len(each.incomplete) for each in done), 'gap')}"
    return f"{amount(hours, 'hour')}, {amount(buckets, 'bucket')}{left}{gaps}"
