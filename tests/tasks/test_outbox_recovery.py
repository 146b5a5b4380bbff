"""After an outage of a channel people are told of what is true then, and nothing is lost in silence."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect.logging import disable_run_logger

from tasks.alert_actions import acknowledge, silence
from tasks.alert_sending import send
from tasks.alerts import decide
from tasks.store import database
from tests.domain.alert_timeline import alert_of
from watchkeeper.config import Configuration, read_configuration
from watchkeeper.domain.alert_groups import Reason
from watchkeeper.domain.alert_values import Alert, AlertStatus, Severity
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
        text = document % {"folder": folder} + "".join(PROJECT % {"slug": slug} for slug in SLUGS)
        self.configured: Configuration = read_configuration(text, {})

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


async def test_several_waiting_messages_become_the_latest_state(day: Day) -> None:
    day.break_channel()
    day.fire()
    await day.live(10)
    day.fire(rule="latency")
    await day.live(10)
    day.resolve(rule="error-rate")
    await day.live(10)
    day.mend_channel()
    await day.live(20)
    (line,) = day.lines()
    assert (line["reason"], line["firing"], line["resolved"]) == ("first", 1, 0)
    assert line["title"].startswith("shop: latency of shop")
    assert line["at"] >= (NOW + 30 * MINUTE).isoformat(), "written when it could be sent"
    assert day.waiting() == 0


async def test_what_came_and_went_meanwhile_is_not_told(day: Day) -> None:
    day.break_channel()
    day.fire()
    await day.live(10)
    day.resolve()
    await day.live(20)
    day.mend_channel()
    await day.live(20)
    assert day.told() == []
    assert day.waiting() == 0


async def test_the_end_of_what_was_told_before_the_outage_is_told_once(day: Day) -> None:
    day.fire()
    await day.live(1)
    day.break_channel()
    await day.live(5)
    day.fire(rule="latency")
    await day.live(10)
    day.resolve(rule="error-rate")
    day.resolve(rule="latency")
    await day.live(20)
    day.mend_channel()
    await day.live(20)
    assert day.told() == [("shop", "first"), ("shop", "all_resolved")]
    assert day.lines()[-1]["key"] == day.lines()[0]["key"]


async def test_what_somebody_has_acknowledged_meanwhile_is_no_page(day: Day) -> None:
    day.break_channel()
    day.fire()
    await day.live(10)
    acknowledge(day.group(), "Ada", day.now)
    await day.live(10)
    day.mend_channel()
    await day.live(20)
    assert day.told() == [("shop", "acknowledged")]
    assert day.lines()[0]["acknowledged_by"] == "Ada"


async def test_something_critical_that_comes_new_after_an_acknowledgement_is_a_page(day: Day) -> None:
    day.fire()
    await day.live(1)
    acknowledge(day.group(), "Ada", day.now)
    await day.live(1)
    day.break_channel()
    await day.live(6)
    day.fire(rule="latency")
    await day.live(10)
    day.mend_channel()
    await day.live(20)
    assert day.told() == [("shop", "first"), ("shop", "acknowledged"), ("shop", "new_in_group")]


async def test_what_is_silenced_meanwhile_is_told_when_the_silence_ends(day: Day) -> None:
    day.break_channel()
    day.fire()
    await day.live(10)
    silence(["project=shop"], day.now, day.now + timedelta(hours=2), "Ada", "we know", day.now)
    await day.live(5)
    day.mend_channel()
    await day.live(60)
    assert day.told() == []
    await day.live(60)
    assert day.told() == [("shop", "first")]


async def test_a_maintenance_that_has_begun_meanwhile_keeps_a_beginning_quiet(tmp_path: Path, day: Day) -> None:
    window = 'maintenance: [{start: "2026-03-01T12:15:00Z", end: "2026-03-01T14:00:00Z"}]'
    document = DOCUMENT.replace("projects:", f"defaults: {{{window}}}\nprojects:")
    day = Day(tmp_path, document)
    day.break_channel()
    day.fire()
    await day.live(20)
    day.mend_channel()
    await day.live(60)
    assert day.told() == []
    day.resolve()
    await day.live(20)
    assert day.told() == []


async def test_many_that_wait_together_are_one_message(day: Day) -> None:
    day.break_channel()
    for slug in SLUGS:
        day.fire(slug)
        await day.live(3)
    day.mend_channel()
    await day.live(20)
    (line,) = day.lines()
    assert line["firing"] == len(SLUGS)


async def test_the_gravest_and_newest_go_first_when_a_channel_is_back(day: Day) -> None:
    day.break_channel()
    severities = (Severity.WARNING, Severity.CRITICAL, Severity.INFO, Severity.CRITICAL)
    for slug, severity in zip(SLUGS, severities, strict=False):
        day.fire(slug, severity=severity)
        await day.live(1)
    day.mend_channel()
    await day.live(20)
    assert [project for project, _ in day.told()] == ["blog", "api", "shop", "bank"]


async def test_a_new_critical_alert_does_not_wait_behind_what_failed_before(day: Day) -> None:
    day.break_channel()
    for slug in SLUGS[:4]:
        day.fire(slug, severity=Severity.WARNING)
    await day.live(4)
    day.fire("news")
    day.mend_channel()
    await day.live(20)
    assert day.told()[0] == ("news", Reason.FIRST)
