"""Two runs at once, and runs that are killed: one row for each project and window, and nothing told twice."""

import asyncio

import pytest

from tests.flows import dying
from tests.flows.watch import Watch
from watchkeeper.domain.verdicts import Verdict

pytestmark = pytest.mark.slow

RUN = """
import asyncio
from flows.health_check import health_check
asyncio.run(health_check(projects=["shop"], window_minutes=61))
"""


async def test_two_runs_of_one_window_at_once_leave_one_row(watch: Watch) -> None:
    both = await asyncio.gather(*(watch.check(projects=["shop"], window_minutes=61) for _ in range(2)))
    windows = {checks["shop"].window for checks in both}
    assert [checks["shop"].verdict for checks in both] == [Verdict.HEALTHY] * 2
    assert watch.count("health_checks") == len(windows)
    assert {rows for _, _, rows in watch.windows()} == {1}


async def test_runs_that_are_killed_anywhere_leave_nothing_doubled_and_nothing_lost(watch: Watch) -> None:
    for dies in ("before flow_runs", "before observations", "before health_checks", "after health_checks"):
        process = dying.start(RUN, dies=dies)
        assert await asyncio.to_thread(dying.was_killed, process), dies
    assert watch.count("components") == 4 * watch.count("health_checks"), "a check is there whole or not at all"
    checks = await watch.check(projects=["shop"], window_minutes=61)
    assert checks["shop"].verdict is Verdict.HEALTHY
    assert {rows for _, _, rows in watch.windows()} == {1}
