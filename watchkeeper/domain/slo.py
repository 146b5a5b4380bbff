"""Service level objectives: what was promised, what was kept, and how much of the error budget is left."""

from dataclasses import dataclass


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
