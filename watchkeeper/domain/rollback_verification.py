"""Whether a way back has helped, whatever the vendor says."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from watchkeeper.domain.endpoints import Probe
from watchkeeper.domain.error_rates import ErrorCount
from watchkeeper.domain.limits import HealthLimits
from watchkeeper.domain.production import Production
from watchkeeper.domain.rollback import Outcome, Rollback
from watchkeeper.domain.verdicts import Missing


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured since production moved.

    Attributes:
        errors: failures of what serves now, since it serves; of the old release's visitors nothing.
        percentage: value of the item, for the way of that name.
    """

    at: datetime
    production: Production | Missing
    errors: ErrorCount | Missing
    probes: tuple[Probe, ...] | Missing = ()
    noun: str = "request"
    percentage: float | Missing | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome with its reasons, the weightiest first. `is_over`: asking again later would say no more."""

    outcome: Outcome
    reasons: tuple[str, ...]
    is_over: bool


def verify(rollback: Rollback, measured: Measured, limits: HealthLimits) -> Verification:
    """Return whether production is where it should be, and whether that has helped."""
    raise NotImplementedError


def endpoints_that_fail(probes: Sequence[Probe]) -> tuple[str, ...]:
    """Return the names of the endpoints whose last probe failed."""
    raise NotImplementedError
