"""The health of a project: its components put together.

* Silence is never health. What visitors meet, errors and endpoints, is vital: a project is healthy only when every
  vital part that it has, and that was asked for, is known; and at least one must be. What is known to be bad stays bad
  whatever else is not known.
* The score is the weighted mean of the known parts. A critical part caps it at 49, a warning at 69, so that score and
  verdict cannot contradict each other; with an unknown verdict it is the score of what is known.
* A part with weight 0 is shown and counts for nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from watchkeeper.domain.blame import Blame, Fault
from watchkeeper.domain.limits import HealthLimits
from watchkeeper.domain.verdicts import Component, Gap, Judgement, Verdict, whole, worst
from watchkeeper.domain.windows import Window

__all__ = ["Blame", "CheckType", "Fault", "HealthCheck", "asked_components", "check_health"]

VITAL = (Component.ERRORS, Component.ENDPOINTS)
CUSTODY = "production was rolled back and nobody has promoted a deployment since: new builds do not go live"
NOTHING_VITAL = "neither errors nor endpoints are looked at, so nothing says that production is healthy"


class CheckType(StrEnum):
    """How much of a project a check looks at."""

    FULL = "full"
    ERROR_RATES = "error_rates"
    ENDPOINTS_ONLY = "endpoints_only"


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """The judgement of one project over one window.

    Attributes:
        project: the project's slug.
        score: 0 (worst) to 100 (best) over the known components, in whole points; None when none is known.
        coverage: share of the weights that is known, 0..1. What is not asked or not configured is not known.
        reasons: sentences, the weightiest first.
        release: commit SHA that serves production; "" when not known.
        in_custody: True after a rollback that nobody has ended.
    """

    project: str
    window: Window
    check_type: CheckType
    verdict: Verdict
    score: float | None
    coverage: float
    reasons: tuple[str, ...]
    components: Mapping[Component, Judgement] = field(default_factory=dict)
    blame: Blame = field(default_factory=lambda: Blame(Fault.NONE, "nothing is wrong"))
    release: str = ""
    in_custody: bool = False


def asked_components(check_type: CheckType) -> frozenset[Component]:
    """Return the components that a check of this kind looks at."""
    if check_type is CheckType.ERROR_RATES:
        return frozenset({Component.ERRORS})
    return frozenset({Component.ENDPOINTS}) if check_type is CheckType.ENDPOINTS_ONLY else frozenset(Component)


def check_health(  # noqa: PLR0913, PLR0917 - all that one check is made of
    project: str,
    window: Window,
    check_type: CheckType,
    components: Mapping[Component, Judgement],
    limits: HealthLimits,
    blame: Blame,
    release: str = "",
    in_custody: bool = False,  # noqa: FBT001 - a fact among facts
) -> HealthCheck:
    """Return the health of a project from its judged parts; a part that is left out was not asked."""
    counted = {c: components[c] for c in Component if c in components and limits.weights.get(c, 0) > 0}
    score = _score(counted, limits)
    verdict = _verdict(counted, score, limits)
    reasons = _reasons(counted, verdict, limits, blame)
    if in_custody:
        reasons = [*reasons[:1], CUSTODY, *reasons[1:]]
    return HealthCheck(
        project,
        window,
        check_type,
        verdict,
        score,
        _coverage(counted, limits),
        tuple(dict.fromkeys(reasons)),
        dict(components),
        blame,
        release,
        in_custody,
    )


def _standing(judgement: Judgement, limits: HealthLimits) -> Verdict:
    """Return the verdict of one part: its own, or the one that its score makes if that is worse."""
    if judgement.score is None:
        return Verdict.UNKNOWN
    return worst((judgement.verdict, _of_score(judgement.score, limits)))


def _of_score(score: float, limits: HealthLimits) -> Verdict:
    if score < limits.critical_score:
        return Verdict.CRITICAL
    return Verdict.WARNING if score < limits.warning_score else Verdict.HEALTHY


def _score(counted: Mapping[Component, Judgement], limits: HealthLimits) -> float | None:
    known = [(limits.weights[c], j.score) for c, j in counted.items() if j.score is not None]
    if not known:
        return None
    mean = sum(weight * score for weight, score in known) / sum(weight for weight, _ in known)
    standing = worst(_standing(judgement, limits) for judgement in counted.values())
    caps = {
        Verdict.CRITICAL: min(49.0, limits.critical_score - 1),
        Verdict.WARNING: min(69.0, limits.warning_score - 1),
    }
    return min(100.0, max(0.0, whole(min(mean, caps.get(standing, 100.0)))))


def _verdict(counted: Mapping[Component, Judgement], score: float | None, limits: HealthLimits) -> Verdict:
    if score is None:
        return Verdict.UNKNOWN
    known = worst([_of_score(score, limits), *(_standing(judgement, limits) for judgement in counted.values())])
    return Verdict.UNKNOWN if known is Verdict.HEALTHY and not _can_be_healthy(counted) else known


def _can_be_healthy(counted: Mapping[Component, Judgement]) -> bool:
    """Return True when every vital part that the project has, and that was asked for, is known: one at the least."""
    vital = [counted[c] for c in VITAL if c in counted]
    meant = [judgement for judgement in vital if judgement.gap is None or not judgement.gap.is_meant]
    return bool(meant) and all(judgement.gap is None for judgement in meant)


def _coverage(counted: Mapping[Component, Judgement], limits: HealthLimits) -> float:
    total = sum(weight for weight in limits.weights.values() if weight > 0)
    known = sum(limits.weights[c] for c, judgement in counted.items() if judgement.gap is None)
    return min(1.0, round(known / total, 6)) if total else 0.0


def _reasons(counted: Mapping[Component, Judgement], verdict: Verdict, limits: HealthLimits, blame: Blame) -> list[str]:
    """Return what is bad and whose fault it is, then what is not known, then, when nothing is bad, what is well."""
    bad = [reason for component in _bad(counted, limits) for reason in _bad_reasons(component, counted, limits)]
    unknown = _unknown_reasons(counted)
    if verdict is Verdict.UNKNOWN and not any(c in counted and _is_wanted(counted[c]) for c in VITAL):
        unknown = [NOTHING_VITAL, *unknown]
    if bad:
        told = [blame.reason] if blame.fault is not Fault.UNKNOWN else []
        doubt = [f"whose fault it is, is not known: {blame.reason}"] if blame.fault is Fault.UNKNOWN else []
        return [bad[0], *told, *bad[1:], *doubt, *unknown]
    if blame.fault is Fault.US:
        unknown = [blame.reason, *unknown]
    well = [counted[c].reasons[0] for c in _by_weight(counted, limits) if counted[c].gap is None]
    return [*unknown, *well] if verdict is Verdict.UNKNOWN else [*well, *unknown] or ["nothing was looked at"]


def _is_wanted(judgement: Judgement) -> bool:
    return judgement.gap is None or not judgement.gap.is_meant


def _by_weight(counted: Mapping[Component, Judgement], limits: HealthLimits) -> list[Component]:
    return sorted(counted, key=lambda c: (-limits.weights[c], c))


def _bad(counted: Mapping[Component, Judgement], limits: HealthLimits) -> list[Component]:
    ordered = _by_weight(counted, limits)
    standing = {c: _standing(counted[c], limits) for c in ordered}
    critical = [c for c in ordered if standing[c] is Verdict.CRITICAL]
    return critical + [c for c in ordered if standing[c] is Verdict.WARNING]


def _bad_reasons(component: Component, counted: Mapping[Component, Judgement], limits: HealthLimits) -> list[str]:
    judgement = counted[component]
    standing = _standing(judgement, limits)
    if standing is judgement.verdict:
        return list(judgement.reasons)
    limit = limits.critical_score if standing is Verdict.CRITICAL else limits.warning_score
    return [f"{component}: a score of {judgement.score:g} is below {limit:g}", *judgement.reasons]


def _unknown_reasons(counted: Mapping[Component, Judgement]) -> list[str]:
    """Return what is not known and not meant to be, vital parts first, blind ones before those without evidence."""
    missing = [(c, j) for c, j in counted.items() if j.gap is not None and not j.gap.is_meant]
    ordered = sorted(missing, key=lambda m: (m[0] not in VITAL, not (m[1].gap or Gap.OFFLINE).is_blind))
    return [f"{component} unknown: {judgement.reasons[0]}" for component, judgement in ordered]
