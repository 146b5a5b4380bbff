"""While the watch stands the past is filled in: what goes wrong with it is told, and neither ends nor hides a thing."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from deployments.home import open_home
from deployments.metrics import fill_history
from deployments.supervision import ChildSpec
from deployments.up import Start, _report_trouble
from tasks.store import database
from tests.waiting import until
from watchkeeper.config import Settings, read_configuration


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """A start without a database, so that nothing can be filled in."""
    monkeypatch.setenv("WATCHKEEPER_DATABASE_URL", f"sqlite:///{tmp_path / 'nothing.db'}")
    database.cache_clear()
    configuration = read_configuration(
        "projects:\n  - {slug: shop, name: Shop, circleci: {project: gh/acme/shop}}\n", {}
    )
    console = Console(file=StringIO(), width=200)
    yield Start(Settings(home=tmp_path), configuration, open_home(tmp_path / "home"), console)
    database.cache_clear()


SLEEPER = ChildSpec("Sleeper", "sleeper.log", ("-c", "import time; time.sleep(600)"))


async def stand(start: Start) -> None:
    await start.children.keep_running(fill_history(start.configuration, start.console), partial(_report_trouble, start))


def printed(start: Start) -> str:
    assert isinstance(start.console.file, StringIO)
    return start.console.file.getvalue()


async def test_a_past_that_cannot_be_filled_in_is_told_and_the_watch_stands(start: Start) -> None:
    await start.children.start(SLEEPER)
    standing = asyncio.create_task(stand(start))
    await until(lambda: "The hourly run goes on with it." in printed(start))
    assert "Filling in the past has ended: StoreNotMigrated" in printed(start)
    assert "Filling in the past has ended" in (start.home.logs / "up.log").read_text()
    start.children.running[SLEEPER].process.kill()
    await until(lambda: "Sleeper is running again." in printed(start))
    assert "Sleeper was killed by SIGKILL. Restarting it now" in (start.home.logs / "up.log").read_text()
    await stopped(start, standing)


async def test_a_stop_does_not_wait_for_the_past(start: Start) -> None:
    await start.children.start(SLEEPER)
    began = asyncio.Event()

    async def fill() -> None:
        began.set()
        await asyncio.Event().wait()

    standing = asyncio.create_task(start.children.keep_running(fill(), partial(_report_trouble, start)))
    await began.wait()
    await stopped(start, standing)
    assert printed(start) == ""


async def stopped(start: Start, standing: asyncio.Task[None]) -> None:
    standing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await standing
    await start.children.stop()
    assert start.children.running[SLEEPER].process.returncode is not None


def test_the_password_is_told_at_the_first_start_of_a_folder_and_then_only_where_it_is(start: Start) -> None:
    first, later = replace(start, is_first=True).addresses, start.addresses
    assert f"watchkeeper:{start.home.password}" in first["Prefect UI"]
    assert start.home.password not in " ".join(later.values())
    assert str(start.home.password_file) in later["Prefect UI"]
    assert start.home.password_file.read_text() == start.home.password
