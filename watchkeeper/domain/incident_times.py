"""How fast incidents are taken on and ended, and how far apart they are: MTTA, MTTR, MTBF, with denominators."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
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
        between: from the end of one to the start of the next one of the same project (MTBF), over such pairs; a pair
            whose first one is not over counts in the total alone.
    """

    acknowledge: Mean
    restore: Mean
    between: Mean


def response_times(incidents: Iterable[Incident], before: Iterable[Incident] = ()) -> ResponseTimes:
    """Return how fast incidents were taken on and ended, and how far apart they are.

    Args:
        incidents: those that were opened in the time that is spoken of.
        before: at most one of each project, the last one before that time: with it the first one makes a pair, too.
    """
    own = sorted(incidents, key=_in_order)
    pairs = [(a, b) for a, b in pairwise(sorted([*before, *own], key=_in_order)) if a.project == b.project]
    return ResponseTimes(
        acknowledge=_mean([i.acknowledged_at - i.opened_at for i in own if i.acknowledged_at], len(own)),
        restore=_mean([i.resolved_at - i.started_at for i in own if i.resolved_at], len(own)),
        between=_mean([max(b.started_at - a.resolved_at, timedelta()) for a, b in pairs if a.resolved_at], len(pairs)),
    )


def _in_order(incident: Incident) -> tuple[str, datetime]:
    return incident.project, incident.started_at


def _mean(values: Sequence[timedelta], total: int) -> Mean:
    return Mean(sum(values, timedelta()) / len(values) if values else None, len(values), total)
