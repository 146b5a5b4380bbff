"""How sure a share of failures is, and whether one release fails more than another."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

from watchkeeper.domain.commits import short_name
from watchkeeper.domain.phrases import amount
from watchkeeper.domain.significance import larger_share

SIGNIFICANT = 0.05  # p values below it are no chance
WORSE_BY = 2.0  # times as often, below which a difference is no reason to go back
MIN_FAILURES = 3  # failures below which a release is not blamed


@dataclass(frozen=True, slots=True)
class ErrorCount:
    """Failures out of all requests or sessions of one release; `release` is "" where the vendor names none."""

    release: str
    failures: int
    total: int

    @property
    def rate(self) -> float:
        """Share of failures, 0..1; 0 when there is nothing to share."""
        return self.failures / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """One release held against the one before it.

    Attributes:
        p_value: chance to see at least this many failures in `this` if both failed equally often (one-sided).
        ratio: how many times as often `this` fails; None when `before` has no failure or nothing to compare.
        is_worse: True when the difference is neither chance (p < 0.05) nor small (at least twice as often).
        reason: a sentence with the numbers.
    """

    this: ErrorCount
    before: ErrorCount
    p_value: float
    ratio: float | None
    is_worse: bool
    reason: str


def merge_counts(counts: Iterable[ErrorCount]) -> tuple[ErrorCount, ...]:
    """Return one count a release, sorted by release, with 0 <= failures <= total."""
    sums: dict[str, tuple[int, int]] = {}
    for count in counts:
        failures, total = sums.get(count.release, (0, 0))
        sums[count.release] = (failures + max(0, count.failures), total + max(0, count.total, count.failures))
    return tuple(ErrorCount(release, *sums[release]) for release in sorted(sums))


def wilson_interval(failures: int, total: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the bounds, 0..1, between which the true share of failures lies; (0, 1) when nothing was counted.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, 1927.
    """
    if total <= 0:
        return 0.0, 1.0
    z = _z(confidence)
    share = failures / total
    scale = 1 + z * z / total
    centre = (share + z * z / (2 * total)) / scale
    reach = z / scale * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    low = 0.0 if failures <= 0 else max(0.0, centre - reach)
    high = 1.0 if failures >= total else min(1.0, centre + reach)
    return low, high


@lru_cache(maxsize=16)
def _z(confidence: float) -> float:
    return NormalDist().inv_cdf((1 + confidence) / 2)


def compare_releases(this: ErrorCount, before: ErrorCount, noun: str = "request") -> Comparison:
    """Return whether `this` fails more than the release before it, by Fisher's exact test and by how much.

    Args:
        this, before: counts with 0 <= failures <= total.
        noun: what was counted, for the sentence.
    """
    p_value = larger_share(this.failures, this.total, before.failures, before.total)
    ratio = this.rate / before.rate if before.failures else None
    enough = ratio is None or ratio >= WORSE_BY
    is_worse = p_value < SIGNIFICANT and enough and this.failures >= MIN_FAILURES
    return Comparison(this, before, p_value, ratio, is_worse, _sentence(this, before, p_value, ratio, noun))


def _sentence(this: ErrorCount, before: ErrorCount, p_value: float, ratio: float | None, noun: str) -> str:
    told = f"release {short_name(this.release)} fails {this.failures:,} of {amount(this.total, noun)}"
    if not before.total:
        return f"{told}, the one before it ({short_name(before.release)}) has none to compare with"
    told += f", the one before it ({short_name(before.release)}) {before.failures:,} of {before.total:,}"
    if ratio is None or ratio < 1 or this.failures == 0:
        return told if ratio is not None else f"{told} ({_p(p_value)})"
    if this.rate == before.rate:
        return f"{told}: as often"
    return f"{told}: {_times(ratio)} as often ({_p(p_value)})"


def _times(ratio: float) -> str:
    return f"{ratio:,.0f} times" if ratio >= 10 else f"{ratio:.1f}".removesuffix(".0") + " times"


def _p(p_value: float) -> str:
    return "p < 0.0001" if p_value < 0.0001 else f"p = {p_value:.2g}"
