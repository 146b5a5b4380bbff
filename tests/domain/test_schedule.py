from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from watchkeeper.domain.schedule import Maintenance, current_maintenance

HOUR = timedelta(hours=1)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


SUNDAYS = Maintenance(cron="0 2 * * 0", duration=HOUR, time_zone="Europe/Berlin", reason="database")
ONCE = Maintenance(start=utc(2026, 12, 24, 22), end=utc(2026, 12, 25, 2))


@pytest.mark.parametrize(
    ("now", "inside"),
    [
        pytest.param(utc(2026, 9, 20, 0), True, id="02:00 in summer, when it begins"),
        pytest.param(utc(2026, 9, 19, 23, 59), False, id="just before"),
        pytest.param(utc(2026, 9, 20, 0, 59), True, id="just before its end"),
        pytest.param(utc(2026, 9, 20, 1), False, id="its end"),
        pytest.param(utc(2026, 9, 21, 0, 30), False, id="another day"),
        pytest.param(utc(2026, 12, 6, 1, 30), True, id="02:30 in winter"),
        pytest.param(utc(2026, 12, 6, 0, 30), False, id="01:30 in winter"),
    ],
)
def test_again_and_again_by_the_clock_of_the_zone(now: datetime, *, inside: bool) -> None:
    assert SUNDAYS.contains(now) is inside


def test_it_lasts_as_long_when_clocks_are_put_forward() -> None:
    """On 2026-03-29 02:00 does not exist in Berlin: it begins when clocks show 03:00, at 01:00 UTC."""
    inside = [minute for minute in range(0, 180, 10) if SUNDAYS.contains(utc(2026, 3, 29) + timedelta(minutes=minute))]
    assert inside == [60, 70, 80, 90, 100, 110]


@pytest.mark.parametrize(
    ("now", "inside"),
    [
        (utc(2026, 12, 24, 21, 59), False),
        (utc(2026, 12, 24, 22), True),
        (utc(2026, 12, 25, 1, 59), True),
        (utc(2026, 12, 25, 2), False),
    ],
)
def test_once(now: datetime, *, inside: bool) -> None:
    assert ONCE.contains(now) is inside


def test_longer_than_its_period_is_always() -> None:
    always = Maintenance(cron="0 * * * *", duration=2 * HOUR)
    assert all(always.contains(utc(2026, 9, 20, hour, 37)) for hour in range(24))


def test_which_one_holds() -> None:
    assert current_maintenance([ONCE, SUNDAYS], utc(2026, 9, 20, 0, 30)) is SUNDAYS
    assert current_maintenance([ONCE, SUNDAYS], utc(2026, 9, 20, 5)) is None
    assert current_maintenance([], utc(2026, 9, 20)) is None


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({}, id="neither"),
        pytest.param({"cron": "0 2 * * 0"}, id="cron without a duration"),
        pytest.param({"duration": HOUR}, id="a duration without cron"),
        pytest.param({"start": utc(2026, 1, 1)}, id="a start without an end"),
        pytest.param({"end": utc(2026, 1, 1)}, id="an end without a start"),
        pytest.param({"cron": "0 2 * * 0", "duration": HOUR, "start": utc(2026, 1, 1)}, id="one and a half"),
        pytest.param({"start": utc(2026, 1, 1), "end": utc(2026, 1, 1)}, id="no time at all"),
        pytest.param({"start": datetime(2026, 1, 1), "end": utc(2026, 1, 2)}, id="naive"),  # noqa: DTZ001
    ],
)
def test_what_is_no_maintenance(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="maintenance needs"):
        Maintenance(**values)
