"""A day of alerting on a virtual clock, in a process of its own that goes on where a killed one has stopped."""

import asyncio
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from prefect.logging import disable_run_logger

from tasks.alert_sending import send_alerts
from tasks.alerts import decide
from tasks.store import database
from watchkeeper.config import Configuration, read_configuration
from watchkeeper.domain.alert_rules import Rule, evaluate
from watchkeeper.domain.alert_signals import Signal
from watchkeeper.domain.alert_values import Severity
from watchkeeper.store.alert_messages import pending_messages
from watchkeeper.store.alerts import open_alerts, save_alerts
from watchkeeper.store.database import reading, transaction

START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = 60  # minutes
END = 28 * HOUR
STORM, OUTAGE, FLAPPING = (3 * HOUR, 4 * HOUR), (3 * HOUR, 4 * HOUR), (6 * HOUR, 9 * HOUR)
# Looked at every two minutes where much happens, else every six.
MINUTES = tuple(minute for minute in range(0, END + 1, 2) if minute % 6 == 0 or 3 * HOUR <= minute < 9 * HOUR)
RULES = (
    Rule("endpoint-down", "endpoint_down", Severity.CRITICAL, 1, family="endpoints"),
    Rule("score-low", "score", Severity.WARNING, 70, is_above=False, family="health"),
)
PROJECTS = tuple(f"p{number:02}" for number in range(20))
DOCUMENT = """
alerts:
  default_channels: [steady, shaky]
  channels:
    - {name: steady, kind: file, path: %(folder)s/steady/alerts.jsonl}
    - {name: shaky, kind: file, path: %(folder)s/shaky/alerts.jsonl}
projects:
"""
PROJECT = '  - {slug: %(slug)s, name: %(slug)s, endpoints: [{name: home, url: "https://%(slug)s.example"}]}\n'


def configuration(folder: Path) -> Configuration:
    return read_configuration(
        DOCUMENT % {"folder": folder} + "".join(PROJECT % {"slug": slug} for slug in PROJECTS), {}
    )


def moment(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def signals(minute: int) -> Iterator[Signal]:
    """Yield what is known at a minute: a storm of 200 endpoints, an hour of flapping, some trouble now and then."""
    is_stormy = STORM[0] <= minute < STORM[1]
    for number in range(200):
        labels = (("endpoint", f"e{number}"),)
        value = float(is_stormy and minute < STORM[1] - number // 10)
        yield Signal(PROJECTS[number % 20], "endpoint_down", value, moment(minute), labels)
    for place, project in enumerate(PROJECTS[1:]):
        is_low = minute < 24 * HOUR and (minute // 30 + place * 7) % 23 == 0
        yield Signal(project, "score", 40.0 if is_low else 90.0, moment(minute))
    flaps = FLAPPING[0] <= minute < FLAPPING[1] and minute % 8 < 4
    yield Signal(PROJECTS[0], "score", 40.0 if flaps else 90.0, moment(minute))


def shake(folder: Path, minute: int) -> None:
    """Let the shaky channel be there, or not: a file stands where its folder should be."""
    place, away = folder / "shaky", folder / "away"
    is_out = OUTAGE[0] <= minute < OUTAGE[1]
    if is_out and not place.is_file():
        if place.is_dir():
            place.rename(away)
        place.touch()
    elif not is_out and place.is_file():
        place.unlink()
        if away.is_dir():
            away.rename(place)


async def live(folder: Path, watched: Configuration, minute: int) -> None:
    now = moment(minute)
    shake(folder, minute)
    with reading(database()) as session:
        before = open_alerts(session)
    changed = evaluate(RULES, tuple(signals(minute)), before, now)
    with transaction(database()) as session:
        save_alerts(session, changed)
    decide(watched, now)
    with reading(database()) as session:
        waiting = pending_messages(session, now)
    await send_alerts.fn(watched, waiting, now)


def note(progress: Path, minute: int) -> None:
    """Write down how far the day has come: the old minute or the new one, never nothing."""
    new = progress.with_suffix(".new")
    new.write_text(str(minute))
    new.replace(progress)


async def main(folder: Path) -> None:
    progress, watched = folder / "minute", configuration(folder)
    lived = int(progress.read_text()) if progress.exists() else -1
    with disable_run_logger():
        for minute in MINUTES:
            if minute > lived:
                await live(folder, watched, minute)
                note(progress, minute)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
