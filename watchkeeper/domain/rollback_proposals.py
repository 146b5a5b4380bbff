"""Whether going back is proposed again, and whether that was watched for long enough."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from watchkeeper.domain.blame import Fault
from watchkeeper.domain.commits import same_commit, short_name
from watchkeeper.domain.health import HealthCheck
from watchkeeper.domain.limits import HealthLimits
from watchkeeper.domain.phrases import clock, span
from watchkeeper.domain.production import AliasRequest
from watchkeeper.domain.rollback import AutoRollback, Plan, RollbackPolicy
from watchkeeper.domain.rollback_triggers import NoProposal, Proposal, decide_rollback
from watchkeeper.domain.schedule import Maintenance
from watchkeeper.domain.verdicts import Verdict

ONCE_IN: Final = timedelta(days=1)  # one release is proposed to be left
SHADOW_TIME: Final = timedelta(days=7)
SHADOW_SHARE: Final = 0.8  # of the hours of that time must have been looked at


@dataclass(frozen=True, slots=True)
class TriggerHistory:
    """What a proposal is decided by.

    Attributes:
        checks: full checks with their components, the newest last.
        live_at: when releases went live, by commit SHA.
        moves: what was really rolled back and promoted.
    """

    checks: Sequence[HealthCheck] = ()
    live_at: Mapping[str, datetime] = field(default_factory=dict)
    moves: Sequence[AliasRequest] = ()

    def live_since(self, release: str) -> datetime | None:
        """Return since when a release serves; None when that is not known."""
        exact = self.live_at.get(release)
        return exact or next((at for name, at in self.live_at.items() if same_commit(name, release)), None)


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal that was made."""

    release: str
    at: datetime


def is_suspect(check: HealthCheck) -> bool:
    """Return True when a check may lead to a proposal at all; whose history is worth reading."""
    return check.verdict is Verdict.CRITICAL and check.blame.fault not in {Fault.PLATFORM, Fault.US}


def watched(policy: RollbackPolicy) -> RollbackPolicy:
    """Return the policy as the triggers see it: where nothing may happen by itself they are watched all the same."""
    return replace(policy, auto=AutoRollback.PROPOSE) if policy.auto is AutoRollback.OFF else policy


def decide_proposal(  # noqa: PLR0913, PLR0917 - all that the decision is made by
    history: TriggerHistory,
    limits: HealthLimits,
    policy: RollbackPolicy,
    earlier: Sequence[Proposed],
    now: datetime,
    maintenance: Maintenance | None = None,
    plan: Plan | None = None,
) -> Proposal | NoProposal:
    """Return whether going back is proposed now: once for each bad release, and never twice within the cooldown.

    Args:
        earlier: what was proposed for this project before.
        plan: where it is known already: one that is blocked is not proposed.
    """
    live_at = history.live_since(history.checks[-1].release) if history.checks else None
    decided = decide_rollback(history.checks, limits, watched(policy), live_at, now, maintenance, plan)
    if isinstance(decided, NoProposal):
        return decided
    against = _proposed_before(decided, earlier, policy, now)
    return NoProposal(f"{decided.reason}; but {against}", decided.trigger) if against else decided


def _proposed_before(proposal: Proposal, earlier: Sequence[Proposed], policy: RollbackPolicy, now: datetime) -> str:
    for made in earlier:
        is_same = made.release == proposal.release or same_commit(made.release, proposal.release)
        if is_same and now - made.at < ONCE_IN:
            return f"going back from {short_name(made.release)} was proposed at {clock(made.at)}"
        if now - made.at < policy.cooldown:
            return f"something was proposed {span(now - made.at)} ago, and {span(policy.cooldown)} must lie between"
    return ""


def shadow_gap(checked: Sequence[datetime], now: datetime) -> str:
    """Return what is missing until the triggers have been watched for seven days; "" when nothing is.

    Args:
        checked: the ends of the windows of full checks, in any order.
    """
    since = now - SHADOW_TIME
    first = min(checked, default=now)
    if first > since + timedelta(hours=1):
        return f"they are watched for {span(now - first)}, and seven days are needed"
    hours = int(SHADOW_TIME / timedelta(hours=1))
    seen = len({int((at - since) / timedelta(hours=1)) for at in checked if since < at <= now})
    if seen < SHADOW_SHARE * hours:
        return f"of the last seven days only {seen} of {hours} hours were looked at"
    return ""
