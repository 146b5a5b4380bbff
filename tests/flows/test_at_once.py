"""Two runs at once, and runs that are killed: one row for each project and window, and nothing told twice."""

import asyncio
import os
import random
import signal
import sys
from pathlib import Path

import pytest
from prefect.settings import PREFECT_API_URL

from tests.flows.watch import Watch
from watchkeeper.domain.verdicts import Verdict

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
RUN = """
import asyncio
from flows.health_check import health_check
print("ready", flush=True)
asyncio.run(health_check(projects=["shop"], window_minutes=61))
"""


async def test_two_runs_of_one_window_at_once_leave_one_row(watch: Watch) -> None:
    both = await asyncio.gather(*(watch.check(projects=["shop"], window_minutes=61) for _ in range(2)))
    windows = {checks["shop"].window for checks in both}
    assert [checks["shop"].verdict for checks in both] == [Verdict.HEALTHY] * 2
    assert watch.count("health_checks") == len(windows)
    assert {rows for _, _, rows in watch.windows()} == {1}


async def _killed_after(seconds: float) -> bool:
    """Run a check in a process of its own and kill it; True when it was still alive."""
    environment = {**os.environ, "PREFECT_API_URL": PREFECT_API_URL.value(), "PREFECT_LOGGING_LEVEL": "ERROR"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", RUN, env=environment, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    try:
        await asyncio.wait_for(process.wait(), seconds)
    except TimeoutError:
        process.send_signal(signal.SIGKILL)
        await process.wait()
        return True
    return False


async def test_runs_that_are_killed_anywhere_leave_nothing_doubled_and_nothing_lost(watch: Watch) -> None:
    when = random.Random(7)
    killed = [await _killed_after(when.uniform(0.2, 2.5)) for _ in range(4)]
    assert any(killed)
    assert watch.count("components") == 4 * watch.count("health_checks"), "a check is there whole or not at all"
    checks = await watch.check(projects=["shop"], window_minutes=61)
    assert checks["shop"].verdict is Verdict.HEALTHY
    assert {rows for _, _, rows in watch.windows()} == {1}
