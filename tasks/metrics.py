"""Keeps what the vendors tell of past hours, and makes metrics of it: which hours are due, and how far it has come."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from prefect import get_run_logger, task
from prefect.artifacts import acreate_progress_artifact
from prefect.cache_policies import NO_CACHE
from prefect.utilities.annotations import quote
from sqlalchemy.orm import Session

from tasks.metric_hours import Aggregated, aggregate
from tasks.store import database, moves_of
from watchkeeper.domain.builds import Pipeline
from watchkeeper.domain.delivery import DeliveryReport
from watchkeeper.domain.history import BuildHistory, ErrorHistory, History
from watchkeeper.domain.hour_samples import Subject
from watchkeeper.domain.releases import Release, join_releases
from watchkeeper.domain.windows import Window, floor
from watchkeeper.store import (
    alias_requests,
    build_runs,
    builds,
    commits,
    delivery,
    errors,
    metrics,
    projects,
    releases,
)
from watchkeeper.store.database import reading, transaction

__all__ = [
    "Aggregated",
    "Subject",
    "aggregate_hours",
    "hours_due",
    "known_pipelines",
    "metric_progress",
    "save_history",
    "show_progress",
]

HOUR: Final = timedelta(hours=1)
AGAIN: Final = 3  # hours that are always done again: what the vendors tell of them may have come late
EARLIER: Final = timedelta(days=1)  # how far back pipelines are known that need not be read again


def hours_due(
    slugs: tuple[str, ...], sources: Mapping[str, frozenset[str]], window: Window, now: datetime, most: int
) -> tuple[datetime, ...]:
    """Return the complete hours of the window that should be aggregated, newest first, at most so many.

    The last three come first of all, then those that were never aggregated, the newest first, then those that are
    incomplete and may still become complete, those that were tried longest ago first.

    Args:
        sources: the sources that are configured, by project.
    """
    configured = {slug: sources[slug] for slug in slugs}
    hours = [hour for hour in window.hours() if window.start <= hour and hour + HOUR <= min(window.end, now)]
    with reading(database()) as session:
        progress = metrics.hour_progress(session, configured, window)
    expected = sum(map(len, configured.values()))
    again_from = floor(now, HOUR) - AGAIN * HOUR
    ranked = []
    for hour in hours:
        done = progress.get(hour)
        if hour >= again_from:
            ranked.append((0, now - hour, hour))
        elif done is None or done.known < expected:
            ranked.append((1, now - hour, hour))
        elif done.settled < expected and done.asked_at is not None:
            ranked.append((2, done.asked_at - window.start, hour))
    return tuple(sorted((hour for *_, hour in sorted(ranked)[:most]), reverse=True))


def known_pipelines(slugs: tuple[str, ...], hours: Sequence[datetime]) -> dict[str, tuple[Pipeline, ...]]:
    """Return the pipelines around these hours that are known with their time in the queue: nothing of them changes."""
    window = Window(min(hours) - EARLIER, max(hours) + HOUR)
    with reading(database()) as session:
        found = builds.pipelines(session, slugs, window)
    return {slug: tuple(filter(_is_read_closely, several)) for slug, several in found.items()}


def save_history(histories: Mapping[str, History], now: datetime) -> None:
    """Keep what the vendors tell, in one transaction."""
    # Unquoted, Prefect looks for futures in each of the values.
    _save_history(quote(histories), now)  # type: ignore[call-overload]  # the task gets what is quoted


@task(name="save history", cache_policy=NO_CACHE, persist_result=False)
def _save_history(histories: Mapping[str, History], now: datetime) -> None:
    with transaction(database()) as session:
        keep(session, histories, now)


def keep(session: Session, histories: Mapping[str, History], now: datetime) -> None:
    """Save the raw data of all vendors."""
    projects.see_projects(session, histories, now)
    told = {slug: history.errors for slug, history in histories.items() if isinstance(history.errors, ErrorHistory)}
    errors.save_issues(session, {slug: each.issues for slug, each in told.items()}, now)
    errors.save_sentry_releases(session, {slug: each.releases for slug, each in told.items()})
    built = {slug: history.builds for slug, history in histories.items() if isinstance(history.builds, BuildHistory)}
    builds.save_pipelines(session, {slug: each.pipelines for slug, each in built.items()}, again=True)
    build_runs.save_build_runs(session, {slug: each.runs for slug, each in built.items()})
    build_runs.save_flaky_tests(session, {slug: each.flaky_tests for slug, each in built.items()}, now)
    sent = {s: history.delivery for s, history in histories.items() if isinstance(history.delivery, DeliveryReport)}
    delivery.save_deployments(session, {slug: each.deployments for slug, each in sent.items()})
    alias_requests.save_alias_requests(session, {slug: moves_of(each) for slug, each in sent.items()})
    releases.save_releases(session, {slug: _released(history) for slug, history in histories.items()})
    written = {slug: h.commits for slug, h in histories.items() if isinstance(h.commits, tuple)}
    commits.save_commits(session, written)


def aggregate_hours(
    subjects: Sequence[Subject], histories: Mapping[str, History], hours: Sequence[datetime], now: datetime
) -> Aggregated:
    """Make the buckets of these hours, and of the days, weeks and months that they touch, in one transaction."""
    done: Aggregated = _aggregate_hours(quote(subjects), quote(histories), quote(hours), now)  # type: ignore[call-overload]
    return done


@task(name="aggregate hours", cache_policy=NO_CACHE, persist_result=False)
def _aggregate_hours(
    subjects: Sequence[Subject], histories: Mapping[str, History], hours: Sequence[datetime], now: datetime
) -> Aggregated:
    with transaction(database()) as session:
        return aggregate(session, subjects, histories, hours, now)


def metric_progress(slugs: tuple[str, ...], window: Window) -> tuple[int, int]:
    """Return how many hours of the window were aggregated for all of the projects, and how many it has."""
    with reading(database()) as session:
        return metrics.hours_done(session, slugs, window), len(window.hours())


async def show_progress(slugs: tuple[str, ...], window: Window) -> None:
    """Tell the log and the UI how far the window has come."""
    done, total = metric_progress(slugs, window)
    get_run_logger().info("%d of %d hours from %s on are aggregated", done, total, f"{window.start:%Y-%m-%d %H:%M}")
    described = f"{done} of {total} hours from {window.start:%Y-%m-%d %H:%M} to {window.end:%Y-%m-%d %H:%M} UTC"
    await acreate_progress_artifact(100 * done / total, key="metric-hours", description=described)


def _is_read_closely(pipeline: Pipeline) -> bool:
    workflows = pipeline.workflows if isinstance(pipeline.workflows, tuple) else ()
    return pipeline.is_final and all(workflow.queued is not None for workflow in workflows)


def _released(history: History) -> tuple[Release, ...]:
    return join_releases(
        history.delivery.deployments if isinstance(history.delivery, DeliveryReport) else (),
        history.builds.pipelines if isinstance(history.builds, BuildHistory) else (),
        history.errors.releases if isinstance(history.errors, ErrorHistory) else (),
    )
