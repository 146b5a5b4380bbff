"""Every test is held against the same one of scipy, which is slow to load and right."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from watchkeeper.domain.significance import (
    count_difference,
    larger_share,
    quantile_difference,
    rank_difference,
    share_difference,
)


def bins(values: Sequence[int]) -> list[tuple[int, int]]:
    return sorted(Counter(values).items())


@given(st.integers(0, 30), st.integers(1, 400), st.integers(0, 30), st.integers(1, 400))
def test_small_shares_are_tested_by_fisher(hits: int, rest: int, other: int, other_rest: int) -> None:
    of, of_others = hits + rest, other + other_rest
    smallest = min(of, of_others) * min(hits + other, rest + other_rest) / (of + of_others)
    found = share_difference(hits, of, other, of_others)
    table = np.array([[hits, rest], [other, other_rest]])
    if smallest < 5:
        assert found == pytest.approx(stats.fisher_exact(table).pvalue, rel=1e-6)
    else:
        assert found == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue, rel=1e-6)


@given(st.integers(0, 300), st.integers(0, 9_000), st.integers(0, 300), st.integers(0, 9_000))
def test_a_larger_share_is_tested_by_fisher(hits: int, rest: int, other: int, other_rest: int) -> None:
    found = larger_share(hits, hits + rest, other, other + other_rest)
    if hits * (other + other_rest) <= other * (hits + rest):
        assert found == 1
        return
    table = np.array([[hits, rest], [other, other_rest]])
    assert found == pytest.approx(stats.fisher_exact(table, alternative="greater").pvalue, rel=1e-6, abs=1e-200)


def test_large_samples_are_told_at_once_and_never_as_impossible() -> None:
    assert larger_share(500_000, 1_000_000, 499_000, 1_000_000) == pytest.approx(0.0788573, rel=1e-4)
    assert larger_share(900_000, 1_000_000, 100, 1_000_000) == 0


@given(st.integers(0, 60), st.integers(0, 60), st.sampled_from([(1, 1), (24, 23), (31, 28), (1, 7)]))
def test_counts_are_tested_as_parts_of_their_sum(events: int, others: int, times: tuple[float, float]) -> None:
    found = count_difference(events, others, *times)
    if events + others == 0:
        assert found == 1
        return
    share = times[0] / sum(times)
    assert found == pytest.approx(stats.binomtest(events, events + others, share).pvalue, rel=1e-6)


@pytest.mark.parametrize(("events", "others"), [(1_000, 1_100), (5_000, 5_000), (20_000, 20_900)])
def test_many_events_are_near_the_exact_test(events: int, others: int) -> None:
    exact = stats.binomtest(events, events + others, 0.5).pvalue
    assert count_difference(events, others) == pytest.approx(exact, abs=0.002)


@given(st.lists(st.integers(0, 12), min_size=1, max_size=60), st.lists(st.integers(0, 12), min_size=1, max_size=60))
def test_ranks_are_tested_by_mann_and_whitney(values: list[int], others: list[int]) -> None:
    found = rank_difference(bins(values), bins(others))
    if len({*values, *others}) == 1:
        assert found == 1
        return
    asymptotic = stats.mannwhitneyu(values, others, method="asymptotic").pvalue
    assert found == pytest.approx(min(1.0, asymptotic), rel=1e-6)


def test_a_tail_can_differ_where_the_ranks_do_not() -> None:
    usual, slow = [10] * 1_000 + [20] * 20, [10] * 930 + [20] * 90
    assert quantile_difference(bins(usual), bins(slow), 0.95) is not None
    assert (quantile_difference(bins(usual), bins(slow), 0.95) or 1) < 0.001
    assert quantile_difference(bins(usual), bins(usual), 0.95) == pytest.approx(1)


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(share_difference(0, 0, 3, 10), id="a share of nothing"),
        pytest.param(count_difference(3, 4, 0, 24), id="a count in no time"),
        pytest.param(rank_difference([], [(1, 3)]), id="a sample of nothing"),
        pytest.param(quantile_difference([], [], 0.95), id="quantiles of nothing"),
    ],
)
def test_of_nothing_nothing_is_said(found: float | None) -> None:
    assert found is None


def test_large_tables_are_quick_and_sure() -> None:
    assert share_difference(1_200, 1_000_000, 600, 1_000_000) == pytest.approx(0, abs=1e-12)
    assert share_difference(3, 1_000_000, 3, 1_000_000) == pytest.approx(1)
