"""Which hours of a project are known, source by source, and why the others are not."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from watchkeeper.domain.metrics import METRICS

WATCH: Final = "watchkeeper"  # what we have judged ourselves
CREDITS: Final = "credits"  # CircleCI's Insights, which know an hour later than its other answers
GITHUB: Final = "github"  # commits, for lead times
INCIDENTS: Final = "incidents"  # laid on releases: found anew over a longer span than the hour

# Sources whose hours can be complete or not; an hour of a project has a state for each of them.
SOURCES: Final = ("sentry", "endpoints", "circleci", CREDITS, "vercel", GITHUB, WATCH)

_OWN_SOURCE: Final = {
    "credits": CREDITS,
    "cost": CREDITS,
    "lead_time_s": GITHUB,
    "failed_releases": INCIDENTS,
    "restore_time_s": INCIDENTS,
}


def source_of(metric: str) -> str:
    """Return the source together with which the buckets of a metric are replaced."""
    return _OWN_SOURCE.get(metric) or METRICS[metric].source


def metrics_of(source: str) -> tuple[str, ...]:
    return tuple(name for name in METRICS if source_of(name) == source)


class HourState(StrEnum):
    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    NOT_CONFIGURED = "not_configured"


@dataclass(frozen=True, slots=True)
class SourceHour:
    """How much one source has told of one clock hour.

    Attributes:
        hour: its start, aware UTC.
        reason: why it is incomplete; "" otherwise.
        is_final: True when asking again cannot make it complete: it is not due again.
    """

    project: str
    hour: datetime
    source: str
    state: HourState
    reason: str = ""
    is_final: bool = False


@dataclass(frozen=True, slots=True)
class SourceCoverage:
    """How many hours of a span a source has told. Hours in neither were never aggregated.

    Attributes:
        reasons: why hours are incomplete, with how many hours each, the commonest first.
    """

    complete: int = 0
    incomplete: int = 0
    not_configured: int = 0
    reasons: tuple[tuple[str, int], ...] = ()


Coverages = Mapping[str, Mapping[str, SourceCoverage]]  # by project, then by source
