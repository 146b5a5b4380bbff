from datetime import UTC, datetime

import pytest

from tests.domain.report_makers import TARGETS, bucket
from watchkeeper.domain.slo import SloTarget, objectives

AT = datetime(2026, 11, 1, tzinfo=UTC)
AVAILABILITY, SUCCESS = TARGETS


@pytest.mark.parametrize(
    ("target", "total", "count", "good", "left"),
    [
        pytest.param(AVAILABILITY, 10_000, 10_000, 10_000, 1.0, id="untouched"),
        pytest.param(AVAILABILITY, 9_995, 10_000, 9_995, 0.5, id="half of it"),
        pytest.param(AVAILABILITY, 9_990, 10_000, 9_990, 0.0, id="all of it"),
        pytest.param(AVAILABILITY, 9_980, 10_000, 9_980, -1.0, id="overspent"),
        pytest.param(SUCCESS, 25, 10_000, 9_975, 0.5, id="failures are counted"),
        pytest.param(SloTarget("Availability", 1.0, "availability"), 5, 5, 5, 1.0, id="all promised, all kept"),
    ],
)
def test_what_is_left_of_the_budget(target: SloTarget, total: float, count: int, good: int, left: float) -> None:
    (found,) = objectives([target], {target.metric: bucket(target.metric, AT, total, count)}, {})
    assert (found.good, found.total, found.actual) == (good, count, good / count)
    assert found.budget_left == pytest.approx(left)
    assert found.is_met is (left > -1e-9)


def test_a_promise_of_everything_has_no_budget() -> None:
    target = SloTarget("Availability", 1.0, "availability")
    (found,) = objectives([target], {"availability": bucket("availability", AT, 4, 5)}, {"availability": "20 of 24"})
    assert (found.budget_left, found.is_met) == (None, False)
    assert found.note == "a target of 100 % has no error budget, and something went wrong; 20 of 24"


def test_what_was_not_counted_is_neither_kept_nor_broken() -> None:
    empty = {"availability": None, "failures": bucket("failures", AT, 0, 0)}
    for found in objectives(TARGETS, empty, {"availability": "0 of 24 hours complete"}):
        assert (found.actual, found.is_met, found.budget_left) == (None, None, None)
    first, second = objectives(TARGETS, empty, {"availability": "0 of 24 hours complete"})
    assert (first.note, second.note) == ("0 of 24 hours complete", "nothing was counted in the period")


def test_no_target_is_no_objective() -> None:
    assert objectives([], {}, {}) == ()
