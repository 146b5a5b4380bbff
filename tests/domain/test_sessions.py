from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.domain.error_rates import ErrorCount
from watchkeeper.domain.sessions import RECOUNTED, UNREAD, SessionReading, session_difference
from watchkeeper.domain.windows import Window

DAY = datetime(2026, 9, 30, tzinfo=UTC)


def moment(clock: str) -> datetime:
    hours, minutes, *seconds = (int(part) for part in clock.split(":"))
    return DAY + timedelta(hours=hours, minutes=minutes, seconds=sum(seconds))


def window(start: str, end: str) -> Window:
    return Window(moment(start), moment(end))


def reading(hour: int, taken_at: str, **counts: tuple[int, int]) -> SessionReading:
    """Return what Sentry said at `taken_at` of the hour; counts as release=(failures, total)."""
    found = tuple(ErrorCount(release, *count) for release, count in counts.items())
    return SessionReading(DAY + timedelta(hours=hour), moment(taken_at), found)


QUARTER = window("10:15", "10:30")


def measured(readings: list[SessionReading], asked: Window = QUARTER) -> tuple[str, str, dict[str, tuple[int, int]]]:
    found = session_difference(readings, asked)
    assert found is not None
    counts = {count.release: (count.failures, count.total) for count in found.counts}
    return f"{found.window.start:%d %H:%M}", f"{found.window.end:%d %H:%M}", counts


def test_two_readings_give_a_difference() -> None:
    readings = [reading(10, "10:15:05", a=(1, 100)), reading(10, "10:30:05", a=(4, 160))]
    assert measured(readings) == ("30 10:15", "30 10:30", {"a": (3, 60)})


def test_a_new_release_appears_between_the_readings() -> None:
    readings = [reading(10, "10:15", a=(1, 100)), reading(10, "10:30", a=(1, 110), b=(5, 20))]
    assert measured(readings)[2] == {"a": (0, 10), "b": (5, 20)}


def test_without_an_earlier_reading_the_hour_is_counted_from_its_start() -> None:
    assert measured([reading(10, "10:31", a=(2, 90))]) == ("30 10:00", "30 10:31", {"a": (2, 90)})


@pytest.mark.parametrize(
    ("taken_at", "start"),
    [
        pytest.param("10:14", "30 10:14", id="just before the start"),
        pytest.param("10:17", "30 10:17", id="as late after it as counts as at it"),
        pytest.param("10:18", "30 10:00", id="too late: the hour's start is taken"),
        pytest.param("10:02", "30 10:02", id="long before: widened"),
    ],
)
def test_where_the_difference_begins(taken_at: str, start: str) -> None:
    assert measured([reading(10, taken_at, a=(0, 10)), reading(10, "10:30", a=(0, 40))])[0] == start


def test_the_nearest_earlier_reading_is_taken() -> None:
    readings = [reading(10, f"10:{m:02}", a=(0, m)) for m in (1, 8, 14, 16, 30)]
    assert measured(readings) == ("30 10:16", "30 10:30", {"a": (0, 14)})


def test_a_window_across_two_hours_is_the_rest_of_one_and_the_beginning_of_the_other() -> None:
    readings = [reading(9, "9:50", a=(1, 80)), reading(9, "10:05", a=(3, 100)), reading(10, "10:05", a=(1, 9))]
    assert measured(readings, window("9:50", "10:05")) == ("30 09:50", "30 10:05", {"a": (3, 29)})


def test_the_end_of_a_month_is_an_hour_like_any_other() -> None:
    october = DAY + timedelta(days=1)
    readings = [
        reading(23, "23:50", a=(0, 10)),
        reading(23, "24:05", a=(1, 15)),
        SessionReading(october, october + timedelta(minutes=5), (ErrorCount("a", 2, 4),)),
    ]
    assert measured(readings, window("23:50", "24:05")) == ("30 23:50", "01 00:05", {"a": (3, 9)})


def test_a_past_window_ends_at_the_reading_nearest_to_its_end() -> None:
    readings = [reading(10, t, a=(0, n)) for t, n in (("10:15", 10), ("10:30", 30), ("10:45", 90), ("12:00", 200))]
    assert measured(readings) == ("30 10:15", "30 10:30", {"a": (0, 20)})


def test_of_a_finished_hour_the_newest_reading_counts() -> None:
    readings = [reading(9, "9:45", a=(0, 10)), reading(9, "10:01", a=(0, 20)), reading(9, "11:01", a=(2, 22))]
    assert measured(readings, window("9:45", "10:00")) == ("30 09:45", "30 10:00", {"a": (2, 12)})


@pytest.mark.parametrize(
    "later",
    [
        pytest.param({"a": (4, 90)}, id="fewer sessions than before"),
        pytest.param({"a": (0, 120)}, id="fewer failures than before"),
        pytest.param({"b": (4, 90)}, id="a release is gone"),
    ],
)
def test_an_hour_that_was_counted_anew_is_judged_from_its_start(later: dict[str, tuple[int, int]]) -> None:
    found = session_difference([reading(10, "10:15", a=(1, 100)), reading(10, "10:30", **later)], QUARTER)
    assert found is not None
    assert found.notes == (RECOUNTED,)
    assert found.window == window("10:00", "10:30")
    assert {c.release: (c.failures, c.total) for c in found.counts} == later


def test_failures_of_sessions_that_began_earlier_count_as_sessions() -> None:
    readings = [reading(10, "10:15", a=(1, 100)), reading(10, "10:30", a=(4, 101))]
    assert measured(readings)[2] == {"a": (3, 3)}


def test_an_hour_that_could_not_be_read_is_said() -> None:
    found = session_difference([reading(9, "11:05", a=(0, 9)), reading(11, "11:05", a=(0, 1))], window("9:00", "11:05"))
    assert found is not None
    assert found.notes == (UNREAD,)


@pytest.mark.parametrize(
    "readings",
    [
        pytest.param([], id="none"),
        pytest.param([reading(8, "10:30", a=(0, 9))], id="of another hour"),
        pytest.param([reading(10, "9:59", a=(0, 0))], id="taken before its hour, by a clock that is off"),
        pytest.param([reading(10, "10:15", a=(0, 9))], id="only one at the start, which says nothing of the window"),
    ],
)
def test_readings_that_say_nothing(readings: list[SessionReading]) -> None:
    assert session_difference(readings, QUARTER) is None


cumulative = st.lists(st.tuples(st.integers(0, 59), st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=8)


@given(cumulative, st.randoms())
def test_the_order_of_readings_does_not_matter(steps: list[tuple[int, int, int]], chance: object) -> None:
    readings = [reading(10, f"10:{m:02}", a=(failures, failures + rest)) for m, failures, rest in steps]
    shuffled = list(readings)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert session_difference(shuffled, QUARTER) == session_difference(readings, QUARTER)


@given(cumulative)
def test_a_difference_is_always_a_possible_count(steps: list[tuple[int, int, int]]) -> None:
    found = session_difference([reading(10, f"10:{m:02}", a=(f, f + r)) for m, f, r in steps], QUARTER)
    assert found is None or all(0 <= count.failures <= count.total for count in found.counts)
