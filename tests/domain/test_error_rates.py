import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.domain.error_rates import ErrorCount, compare_releases, merge_counts, wilson_interval

counts = st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(
    ("failures", "total", "low", "high"),
    [
        # As in R: prop.test without correction for continuity.
        (40, 412, 0.0721, 0.1296),
        (3, 11, 0.0975, 0.5657),
        (0, 10, 0, 0.2775),
        (10, 10, 0.7225, 1),
        (0, 0, 0, 1),
    ],
)
def test_wilson(failures: int, total: int, low: float, high: float) -> None:
    assert wilson_interval(failures, total) == pytest.approx((low, high), abs=5e-4)


@given(counts)
def test_the_interval_holds_the_share(count: tuple[int, int]) -> None:
    failures, total = count
    low, high = wilson_interval(failures, total)
    assert 0 <= low <= failures / total <= high <= 1


@given(counts)
def test_more_failures_never_lower_the_bounds(count: tuple[int, int]) -> None:
    failures, total = count
    fewer, more = wilson_interval(failures, total), wilson_interval(min(failures + 1, total), total)
    assert more[0] >= fewer[0] - 1e-12
    assert more[1] >= fewer[1] - 1e-12


def test_more_certainty_is_a_wider_interval() -> None:
    low, high = wilson_interval(5, 100, 0.95)
    lower, higher = wilson_interval(5, 100, 0.99)
    assert lower < low < high < higher


def this(failures: int, total: int) -> ErrorCount:
    return ErrorCount("3f2c1ab", failures, total)


def before(failures: int, total: int) -> ErrorCount:
    return ErrorCount("77aa001", failures, total)


@pytest.mark.parametrize(
    ("new", "old", "worse"),
    [
        pytest.param(this(40, 300), before(2, 900), True, id="60 times as often"),
        pytest.param(this(3, 5), before(2, 900), True, id="bad, with few requests"),
        pytest.param(this(2, 3), before(2, 900), False, id="two failures prove nothing"),
        pytest.param(this(3, 20), before(0, 900), True, id="the one before had none"),
        pytest.param(this(3, 20), before(0, 20), False, id="none of few before"),
        pytest.param(this(30, 1000), before(20, 1000), False, id="half as often again is no reason to go back"),
        pytest.param(this(1990, 100_000), before(1000, 100_000), False, id="certain, but less than twice"),
        pytest.param(this(2000, 100_000), before(1000, 100_000), True, id="certain, and twice"),
        pytest.param(this(50, 1000), before(50, 1000), False, id="as often"),
        pytest.param(this(0, 1000), before(50, 1000), False, id="none any more"),
        pytest.param(this(50, 100), before(0, 0), False, id="nothing to compare with"),
        pytest.param(this(0, 0), before(50, 100), False, id="nothing to judge"),
    ],
)
def test_compare_releases(new: ErrorCount, old: ErrorCount, *, worse: bool) -> None:
    assert compare_releases(new, old).is_worse is worse


@pytest.mark.parametrize(
    ("new", "old", "reason"),
    [
        (
            this(40, 300),
            before(2, 900),
            "the one before it (77aa001) 2 of 900: 60 times as often (p < 0.0001)",
        ),
        (this(3, 20), before(0, 900), "release 3f2c1ab fails 3 of 20 requests, the one before it (77aa001) 0 of 900"),
        (this(5, 100), before(2, 100), "release 3f2c1ab fails 5 of 100 requests, the one before it (77aa001) 2 of 100"),
        (this(5, 100), before(0, 0), "the one before it (77aa001) has none to compare with"),
        (this(5, 100), before(5, 100), "5 of 100: as often"),
        (this(5, 100), before(2, 100), "2.5 times as often (p = 0.22)"),
    ],
)
def test_a_comparison_says_its_numbers(new: ErrorCount, old: ErrorCount, reason: str) -> None:
    assert reason in compare_releases(new, old).reason


def test_sessions_are_called_sessions() -> None:
    assert "4 of 9 sessions" in compare_releases(this(4, 9), before(1, 100), "session").reason


@given(counts, counts)
def test_a_comparison_is_always_possible(new: tuple[int, int], old: tuple[int, int]) -> None:
    comparison = compare_releases(this(*new), before(*old))
    assert 0 <= comparison.p_value <= 1
    assert not (comparison.is_worse and new[0] / new[1] <= old[0] / old[1])


def test_counts_of_one_release_are_added_and_made_possible() -> None:
    merged = merge_counts([this(1, 10), before(0, 5), this(2, 10), ErrorCount("", 7, 3), ErrorCount("x", -1, -4)])
    assert merged == (ErrorCount("", 7, 7), this(3, 20), before(0, 5), ErrorCount("x", 0, 0))


def test_the_rate_of_nothing_is_no_division_by_zero() -> None:
    assert this(0, 0).rate == 0
