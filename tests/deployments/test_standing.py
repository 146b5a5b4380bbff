"""While the watch stands the past is filled in: what goes wrong with it is told, and neither ends nor hides a thing."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from deployments.children import start_child, stop_child
from deployments.home import open_home
from deployments.up import Start, _stand
from tasks.store import database
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


async def begin(start: Start, seconds: float) -> None:
    arguments = "-c", f"import time; time.sleep({seconds})"
    log = start.home.path / "sleeper.log"
    start.children.append(await start_child("Sleeper", *arguments, environment={}, log=log, folder=start.home.path))


def printed(start: Start) -> str:
    assert isinstance(start.console.file, StringIO)
    return start.console.file.getvalue()


async def test_a_past_that_cannot_be_filled_in_is_told_and_the_watch_stands_until_a_child_ends(start: Start) -> None:
    await begin(start, 3)
    ended = await asyncio.wait_for(_stand(start), 30)
    assert ended.name == "Sleeper"
    assert "Filling in the past has ended: StoreNotMigrated" in printed(start)
    assert "The hourly run goes on with it." in printed(start)


async def test_a_stop_does_not_wait_for_the_past(start: Start) -> None:
    await begin(start, 60)
    standing = asyncio.create_task(_stand(start))
    await asyncio.sleep(0.2)
    standing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(standing, 10)
    await stop_child(start.children[0])


def test_the_password_is_told_at_the_first_start_of_a_folder_and_then_only_where_it_is(start: Start) -> None:
    first, later = replace(start, is_first=True).addresses, start.addresses
    assert f"watchkeeper:{start.home.password}" in first["Prefect UI"]
    assert start.home.password not in " ".join(later.values())
    assert str(start.home.password_file) in later["Prefect UI"]
    assert start.home.password_file.read_text() == start.home.password
