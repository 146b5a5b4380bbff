from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.domain.windows import Period, Window, floor, missed_windows

QUARTER = timedelta(minutes=15)
BERLIN = ZoneInfo("Europe/Berlin")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


def test_a_window_ends_at_the_last_whole_minute() -> None:
    window = Window.ending_at(utc(2026, 9, 22, 10, 30, 59), QUARTER)
    assert (window.start, window.end) == (utc(2026, 9, 22, 10, 15), utc(2026, 9, 22, 10, 30))


def test_a_window_includes_its_start_and_excludes_its_end() -> None:
    window = Window(utc(2026, 9, 22, 10), utc(2026, 9, 22, 11))
    assert window.contains(window.start)
    assert not window.contains(window.end)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        pytest.param(datetime(2026, 9, 22), utc(2026, 9, 23), id="naive start"),  # noqa: DTZ001
        pytest.param(utc(2026, 9, 22), datetime(2026, 9, 23), id="naive end"),  # noqa: DTZ001
        pytest.param(utc(2026, 9, 22), utc(2026, 9, 22), id="nothing in it"),
        pytest.param(utc(2026, 9, 23), utc(2026, 9, 22), id="backwards"),
    ],
)
def test_what_is_no_window(start: datetime, end: datetime) -> None:
    with pytest.raises(ValueError, match=r"a window (must|needs)"):
        Window(start, end)


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        pytest.param(utc(2026, 9, 22, 10, 15), utc(2026, 9, 22, 10, 30), [10], id="inside an hour"),
        pytest.param(utc(2026, 9, 22, 9, 50), utc(2026, 9, 22, 10, 5), [9, 10], id="across hours"),
        pytest.param(utc(2026, 9, 22, 9, 45), utc(2026, 9, 22, 10), [9], id="up to the hour, which is not in it"),
        pytest.param(utc(2026, 9, 30, 23, 50), utc(2026, 10, 1, 0, 5), [23, 0], id="across the end of a month"),
        pytest.param(utc(2026, 10, 25, 0, 50), utc(2026, 10, 25, 1, 5), [0, 1], id="when clocks are put back"),
        pytest.param(utc(2027, 12, 31, 23, 59), utc(2028, 1, 1, 0, 1), [23, 0], id="across years"),
    ],
)
def test_the_hours_a_window_touches(start: datetime, end: datetime, hours: list[int]) -> None:
    assert [hour.hour for hour in Window(start, end).hours()] == hours


def test_a_window_is_fifteen_minutes_of_real_time_when_clocks_change() -> None:
    local = datetime(2026, 10, 25, 2, 5, tzinfo=BERLIN, fold=1)  # the second 02:05 of that night
    window = Window.ending_at(local, QUARTER)
    assert window.start.astimezone(BERLIN).fold == 0
    assert window == Window(utc(2026, 10, 25, 0, 50), utc(2026, 10, 25, 1, 5))


@given(st.datetimes(timezones=st.just(timezone(timedelta(hours=5, minutes=45)))), st.sampled_from([1, 15, 60]))
def test_floor_is_the_multiple_at_or_before(moment: datetime, minutes: int) -> None:
    step = timedelta(minutes=minutes)
    assert floor(moment, step) <= moment < floor(moment, step) + step


NINE = utc(2026, 9, 22, 9)


def quarter(number: int, shift: int = 0) -> Window:
    start = NINE + number * QUARTER + timedelta(minutes=shift)
    return Window(start, start + QUARTER)


@pytest.mark.parametrize(
    ("known", "missed"),
    [
        pytest.param([0, 1, 2, 3], [], id="none"),
        pytest.param([], [0, 1, 2, 3], id="all, the oldest first"),
        pytest.param([3, 0], [1, 2], id="a hole"),
    ],
)
def test_missed_windows_of_the_last_hour(known: list[int], missed: list[int]) -> None:
    windows = missed_windows([quarter(n) for n in known], quarter(4), timedelta(hours=1))
    assert list(windows) == [quarter(n) for n in missed]


def test_a_window_is_looked_at_when_others_cover_it_whole() -> None:
    shifted = [quarter(n, shift=7) for n in range(4)]
    assert missed_windows(shifted, quarter(4), timedelta(hours=1)) == (quarter(0),)


@pytest.mark.parametrize(
    ("period", "moment", "start", "end"),
    [
        (Period.HOUR, utc(2026, 10, 25, 1, 59), utc(2026, 10, 25, 1), utc(2026, 10, 25, 2)),
        (Period.DAY, utc(2026, 9, 30, 23, 59), utc(2026, 9, 30), utc(2026, 10, 1)),
        (Period.WEEK, utc(2026, 11, 1, 12), utc(2026, 10, 26), utc(2026, 11, 2)),
        (Period.MONTH, utc(2028, 2, 29), utc(2028, 2, 1), utc(2028, 3, 1)),
        (Period.MONTH, utc(2026, 12, 31, 23), utc(2026, 12, 1), utc(2027, 1, 1)),
        (Period.DAY, datetime(2026, 9, 30, 1, tzinfo=BERLIN), utc(2026, 9, 29), utc(2026, 9, 30)),
    ],
)
def test_periods_of_the_calendar_in_utc(period: Period, moment: datetime, start: datetime, end: datetime) -> None:
    assert period.around(moment) == Window(start, end)


KOLKATA, BEIRUT, SYDNEY = ZoneInfo("Asia/Kolkata"), ZoneInfo("Asia/Beirut"), ZoneInfo("Australia/Sydney")


@pytest.mark.parametrize(
    ("zone", "moment", "start", "hours"),
    [
        pytest.param(BERLIN, utc(2026, 7, 1, 22), utc(2026, 7, 1, 22), 24, id="midnight begins a day"),
        pytest.param(BERLIN, utc(2026, 7, 1, 21, 59), utc(2026, 6, 30, 22), 24, id="before midnight is the day before"),
        pytest.param(BERLIN, utc(2026, 3, 29, 12), utc(2026, 3, 28, 23), 23, id="clocks are put forward"),
        pytest.param(BERLIN, utc(2026, 10, 25, 12), utc(2026, 10, 24, 22), 25, id="clocks are put back"),
        pytest.param(SYDNEY, utc(2026, 4, 5, 3), utc(2026, 4, 4, 13), 25, id="and in the south in April"),
        pytest.param(BEIRUT, utc(2026, 3, 29, 12), utc(2026, 3, 28, 22), 23, id="a midnight that there is not"),
        pytest.param(KOLKATA, utc(2026, 7, 1, 12), utc(2026, 6, 30, 19), 24, id="midnight within an hour"),
        pytest.param(
            KOLKATA, utc(2026, 7, 1, 18, 45), utc(2026, 6, 30, 19), 24, id="an hour is of the day it starts in"
        ),
    ],
)
def test_local_days(zone: ZoneInfo, moment: datetime, start: datetime, hours: int) -> None:
    assert Period.DAY.around(moment, zone) == Window(start, start + timedelta(hours=hours))


def test_a_local_week_begins_on_monday_and_a_month_on_the_first() -> None:
    moment = utc(2026, 10, 28, 12)  # a Wednesday, after the clocks were put back
    assert Period.WEEK.around(moment, BERLIN) == Window(utc(2026, 10, 25, 23), utc(2026, 11, 1, 23))
    assert Period.MONTH.around(moment, BERLIN) == Window(utc(2026, 9, 30, 22), utc(2026, 10, 31, 23))
    assert Period.MONTH.previous(Period.MONTH.around(moment, BERLIN), BERLIN).end == utc(2026, 9, 30, 22)


def test_steps_are_the_periods_that_a_window_touches() -> None:
    window = Window(utc(2026, 10, 24, 12), utc(2026, 10, 26, 12))
    assert [step.length // timedelta(hours=1) for step in Period.DAY.steps(window, BERLIN)] == [24, 25, 24]


@given(
    st.sampled_from(Period),
    st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from(["Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu", "Australia/Lord_Howe", "Asia/Beirut"]),
)
def test_every_moment_is_in_just_one_period(period: Period, moment: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    window = period.around(moment, zone)
    assert window.contains(moment)
    assert period.around(window.start, zone) == window == period.around(window.end - timedelta(minutes=1), zone)
    assert period.previous(window, zone).end == window.start
