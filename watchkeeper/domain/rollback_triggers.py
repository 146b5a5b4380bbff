"""When a way back is proposed by itself.

Something must call for it: the failure rate above its limit in two windows in a row, or far above it in one; a score
that is too low for more than half an hour; an endpoint that is down in three checks in a row. And the fault must lie
with the release that serves, by a test of it against the one before. A flapping project, an incident of the platform,
maintenance, an old release or missing data never lead to a proposal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise, takewhile
from typing import Final

from watchkeeper.domain.blame import Fault
from watchkeeper.domain.commits import same_commit, short_name
from watchkeeper.domain.endpoints import told_down
from watchkeeper.domain.error_rates import ErrorCount, compare_releases, wilson_interval
from watchkeeper.domain.health import CheckType, HealthCheck
from watchkeeper.domain.limits import ErrorLimits, HealthLimits
from watchkeeper.domain.phrases import clock, listed, percent, span
from watchkeeper.domain.rollback import AutoRollback, Plan, RollbackPolicy
from watchkeeper.domain.schedule import Maintenance
from watchkeeper.domain.trigger_readings import error_count, platform_indicator
from watchkeeper.domain.verdicts import Component, Verdict

MIN_TOTAL: Final = 10  # requests in a window below which its rate triggers nothing
LOW_FOR: Final = timedelta(minutes=30)  # that a score must have been too low for
DOWN_CHECKS: Final = 3  # in a row
STALE: Final = timedelta(minutes=30)  # after which the newest check says nothing about now
FLAPS: Final = 4  # changes from critical to not and back, within FLAP_TIME
FLAP_TIME: Final = timedelta(hours=6)
LATE, EARLY = 0.5, 0.25  # shares of a window by which two in a row may lie apart, or overlap
SEVERE: Final = frozenset({"major", "critical"})


class Trigger(StrEnum):
    ERRORS = "errors"  # above the limit in two windows in a row
    EMERGENCY = "emergency"  # far above it in one
    SCORE = "score"  # too low for too long
    ENDPOINT = "endpoint"  # down in three checks in a row


@dataclass(frozen=True, slots=True)
class Proposal:
    """Going back is proposed.

    Attributes:
        release: commit SHA of the release to go back from.
        since: when the trouble began.
        key: the same for the same trouble of the same release, however often it is seen.
    """

    project: str
    trigger: Trigger
    release: str
    since: datetime
    reason: str
    key: str


@dataclass(frozen=True, slots=True)
class NoProposal:
    """Nothing is proposed. `trigger`: what called for it although something else speaks against it; None: nothing."""

    reason: str
    trigger: Trigger | None = None


@dataclass(frozen=True, slots=True)
class _Call:
    """Something that calls for going back."""

    trigger: Trigger
    reason: str


def decide_rollback(  # noqa: PLR0913, PLR0917 - all that the decision is made by
    history: Sequence[HealthCheck],
    limits: HealthLimits,
    policy: RollbackPolicy,
    release_live_at: datetime | None,
    now: datetime,
    maintenance: Maintenance | None = None,
    plan: Plan | None = None,
) -> Proposal | NoProposal:
    """Return whether going back should be proposed, and why or why not.

    Args:
        history: full checks of one project, the newest last: since the release went live, and some of the one before.
        release_live_at: since when the serving release serves; None when it is not known.
        maintenance: the one that holds now; None for none.
        plan: where it is known already: one that is blocked is not proposed.
    """
    if policy.auto is AutoRollback.OFF:
        return NoProposal("it is switched off for this project (rollback.auto)")
    checks = [check for check in history if check.check_type is CheckType.FULL]
    row = in_a_row(checks)
    call = _call(row, limits) if row else None
    if call is None:
        return NoProposal("nothing calls for it" if row else "nobody has looked yet")
    against = (
        _unseen(row[0], now)
        or _silenced(checks, now, maintenance)
        or _unfit(row[0], policy, release_live_at, now)
        or _not_its_fault(call.trigger, row, checks)
        or _blocked(plan)
    )
    if against:
        return NoProposal(f"{call.reason}; but {against}", call.trigger)
    return _proposal(call, row[0], checks)


def in_a_row(checks: Sequence[HealthCheck]) -> list[HealthCheck]:
    """Return the last checks of one release, newest first, whose windows lie end to end without a gap.

    There are as many as anything is decided by. Checks that share much of their window with a newer one, as those made
    by hand do, are passed over.
    """
    row = list(checks[-1:])
    for check in reversed(checks[:-1]):
        newest, length = row[-1].window, row[-1].window.length
        if check.window.end > newest.start + EARLY * length:
            continue
        if newest.start - check.window.end > LATE * length or not _same(check.release, row[0].release):
            break
        row.append(check)
        if len(row) >= DOWN_CHECKS and row[0].window.end - check.window.end > LOW_FOR:
            break
    return row


def _call(row: Sequence[HealthCheck], limits: HealthLimits) -> _Call | None:
    """Return what calls for going back, the gravest first; None when nothing does."""
    errors, critical = limits.errors, limits.errors.critical
    told = _rate(row[0])
    if _above(row[0], errors.emergency, errors):
        return _Call(Trigger.EMERGENCY, f"{told}, far above the limit {percent(critical)}")
    if len(row) > 1 and all(_above(check, critical, errors) for check in row[:2]):
        return _Call(Trigger.ERRORS, f"{told}, above the limit {percent(critical)} in two windows in a row")
    down = _down(row)
    if down:
        verb = "is" if len(down) == 1 else "are"
        return _Call(Trigger.ENDPOINT, f"{listed(sorted(down))} {verb} down in {DOWN_CHECKS} checks in a row")
    return _low_score(row, limits)


def _above(check: HealthCheck, limit: float, limits: ErrorLimits) -> bool:
    """Return True when even the lower bound of the failure rate is above the limit."""
    count = error_count(check)
    if count is None or count.total < max(MIN_TOTAL, limits.min_total) or count.failures < limits.min_failures:
        return False
    return wilson_interval(count.failures, count.total)[0] > limit


def _rate(check: HealthCheck) -> str:
    count = error_count(check)
    if count is None:
        return "errors are not known"
    low, _ = wilson_interval(count.failures, count.total)
    return f"{count.failures:,} of {count.total:,} fail (at least {percent(low)})"


def _down(row: Sequence[HealthCheck]) -> frozenset[str]:
    """Return the endpoints that are down in each of the last checks."""
    last = [check.components.get(Component.ENDPOINTS) for check in row[:DOWN_CHECKS]]
    judged = [told_down(judgement) for judgement in last if judgement is not None and judgement.gap is None]
    return frozenset.intersection(*judged) if len(judged) == DOWN_CHECKS else frozenset()


def _low_score(row: Sequence[HealthCheck], limits: HealthLimits) -> _Call | None:
    low = list(takewhile(lambda check: check.score is not None and check.score < limits.critical_score, row))
    if not low or low[0].window.end - low[-1].window.end <= LOW_FOR:
        return None
    length = span(low[0].window.end - low[-1].window.end)
    return _Call(Trigger.SCORE, f"the score is below {limits.critical_score:g} for {length} (now {low[0].score:g})")


def _unseen(newest: HealthCheck, now: datetime) -> str:
    if now - newest.window.end > STALE:
        return f"nobody has looked since {clock(newest.window.end)}"
    return "" if newest.release else "it is not known which release serves production"


def _silenced(checks: Sequence[HealthCheck], now: datetime, maintenance: Maintenance | None) -> str:
    if maintenance is not None:
        return "it is a time of maintenance" + (f" ({maintenance.reason})" if maintenance.reason else "")
    if checks[-1].in_custody:
        return "production was rolled back already, and nobody has promoted a deployment since"
    return flapping(checks, now)


def flapping(checks: Sequence[HealthCheck], now: datetime) -> str:
    """Return how a project comes and goes too often to be judged by single checks; "" when it does not."""
    known = [c for c in checks if c.verdict is not Verdict.UNKNOWN and c.window.end > now - FLAP_TIME]
    changes = sum((a.verdict is Verdict.CRITICAL) != (b.verdict is Verdict.CRITICAL) for a, b in pairwise(known))
    if changes < FLAPS:
        return ""
    return f"it flaps: it became critical or recovered {changes} times in {span(FLAP_TIME)}"


def _unfit(newest: HealthCheck, policy: RollbackPolicy, live_at: datetime | None, now: datetime) -> str:
    name = short_name(newest.release)
    if live_at is None:
        return f"it is not known since when release {name} serves"
    if now - live_at > policy.max_release_age:
        return f"release {name} serves for {span(now - live_at)}, longer than {span(policy.max_release_age)}"
    return ""


def _not_its_fault(trigger: Trigger, row: Sequence[HealthCheck], checks: Sequence[HealthCheck]) -> str:
    """Return why the serving release is not to blame; "" when it is.

    Failures of two releases in one window have the same platform under them, so a small incident of it does not
    matter; for anything else its status page must be quiet.
    """
    newest, indicator = row[0], platform_indicator(row[0])
    by_counts = trigger in {Trigger.ERRORS, Trigger.EMERGENCY}
    if indicator in SEVERE or (indicator == "minor" and not by_counts):
        return f"the platform has an incident ({indicator})"
    if newest.blame.fault is Fault.RELEASE and _same(newest.blame.release, newest.release):
        return ""
    if trigger is not Trigger.ENDPOINT:
        return f"the fault does not lie with the release that serves: {newest.blame.reason}"
    if indicator != "none":
        return "it is not known whether the platform has an incident"
    return _endpoints_acquit(row, checks)


def _endpoints_acquit(row: Sequence[HealthCheck], checks: Sequence[HealthCheck]) -> str:
    """Return why endpoints that are down do not accuse the release: by its checks against those of the one before."""
    release, names = row[0].release, _down(row)
    others = [check for check in checks if check.release and not _same(check.release, release)]
    if not others:
        return "there is no check of the release before it to compare with"
    own = [check for check in checks if _same(check.release, release)]
    earlier = [check for check in others if _same(check.release, others[-1].release)]
    compared = compare_releases(_downs(own, names), _downs(earlier, names), "check")
    return "" if compared.is_worse else f"its endpoints were hardly better before: {compared.reason}"


def _downs(checks: Sequence[HealthCheck], names: frozenset[str]) -> ErrorCount:
    judged = [check.components.get(Component.ENDPOINTS) for check in checks]
    known = [told_down(judgement) for judgement in judged if judgement is not None and judgement.gap is None]
    return ErrorCount(checks[-1].release, sum(bool(down & names) for down in known), len(known))


def _blocked(plan: Plan | None) -> str:
    if plan is None or not plan.is_blocked:
        return ""
    return f"the plan is blocked: {plan.blocks[0].name}: {plan.blocks[0].reason}"


def _proposal(call: _Call, newest: HealthCheck, checks: Sequence[HealthCheck]) -> Proposal:
    since = newest.window.start
    for check in reversed(checks):
        if check.verdict is Verdict.HEALTHY or not _same(check.release, newest.release):
            break
        since = since if check.verdict is Verdict.UNKNOWN else check.window.start
    key = f"{newest.project}/{newest.release[:12]}/{since:%Y%m%dT%H%M}"
    reason = f"{call.reason}: {newest.blame.reason}" if newest.blame.fault is Fault.RELEASE else call.reason
    return Proposal(newest.project, call.trigger, newest.release, since, reason, key)


def _same(one: str, other: str) -> bool:
    return one == other or same_commit(one, other)
