"""When people are told: on a change of what is known, and when the watch itself has gone blind."""

from dataclasses import dataclass
from enum import StrEnum

from watchkeeper.domain.health import VITAL, HealthCheck
from watchkeeper.domain.verdicts import Verdict


class ChangeReason(StrEnum):
    """Why something is told."""

    FIRST = "first"  # nothing was told of this project before
    WORSE = "worse"
    BETTER = "better"  # still not healthy
    RECOVERED = "recovered"
    BLIND = "blind"  # a vendor cannot be asked, so nobody knows
    SEEING = "seeing"  # known again after blindness


@dataclass(frozen=True, slots=True)
class Change:
    """What is told, and why."""

    project: str
    verdict: Verdict
    previous: Verdict | None
    reason: ChangeReason
    sentence: str


_SEVERITY = {Verdict.HEALTHY: 0, Verdict.WARNING: 1, Verdict.CRITICAL: 2}


def decide_change(check: HealthCheck, last_told: Verdict | None, in_maintenance: bool) -> Change | None:  # noqa: FBT001
    """Return what to tell of a check, None for nothing.

    Told is a verdict that differs from the last one told. Unknown for want of evidence is silent; unknown because we
    cannot see is told. Maintenance silences everything but good news about what was told before it.

    Args:
        last_told: the verdict that people know of; None when they were told nothing yet.
    """
    reason = _reason(check, last_told)
    if reason is None or (in_maintenance and reason is not ChangeReason.RECOVERED):
        return None
    return Change(check.project, check.verdict, last_told, reason, _sentence(check, last_told, reason))


def is_blind(check: HealthCheck) -> bool:
    """Return True when the verdict is unknown because what is vital could not be seen, not for want of evidence."""
    gaps = {judgement.gap for component, judgement in check.components.items() if component in VITAL}
    return check.verdict is Verdict.UNKNOWN and any(gap is not None and gap.is_blind for gap in gaps)


def _reason(check: HealthCheck, last_told: Verdict | None) -> ChangeReason | None:
    if check.verdict is last_told or (check.verdict is Verdict.UNKNOWN and not is_blind(check)):
        return None
    if last_told is None:
        return ChangeReason.FIRST
    if check.verdict is Verdict.UNKNOWN:
        return ChangeReason.BLIND
    if last_told is Verdict.UNKNOWN:
        return ChangeReason.SEEING
    if check.verdict is Verdict.HEALTHY:
        return ChangeReason.RECOVERED
    return ChangeReason.WORSE if _SEVERITY[check.verdict] > _SEVERITY[last_told] else ChangeReason.BETTER


def _sentence(check: HealthCheck, last_told: Verdict | None, reason: ChangeReason) -> str:
    cause = check.reasons[0]
    return {
        ChangeReason.FIRST: f"{check.project} is {check.verdict}: {cause}",
        ChangeReason.WORSE: f"{check.project} became {check.verdict}, it was {last_told}: {cause}",
        ChangeReason.BETTER: f"{check.project} is only {check.verdict} now, it was {last_told}: {cause}",
        ChangeReason.RECOVERED: f"{check.project} is healthy again, it was {last_told}: {cause}",
        ChangeReason.BLIND: f"{check.project} cannot be seen, it was {last_told}: {cause}",
        ChangeReason.SEEING: f"{check.project} can be seen again and is {check.verdict}: {cause}",
    }[reason]
