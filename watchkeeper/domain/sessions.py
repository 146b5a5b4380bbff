"""Sessions of a window shorter than the vendor's finest resolution, one hour: the difference of two readings."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, pairwise

from watchkeeper.domain.error_rates import ErrorCount, merge_counts
from watchkeeper.domain.windows import Window

HOUR = timedelta(hours=1)
SLACK = timedelta(minutes=2)  # a reading this close to a bound of the window counts as taken at it

RECOUNTED = "The vendor has counted an hour anew, so that hour is judged from its start."
UNREAD = "Not every hour of the window could be read."


@dataclass(frozen=True, slots=True)
class SessionReading:
    """The sessions of one clock hour as they stood when they were read: cumulative, so two readings give a difference.

    Attributes:
        hour: start of the hour, aware UTC.
        taken_at: when the vendor was asked.
        counts: cumulative since `hour`, by release. A failure is a session that crashed, errored unhandled or abnormal.
    """

    hour: datetime
    taken_at: datetime
    counts: tuple[ErrorCount, ...]

    @property
    def until(self) -> datetime:
        """The moment up to which it counts, within its hour."""
        return max(self.hour, min(self.taken_at, self.hour + HOUR))


@dataclass(frozen=True, slots=True)
class SessionDifference:
    """What happened between two readings; `window` is what was really measured, `notes` say why it is another."""

    window: Window
    counts: tuple[ErrorCount, ...]
    notes: tuple[str, ...] = ()


def session_difference(readings: Iterable[SessionReading], window: Window) -> SessionDifference | None:
    """Return the sessions of `window` as near as the readings allow; None when no reading touches it.

    The start is taken from the last reading at or before it, else from the start of its hour, where nothing had been
    counted yet: the window is widened rather than cut. Readings may come in any order, several of an hour.
    """
    hours = [_hour(taken, window) for taken in _by_hour(readings, window)]
    parts = [part for part in hours if part is not None]
    if not parts:
        return None
    gaps = any(before.window.end != after.window.start for before, after in pairwise(parts))
    notes = [UNREAD] if gaps else []
    notes += [note for part in parts for note in part.notes]
    measured = Window(parts[0].window.start, parts[-1].window.end)
    counts = merge_counts(count for part in parts for count in part.counts)
    return SessionDifference(measured, counts, tuple(dict.fromkeys(notes)))


def _by_hour(readings: Iterable[SessionReading], window: Window) -> list[list[SessionReading]]:
    wanted = set(window.hours())
    ordered = sorted((r for r in readings if r.hour in wanted), key=_age)
    return [list(group) for _, group in groupby(ordered, key=lambda r: r.hour)]


def _age(reading: SessionReading) -> tuple[datetime, datetime, int, int]:
    totals = sum(count.total for count in reading.counts), sum(count.failures for count in reading.counts)
    return reading.hour, reading.taken_at, *totals


def _hour(readings: Sequence[SessionReading], window: Window) -> SessionDifference | None:
    """Return what one hour adds to the window. `readings` are of that hour, by the time they were taken."""
    slack = min(SLACK, window.length / 4)
    end = _end(readings, window.end - slack)
    begin = _begin(readings, window.start, slack)
    start = begin.until if begin else end.hour
    if end.until <= start:
        return None
    difference = _subtract(end, begin) if begin else end.counts
    if difference is None:
        return SessionDifference(Window(end.hour, end.until), end.counts, (RECOUNTED,))
    return SessionDifference(Window(start, end.until), difference)


def _end(readings: Sequence[SessionReading], wanted: datetime) -> SessionReading:
    """Return the reading that ends soonest after `wanted` or with its hour, and of several such the newest."""
    until = next((r.until for r in readings if r.until >= min(wanted, r.hour + HOUR)), readings[-1].until)
    return next(r for r in reversed(readings) if r.until == until)


def _begin(readings: Sequence[SessionReading], start: datetime, slack: timedelta) -> SessionReading | None:
    """Return the last reading at `start`, give or take `slack`, or before it; None for the start of the hour."""
    if start <= readings[0].hour:
        return None
    return next((r for r in reversed(readings) if r.until <= start + slack), None)


def _subtract(end: SessionReading, begin: SessionReading) -> tuple[ErrorCount, ...] | None:
    """Return what was added between the readings; None when something became less: the vendor has counted anew."""
    before = {count.release: count for count in merge_counts(begin.counts)}
    difference = []
    for count in merge_counts(end.counts):
        old = before.pop(count.release, ErrorCount(count.release, 0, 0))
        difference.append(ErrorCount(count.release, count.failures - old.failures, count.total - old.total))
    recounted = any(count.failures < 0 or count.total < 0 for count in difference) or any(
        count.total for count in before.values()
    )
    return None if recounted else tuple(difference)
