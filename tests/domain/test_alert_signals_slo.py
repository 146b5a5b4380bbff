"""The error budget burns as fast as the long window proves, as long as the short one shows that it still does."""

from datetime import timedelta

import pytest

from tests.domain.alert_fact_makers import facts, made
from tests.domain.makers import NOW
from watchkeeper.domain.alert_facts import AlertFacts, Counted, Tally
from watchkeeper.domain.error_rates import wilson_interval
from watchkeeper.domain.slo import SloTarget
from watchkeeper.domain.windows import HOUR, floor

QUARTER = timedelta(minutes=15)
TARGET = SloTarget("Success rate", 0.99, "failures")


def served(looks: list[tuple[int, int]], hours: list[tuple[int, int]] | None = None, **other: object) -> AlertFacts:
    """Return facts with (failed, total) of the last quarters of an hour, and of the hours before those are told."""
    start = NOW - len(looks) * QUARTER
    before = floor(NOW, HOUR) - 2 * HOUR - len(hours or ()) * HOUR
    counted = Counted(
        Tally.of((start + n * QUARTER, *counts) for n, counts in enumerate(looks)),
        Tally.of((before + n * HOUR, *counts) for n, counts in enumerate(hours or ())),
        QUARTER,
    )
    return facts(**{"targets": (TARGET,), "counted": {"failures": counted}} | other)


def burn(name: str, of: AlertFacts, later: timedelta = timedelta()) -> float | None:
    (signal,) = made(name, of, NOW + later)
    return signal.value


def sure(bad: int, total: int) -> float:
    return wilson_interval(bad, total)[0] / 0.01


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        pytest.param([(50, 200)] * 4, sure(200, 800), id="an hour of errors"),
        pytest.param([(50, 200)] * 3 + [(0, 200)], 0, id="over since the last quarter"),
        pytest.param([(0, 200)] * 3 + [(2, 200)], 0, id="two failures prove nothing"),
        pytest.param(
            [(50, 200)] * 4 + [(0, 200)] * 3 + [(30, 200)], sure(30, 800), id="before the hour does not count"
        ),
        pytest.param([(0, 200)] * 3 + [(4, 8)], min(sure(4, 608), 50), id="a short window of few requests"),
        pytest.param([(50, 200)] * 3 + [(0, 0)], None, id="no traffic in the short window is not known"),
        pytest.param([], None, id="nothing is known"),
    ],
)
def test_one_hour(looks: list[tuple[int, int]], expected: float | None) -> None:
    assert burn("burn_rate_1h", served(looks)) == (None if expected is None else pytest.approx(expected))


def test_longer_windows_add_the_hours_before() -> None:
    of = served([(20, 100)] * 10, [(0, 1000)] * 80)
    assert burn("burn_rate_6h", of) == pytest.approx(
        sure(200, 1000 + 3 * 1000)
    )  # 3:30 to 10:30, of which 3 whole hours
    assert burn("burn_rate_1d", of) == pytest.approx(sure(200, 1000 + 21 * 1000))
    assert burn("burn_rate_3d", of) == pytest.approx(sure(200, 1000 + 69 * 1000))


def test_old_counts_tell_nothing_of_now() -> None:
    of = served([(50, 200)] * 4)
    assert burn("burn_rate_1h", of, timedelta(minutes=35)) is not None
    assert burn("burn_rate_1h", of, timedelta(minutes=36)) is None


def test_what_is_said() -> None:
    (signal,) = made("burn_rate_1h", served([(50, 200)] * 4))
    assert signal.labels == (("slo", "Success rate"),)
    assert (signal.sample, signal.cause) == (800, "errors")
    promised = "99 % are promised, so the budget goes 22.1 times as fast as it may"
    assert signal.details == (f"25 % of 800 requests were bad in an hour; {promised}",)


def test_a_promise_of_everything_has_no_budget() -> None:
    assert made("burn_rate_1h", served([(5, 20)], targets=(SloTarget("All", 1.0, "failures"),))) == ()
    assert made("burn_rate_1h", served([(5, 20)], targets=())) == ()
