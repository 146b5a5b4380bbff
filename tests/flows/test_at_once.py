"""Two runs at once, and runs that are killed: one row for each project and window, and nothing told twice."""

import asyncio
import signal

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


@pytest.mark.parametrize("dies", ["before health_checks", "before components", "after components"])
async def test_a_run_that_is_killed_anywhere_leaves_nothing_doubled_and_nothing_lost(watch: Watch, dies: str) -> None:
    process = dying.start(RUN, dies=dies)
    await asyncio.to_thread(process.join)
    assert process.exitcode == -signal.SIGKILL
    assert watch.count("health_checks") == (dies == "after components")
    assert watch.count("components") == 4 * watch.count("health_checks"), "a check is there whole or not at all"
    checks = await watch.check(projects=["shop"], window_minutes=61)
    assert checks["shop"].verdict is Verdict.HEALTHY
    assert {rows for _, _, rows in watch.windows()} == {1}
