"""How fast incidents are taken on and ended, and how far apart they are: MTTA, MTTR, MTBF, with denominators."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from watchkeeper.domain.incidents import Incident


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over `counted` of `total` things; None when none could be counted."""

    value: timedelta | None
    counted: int
    total: int


@dataclass(frozen=True, slots=True)
class ResponseTimes:
    """Means over incidents.

    Attributes:
        acknowledge: from open to acknowledged (MTTA), over those that somebody took on.
        restore: from the start of the trouble to its end (MTTR), over those that are resolved.
        between: from the end of one to the start of the next one of the same project (MTBF), over such pairs.
    """

    acknowledge: Mean
    restore: Mean
    between: Mean


def response_times(incidents: Iterable[Incident]) -> ResponseTimes:
    """Return how fast incidents were taken on and ended, and how far apart they are.

    Args:
        incidents: those that were opened in the time that is spoken of.
    """
    ordered = sorted(incidents, key=lambda incident: (incident.project, incident.started_at))
    pairs = [(a, b) for a, b in pairwise(ordered) if a.project == b.project]
    return ResponseTimes(
        acknowledge=_mean([i.acknowledged_at - i.opened_at for i in ordered if i.acknowledged_at], len(ordered)),
        restore=_mean([i.resolved_at - i.started_at for i in ordered if i.resolved_at], len(ordered)),
        between=_mean([max(b.started_at - a.resolved_at, timedelta()) for a, b in pairs if a.resolved_at], len(pairs)),
    )


def _mean(values: Sequence[timedelta], total: int) -> Mean:
    return Mean(sum(values, timedelta()) / len(values) if values else None, len(values), total)
