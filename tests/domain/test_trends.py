from datetime import UTC, datetime

import pytest

from tests.domain.report_makers import bucket, samples
from watchkeeper.domain.metrics import METRICS, Better, Bucket
from watchkeeper.domain.trends import Direction, Trend, trend, trend_of, value_of

AT = datetime(2026, 11, 16, tzinfo=UTC)


def of(metric: str, total: float, count: int = 0) -> Bucket:
    return bucket(metric, AT, total, count)


def known(found: Trend) -> tuple[Direction, bool | None, bool | None]:
    return found.direction, found.is_significant, found.good


@pytest.mark.parametrize(
    ("metric", "now", "before", "expected"),
    [
        pytest.param("failures", (52, 1_000), (50, 1_000), (Direction.FLAT, False, None), id="4 % more is flat"),
        pytest.param("failures", (21, 1_000), (20, 1_000), (Direction.FLAT, False, None), id="5 % more is flat still"),
        pytest.param("failures", (53, 1_000), (50, 1_000), (Direction.UP, False, False), id="6 % more, by chance"),
        pytest.param("failures", (90, 1_000), (50, 1_000), (Direction.UP, True, False), id="80 % more, no chance"),
        pytest.param("failures", (10, 1_000), (50, 1_000), (Direction.DOWN, True, True), id="fewer failures are good"),
        pytest.param("failures", (2, 20), (1, 20), (Direction.UP, False, False), id="twice one is no proof"),
        pytest.param("failures", (5, 20), (0, 2_000), (Direction.NEW, True, False), id="from none at all"),
        pytest.param("failures", (0, 20), (0, 20), (Direction.FLAT, False, None), id="none, as before"),
        pytest.param("failures", (0, 0), (5, 20), (Direction.UNKNOWN, None, None), id="of no request nothing is known"),
        pytest.param("new_issues", (12, 0), (3, 0), (Direction.UP, True, False), id="more issues than chance makes"),
        pytest.param("new_issues", (4, 0), (3, 0), (Direction.UP, False, False), id="one issue more is chance"),
        pytest.param("new_issues", (1, 0), (0, 0), (Direction.NEW, False, False), id="the first issue"),
        pytest.param("releases", (20, 0), (5, 0), (Direction.UP, True, True), id="more releases are good"),
        pytest.param("promotions", (20, 0), (5, 0), (Direction.UP, True, None), id="promotions are neither"),
        pytest.param("cost", (90, 0), (50, 0), (Direction.UP, None, False), id="money is no number of events"),
        pytest.param("credits", (90, 0), (50, 0), (Direction.UP, None, False), id="credits are none either"),
        pytest.param("score", (4 * 60, 4), (4 * 90, 4), (Direction.DOWN, None, False), id="a level has no test"),
    ],
)
def test_where_a_number_goes(
    metric: str,
    now: tuple[float, int],
    before: tuple[float, int],
    expected: tuple[Direction, bool | None, bool | None],
) -> None:
    assert known(trend(METRICS[metric], of(metric, *now), of(metric, *before))) == expected


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        pytest.param((9_800, 10_000), (9_990, 10_000), (Direction.DOWN, True, False), id="twenty times the failures"),
        pytest.param((9_990, 10_000), (9_800, 10_000), (Direction.UP, True, True), id="and back again"),
        pytest.param((998, 1_000), (999, 1_000), (Direction.FLAT, False, None), id="twice one failure is chance"),
        pytest.param((9_500, 10_000), (9_500, 10_000), (Direction.FLAT, False, None), id="the same"),
        pytest.param((1_000, 1_000), (1_000, 1_000), (Direction.FLAT, False, None), id="all, as before"),
        pytest.param((1_940, 2_000), (2_000, 2_000), (Direction.DOWN, True, False), id="the first failures of many"),
    ],
)
def test_what_lacks_of_all_counts_where_all_should_be_well(
    now: tuple[float, int], before: tuple[float, int], expected: tuple[Direction, bool | None, bool | None]
) -> None:
    assert known(trend(METRICS["availability"], of("availability", *now), of("availability", *before))) == expected


def test_what_is_not_known_has_no_direction() -> None:
    metric, there = METRICS["failures"], of("failures", 3, 10)
    for found in (trend(metric, None, there), trend(metric, there, None), trend(metric, None, None)):
        assert known(found) == (Direction.UNKNOWN, None, None)
        assert found.change is None
    assert trend(metric, None, there).previous == 0.3


def test_the_change_is_told_with_both_numbers() -> None:
    found = trend(METRICS["failures"], of("failures", 90, 1_000), of("failures", 60, 1_000))
    assert (found.current, found.previous) == (0.09, 0.06)
    assert found.change == pytest.approx(0.5)
    assert trend_of(3, 0, Better.LESS).change is None


def test_counts_are_held_against_each_other_by_their_time() -> None:
    january, february = of("rollbacks", 310), of("rollbacks", 280)
    metric = METRICS["rollbacks"]
    assert trend(metric, january, february).change == pytest.approx(0.107, abs=0.001)
    assert trend(metric, of("rollbacks", 62), of("rollbacks", 24), exposure=(31, 12)).is_significant is False
    assert trend(metric, of("rollbacks", 62), of("rollbacks", 24)).is_significant is True


def test_distributions_are_compared_by_their_quantile() -> None:
    metric = METRICS["latency_ms"]
    usual = samples("latency_ms", AT, [100.0] * 950 + [300.0] * 50)
    tail = samples("latency_ms", AT, [100.0] * 850 + [600.0] * 150)
    assert known(trend(metric, tail, usual)) == (Direction.FLAT, True, None)
    assert known(trend(metric, tail, usual, 0.95)) == (Direction.UP, True, False)
    few = samples("latency_ms", AT, [100.0, 110.0, 105.0]), samples("latency_ms", AT, [120.0, 130.0])
    assert trend(metric, few[0], few[1]).is_significant is False


def test_a_negative_number_that_grows_goes_up() -> None:
    assert trend_of(-1, -2, Better.MORE).direction is Direction.UP
    assert trend_of(-1, -2, Better.MORE).good is True


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        pytest.param("affected_users", 40, id="the worst hour"),
        pytest.param("certificate_days", 9, id="the certificate that ends first"),
        pytest.param("score", 24.5, id="the score in the mean"),
    ],
)
def test_what_a_level_says(metric: str, value: float) -> None:
    assert value_of(METRICS[metric], Bucket("shop", metric, "", AT, 2, 49, 9, 40)) == value


def test_a_distribution_without_samples_says_nothing() -> None:
    assert value_of(METRICS["latency_ms"], Bucket("shop", "latency_ms", "", AT, 0, 0)) is None
