"""Alerting on a clock of its own over the real store, with channels that a test takes away and brings back."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect.logging import disable_run_logger

from tasks.alert_sending import send
from tasks.alerts import decide
from tasks.store import database
from tests.domain.alert_timeline import alert_of
from watchkeeper.config import Configuration, read_configuration
from watchkeeper.domain.alert_values import Alert, AlertStatus
from watchkeeper.store.alert_groups import open_groups
from watchkeeper.store.alert_messages import waiting_messages
from watchkeeper.store.alerts import open_alerts, save_alerts
from watchkeeper.store.database import reading, transaction

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DOCUMENT = """
alerts:
  default_channels: [flaky]
  timing: {group_wait_seconds: 0}
  channels:
    - {name: flaky, kind: file, path: %(folder)s/flaky/alerts.jsonl}
projects:
"""
PROJECT = '  - {slug: %(slug)s, name: %(slug)s, endpoints: [{name: home, url: "https://%(slug)s.example"}]}\n'
SLUGS = ("shop", "api", "bank", "blog", "docs", "mail", "news")


class Day:
    """Alerting on a clock of its own, with one channel that can be taken away: a file stands where its folder was."""

    def __init__(self, folder: Path, document: str = DOCUMENT) -> None:
        self.folder, self.now = folder, NOW
        self.configured = self.configure(document)

    def configure(self, document: str) -> Configuration:
        text = document % {"folder": self.folder} + "".join(PROJECT % {"slug": slug} for slug in SLUGS)
        self.configured = read_configuration(text, {})
        return self.configured

    def fire(self, project: str = "shop", rule: str = "error-rate", **values: Any) -> None:
        moments = {"started_at": self.now, "seen_at": self.now, "fired_at": self.now}
        self.save(alert_of(rule, project, **{**moments, **values}))

    def resolve(self, project: str = "shop", rule: str = "error-rate") -> None:
        (alert,) = [each for each in self.alerts() if (each.project, each.rule) == (project, rule)]
        self.save(replace(alert, status=AlertStatus.RESOLVED, resolved_at=self.now))

    def alerts(self) -> tuple[Alert, ...]:
        with reading(database()) as session:
            return tuple(alert for alert in open_alerts(session) if not alert.is_resolved)

    def save(self, *alerts: Alert) -> None:
        with transaction(database()) as session:
            assert not save_alerts(session, alerts)

    def group(self) -> int:
        with reading(database()) as session:
            (group,) = open_groups(session)
        return group.id

    async def live(self, minutes: int) -> None:
        """Make a pass every minute."""
        for _ in range(minutes):
            decide(self.configured, self.now)
            await send(self.configured, self.now)
            self.now += MINUTE

    def break_channel(self) -> None:
        place = self.folder / "flaky"
        if place.is_dir():
            place.rename(self.folder / "away")
        place.touch()

    def mend_channel(self) -> None:
        (self.folder / "flaky").unlink()
        if (self.folder / "away").is_dir():
            (self.folder / "away").rename(self.folder / "flaky")

    def lines(self) -> list[dict[str, Any]]:
        path = self.folder / "flaky" / "alerts.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []

    def told(self) -> list[tuple[str, str]]:
        return [(line["project"], line["reason"]) for line in self.lines()]

    def waiting(self) -> int:
        with reading(database()) as session:
            return len(waiting_messages(session))


@pytest.fixture
def day(tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Day]:
    monkeypatch.setenv("WATCHKEEPER_DATABASE_URL", sqlite_url)
    database.cache_clear()
    with disable_run_logger():
        yield Day(tmp_path)
    database().dispose()
    database.cache_clear()
