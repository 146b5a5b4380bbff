"""A measured value, in the one form that every source shares."""

from dataclasses import dataclass

from watchkeeper.domain.windows import Window


@dataclass(frozen=True, slots=True)
class Observation:
    """One measured value of one project; unique by project, source, metric, window start and end, and release.

    Attributes:
        source: sentry, vercel, circleci or endpoints.
        metric: what was measured, with its unit in the name where it has one (`latency_ms/home`).
        sample_size: how many single measurements are in `value`; 0 when it is not a sample.
        release: as the source names it; "" when the value does not belong to one.
    """

    project: str
    source: str
    metric: str
    window: Window
    value: float
    sample_size: int = 0
    release: str = ""
