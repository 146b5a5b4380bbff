"""A database that another process holds: loud, nothing half-written, and caught up later."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.flows.watch import Watch, minutes, now
from watchkeeper.store.failures import StoreUnavailable

pytestmark = pytest.mark.slow


@pytest.fixture
def store_url(sqlite_url: str) -> str:
    return f"{sqlite_url}?timeout=0.5"


@contextmanager
def held(url: str) -> Iterator[None]:
    """Hold the writer's lock, as another process would."""
    connection = sqlite3.connect(url.removeprefix("sqlite:///").split("?")[0], isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.close()


async def test_a_locked_database_fails_the_run_and_the_next_one_catches_up(watch: Watch) -> None:
    await watch.check(window_minutes=30, at=now() - minutes(60))
    before = watch.counts()
    with held(watch.url), pytest.raises(StoreUnavailable, match="another process has held it"):
        await watch.check(window_minutes=30)
    assert watch.counts() == before
    checks = await watch.check(window_minutes=30)
    windows = watch.rows("SELECT window_start FROM health_checks WHERE project = 'shop' ORDER BY window_start")
    starts = [f"{checks['shop'].window.start - minutes(30 * n):%Y-%m-%d %H:%M}" for n in (1, 0)]
    assert [str(row[0])[:16] for row in windows][-2:] == starts
    assert len(windows) == len(set(windows))
