"""Which span a report covers, and which ones it is held against.

All windows begin and end at whole hours (in UTC), as everything that is measured does: a day is made of the hours that
start in it, also where its midnight is at half past.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from watchkeeper.domain.period_reports import ReportPeriod
from watchkeeper.domain.windows import Period, Window, floor

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WEEKS_OF_COST: Final = 8
WEEKS_OF_TREND: Final = 13
SHORT: Final = timedelta(days=3)  # a custom span up to it is told by the hour
POINT: Final = timedelta(hours=6)  # of a chart of a week
SIZES: Final = {
    ReportPeriod.DAILY: Period.DAY,
    ReportPeriod.WEEKLY: Period.WEEK,
    ReportPeriod.MONTHLY: Period.MONTH,
}


@dataclass(frozen=True, slots=True)
class ReportCalendar:
    """The windows of one report.

    Attributes:
        zone: name of the time zone in which days begin.
        previous: the period just before.
        week: the same day a week ago, the same week four weeks ago, the same month a year ago; None for a custom span.
        compare_to: what was asked for by hand; None for nothing.
    """

    period: ReportPeriod
    window: Window
    zone: str
    previous: Window
    week: Window | None
    compare_to: Window | None
    generated_at: datetime

    @property
    def windows(self) -> dict[str, Window]:
        """Return all windows by name: `window`, `previous`, and `week` and `compare_to` where there are any."""
        named = {
            "window": self.window,
            "previous": self.previous,
            "week": self.week,
            "compare_to": self.compare_to,
        }
        return {name: window for name, window in named.items() if window is not None}

    @property
    def whole(self) -> Period:
        """Return the size of the largest buckets that each of the windows is made of without a rest."""
        return SIZES.get(self.period) or (Period.DAY if self._has_whole_days else Period.HOUR)

    @property
    def step(self) -> Period:
        """Return the size of the buckets that the charts are drawn of."""
        if self.period is ReportPeriod.MONTHLY:
            return Period.DAY
        short = self.period is not ReportPeriod.CUSTOM or self.window.length <= SHORT or not self._has_whole_days
        return Period.HOUR if short else Period.DAY

    @property
    def point(self) -> timedelta:
        """Return the span of one point of a chart."""
        if self.step is Period.DAY:
            return DAY
        return HOUR if self.window.length <= SHORT else POINT

    @property
    def story(self) -> Window:
        """Return the window and the period before it: what releases and incidents are needed of."""
        return Window(self.previous.start, self.window.end)

    @property
    def cost_window(self) -> Window:
        """Return the weeks before the window that tell what cost is to be expected."""
        return Window(_days_later(self.window.start, -7 * WEEKS_OF_COST, self.zone), self.window.start)

    @property
    def long_window(self) -> Window | None:
        """Return the weeks up to the window's end that show where things go in the long run; None unless monthly."""
        if self.period is not ReportPeriod.MONTHLY:
            return None
        last = Period.WEEK.around(self.window.end, ZoneInfo(self.zone)).start
        return Window(_days_later(last, -7 * WEEKS_OF_TREND, self.zone), last)

    def days(self) -> tuple[date, ...]:
        """Return the local days that the window touches, oldest first."""
        first, last = (_local(moment, self.zone).date() for moment in (self.window.start, self.window.end - HOUR))
        return tuple(first + n * DAY for n in range((last - first).days + 1))

    def day_windows(self) -> tuple[Window, ...]:
        """Return the local days that the window touches as windows, oldest first; they have 23 to 25 hours."""
        days = self.days()
        return local_days(days[0], days[-1] + DAY, self.zone)

    def points(self) -> tuple[Window, ...]:
        """Return the spans of the points of a chart, oldest first; the last one may be shorter."""
        if self.point == DAY:
            return self.day_windows()
        starts = range((self.window.length + self.point - timedelta(microseconds=1)) // self.point)
        moments = [self.window.start + n * self.point for n in starts]
        return tuple(Window(start, min(start + self.point, self.window.end)) for start in moments)

    def in_zone(self, zone: str) -> "ReportCalendar":
        """Return the same days as they are in another time zone; the same when the windows are no whole days."""
        if zone == self.zone or not self._has_whole_days:
            return self
        return replace(
            self,
            zone=zone,
            window=_moved(self.window, self.zone, zone),
            previous=_moved(self.previous, self.zone, zone),
            week=self.week and _moved(self.week, self.zone, zone),
            compare_to=self.compare_to and _moved(self.compare_to, self.zone, zone),
        )

    @property
    def _has_whole_days(self) -> bool:
        return all(_begins_day(m, self.zone) for w in self.windows.values() for m in (w.start, w.end))


def local_days(first: date, after: date, zone: str) -> tuple[Window, ...]:
    """Return the local days from `first` on, `after` not included, as windows of 23 to 25 hours."""
    return tuple(_days(first + n * DAY, first + (n + 1) * DAY, zone) for n in range((after - first).days))


def calendar_of(  # noqa: PLR0913 - all that a person may say
    period: ReportPeriod,
    now: datetime,
    zone: str = "UTC",
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    compare_to: datetime | None = None,
) -> ReportCalendar:
    """Return the windows of a report: of the last day, week or month that is over, unless `start` says which.

    Args:
        start: of a custom span; of any other period a moment in it. Without a time zone it is meant in `zone`.
        end: of a custom span, not included; left out for any other period.
        compare_to: a moment in the day, week or month to compare with; the start of the span for a custom one.

    Raises:
        ValueError: an unknown time zone, a span that is empty or not over yet, a custom one without start and end.
    """
    _check_zone(zone)
    start, end, compare_to = (_aware(moment, zone) for moment in (start, end, compare_to))
    window = _custom(start, end) if period is ReportPeriod.CUSTOM else _last(period, start, end, now, zone)
    if window.end > now:
        raise ValueError(f"the period is not over yet: it ends at {_local(window.end, zone):%Y-%m-%d %H:%M} ({zone})")
    compared = None if compare_to is None else _compared(period, window, compare_to, zone)
    if compared is not None and compared.end > now:
        raise ValueError("compare_to must lie in a period that is over")
    return ReportCalendar(
        period, window, zone, _back(period, window, zone), _earlier(period, window, zone), compared, now.astimezone(UTC)
    )


def _check_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{zone!r} is no time zone: expected a name such as Europe/Berlin or UTC") from None


def _aware(moment: datetime | None, zone: str) -> datetime | None:
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))


def _custom(start: datetime | None, end: datetime | None) -> Window:
    if start is None or end is None:
        raise ValueError("a custom period needs start and end")
    if end <= start:
        raise ValueError("a custom period must end after it starts")
    first, after = _first_hour(start), _first_hour(end)
    if first == after:
        raise ValueError("a custom period must hold the start of an hour: nothing is measured more finely")
    return Window(first, after)


def _last(period: ReportPeriod, start: datetime | None, end: datetime | None, now: datetime, zone: str) -> Window:
    if end is not None:
        raise ValueError(f"only a custom period has an end: leave it out of a {period} one")
    if start is not None:
        return _around(period, start, zone)
    return _around(period, _around(period, now, zone).start - HOUR, zone)


def _compared(period: ReportPeriod, window: Window, moment: datetime, zone: str) -> Window:
    if period is not ReportPeriod.CUSTOM:
        return _around(period, moment, zone)
    start = _first_hour(moment)
    if not all(_begins_day(m, zone) for m in (window.start, window.end, start)):
        return Window(start, start + window.length)
    return Window(start, _days_later(start, _number_of_days(window, zone), zone))


def _back(period: ReportPeriod, window: Window, zone: str) -> Window:
    """Return the period just before; of whole days it has as many of them."""
    if period is not ReportPeriod.CUSTOM:
        return _around(period, window.start - HOUR, zone)
    if not all(_begins_day(m, zone) for m in (window.start, window.end)):
        return Window(window.start - window.length, window.start)
    return Window(_days_later(window.start, -_number_of_days(window, zone), zone), window.start)


def _earlier(period: ReportPeriod, window: Window, zone: str) -> Window | None:
    day = _local(window.start, zone).date()
    match period:
        case ReportPeriod.DAILY:
            return _around(period, _start_of(day - timedelta(weeks=1), zone), zone)
        case ReportPeriod.WEEKLY:
            return _around(period, _start_of(day - timedelta(weeks=4), zone), zone)
        case ReportPeriod.MONTHLY:
            return _around(period, _start_of(day.replace(year=day.year - 1), zone), zone)
    return None


def _around(period: ReportPeriod, moment: datetime, zone: str) -> Window:
    """Return the local day, week (from Monday) or month that holds the moment."""
    return SIZES[period].around(moment, ZoneInfo(zone))


def _days(first: date, after: date, zone: str) -> Window:
    return Window(_start_of(first, zone), _start_of(after, zone))


@lru_cache(maxsize=4_096)
def _start_of(day: date, zone: str) -> datetime:
    """Return the first whole hour of a local day: where its buckets begin."""
    place = ZoneInfo(zone)
    return Period.DAY.around(datetime.combine(day, time(12), place), place).start


def _first_hour(moment: datetime) -> datetime:
    """Return the first whole hour at or after a moment."""
    start = floor(moment, HOUR)
    return start if start == moment else start + HOUR


def _local(moment: datetime, zone: str) -> datetime:
    return moment.astimezone(ZoneInfo(zone))


def _days_later(moment: datetime, days: int, zone: str) -> datetime:
    """Return the same time of the clock so many local days later (or earlier)."""
    return (_local(moment, zone) + timedelta(days=days)).astimezone(UTC)


def _begins_day(moment: datetime, zone: str) -> bool:
    return moment == _start_of(_local(moment, zone).date(), zone)


def _number_of_days(window: Window, zone: str) -> int:
    return (_local(window.end, zone).date() - _local(window.start, zone).date()).days


def _moved(window: Window, zone: str, to: str) -> Window:
    return _days(_local(window.start, zone).date(), _local(window.end, zone).date(), to)
