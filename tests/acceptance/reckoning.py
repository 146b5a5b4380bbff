"""Numbers as people reckon them by hand: shares with their bounds, percentiles, the score of an hour."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import floor, sqrt
from statistics import NormalDist

# Score of what certainly fails, the lower bound of the share: straight lines between these points, in whole points.
SCORES = ((0.0, 100.0), (0.025, 70.0), (0.05, 50.0), (0.10, 25.0), (1.0, 0.0))
LEAST_REQUESTS = 10

LEAST_FAILURES = 3
CRITICAL = 0.05  # share of failures
VISIBLE = 0.02  # share of the requests below which a release is not looked at on its own

Counts = dict[str, tuple[int, int]]  # failed and all, by release


@dataclass(frozen=True, slots=True)
class Number:
    """A figure. `is_close`: it is a percentile, which may be off by 1 %."""

    value: float | None
    numerator: float | None = None
    denominator: float | None = None
    sample: int = 0
    is_close: bool = False
    interval: tuple[float, float] | None = None


def count_of(number: int) -> Number:
    return Number(number, sample=number)


def share_of(part: int, whole: int) -> Number:
    if not whole:
        return Number(None)
    return Number(part / whole, part, whole, whole, interval=_wilson(part, whole))


def percentile(values: Sequence[float], percent: int) -> Number:
    """The value of the list below which so many of its values lie: one that was measured, nothing in between."""
    ordered = sorted(values)
    value = ordered[floor(percent / 100 * (len(ordered) - 1))] if ordered else None
    return Number(value, sample=len(ordered), is_close=True)


def _wilson(part: int, whole: int) -> tuple[float, float]:
    z = NormalDist().inv_cdf(0.975)
    share, scale = part / whole, 1 + z * z / whole
    middle = (share + z * z / (2 * whole)) / scale
    reach = z * sqrt(share * (1 - share) / whole + z * z / (4 * whole * whole)) / scale
    return (0.0 if part == 0 else middle - reach, 1.0 if part == whole else middle + reach)


def score_of(counts: Counts) -> float:
    """Whole points by what certainly fails of all; at most 55 where a release that many meet fails beyond the limit."""
    failed, total = sum(failed for failed, _ in counts.values()), sum(total for _, total in counts.values())
    share = _wilson(failed, total)[0]
    points = next(
        high + (low - high) * (share - left) / (right - left)
        for (left, high), (right, low) in pairwise(SCORES)
        if share <= right
    )
    met = [count for count in counts.values() if count[1] >= max(LEAST_REQUESTS, VISIBLE * total)]
    hidden = any(_is_critical(*count) for count in met) and not _is_critical(failed, total)
    return float(floor(min(points, 55 if hidden else points)))


def _is_critical(failed: int, total: int) -> bool:
    return failed >= LEAST_FAILURES and _wilson(failed, total)[0] > CRITICAL
