"""A run that delivers is killed at each request that it makes; the next one leaves exactly one message."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tasks import store
from tests.tasks.report_desk import FILES, Desk, open_desk, saying

pytestmark = [pytest.mark.usefixtures("prefect_server"), pytest.mark.slow]


@pytest.fixture(autouse=True)
def _database(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("WATCHKEEPER_DATABASE_URL", sqlite_url)
    store.database.cache_clear()
    yield
    store.database().dispose()
    store.database.cache_clear()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path / "reports") as desk:
        yield desk


@pytest.mark.parametrize("is_done_first", [False, True])
@pytest.mark.parametrize("request_number", range(1, 7))
async def test_killed_anywhere_there_is_one_message_with_one_set_of_files(
    desk: Desk,
    request_number: int,
    is_done_first: bool,  # noqa: FBT001
) -> None:
    configuration = desk.configuration()
    kept = await desk.keep(configuration)
    await desk.killed_while(lambda: desk.deliver(configuration, kept), request_number, is_done_first=is_done_first)
    (slack,) = await desk.deliver(configuration, kept)
    assert slack.arrived, slack.sentence
    (message,) = await desk.messages()
    assert await desk.files(message) == FILES


@pytest.mark.parametrize("is_done_first", [False, True])
@pytest.mark.parametrize("request_number", range(1, 9))
async def test_killed_anywhere_while_it_is_brought_up_to_date_there_is_one_message(
    desk: Desk,
    request_number: int,
    is_done_first: bool,  # noqa: FBT001
) -> None:
    configuration = desk.configuration()
    await desk.deliver(configuration, await desk.keep(configuration))
    kept = await desk.keep(configuration, saying("It was better than we thought"))
    await desk.killed_while(lambda: desk.deliver(configuration, kept), request_number, is_done_first=is_done_first)
    (slack,) = await desk.deliver(configuration, kept)
    assert slack.arrived, slack.sentence
    (message,) = await desk.messages()
    assert "It was better than we thought" in message["text"]
    assert await desk.files(message) == FILES
