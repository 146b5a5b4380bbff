"""The days around a bad release of a real company over HTTP: what it has gone through is in the buckets."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from prefect import flow

from tasks import store
from tasks.history import read_history
from tasks.metrics import Subject, aggregate_hours, hours_due, metric_progress, save_history
from tests.flows.company import Company
from tests.tasks.test_history import company, configured, open_company, project  # noqa: F401 - fixtures
from watchkeeper.config import Configuration
from watchkeeper.domain.blame import Fault
from watchkeeper.domain.hours import CREDITS, GITHUB, WATCH, HourState
from watchkeeper.domain.metrics import Bucket
from watchkeeper.domain.windows import Period, Window, floor
from watchkeeper.store import metrics, outages
from watchkeeper.store.database import reading

DAY = timedelta(days=1)
SLUGS = ("shop", "api", "portal")


@pytest.fixture(autouse=True)
def _database(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("WATCHKEEPER_DATABASE_URL", sqlite_url)
    store.database.cache_clear()
    yield
    store.database().dispose()
    store.database.cache_clear()


@flow(persist_result=False)
async def fill(configuration: Configuration, window: Window, now: datetime) -> list[int]:
    """Aggregate the window a day at a time, the newest first; return how many buckets each day has."""
    subjects = [Subject(p.slug, p.zone, p.health_limits, p.prices, p.sources) for p in configuration.projects]
    sources = {each.slug: each.sources for each in subjects}
    due = hours_due(configuration.slugs, sources, window, now, 1000) or window.hours()[::-1]
    counts = []
    for first in range(0, len(due), 24):
        batch = due[first : first + 24]
        histories = await read_history(configuration, batch, now)
        save_history(histories, now)
        counts.append(aggregate_hours(subjects, histories, batch, now).buckets)
    return counts


def of(period: Period, window: Window) -> dict[str, tuple[Bucket, ...]]:
    with reading(store.database()) as session:
        return metrics.buckets(session, SLUGS, window, period)


def total(buckets: tuple[Bucket, ...], metric: str) -> float:
    return sum(bucket.total for bucket in buckets if bucket.metric == metric)


async def test_two_days_with_a_bad_release(company: Company) -> None:  # noqa: F811
    now = datetime.now(UTC)
    today = floor(now, DAY)
    window = Window(today - 4 * DAY, today - 2 * DAY)  # api went wrong on the second of them
    configuration = configured(*(project(slug) for slug in SLUGS))
    counts = await fill(configuration, window, now)
    once = {period: of(period, Window(today - 40 * DAY, today)) for period in Period}
    assert (len(counts), sum(counts) > 500) == (2, True)
    with reading(store.database()) as session:
        found = outages.outages(session, SLUGS, window)
        states = metrics.source_hours(session, SLUGS, window)
    assert (found["shop"], found["portal"]) == ((), ())
    (incident,) = found["api"]
    assert (incident.fault, incident.from_history) == (Fault.RELEASE, True)
    known = {state.source for several in states.values() for state in several if state.state is HourState.COMPLETE}
    assert known == {"sentry", "circleci", CREDITS, "vercel", GITHUB}
    unknown = {(state.source, state.is_final) for state in states["api"] if state.state is HourState.INCOMPLETE}
    assert unknown == {(WATCH, True)}
    api = once[Period.DAY]["api"]
    assert (total(api, "failed_releases"), total(api, "restore_time_s")) == (1, 3600)
    assert {bucket.start for bucket in api} == {today - 4 * DAY, today - 3 * DAY}
    assert all(total(once[Period.DAY][slug], "credits") > 0 for slug in SLUGS)
    assert metric_progress(SLUGS, window) == (48, 48)
    assert hours_due(SLUGS, {p.slug: p.sources for p in configuration.projects}, window, now, 9) == ()
    await fill(configuration, window, now)
    assert {period: of(period, Window(today - 40 * DAY, today)) for period in Period} == once
