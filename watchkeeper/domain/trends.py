"""Where a number is going, and whether the change is larger than chance."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from watchkeeper.domain.metrics import Better, Bucket, Kind, Metric
from watchkeeper.domain.significance import (
    SIGNIFICANT,
    count_difference,
    quantile_difference,
    rank_difference,
    share_difference,
)

FLAT: Final = 0.05  # change up to which nothing has changed
MEDIAN: Final = 0.5
AMOUNTS: Final = frozenset({"credits", "money"})  # units of counts that are no numbers of independent events
MEANS: Final = frozenset({"score"})  # levels that are told by their mean; of all others the worst is told


class Direction(StrEnum):
    UP = "up"
    DOWN = "down"
    FLAT = "flat"  # within +-5 %
    NEW = "new"  # there was nothing, or 0, before
    UNKNOWN = "unknown"  # one of the two is not known


@dataclass(frozen=True, slots=True)
class Trend:
    """One number held against an earlier one of the same metric.

    Attributes:
        change: (current - previous) / previous, a fraction; None where that makes no sense.
        previous, current: in the metric's own unit; None when not known.
        is_significant: True when a change of this size is unlikely (p < 0.05) to be chance with samples of this size;
            None when nothing can be said of it.
        good: True when the change is for the better, False for the worse, None when flat, unknown or neither.
    """

    direction: Direction
    change: float | None
    previous: float | None
    current: float | None
    is_significant: bool | None
    good: bool | None


def value_of(metric: Metric, bucket: Bucket | None, quantile: float = MEDIAN) -> float | None:
    """Return what a bucket says: a count its total, a share its fraction, a distribution its quantile; else None.

    A level is told by its worst: the most users in an hour, the fewest days of a certificate. The score by its mean.
    """
    if bucket is None:
        return None
    match metric.kind:
        case Kind.COUNT:
            return bucket.total
        case Kind.SHARE:
            return bucket.mean
        case Kind.DISTRIBUTION:
            return None if bucket.sketch is None else bucket.sketch.quantile(quantile)
    if metric.name in MEANS:
        return bucket.mean
    return bucket.least if metric.better is Better.MORE else bucket.greatest


def trend(
    metric: Metric,
    current: Bucket | None,
    previous: Bucket | None,
    quantile: float = MEDIAN,
    exposure: tuple[float, float] = (1, 1),
) -> Trend:
    """Return where a metric has gone from `previous` to `current`; None stands for not known.

    A share that should be near 1 is `flat` only while what it lacks of 1 is: 99.9 % to 98 % is twenty times the
    failures, and no calm at all. That counts where it is more than chance.

    Args:
        quantile: of a distribution.
        exposure: lengths of time that counts were counted in, current and previous, in the same unit.
    """
    values = value_of(metric, current, quantile), value_of(metric, previous, quantile)
    p_value = _p_value(metric, current, previous, quantile, exposure)
    found = trend_of(*values, metric.better, is_significant=None if p_value is None else p_value < SIGNIFICANT)
    if found.direction is Direction.FLAT and found.is_significant and _lacks_more_or_less(metric, found):
        return _changed(found, metric.better)
    return found


def trend_of(
    current: float | None, previous: float | None, better: Better, *, is_significant: bool | None = None
) -> Trend:
    """Return where a plain number has gone."""
    if current is None or previous is None:
        return Trend(Direction.UNKNOWN, None, previous, current, None, None)
    change = (current - previous) / abs(previous) if previous else (None if current else 0.0)
    found = Trend(_direction(change), change, previous, current, is_significant, None)
    return found if found.direction is Direction.FLAT else _changed(found, better)


def _direction(change: float | None) -> Direction:
    if change is None:
        return Direction.NEW
    if abs(change) <= FLAT + 1e-12:
        return Direction.FLAT
    return Direction.UP if change > 0 else Direction.DOWN


def _changed(found: Trend, better: Better) -> Trend:
    """Return the trend with a direction, even if it is a small one, and what to think of it."""
    rises = (found.current or 0) > (found.previous or 0)
    direction = found.direction
    if direction is Direction.FLAT:
        direction = Direction.UP if rises else Direction.DOWN
    good = None if better is Better.NEITHER else rises == (better is Better.MORE)
    return Trend(direction, found.change, found.previous, found.current, found.is_significant, good)


def _lacks_more_or_less(metric: Metric, found: Trend) -> bool:
    if metric.kind is not Kind.SHARE or metric.better is not Better.MORE:
        return False
    lacked, lacks = 1 - (found.previous or 0), 1 - (found.current or 0)
    return abs(lacks - lacked) > FLAT * lacked


def _p_value(
    metric: Metric, current: Bucket | None, previous: Bucket | None, quantile: float, exposure: tuple[float, float]
) -> float | None:
    """Return the p value of both being the same, by the test that fits the kind; None when there is none."""
    if current is None or previous is None:
        return None
    if metric.kind is Kind.SHARE:
        return share_difference(round(current.total), current.count, round(previous.total), previous.count)
    if metric.kind is Kind.COUNT and metric.unit not in AMOUNTS:
        return count_difference(round(current.total), round(previous.total), *exposure)
    if current.sketch is None or previous.sketch is None:
        return None
    if quantile == MEDIAN:
        return rank_difference(current.sketch.bins, previous.sketch.bins)
    return quantile_difference(current.sketch.bins, previous.sketch.bins, quantile)
