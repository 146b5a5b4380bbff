"""How likely a difference is to be chance: p values, without any library that takes long to load.

They are two-sided unless said otherwise.

Below SIGNIFICANT a difference is taken for more than chance. The tests look at samples as if each were drawn on its
own; they say nothing of whether a difference matters.
"""

import math
from collections.abc import Iterable, Sequence
from statistics import NormalDist
from typing import Final

SIGNIFICANT: Final = 0.05
SMALL_CELL: Final = 5  # expected below which the normal distribution is no stand-in
MANY_EVENTS: Final = 2_000  # from which it is
TIES: Final = 1 + 1e-7  # outcomes as likely as the one seen count as such, rounding aside
ROUNDING: Final = 1e-17

Bins = Sequence[tuple[int, int]]


def share_difference(hits: int, of: int, other_hits: int, of_others: int) -> float | None:
    """Return the p value of two shares being the same; None when one has no sample.

    Fisher's exact test where a cell expects fewer than five, else the pooled test of two proportions.
    """
    if min(of, of_others) <= 0:
        return None
    total, together = of + of_others, hits + other_hits
    if min(of, of_others) * min(together, total - together) < SMALL_CELL * total:
        return _fisher(hits, of, other_hits, of_others)
    pooled = together / total
    error = math.sqrt(pooled * (1 - pooled) * (1 / of + 1 / of_others))
    return _two_sided((hits / of - other_hits / of_others) / error)


def larger_share(hits: int, of: int, other_hits: int, of_others: int) -> float:
    """Return the one-sided p value of the first share being no larger than the other, by Fisher's exact test.

    It is 1 for a share that is not larger. Of two samples together a million are told in a millisecond.

    Source: R. A. Fisher, Statistical Methods for Research Workers, 1934.
    """
    if hits * of_others <= other_hits * of:
        return 1.0
    together = hits + other_hits
    whole = _log_choose(of + of_others, together)
    chances: list[float] = []
    for k in range(hits, min(of, together) + 1):  # the more extreme, the rarer: what is below rounding ends it
        chances.append(math.exp(_log_choose(of, k) + _log_choose(of_others, together - k) - whole))
        if chances[-1] <= chances[0] * ROUNDING:
            break
    return min(1.0, math.fsum(chances))


def count_difference(events: int, other_events: int, exposure: float = 1, other_exposure: float = 1) -> float | None:
    """Return the p value of two counts of independent events having the same rate; None without any time to count in.

    Given their sum, the first is binomial with the share of its time.

    Source: J. Przyborowski, H. Wilenski, Homogeneity of results in testing samples from Poisson series, 1940.

    Args:
        exposure, other_exposure: lengths of time that were counted in, in the same unit.
    """
    if min(exposure, other_exposure) <= 0:
        return None
    together, share = events + other_events, exposure / (exposure + other_exposure)
    if not together:
        return 1.0
    if together < MANY_EVENTS:
        return _outcomes_as_rare([_log_binomial(k, together, share) for k in range(together + 1)], events)
    distance = max(0.0, abs(events - together * share) - 0.5)
    return _two_sided(distance / math.sqrt(together * share * (1 - share)))


def rank_difference(bins: Bins, other_bins: Bins) -> float | None:
    """Return the p value of two samples coming from one distribution; None when one is empty.

    Source: H. B. Mann, D. R. Whitney, On a test of whether one of two random variables is stochastically larger than
    the other, 1947; with the correction for ties, as all samples of one bin are.

    Args:
        bins, other_bins: (number of the bin, samples), the higher bin holding the larger values.
    """
    first, second = dict(bins), dict(other_bins)
    n, m = sum(first.values()), sum(second.values())
    if not n or not m:
        return None
    below, rank_sum, ties = 0, 0.0, 0
    for number in sorted(first.keys() | second.keys()):
        tied = first.get(number, 0) + second.get(number, 0)
        rank_sum += first.get(number, 0) * (below + (tied + 1) / 2)
        ties += tied**3 - tied
        below += tied
    variance = n * m / 12 * (n + m + 1 - ties / ((n + m) * max(1, n + m - 1)))
    if variance <= 0:
        return 1.0
    distance = max(0.0, abs(rank_sum - n * (n + 1) / 2 - n * m / 2) - 0.5)
    return _two_sided(distance / math.sqrt(variance))


def quantile_difference(bins: Bins, other_bins: Bins, quantile: float) -> float | None:
    """Return the p value of two samples having the same quantile; None when one is empty.

    The median test for any quantile: the same share of each lies above it. It is cut at the lower of both quantiles,
    where samples that tie with one of them cannot hide that the other is higher.

    Source: A. M. Mood, Introduction to the Theory of Statistics, 1950.
    """
    n, m = _number(bins), _number(other_bins)
    limit = min(_bin_at(bins, quantile * (n - 1)), _bin_at(other_bins, quantile * (m - 1)))
    return share_difference(_above(bins, limit), n, _above(other_bins, limit), m)


def _number(bins: Bins) -> int:
    return sum(samples for _, samples in bins)


def _bin_at(bins: Iterable[tuple[int, int]], rank: float) -> int:
    seen = 0
    for number, samples in sorted(bins):
        seen += samples
        if seen > rank:
            return number
    return 0


def _above(bins: Bins, limit: int) -> int:
    return sum(samples for number, samples in bins if number > limit)


def _fisher(hits: int, of: int, other_hits: int, of_others: int) -> float:
    together = hits + other_hits
    least, most = max(0, together - of_others), min(of, together)
    chances = [_log_choose(of, k) + _log_choose(of_others, together - k) for k in range(least, most + 1)]
    whole = _log_choose(of + of_others, together)
    return _outcomes_as_rare([chance - whole for chance in chances], hits - least)


def _outcomes_as_rare(logs: Sequence[float], seen: int) -> float:
    """Return the chance of what was seen and of everything as rare; `logs` are the logarithms of the chances."""
    limit = logs[seen] + math.log(TIES)
    return min(1.0, math.fsum(math.exp(chance) for chance in logs if chance <= limit))


def _log_binomial(k: int, n: int, share: float) -> float:
    return _log_choose(n, k) + k * math.log(share) + (n - k) * math.log1p(-share)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _two_sided(z: float) -> float:
    return 2 * NormalDist().cdf(-abs(z))
