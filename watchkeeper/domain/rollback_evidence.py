"""The evidence for going back: this release against the one before it, and whether it still holds when it matters."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from watchkeeper.domain.blame import Blame, Fault
from watchkeeper.domain.commits import same_commit, short_name
from watchkeeper.domain.error_rates import Comparison, ErrorCount, compare_releases
from watchkeeper.domain.health import HealthCheck
from watchkeeper.domain.verdicts import Missing, Verdict

ENOUGH: Final = 10  # requests below which a release cannot have become better
BAD: Final = frozenset({Verdict.WARNING, Verdict.CRITICAL})


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
    """Return the case for going back.

    Args:
        check: the newest full check; None when there is none.
        this, before: failures of the serving release and of the one before it.
        history: full checks up to the newest one, the newest last.
    """
    counted, earlier = _known(this), _known(before)
    compared = compare_releases(counted, earlier, noun) if counted and earlier else None
    blame = check.blame if check else Blame(Fault.UNKNOWN, "no health check tells whose fault it is")
    return RollbackEvidence(
        at=now,
        serving=(check.release if check else "") or (counted.release if counted else ""),
        verdict=check.verdict if check else Verdict.UNKNOWN,
        score=check.score if check else None,
        fault=blame.fault,
        fault_release=blame.release,
        fault_reason=blame.reason,
        this=counted,
        before=earlier,
        noun=noun,
        p_value=compared.p_value if compared and earlier and earlier.total else None,
        ratio=compared.ratio if compared else None,
        is_worse=compared.is_worse if compared else False,
        since=trouble_since(history),
        reasons=tuple(dict.fromkeys(_reasons(check, compared, this, before))),
        url=url,
    )


def has_changed(then: RollbackEvidence, now: RollbackEvidence) -> SecondLook:
    """Return what is no longer so: production has recovered, a newer release serves, the fault lies elsewhere.

    What nobody can see now is taken to be as it was.
    """
    found = [_newer(then, now), _recovered(then, now), _elsewhere(then, now), _acquitted(then, now)]
    return SecondLook(tuple(reason for reason in found if reason))


def trouble_since(history: Sequence[HealthCheck]) -> datetime | None:
    """Return when the first of the bad checks in a row began that the history ends with; None when it ends well.

    A check that could not see is passed over.
    """
    since = None
    for check in reversed(history):
        if check.verdict is Verdict.HEALTHY:
            break
        since = check.window.start if check.verdict in BAD else since
    return since


def _known(count: ErrorCount | Missing) -> ErrorCount | None:
    return None if isinstance(count, Missing) else count


def _reasons(
    check: HealthCheck | None, compared: Comparison | None, this: ErrorCount | Missing, before: ErrorCount | Missing
) -> list[str]:
    told = [compared.reason] if compared else []
    told += [count.reason for count in (this, before) if isinstance(count, Missing)]
    return [*told, *(check.reasons if check else ["no health check tells how production is"])]


def _newer(then: RollbackEvidence, now: RollbackEvidence) -> str:
    if not then.serving or not now.serving or _same(then.serving, now.serving):
        return ""
    return f"another release serves now: {short_name(now.serving)}, it was {short_name(then.serving)}"


def _recovered(then: RollbackEvidence, now: RollbackEvidence) -> str:
    if then.verdict not in BAD or now.verdict is not Verdict.HEALTHY:
        return ""
    why = f": {now.reasons[0]}" if now.reasons else ""
    return f"production has recovered: it was {then.verdict} and is healthy now{why}"


def _elsewhere(then: RollbackEvidence, now: RollbackEvidence) -> str:
    if then.fault is not Fault.RELEASE or now.fault in {Fault.UNKNOWN, Fault.NONE}:
        return ""
    if now.fault is Fault.RELEASE and _same(then.fault_release, now.fault_release):
        return ""
    return f"the fault does not lie with release {short_name(then.fault_release)} any more: {now.fault_reason}"


def _acquitted(then: RollbackEvidence, now: RollbackEvidence) -> str:
    if not then.is_worse or now.is_worse or now.this is None or now.before is None:
        return ""
    if min(now.this.total, now.before.total) < ENOUGH or not _same(then.serving, now.serving):
        return ""
    return f"the release does not fail more than the one before it any more: {now.reasons[0]}"


def _same(one: str, other: str) -> bool:
    return one == other or same_commit(one, other)
