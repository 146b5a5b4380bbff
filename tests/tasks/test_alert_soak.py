"""A day in the real store: a storm, flapping, an hour without a channel, and the process killed again and again."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from tests.tasks.alert_day import END, FLAPPING, OUTAGE, STORM, moment
from watchkeeper.domain.alert_groups import Reason

pytestmark = pytest.mark.slow

KILLS = 3
CHANNELS = ("steady", "shaky")


class Day:
    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self._url = folder, url

    def rows(self, query: str) -> list[Any]:
        engine = create_engine(self._url)
        with engine.connect() as connection:
            found = list(connection.execute(text(query)))
        engine.dispose()
        return found

    def lines(self, channel: str) -> list[tuple[str, str, str]]:
        """Return key, reason and time of what has arrived, in its order."""
        found = (self.folder / channel / "alerts.jsonl").read_text().splitlines()
        return [(line["key"], line["reason"], line["at"]) for line in map(json.loads, found)]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Day:
    folder = tmp_path_factory.mktemp("day")
    store = folder / "watchkeeper.db"
    store.write_bytes(sqlite_template.read_bytes())
    url = f"sqlite:///{store}"
    when, kills = random.Random(3), 0
    while not _is_over(folder):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.tasks.alert_day", str(folder)],
            env={**os.environ, "WATCHKEEPER_DATABASE_URL": url},
        )
        if kills < KILLS and _lives_until(folder, process, END * (kills + when.random()) / KILLS):
            process.send_signal(signal.SIGKILL)
            kills += 1
        assert process.wait() in {0, -signal.SIGKILL}
    assert kills == KILLS
    return Day(folder, url)


def _is_over(folder: Path) -> bool:
    return (folder / "minute").exists() and (folder / "minute").read_text() == str(END)


def _lives_until(folder: Path, process: "subprocess.Popen[bytes]", minute: float) -> bool:
    """Wait until the day has come to a minute; False when the process has ended before."""
    progress = folder / "minute"
    while process.poll() is None:
        if progress.exists() and int(progress.read_text()) >= minute:
            return True
        time.sleep(0.005)
    return False


def test_each_transition_is_in_the_ledger_once_and_all_ends(day: Day) -> None:
    firing: defaultdict[tuple[int, str], set[str]] = defaultdict(set)
    last: Counter[tuple[int, str]] = Counter()
    for row in day.rows('SELECT * FROM alert_notifications ORDER BY "group", channel, sequence'):
        place = (row.group, row.channel)
        before, now, resolved = firing[place], set(json.loads(row.firing)), set(json.loads(row.resolved))
        assert row.sequence == last[place] + 1
        assert resolved <= before, "resolved, and never told to fire"
        assert before - resolved <= now, "forgotten"
        assert now - before or resolved or Reason(row.reason) in {Reason.REMINDER, Reason.FLAPPING}
        firing[place], last[place] = now, row.sequence
    assert {channel for _, channel in last} == set(CHANNELS)
    assert not any(firing.values())
    assert day.rows("SELECT 1 FROM alert_groups WHERE closed_at IS NULL") == []
    assert day.rows("SELECT 1 FROM alerts WHERE settled_at IS NULL") == []
    assert day.rows("SELECT 1 FROM incidents WHERE status <> 'resolved'") == []


@pytest.mark.parametrize("channel", CHANNELS)
def test_nothing_is_lost_and_only_a_death_tells_twice(day: Day, channel: str) -> None:
    planned = [
        (row.key, row.reason, json.loads(row.digest)["at"].replace("Z", "+00:00"), row.attempts)
        for row in day.rows(f"SELECT * FROM alert_messages WHERE channel = '{channel}' ORDER BY id")  # noqa: S608
    ]
    arrived = day.lines(channel)
    assert set(arrived) == {message[:3] for message in planned}
    assert len(arrived) - len(planned) <= KILLS
    assert day.rows("SELECT 1 FROM alert_messages WHERE sent_at IS NULL OR lost_at IS NOT NULL") == []
    for key in {message[0] for message in planned}:
        first_time = list(dict.fromkeys(line for line in arrived if line[0] == key))
        assert first_time == [message[:3] for message in planned if message[0] == key], "in their order"


def test_who_was_down_is_told_afterwards_and_holds_nobody_up(day: Day) -> None:
    start, end = (f"{moment(minute):%Y-%m-%d %H:%M:%S}" for minute in OUTAGE)
    during = f"SELECT channel, count(*) FROM alert_messages WHERE sent_at >= '{start}' AND sent_at < '{end}' GROUP BY 1"  # noqa: S608
    sent = dict(map(tuple, day.rows(during)))
    assert sent["steady"] > 0
    assert "shaky" not in sent
    slowest = day.rows(f"SELECT max(sent_at) FROM alert_messages WHERE planned_at < '{end}'")[0][0]  # noqa: S608
    assert slowest < f"{moment(OUTAGE[1] + 30):%Y-%m-%d %H:%M:%S}"
    assert day.rows("SELECT channel FROM channel_states WHERE failures = 0") == [("shaky",)]


def test_a_storm_is_few_messages_and_flapping_is_one(day: Day) -> None:
    for channel in CHANNELS:
        lines = day.lines(channel)
        stormy = [at for _, _, at in lines if moment(STORM[0]).isoformat() <= at < moment(STORM[1] + 10).isoformat()]
        assert 1 <= len(stormy) < 40, "of two hundred alerts in twenty projects"
        flapping = [at for _, reason, at in lines if reason == Reason.FLAPPING]
        assert len(set(flapping)) == 1
        assert moment(FLAPPING[0]).isoformat() <= flapping[0] < moment(FLAPPING[1]).isoformat()
