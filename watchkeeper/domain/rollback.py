"""The way back: what it is, which states it goes through, and what a project allows.

requested -> planned -> awaiting_approval -> approved -> executing -> verifying -> succeeded, or refused, declined,
expired, failed; what succeeded or failed may be undone. Each state is durable: a run that is killed anywhere goes on
from it. A dry run ends when it is planned, and stands in nobody's way.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from watchkeeper.domain.plans import Mark, Plan, PlannedRelease, Point, RollbackKind, Way
from watchkeeper.domain.rollback_evidence import RollbackEvidence
from watchkeeper.domain.rollback_policy import AutoRollback, PercentageItem, RollbackPolicy

__all__ = [
    "AutoRollback",
    "Mark",
    "Outcome",
    "PercentageItem",
    "Plan",
    "PlannedRelease",
    "Point",
    "Rollback",
    "RollbackEvidence",
    "RollbackKind",
    "RollbackPolicy",
    "RollbackRequest",
    "RollbackState",
    "Source",
    "Way",
    "next_states",
]


class RollbackState(StrEnum):
    REQUESTED = "requested"
    PLANNED = "planned"
    AWAITING_APPROVAL = "awaiting_approval"
    APPROVED = "approved"
    EXECUTING = "executing"
    VERIFYING = "verifying"
    SUCCEEDED = "succeeded"
    REFUSED = "refused"  # by the plan: nothing was changed
    DECLINED = "declined"  # by a person
    EXPIRED = "expired"  # nobody answered in time
    FAILED = "failed"
    UNDONE = "undone"  # it was wrong, and was taken back

    @property
    def is_final(self) -> bool:
        """True when nothing more happens by itself."""
        return self in _FINAL

    @property
    def is_active(self) -> bool:
        return self not in _FINAL


_FINAL: Final = frozenset(
    {
        RollbackState.SUCCEEDED,
        RollbackState.REFUSED,
        RollbackState.DECLINED,
        RollbackState.EXPIRED,
        RollbackState.FAILED,
        RollbackState.UNDONE,
    }
)
_NEXT: Final[Mapping[RollbackState, frozenset[RollbackState]]] = {
    RollbackState.REQUESTED: frozenset({RollbackState.PLANNED, RollbackState.REFUSED, RollbackState.FAILED}),
    RollbackState.PLANNED: frozenset(
        {RollbackState.AWAITING_APPROVAL, RollbackState.APPROVED, RollbackState.REFUSED, RollbackState.FAILED}
    ),
    RollbackState.AWAITING_APPROVAL: frozenset(
        {
            RollbackState.APPROVED,
            RollbackState.DECLINED,
            RollbackState.EXPIRED,
            RollbackState.REFUSED,
            RollbackState.FAILED,
        }
    ),
    # Back to the question when what was approved is not there any more. Until the vendor is called a NO ends it.
    RollbackState.APPROVED: frozenset(
        {
            RollbackState.EXECUTING,
            RollbackState.AWAITING_APPROVAL,
            RollbackState.DECLINED,
            RollbackState.REFUSED,
            RollbackState.FAILED,
        }
    ),
    RollbackState.EXECUTING: frozenset({RollbackState.VERIFYING, RollbackState.DECLINED, RollbackState.FAILED}),
    RollbackState.VERIFYING: frozenset({RollbackState.SUCCEEDED, RollbackState.FAILED}),
    RollbackState.SUCCEEDED: frozenset({RollbackState.UNDONE}),
    RollbackState.FAILED: frozenset({RollbackState.UNDONE}),
}


def next_states(state: RollbackState) -> frozenset[RollbackState]:
    """Return the states that may follow; empty for those that nothing follows."""
    return _NEXT.get(state, frozenset())


class Source(StrEnum):
    MANUAL = "manual"
    AUTOMATIC = "automatic"


class Outcome(StrEnum):
    """What the verification has found."""

    CURED = "cured"
    NOT_CURED = "not_cured"
    NOT_ENOUGH_EVIDENCE = "not_enough_evidence"
    NOT_MOVED = "not_moved"  # production is not where it should be


@dataclass(frozen=True, slots=True)
class RollbackRequest:
    """What somebody asks for. The dangerous choices are made by naming them.

    Attributes:
        target_asked: a deployment's id or address, or a commit SHA; "" for the last known good release.
        rollout_percentage: 0..100, for projects whose rollout is a percentage.
        may_run_alone: True only for a project that is configured `automatic`; otherwise approval is required anyway.
        event_id: of the stored proposal that asks for it; "" when a person does. One proposal is one rollback.
        undoes: id of the rollback that an undo takes back.
        asked: the parameters as they were asked for; what else stands here follows from them and the configuration.
    """

    project: str
    requested_by: str
    reason: str
    flow_run_id: str
    kind: RollbackKind = RollbackKind.ROLLBACK
    source: Source = Source.MANUAL
    target_asked: str = ""
    rollout_percentage: float = 0.0
    require_approval: bool = True
    may_run_alone: bool = False
    dry_run: bool = True
    is_forced: bool = False
    two_person: bool = False
    approvers: tuple[str, ...] = ()
    approval_timeout: timedelta = timedelta(minutes=60)
    verify_for: timedelta = timedelta(minutes=15)
    event_id: str = ""
    undoes: int | None = None
    asked: Mapping[str, Any] = field(default_factory=dict)

    @property
    def needs_approval(self) -> bool:
        return self.require_approval or not self.may_run_alone


@dataclass(frozen=True, slots=True)
class Rollback:
    """A recorded way back, as it stands.

    Attributes:
        id: 0 for one that is not stored.
        way: None until it is planned.
        round: how often it was asked for approval; an answer counts for the round it was given in.
        from_deployment, from_sha: what served when it was planned; "" when not known.
        move_started_at: since when the vendor may have been called; None: it was not called.
        moved_at: since when production is known to have moved; None: it is not known to have.
        error: why it was refused or has failed, or what went wrong on the way.
        slack_channel, slack_thread, github_issue: where people are told of it; "" before they are.
        undoes: id of the rollback that this one takes back.
        custody_ended_at: when later builds went live again after it; None while they do not, or never did not.
        asked: the parameters of the run that opened it. They are read once; the row alone says what is done.
    """

    id: int
    project: str
    kind: RollbackKind
    state: RollbackState
    source: Source
    requested_by: str
    reason: str
    requested_at: datetime
    updated_at: datetime
    flow_run_id: str
    event_id: str = ""
    target_asked: str = ""
    rollout_percentage: float = 0.0
    require_approval: bool = True
    dry_run: bool = True
    is_forced: bool = False
    two_person: bool = False
    approvers: tuple[str, ...] = ()
    approval_timeout: timedelta = timedelta(minutes=60)
    verify_for: timedelta = timedelta(minutes=15)
    way: Way | None = None
    from_deployment: str = ""
    from_sha: str = ""
    to_deployment: str = ""
    to_sha: str = ""
    round: int = 0
    approve_until: datetime | None = None
    plan: Plan | None = None
    evidence: RollbackEvidence | None = None
    move_started_at: datetime | None = None
    moved_at: datetime | None = None
    outcome: Outcome | None = None
    error: str = ""
    slack_channel: str = ""
    slack_thread: str = ""
    github_issue: str = ""
    undoes: int | None = None
    finished_at: datetime | None = None
    reminded_at: datetime | None = None
    custody_ended_at: datetime | None = None
    notes: Mapping[str, str] = field(default_factory=dict)  # what was told where: Sentry, the pull request, ...
    asked: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_active(self) -> bool:
        """True while it stands in the way of another one of the project: a dry run never does."""
        return self.state.is_active and not self.dry_run

    @property
    def may_be_declined(self) -> bool:
        """True while a NO still counts: until the vendor may have been called."""
        may_move = self.state in {RollbackState.APPROVED, RollbackState.EXECUTING} and self.move_started_at is None
        return may_move or self.state is RollbackState.AWAITING_APPROVAL

    @property
    def is_in_custody(self) -> bool:
        """True when it moved production such that later builds do not go live, and nobody has ended that."""
        leaves = self.kind is RollbackKind.ROLLBACK and self.way is not None and self.way.leaves_custody
        open_ended = self.custody_ended_at is None and self.state is not RollbackState.UNDONE
        return leaves and open_ended and self.moved_at is not None
