"""The outbox is emptied in order; a channel in trouble is left alone and holds up no other."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prefect.logging import disable_run_logger
from pydantic import SecretStr

from blocks.webhook import Webhook
from tasks.alert_sending import MOST_A_RUN, send_alerts
from tasks.store import database
from tests.clients.local_server import reply, serving
from tests.store.alert_samples import DIGEST
from watchkeeper.config import Configuration, read_configuration
from watchkeeper.domain.circuits import OPENS_AFTER, Circuit
from watchkeeper.domain.windows import Window
from watchkeeper.store.alert_messages import add_message, pending_messages, sent_by_channel
from watchkeeper.store.channel_states import channel_states
from watchkeeper.store.database import reading, transaction

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = Window(NOW, NOW + timedelta(days=1))
DOCUMENT = """
alerts:
  channels:
    - {name: good, kind: file, path: %(folder)s/good/alerts.jsonl}
    - {name: bad, kind: file, path: %(folder)s/bad/alerts.jsonl}
    - {name: hook, kind: webhook, credentials: sending, url: "%(url)s"}
    - {name: nobody, kind: webhook, credentials: nobody-made-this, url: "%(url)s"}
projects:
  - {slug: shop, name: Shop, endpoints: [{name: home, url: "https://shop.example"}]}
"""


@pytest.fixture(autouse=True)
def _database(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("WATCHKEEPER_DATABASE_URL", sqlite_url)
    database.cache_clear()
    with disable_run_logger():
        yield
    database().dispose()
    database.cache_clear()


@pytest.fixture
def configured(tmp_path: Path) -> Configuration:
    (tmp_path / "bad").touch()  # where its folder should be
    return configuration(tmp_path)


def configuration(folder: Path, url: str = "http://127.0.0.1:9/") -> Configuration:
    return read_configuration(DOCUMENT % {"folder": folder, "url": url}, {})


def plan(channel: str, *keys: str, at: datetime = NOW) -> None:
    with transaction(database()) as session:
        for key in keys:
            add_message(session, channel, replace(DIGEST, key=key), at)


async def send(configured: Configuration, now: datetime = NOW) -> int:
    with reading(database()) as session:
        waiting = pending_messages(session, now)
    return await send_alerts.fn(configured, waiting, now)


def counts(channel: str) -> tuple[int, int, int]:
    """Return how many messages were sent, have failed so far and are lost."""
    with reading(database()) as session:
        found = sent_by_channel(session, DAY)[channel]
    return found.sent, found.failed, found.lost


def circuit(channel: str) -> Circuit:
    with reading(database()) as session:
        return channel_states(session).get(channel, Circuit())


async def test_all_go_out_in_their_order_so_many_a_run(configured: Configuration, tmp_path: Path) -> None:
    keys = [f"k{number:02}" for number in range(MOST_A_RUN + 3)]
    plan("good", *keys)
    assert await send(configured) == MOST_A_RUN
    assert await send(configured) == 3
    lines = (tmp_path / "good" / "alerts.jsonl").read_text().splitlines()
    assert [json.loads(line)["key"] for line in lines] == keys


async def test_a_channel_that_is_down_holds_up_no_other_and_is_left_alone(configured: Configuration) -> None:
    plan("bad", "a", "b")
    plan("good", "a", "b")
    assert await send(configured) == 2
    assert (counts("good"), counts("bad")) == ((2, 0, 0), (0, 2, 0)), "two failures are enough for a run"
    now = NOW
    while not circuit("bad").is_open:
        now += MINUTE
        await send(configured, now)
    assert circuit("bad").failures == OPENS_AFTER
    opened = now
    while circuit("bad").failures < OPENS_AFTER + 2:
        now += MINUTE / 2
        await send(configured, now)
    assert now - opened >= 3 * MINUTE, "ever longer pauses"


async def test_once_it_is_back_all_that_waited_is_told(configured: Configuration, tmp_path: Path) -> None:
    plan("bad", "a", "b", "a")
    for minute in range(10):
        await send(configured, NOW + minute * MINUTE)
    assert circuit("bad").is_open
    (tmp_path / "bad").unlink()
    for minute in range(10, 60):
        await send(configured, NOW + minute * MINUTE)
    assert counts("bad") == (3, 0, 0)
    assert circuit("bad") == Circuit()


async def test_what_is_for_a_channel_that_is_gone_waits_for_its_return(
    configured: Configuration, tmp_path: Path
) -> None:
    plan("good", "a")
    renamed = DOCUMENT.replace("name: good", "name: other") % {"folder": tmp_path, "url": "http://127.0.0.1:9/"}
    assert await send(read_configuration(renamed, {})) == 0
    assert counts("good") == (0, 1, 0)
    assert await send(configured, NOW + 16 * MINUTE) == 1


@pytest.mark.usefixtures("prefect_server")
async def test_a_message_that_will_never_be_taken_is_lost_and_the_next_one_goes(tmp_path: Path) -> None:
    await Webhook(secret=SecretStr("0123456789abcdef0123")).asave("sending", overwrite=True)
    plan("hook", "a", "b")
    async with serving(reply(b"no", "400 Bad Request")) as receiver:
        assert await send(configuration(tmp_path, receiver.url())) == 0
    assert counts("hook") == (0, 0, 2)
    assert not circuit("hook").failures, "it lives"


@pytest.mark.usefixtures("prefect_server")
async def test_a_channel_that_a_person_must_mend_counts_as_down_at_once(configured: Configuration) -> None:
    plan("nobody", "a")
    await send(configured)
    assert circuit("nobody").is_open
    assert "nobody-made-this" in circuit("nobody").error
    assert counts("nobody") == (0, 1, 0)


@pytest.mark.usefixtures("prefect_server")
async def test_a_channel_that_asks_for_a_pause_gets_it(tmp_path: Path) -> None:
    await Webhook(secret=SecretStr("0123456789abcdef0123")).asave("sending", overwrite=True)
    asked = datetime.now(UTC)
    plan("hook", "a", "b", at=asked)
    async with serving(reply(b"", "429 Too Many Requests\r\nRetry-After: 600")) as receiver:
        await send(configuration(tmp_path, receiver.url()), asked)
        assert len(receiver.requests) == 1
    with reading(database()) as session:
        assert pending_messages(session, asked + 9 * MINUTE) == ()
        assert len(pending_messages(session, asked + 11 * MINUTE)) == 2
