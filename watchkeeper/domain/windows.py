"""Spans of time: aware UTC, half-open `[start, end)`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Self

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A span of time that includes `start` and excludes `end`, both aware and in UTC.

    Raises:
        ValueError: a naive moment, or an end that is not after the start.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a window needs aware moments: give them a time zone")
        if self.end <= self.start:
            raise ValueError(f"a window must end after it starts: {self.start} to {self.end}")
        object.__setattr__(self, "start", self.start.astimezone(UTC))
        object.__setattr__(self, "end", self.end.astimezone(UTC))

    @classmethod
    def ending_at(cls, at: datetime, length: timedelta) -> Self:
        """Return the window of `length` that ends at the last whole minute before or at `at`."""
        end = floor(at, MINUTE)
        return cls(end - length, end)

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    def contains(self, moment: datetime) -> bool:
        return self.start <= moment < self.end

    def hours(self) -> tuple[datetime, ...]:
        """Return the starts of the clock hours that the window touches, oldest first."""
        first = floor(self.start, timedelta(hours=1))
        count = -((first - self.end) // timedelta(hours=1))
        return tuple(first + timedelta(hours=n) for n in range(count))


def floor(moment: datetime, step: timedelta) -> datetime:
    """Return the last multiple of `step` (counted from the epoch, in UTC) at or before `moment`."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch + (moment.astimezone(UTC) - epoch) // step * step


def missed_windows(known: Iterable[Window], window: Window, back: timedelta) -> tuple[Window, ...]:
    """Return the windows before `window`, oldest first, that end within `back` of its start and were not looked at.

    They have its length and lie end to end before it. One counts as looked at when known windows cover it whole.
    """
    number = back // window.length
    slots = [
        Window(window.start - n * window.length, window.start - (n - 1) * window.length) for n in range(number, 0, -1)
    ]
    looked_at = sorted(known)
    return tuple(slot for slot in slots if not _covered(slot, looked_at))


def _covered(slot: Window, windows: Iterable[Window]) -> bool:
    """Return True when the windows, sorted by their start, leave no gap in the slot."""
    reached = slot.start
    for window in windows:
        if window.start > reached:
            break
        reached = max(reached, window.end)
    return reached >= slot.end


class Period(StrEnum):
    """A span of the calendar; a week begins on Monday.

    Days, weeks and months begin at midnight of a time zone, moved to the first whole hour (in UTC) that starts at or
    after it: so every hour belongs to just one day, that in which it starts. A day has 23 to 25 hours.
    """

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    def around(self, moment: datetime, zone: tzinfo = UTC) -> Window:
        """Return the period that holds `moment`."""
        if self is Period.HOUR:
            start = floor(moment, HOUR)
            return Window(start, start + HOUR)
        # What comes before the day's first whole hour still belongs to the day before.
        first = self._first_day(floor(moment, HOUR).astimezone(zone).date())
        return Window(_first_hour(first, zone), _first_hour(self._day_after(first), zone))

    def previous(self, window: Window, zone: tzinfo = UTC) -> Window:
        """Return the period before the one that `window` is."""
        return self.around(window.start - HOUR, zone)

    def steps(self, window: Window, zone: tzinfo = UTC) -> tuple[Window, ...]:
        """Return the whole periods that `window` touches, oldest first."""
        steps = [self.around(window.start, zone)]
        while steps[-1].end < window.end:
            steps.append(self.around(steps[-1].end, zone))
        return tuple(steps)

    def _first_day(self, day: date) -> date:
        if self is Period.MONTH:
            return day.replace(day=1)
        return day - timedelta(days=day.weekday()) if self is Period.WEEK else day

    def _day_after(self, first: date) -> date:
        if self is Period.MONTH:
            return (first + timedelta(days=31)).replace(day=1)
        return first + timedelta(days=7 if self is Period.WEEK else 1)


def _first_hour(day: date, zone: tzinfo) -> datetime:
    midnight = datetime.combine(day, time(), zone).astimezone(UTC)
    start = floor(midnight, HOUR)
    return start if start == midnight else start + HOUR
