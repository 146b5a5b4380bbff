"""Times in which nothing is told."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Maintenance:
    """A time in which nothing is told: `cron` with `duration` (again and again) or `start` with `end` (once).

    Attributes:
        cron: five fields, in `time_zone`: when it begins. Across a change of the clocks it begins by that zone's clock.
        start, end: aware; `end` is excluded.
        reason: shown to people.

    Raises:
        ValueError: both forms, or none, or half of one; naive moments; an end that is not after the start.
    """

    cron: str = ""
    duration: timedelta = timedelta()
    start: datetime | None = None
    end: datetime | None = None
    time_zone: str = "UTC"
    reason: str = ""

    def __post_init__(self) -> None:
        again, once = bool(self.cron and self.duration > timedelta()), self.start is not None and self.end is not None
        halves = bool(self.cron) or bool(self.duration), self.start is not None or self.end is not None
        if (again, once) not in {(True, False), (False, True)} or halves != (again, once):
            raise ValueError("maintenance needs either cron with a duration, or start with end")
        if self.start is None or self.end is None:
            return
        if self.start.tzinfo is None or self.end.tzinfo is None or self.end <= self.start:
            raise ValueError("maintenance needs aware moments, and an end after its start")

    def contains(self, now: datetime) -> bool:
        if self.start is not None and self.end is not None:
            return self.start <= now < self.end
        return _began_within(self.cron, self.duration, now.astimezone(ZoneInfo(self.time_zone)))


def current_maintenance(entries: Iterable[Maintenance], now: datetime) -> Maintenance | None:
    """Return the first entry that holds now; None when there is none."""
    return next((entry for entry in entries if entry.contains(now)), None)


def _began_within(cron: str, duration: timedelta, now: datetime) -> bool:
    from cronsim import CronSim  # noqa: PLC0415 - read only where somebody has configured maintenance

    zone = now.tzinfo
    since = (now.astimezone(ZoneInfo("UTC")) - duration).astimezone(zone)  # in real time, not in that of the clocks
    begin = next(CronSim(cron, since), None)
    return begin is not None and begin <= now
