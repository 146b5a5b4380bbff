from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.domain.period_reports import ReportPeriod
from watchkeeper.domain.report_calendar import ReportCalendar, calendar_of
from watchkeeper.domain.windows import Period, Window

NOW = datetime(2026, 11, 17, 8, 0, tzinfo=UTC)  # a Tuesday
HOUR = timedelta(hours=1)
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Adelaide",
    "America/Santiago",
    "Pacific/Kiritimati",
]


def day(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def span(start: str, end: str, zone: str = "UTC") -> Window:
    return Window(day(start, zone), day(end, zone))


@pytest.mark.parametrize(
    ("period", "window", "previous", "week"),
    [
        pytest.param(
            ReportPeriod.DAILY,
            span("2026-11-16", "2026-11-17"),
            span("2026-11-15", "2026-11-16"),
            span("2026-11-09", "2026-11-10"),
            id="yesterday, the day before, the same weekday",
        ),
        pytest.param(
            ReportPeriod.WEEKLY,
            span("2026-11-09", "2026-11-16"),
            span("2026-11-02", "2026-11-09"),
            span("2026-10-12", "2026-10-19"),
            id="Monday to Monday, the week before, four weeks ago",
        ),
        pytest.param(
            ReportPeriod.MONTHLY,
            span("2026-10-01", "2026-11-01"),
            span("2026-09-01", "2026-10-01"),
            span("2025-10-01", "2025-11-01"),
            id="the last month, the one before, a year ago",
        ),
    ],
)
def test_the_last_period_that_is_over(period: ReportPeriod, window: Window, previous: Window, week: Window) -> None:
    found = calendar_of(period, NOW)
    assert (found.window, found.previous, found.week) == (window, previous, week)
    assert found.compare_to is None
    assert list(found.windows) == ["window", "previous", "week"]


def test_days_begin_at_midnight_of_the_zone() -> None:
    found = calendar_of(ReportPeriod.DAILY, NOW, "Europe/Berlin")
    assert found.window == span("2026-11-16", "2026-11-17", "Europe/Berlin")
    early = datetime(2026, 11, 16, 23, 30, tzinfo=UTC)  # already Tuesday in Berlin
    assert calendar_of(ReportPeriod.DAILY, early, "Europe/Berlin").window == found.window
    assert calendar_of(ReportPeriod.DAILY, early).window == span("2026-11-15", "2026-11-16")


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        pytest.param("2026-10-26T08:00", 25, id="the day with an hour twice"),
        pytest.param("2026-03-30T08:00", 23, id="the day with an hour less"),
    ],
)
def test_the_day_on_which_the_clock_is_set(now: str, hours: int) -> None:
    found = calendar_of(ReportPeriod.DAILY, day(now), "Europe/Berlin")
    assert found.window.length == hours * HOUR
    assert len(found.points()) == hours
    assert found.days() == (day(now).date() - timedelta(days=1),)


def test_a_moment_says_which_period() -> None:
    found = calendar_of(ReportPeriod.MONTHLY, NOW, start=datetime(2026, 2, 17), compare_to=datetime(2025, 8, 3))  # noqa: DTZ001
    assert found.window == span("2026-02-01", "2026-03-01")
    assert found.compare_to == span("2025-08-01", "2025-09-01")
    assert found.windows["compare_to"] == found.compare_to


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param({"zone": "Mars/Olympus"}, "'Mars/Olympus' is no time zone", id="a zone that is none"),
        pytest.param({"zone": "../etc/passwd"}, "is no time zone", id="a zone that is a path"),
        pytest.param({"start": day("2026-11-17")}, "not over yet: it ends at 2026-11-18 00:00", id="today"),
        pytest.param({"start": day("2027-01-01")}, "not over yet", id="a day to come"),
        pytest.param({"end": day("2026-11-01")}, "only a custom period has an end", id="an end of a day"),
        pytest.param({"compare_to": NOW}, "compare_to must lie in a period that is over", id="compared with today"),
        pytest.param({"period": "custom"}, "needs start and end", id="custom without anything"),
        pytest.param({"period": "custom", "start": NOW}, "needs start and end", id="custom without an end"),
        pytest.param({"period": "custom", "start": NOW, "end": NOW}, "must end after it starts", id="of no length"),
        pytest.param(
            {"period": "custom", "start": NOW - 3 * HOUR, "end": NOW - 4 * HOUR}, "must end after", id="backwards"
        ),
        pytest.param(
            {"period": "custom", "start": NOW - HOUR / 2, "end": NOW - HOUR / 4},
            "hold the start of an hour",
            id="minutes",
        ),
        pytest.param({"period": "custom", "start": NOW, "end": NOW + HOUR}, "not over yet", id="in the future"),
    ],
)
def test_what_cannot_be_reported_of_is_said(arguments: dict[str, Any], message: str) -> None:
    period = ReportPeriod(arguments.pop("period", "daily"))
    with pytest.raises(ValueError, match=message):
        calendar_of(period, NOW, **arguments)


# --- custom spans


def custom(start: str, end: str, zone: str = "UTC", **other: Any) -> ReportCalendar:
    return calendar_of(ReportPeriod.CUSTOM, NOW, zone, start=day(start, zone), end=day(end, zone), **other)


def test_a_custom_span_is_held_against_the_same_before_it() -> None:
    hours = custom("2026-11-16T10:00", "2026-11-16T14:00", compare_to=day("2026-11-09T10:00"))
    assert hours.previous == span("2026-11-16T06:00", "2026-11-16T10:00")
    assert hours.compare_to == span("2026-11-09T10:00", "2026-11-09T14:00")
    assert hours.week is None
    days = custom("2026-10-20", "2026-10-27", "Europe/Berlin", compare_to=day("2026-03-25", "Europe/Berlin"))
    assert days.previous == span("2026-10-13", "2026-10-20", "Europe/Berlin")
    assert days.compare_to == span("2026-03-25", "2026-04-01", "Europe/Berlin")


def test_a_custom_span_holds_the_hours_that_start_in_it() -> None:
    assert custom("2026-11-16T10:20", "2026-11-16T13:50").window == span("2026-11-16T11:00", "2026-11-16T14:00")


@pytest.mark.parametrize(
    ("calendar", "whole", "step", "point", "points"),
    [
        pytest.param(calendar_of(ReportPeriod.DAILY, NOW), Period.DAY, Period.HOUR, HOUR, 24, id="a day"),
        pytest.param(calendar_of(ReportPeriod.WEEKLY, NOW), Period.WEEK, Period.HOUR, 6 * HOUR, 28, id="a week"),
        pytest.param(calendar_of(ReportPeriod.MONTHLY, NOW), Period.MONTH, Period.DAY, 24 * HOUR, 31, id="a month"),
        pytest.param(custom("2026-11-01", "2026-11-11"), Period.DAY, Period.DAY, 24 * HOUR, 10, id="ten days"),
        pytest.param(custom("2026-11-14", "2026-11-16"), Period.DAY, Period.HOUR, HOUR, 48, id="two days"),
        pytest.param(
            custom("2026-11-10T06:00", "2026-11-16T07:00"),
            Period.HOUR,
            Period.HOUR,
            6 * HOUR,
            25,
            id="days from six on",
        ),
        pytest.param(custom("2026-11-16T06:00", "2026-11-16T07:00"), Period.HOUR, Period.HOUR, HOUR, 1, id="an hour"),
    ],
)
def test_which_buckets_it_is_made_of(
    calendar: ReportCalendar, whole: Period, step: Period, point: timedelta, points: int
) -> None:
    assert (calendar.whole, calendar.step, calendar.point) == (whole, step, point)
    found = calendar.points()
    assert len(found) == points
    assert (found[0].start, found[-1].end) == (calendar.window.start, calendar.window.end)


def test_what_is_needed_beside_the_period() -> None:
    monthly = calendar_of(ReportPeriod.MONTHLY, NOW)
    assert monthly.story == span("2026-09-01", "2026-11-01")
    assert monthly.cost_window == span("2026-08-06", "2026-10-01")
    assert monthly.long_window == span("2026-07-27", "2026-10-26")
    assert calendar_of(ReportPeriod.WEEKLY, NOW).long_window is None


def test_the_same_days_in_another_zone() -> None:
    calendar = calendar_of(ReportPeriod.WEEKLY, NOW, compare_to=day("2026-09-02"))
    moved = calendar.in_zone("America/New_York")
    assert moved.window == span("2026-11-09", "2026-11-16", "America/New_York")
    assert moved.week == span("2026-10-12", "2026-10-19", "America/New_York")
    assert moved.compare_to == span("2026-08-31", "2026-09-07", "America/New_York")
    assert moved.in_zone("UTC") == calendar
    assert calendar.in_zone("UTC") is calendar


def test_hours_are_the_same_everywhere() -> None:
    calendar = custom("2026-11-16T06:00", "2026-11-16T07:00")
    assert calendar.in_zone("Asia/Tokyo") is calendar


def test_a_day_whose_midnight_is_at_half_past_begins_with_its_first_hour() -> None:
    calendar = calendar_of(ReportPeriod.DAILY, NOW, "Asia/Kolkata")
    assert calendar.window == span("2026-11-15T19:00", "2026-11-16T19:00")
    assert calendar.days() == (date(2026, 11, 16),)
    assert calendar.in_zone("UTC").window == span("2026-11-16", "2026-11-17")
    assert custom("2026-11-10", "2026-11-16", "Asia/Kolkata").whole is Period.DAY


@given(
    st.sampled_from([ReportPeriod.DAILY, ReportPeriod.WEEKLY, ReportPeriod.MONTHLY]),
    st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from(ZONES),
)
def test_periods_meet_and_are_made_of_whole_buckets(period: ReportPeriod, now: datetime, zone: str) -> None:
    calendar = calendar_of(period, now, zone)
    assert calendar.previous.end == calendar.window.start
    assert calendar.window.end <= now
    for window in calendar.windows.values():
        assert window == calendar.whole.around(window.start, ZoneInfo(zone))
    days = calendar.day_windows()
    assert (days[0].start, days[-1].end) == (calendar.window.start, calendar.window.end)
    assert all(before.end == after.start for before, after in pairwise(days))
    points = calendar.points()
    assert sum((point.length for point in points), timedelta(0)) == calendar.window.length
