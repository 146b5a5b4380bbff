from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.domain.report_makers import bucket
from watchkeeper.domain.costs import (
    Prices,
    cost_of_credits,
    cost_report,
    daily_costs,
    day_shares,
    expected_cost,
    fixed_costs,
    judge_cost,
    usual_spread,
)
from watchkeeper.domain.period_reports import Cost
from watchkeeper.domain.report_calendar import local_days
from watchkeeper.domain.verdicts import Verdict
from watchkeeper.domain.windows import Window

MONDAY = date(2026, 11, 16)
BERLIN = ZoneInfo("Europe/Berlin")
UTC_ZONE = ZoneInfo("UTC")


def weeks(number: int, cost: float = 10) -> dict[date, float]:
    """Return so many weeks before the Monday, each day of which has cost the same."""
    return {MONDAY - timedelta(days=n + 1): cost for n in range(7 * number)}


def reported(
    actual: float | None,
    before: Mapping[date, float],
    *,
    is_complete: bool = True,
    releases: int = 4,
    prices: Prices | None = None,
) -> Cost:
    costs = None if actual is None else {"circleci": actual}
    known = prices or Prices(vercel_per_month=0, other_per_month=0)
    return cost_report(costs, before, {MONDAY: 1.0}, known, releases=releases, is_complete=is_complete)


@pytest.mark.parametrize(
    ("actual", "verdict"),
    [
        pytest.param(10, Verdict.HEALTHY, id="as expected"),
        pytest.param(12.4, Verdict.HEALTHY, id="24 % more"),
        pytest.param(12.5, Verdict.WARNING, id="25 % more"),
        pytest.param(14.9, Verdict.WARNING, id="49 % more"),
        pytest.param(15, Verdict.CRITICAL, id="50 % more"),
        pytest.param(2, Verdict.HEALTHY, id="to cost less is no fault"),
        pytest.param(None, Verdict.UNKNOWN, id="not known"),
    ],
)
def test_cost_is_judged_against_what_was_expected(actual: float | None, verdict: Verdict) -> None:
    assert reported(actual, weeks(8)).verdict is verdict


def test_the_same_weekdays_tell_what_to_expect() -> None:
    costs = weeks(8) | {MONDAY - timedelta(weeks=n): 30.0 for n in range(1, 9)}
    assert expected_cost(costs, MONDAY, MONDAY) == 30
    assert expected_cost(costs, MONDAY + timedelta(days=1), MONDAY) == 10


def test_one_wild_day_changes_nothing() -> None:
    costs = weeks(8) | {MONDAY - timedelta(weeks=3): 900.0}
    assert expected_cost(costs, MONDAY, MONDAY) == 10


def test_a_day_without_cost_after_the_first_known_one_cost_nothing() -> None:
    costs = {MONDAY - timedelta(weeks=4): 8.0, MONDAY - timedelta(weeks=1): 8.0}
    assert expected_cost(costs, MONDAY, MONDAY) == 4
    assert expected_cost(costs, MONDAY - timedelta(weeks=3), MONDAY) is None


def test_what_differs_from_week_to_week_is_no_alarm() -> None:
    costs = weeks(8) | {MONDAY - timedelta(weeks=n): cost for n, cost in enumerate((8, 12, 9, 11, 10, 10, 13, 7), 1)}
    assert usual_spread(costs, MONDAY, MONDAY) == pytest.approx(3 * 1.4826 * 1.5)
    assert reported(16, costs).verdict is Verdict.HEALTHY
    assert reported(16, costs).variance == pytest.approx(0.6)
    assert reported(17, costs).verdict is Verdict.CRITICAL


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param({}, None, id="nothing"),
        pytest.param(weeks(1), None, id="one week"),
        pytest.param(weeks(2), 10, id="two weeks"),
    ],
)
def test_less_than_two_weeks_tell_nothing(before: dict[date, float], expected: float | None) -> None:
    found = reported(25, before)
    assert found.expected == expected
    assert (found.variance, found.verdict is Verdict.UNKNOWN) == ((1.5, False) if expected else (None, True))


def test_the_period_itself_tells_nothing() -> None:
    costs = weeks(8) | {MONDAY + timedelta(days=n): 99.0 for n in range(30)}
    assert expected_cost(costs, MONDAY + timedelta(weeks=3), MONDAY) == 10
    shares = {MONDAY + timedelta(days=n): 1.0 for n in range(30)}
    report = cost_report({"circleci": 300}, costs, shares, Prices(), releases=0, is_complete=True)
    assert (report.expected, report.variance, report.per_deployment) == (300, 0, None)


def test_part_of_a_day_is_expected_to_cost_a_part() -> None:
    report = cost_report({"circleci": 5}, weeks(8), {MONDAY: 0.5}, Prices(), releases=1, is_complete=True)
    assert (report.expected, report.variance) == (5, 0)


def test_what_is_not_complete_is_never_called_cheap() -> None:
    cheap = reported(3, weeks(8), is_complete=False)
    assert (cheap.variance, cheap.verdict) == (None, Verdict.UNKNOWN)
    assert "can still grow" in cheap.note
    dear = reported(20, weeks(8), is_complete=False)
    assert (dear.variance, dear.verdict) == (1, Verdict.CRITICAL)


def test_each_deployment_has_its_share() -> None:
    report = reported(10, weeks(8))
    assert (report.actual, report.per_deployment, report.by_source) == (10, 2.5, {"circleci": 10})
    assert report.note == ""


def test_prices_that_are_not_known_are_said() -> None:
    assert reported(10, {}, prices=Prices()).note == "without Vercel and other services, whose price is not configured"
    assert reported(10, {}, prices=Prices(vercel_per_month=20)).note.startswith("without other services")
    assert reported(None, {}).note == "nothing is known of it"


def test_nothing_expected_is_no_division_by_zero() -> None:
    report = reported(5, weeks(8, 0))
    assert (report.expected, report.variance, report.verdict) == (0, None, Verdict.UNKNOWN)


def test_a_credit_has_a_price() -> None:
    assert cost_of_credits(10_000, Prices()) == pytest.approx(6)
    assert cost_of_credits(10, Prices(circleci_credit=2)) == 20


@pytest.mark.parametrize(
    ("hour", "hours"),
    [
        pytest.param(datetime(2026, 11, 20, 4, tzinfo=UTC), 720, id="November"),
        pytest.param(datetime(2026, 10, 20, 4, tzinfo=UTC), 745, id="an hour twice in October"),
        pytest.param(datetime(2026, 3, 20, 4, tzinfo=UTC), 743, id="an hour short in March"),
        pytest.param(datetime(2026, 10, 31, 23, tzinfo=UTC), 720, id="already November in Berlin"),
    ],
)
def test_what_is_paid_by_month_is_shared_by_its_hours(hour: datetime, hours: int) -> None:
    prices = Prices(vercel_per_month=hours, other_per_month=2 * hours)
    assert fixed_costs(prices, hour, BERLIN) == {"vercel": 1, "other": 2}


def test_a_price_that_is_not_known_costs_nothing_that_is_known() -> None:
    assert fixed_costs(Prices(vercel_per_month=720), datetime(2026, 11, 1, 5, tzinfo=UTC), UTC_ZONE) == {"vercel": 1}


def test_days_are_local_ones() -> None:
    late = datetime(2026, 11, 15, 23, tzinfo=UTC)
    buckets = [bucket("cost", late, 2, label="circleci"), bucket("cost", late, 1, label="vercel")]
    assert daily_costs(buckets, BERLIN) == {MONDAY: 3}
    assert daily_costs([], BERLIN) == {}


def test_a_day_may_lie_in_the_window_only_in_part() -> None:
    window = Window(datetime(2026, 11, 16, 12, tzinfo=UTC), datetime(2026, 11, 18, tzinfo=UTC))
    days = local_days(MONDAY, MONDAY + timedelta(days=2), "UTC")
    assert day_shares(days, window, UTC_ZONE) == {MONDAY: 0.5, MONDAY + timedelta(days=1): 1}


def test_an_unknown_variance_has_no_verdict() -> None:
    assert judge_cost(None) is Verdict.UNKNOWN
