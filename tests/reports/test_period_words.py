from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from reports.period_words import compared, dates, moment, step_name, ticks
from tests.reports.odd_reports import empty_report, held_against_september
from tests.reports.period_makers import period_report
from watchkeeper.domain.period_reports import ReportPeriod
from watchkeeper.domain.windows import Window

BERLIN = ZoneInfo("Europe/Berlin")


def local(*days: tuple[int, int, int]) -> Window:
    start, end = (datetime(*day, tzinfo=BERLIN) for day in days)
    return Window(start, end)


@pytest.mark.parametrize(
    ("window", "period", "said"),
    [
        pytest.param(local((2026, 11, 20), (2026, 11, 21)), ReportPeriod.DAILY, "Friday 20 November 2026", id="a day"),
        pytest.param(local((2026, 10, 25), (2026, 10, 26)), ReportPeriod.DAILY, "Sunday 25 October 2026",
                     id="a day of 25 hours is one day"),
        pytest.param(local((2026, 11, 9), (2026, 11, 16)), ReportPeriod.WEEKLY, "9 to 15 November 2026", id="a week"),
        pytest.param(local((2026, 9, 28), (2026, 10, 5)), ReportPeriod.WEEKLY, "28 September to 4 October 2026",
                     id="a week of two months"),
        pytest.param(local((2025, 12, 29), (2026, 1, 5)), ReportPeriod.WEEKLY, "29 December 2025 to 4 January 2026",
                     id="a week of two years"),
        pytest.param(local((2026, 10, 1), (2026, 11, 1)), ReportPeriod.MONTHLY, "October 2026", id="a month"),
        pytest.param(Window(datetime(2026, 11, 3, 6, tzinfo=UTC), datetime(2026, 11, 5, 18, tzinfo=UTC)),
                     ReportPeriod.CUSTOM, "3 November 2026 07:00 to 5 November 2026 19:00", id="hours of choice"),
    ],
)  # fmt: skip
def test_dates_are_local_and_say_no_more_than_needed(window: Window, period: ReportPeriod, said: str) -> None:
    assert dates(window, "Europe/Berlin", period) == said


@pytest.mark.parametrize("period", ReportPeriod)
def test_every_comparison_has_words(period: ReportPeriod) -> None:
    report = held_against_september(period_report(period, 1))
    words = compared(report)
    assert list(words) == ["previous", "week", "compare_to"]
    assert words["compare_to"] == "1 to 30 September 2026"


def test_what_nothing_is_held_against_has_no_words() -> None:
    assert list(compared(empty_report())) == ["previous"]


def test_a_day_is_held_against_its_weekday() -> None:
    assert compared(period_report())["week"] == "the Friday before"


def test_a_moment_says_what_the_window_does_not() -> None:
    at = datetime(2026, 11, 20, 13, 5, tzinfo=UTC)
    day, week = local((2026, 11, 20), (2026, 11, 21)), local((2026, 11, 16), (2026, 11, 23))
    month = local((2026, 11, 1), (2026, 12, 1))
    assert [moment(at, window, BERLIN) for window in (day, week, month)] == ["14:05", "Fri 14:05", "20 Nov 14:05"]
    assert moment(at - timedelta(days=3), day, BERLIN) == "17 Nov 14:05"
    assert step_name(at, timedelta(days=1), BERLIN, month) == "Fri 20 Nov"


def test_marks_are_hours_days_mondays_or_months() -> None:
    day, week = local((2026, 11, 20), (2026, 11, 21)), local((2026, 11, 16), (2026, 11, 23))
    month, quarter = local((2026, 11, 1), (2026, 12, 1)), local((2026, 9, 15), (2026, 12, 15))
    assert list(ticks(day, BERLIN, is_wide=False).values()) == ["00:00", "06:00", "12:00", "18:00", "00:00"]
    assert list(ticks(week, BERLIN, is_wide=False).values())[:2] == ["Mon", "Tue"]
    assert list(ticks(week, BERLIN, is_wide=True).values())[:2] == ["Mon 16", "Tue 17"]
    assert list(ticks(month, BERLIN, is_wide=False).values()) == ["2 Nov", "9 Nov", "16 Nov", "23 Nov", "30 Nov"]
    assert list(ticks(quarter, BERLIN, is_wide=False).values()) == ["Oct", "Nov", "Dec"]


def test_the_clock_may_be_set_during_a_day() -> None:
    long_day = local((2026, 10, 25), (2026, 10, 26))
    found = ticks(long_day, BERLIN, is_wide=False)
    assert list(found.values()) == ["00:00", "06:00", "12:00", "18:00", "00:00"]
    assert [mark.astimezone(UTC).hour for mark in found] == [22, 5, 11, 17, 23]
