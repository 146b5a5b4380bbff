"""Service level objectives: what was promised, what was kept, and how much of the error budget is left."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from watchkeeper.domain.metrics import Bucket
from watchkeeper.domain.period_reports import Objective

BAD_IS_COUNTED = frozenset({"failures"})  # metrics whose buckets hold what went wrong


@dataclass(frozen=True, slots=True)
class SloTarget:
    """What is promised of one metric that is a share.

    Attributes:
        name: for people: `Availability`, `Success rate`.
        target: share of what must be good, a fraction 0..1 (0.999 for 99.9 %).
        metric: `availability` (good is counted) or `failures` (bad is counted).
    """

    name: str
    target: float
    metric: str


def objectives(
    targets: Iterable[SloTarget], buckets: Mapping[str, Bucket | None], notes: Mapping[str, str]
) -> tuple[Objective, ...]:
    """Return what became of each target, in their order.

    Args:
        buckets: of the whole period, by metric; None or nothing when it is not known.
        notes: by metric, what is special about its numbers: `18 of 24 hours complete`.
    """
    return tuple(_objective(t, buckets.get(t.metric), notes.get(t.metric, "")) for t in targets)


def _objective(target: SloTarget, bucket: Bucket | None, note: str) -> Objective:
    if bucket is None or not bucket.count:
        return Objective(target.name, target.target, None, 0, 0, None, note or "nothing was counted in the period")
    counted = round(bucket.total)
    good = bucket.count - counted if target.metric in BAD_IS_COUNTED else counted
    left = _budget_left(good, bucket.count, target.target)
    if left is None:
        note = "; ".join(filter(None, ["a target of 100 % has no error budget, and something went wrong", note]))
    return Objective(target.name, target.target, good / bucket.count, good, bucket.count, left, note)


def _budget_left(good: int, total: int, target: float) -> float | None:
    """Return the share of the allowed failures that was not used up; None when some were made and none is allowed."""
    allowed, bad = total * (1 - target), total - good
    if not bad:
        return 1.0
    return 1 - bad / allowed if allowed > 0 else None
