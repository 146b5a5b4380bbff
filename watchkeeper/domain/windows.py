"""Spans of time: aware UTC, half-open `[start, end)`."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

MINUTE = timedelta(minutes=1)


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
