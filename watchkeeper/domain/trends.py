"""Where a number is going, and whether the change is larger than chance."""

from dataclasses import dataclass
from enum import StrEnum


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
