"""What every judgement has in common: a verdict, its reasons, its evidence."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    HEALTHY = "healthy"
    WARNING = "warning"
    CRITICAL = "critical"
    UNKNOWN = "unknown"


class Component(StrEnum):
    """A part of a project's health that is judged on its own."""

    ERRORS = "errors"
    ENDPOINTS = "endpoints"
    DELIVERY = "delivery"
    BUILDS = "builds"


class Gap(StrEnum):
    """Why something is not known."""

    NO_EVIDENCE = "no_evidence"  # the vendor answered, the sample is too small
    NO_CREDENTIAL = "no_credential"  # the block is missing or its secret is empty
    REFUSED = "refused"  # the vendor said no: asking again will not help
    UNAVAILABLE = "unavailable"  # the vendor did not answer, or answered nonsense
    OFFLINE = "offline"  # our own connectivity is down
    NOT_ASKED = "not_asked"  # this kind of check leaves the component out
    NOT_CONFIGURED = "not_configured"  # the project does not use the vendor


@dataclass(frozen=True, slots=True)
class Missing:
    """Stands where a value could not be had. `reason` is a sentence for a person, with the way out."""

    gap: Gap
    reason: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """One fact under a judgement. `value` is shown with `unit` behind it; `url` is where to look it up."""

    name: str
    value: float | int | str | None
    unit: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its reasons, the weightiest first, and the evidence for them.

    Attributes:
        score: 0 (worst) to 100 (best); None exactly when the verdict is unknown.
        gap: why it is not known; None unless the verdict is unknown.
    """

    verdict: Verdict
    reasons: tuple[str, ...]
    score: float | None
    evidence: tuple[Evidence, ...] = ()
    gap: Gap | None = None

    def __post_init__(self) -> None:
        unknown = self.verdict is Verdict.UNKNOWN
        if unknown != (self.score is None) or unknown != (self.gap is not None):
            raise ValueError(f"an unknown verdict has a gap and no score, any other a score and no gap: {self}")
        if not self.reasons:
            raise ValueError("a judgement without a reason")


def unknown(gap: Gap, reason: str, evidence: Sequence[Evidence] = ()) -> Judgement:
    return Judgement(Verdict.UNKNOWN, (reason,), None, tuple(evidence), gap)
