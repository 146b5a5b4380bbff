"""The evidence for going back: this release against the one before it, and whether it still holds when it matters."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from watchkeeper.domain.blame import Fault
from watchkeeper.domain.error_rates import ErrorCount
from watchkeeper.domain.health import HealthCheck
from watchkeeper.domain.verdicts import Missing, Verdict


@dataclass(frozen=True, slots=True)
class RollbackEvidence:
    """What speaks for going back at one moment.

    Attributes:
        serving: commit SHA (or the vendor's name) of the release that serves; "" when not known.
        this, before: failures of the serving release and of the one before it; None when not counted.
        noun: what was counted: request or session.
        p_value, ratio: of Fisher's exact test and how many times as often; None when there is nothing to compare.
        is_worse: True when this release fails more than the one before, by test and by effect.
        since: when the trouble began; None when there is none, or it is not known.
        reasons: sentences, the weightiest first.
    """

    at: datetime
    serving: str
    verdict: Verdict
    score: float | None
    fault: Fault
    fault_release: str
    fault_reason: str
    this: ErrorCount | None
    before: ErrorCount | None
    noun: str
    p_value: float | None
    ratio: float | None
    is_worse: bool
    since: datetime | None
    reasons: tuple[str, ...]
    url: str = ""


@dataclass(frozen=True, slots=True)
class SecondLook:
    """What is different from what was approved. `is_blocked`: it may not be done any more, whoever approves."""

    reasons: tuple[str, ...] = ()
    is_blocked: bool = False

    @property
    def must_confirm_again(self) -> bool:
        return bool(self.reasons)


def weigh_evidence(  # noqa: PLR0913 - all that the case for going back is made of
    check: HealthCheck | None,
    this: ErrorCount | Missing,
    before: ErrorCount | Missing,
    history: Sequence[HealthCheck],
    now: datetime,
    *,
    noun: str = "request",
    url: str = "",
) -> RollbackEvidence:
    """Return the case for going back from the newest check, the counts of two releases and the checks before."""
    raise NotImplementedError


def has_changed(then: RollbackEvidence, now: RollbackEvidence) -> SecondLook:
    """Return what is no longer so: production has recovered, a newer release serves, the fault lies elsewhere."""
    raise NotImplementedError
