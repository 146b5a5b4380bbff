"""What every judgement has in common: a verdict, its reasons, its evidence."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise


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

    @property
    def is_blind(self) -> bool:
        """True when there is something to see and we cannot see it: someone should mend that."""
        return self in {Gap.NO_CREDENTIAL, Gap.REFUSED, Gap.UNAVAILABLE, Gap.OFFLINE}

    @property
    def is_meant(self) -> bool:
        """True when the gap is somebody's choice: not asked, or not configured."""
        return self in {Gap.NOT_ASKED, Gap.NOT_CONFIGURED}


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


_SEVERITY = {Verdict.UNKNOWN: 0, Verdict.HEALTHY: 1, Verdict.WARNING: 2, Verdict.CRITICAL: 3}
_BANDS = {Verdict.HEALTHY: (70.0, 100.0), Verdict.WARNING: (50.0, 69.0), Verdict.CRITICAL: (0.0, 49.0)}


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of what is known; unknown when nothing is."""
    return max(verdicts, key=_SEVERITY.__getitem__, default=Verdict.UNKNOWN)


def whole(score: float) -> float:
    """Return a score in whole points, rounded down: shown with any number of digits it stays below its limit."""
    return float(math.floor(score + 1e-9))


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was noticed. A healthy one is a note.

    Attributes:
        score: 0..100; it is brought into the band of the verdict: healthy 70..100, warning 50..69, critical 0..49.
    """

    verdict: Verdict
    reason: str
    score: float = 100.0

    @property
    def points(self) -> float:
        lowest, highest = _BANDS[self.verdict]
        return min(max(whole(self.score), lowest), highest)


def conclude(findings: Sequence[Finding], evidence: Sequence[Evidence] = ()) -> Judgement:
    """Return the judgement that the worst finding makes, with the reasons of all: the weightiest first."""
    ordered = sorted(findings, key=lambda finding: (-_SEVERITY[finding.verdict], finding.points))
    reasons = tuple(dict.fromkeys(finding.reason for finding in ordered))
    return Judgement(ordered[0].verdict, reasons, min(finding.points for finding in ordered), tuple(evidence))


def falling(value: float, points: Sequence[tuple[float, float]]) -> float:
    """Return the score at `value` on the straight lines through `points`, which are sorted and fall."""
    for (left, high), (right, low) in pairwise(points):
        if value <= right:
            return high if right <= left else high + (low - high) * (value - left) / (right - left)
    return points[-1][1]
