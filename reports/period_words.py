"""A report's place in the calendar, in words, in its own time zone."""

from datetime import date, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from watchkeeper.domain.period_reports import PeriodReport, ReportPeriod
from watchkeeper.domain.windows import Window

TITLES: Final = {
    ReportPeriod.DAILY: "Daily report",
    ReportPeriod.WEEKLY: "Weekly report",
    ReportPeriod.MONTHLY: "Monthly report",
    ReportPeriod.CUSTOM: "Report",
}
_BEFORE: Final = {
    ReportPeriod.DAILY: "the day before",
    ReportPeriod.WEEKLY: "the week before",
    ReportPeriod.MONTHLY: "the month before",
    ReportPeriod.CUSTOM: "the time before",
}
_A_DAY: Final = timedelta(hours=25)  # the longest that one has
_A_WEEK: Final = timedelta(days=7, hours=1)


def dates(window: Window, zone: str, period: ReportPeriod) -> str:
    """Return `Friday 20 November 2026`, `9 to 15 November 2026`, `October 2026`."""
    place = ZoneInfo(zone)
    start, end = window.start.astimezone(place), window.end.astimezone(place)
    last = (end - timedelta(microseconds=1)).date()
    if not (_is_midnight(start) and _is_midnight(end)):
        return f"{_day(start.date())} {start:%H:%M} to {_day(end.date())} {end:%H:%M}"
    if start.date() == last:
        return f"{start:%A} {_day(last)}"
    if period is ReportPeriod.MONTHLY:
        return f"{start:%B %Y}"
    return f"{_first_of(start.date(), last)} to {_day(last)}"


def _first_of(start: date, last: date) -> str:
    """Return a day without what it shares with the last one."""
    if start.year != last.year:
        return _day(start)
    return f"{start.day}" if start.month == last.month else f"{start.day} {start:%B}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _is_midnight(moment: datetime) -> bool:
    return moment.hour == moment.minute == moment.second == 0


def compared(report: PeriodReport) -> dict[str, str]:
    """Return what a report's trends are held against, in words: `{"previous": "the day before", ...}`.

    What no figure is held against is left out; the period before never is.
    """
    words = {"previous": _BEFORE[report.period]}
    match report.period:
        case ReportPeriod.DAILY:
            words["week"] = f"the {report.window.start.astimezone(ZoneInfo(report.zone)):%A} before"
        case ReportPeriod.WEEKLY:
            words["week"] = "four weeks before"
        case ReportPeriod.MONTHLY:
            words["week"] = "a year before"
        case ReportPeriod.CUSTOM:
            words["week"] = "a week before"
    if report.compared_with is not None:
        words["compare_to"] = dates(report.compared_with, report.zone, ReportPeriod.CUSTOM)
    used = {name for project in report.projects for figure in project.figures.values() for name in figure.trends}
    return {name: said for name, said in words.items() if name in used or name == "previous"}


def moment(at: datetime, window: Window, place: tzinfo) -> str:
    """Return a moment as far as the window does not say it: `14:05`, `Tue 14:05`, `12 Nov 14:05`."""
    local = at.astimezone(place)
    if window.length <= _A_DAY and window.contains(at):
        return f"{local:%H:%M}"
    if window.length <= _A_WEEK and window.contains(at):
        return f"{local:%a %H:%M}"
    return f"{local.day} {local:%b %H:%M}"


def step_name(at: datetime, step: timedelta, place: tzinfo, window: Window) -> str:
    """Return the span that begins at `at`, as a row's name: `14:00`, `Tue 14:00`, `Tue 10 Nov`."""
    if step < timedelta(hours=23):
        return moment(at, window, place)
    local = at.astimezone(place)
    return f"{local:%a} {local.day} {local:%b}"


def ticks(window: Window, place: tzinfo, *, is_wide: bool) -> dict[datetime, str]:
    """Return where a time line is marked, and by what: hours, days, Mondays or months, as many as there is room for."""
    start, end = window.start.astimezone(place), window.end.astimezone(place)
    if window.length <= timedelta(hours=37):
        return _hours(start, end, 3 if is_wide else 6)
    days = [day for n in range((end.date() - start.date()).days + 1) if (day := _midnight(start, n)) < end]
    if window.length <= timedelta(days=8):
        return {day: f"{day:%a} {day.day}" if is_wide else f"{day:%a}" for day in days}
    if window.length <= timedelta(days=70):
        return {day: f"{day.day} {day:%b}" for day in days if day.weekday() == 0}
    return {day: f"{day:%b}" for day in days if day.day == 1}


def _hours(start: datetime, end: datetime, every: int) -> dict[datetime, str]:
    """Return the hours of the clock that `every` divides; on the day on which the clock is set they stay true."""
    count = int((end - start) / timedelta(hours=1)) + 1
    zone = start.tzinfo
    hours = [(start.astimezone(ZoneInfo("UTC")) + timedelta(hours=n)).astimezone(zone) for n in range(count + 1)]
    whole = [hour.replace(minute=0, second=0, microsecond=0) for hour in hours]
    return {hour: f"{hour:%H:%M}" for hour in whole if start <= hour <= end and hour.hour % every == 0}


def _midnight(start: datetime, days: int) -> datetime:
    day = start.date() + timedelta(days=days)
    return datetime(day.year, day.month, day.day, tzinfo=start.tzinfo)
