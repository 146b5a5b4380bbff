"""The way back: what it is, which states it goes through, and what a project allows.

requested -> planned -> awaiting_approval -> approved -> executing -> verifying -> succeeded, or refused, declined,
expired, failed; what succeeded or failed may be undone. Each state is durable: a run that is killed anywhere goes on
from it. A dry run ends when it is planned, and stands in nobody's way.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from watchkeeper.domain.rollback_evidence import RollbackEvidence

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
    # Back to the question when what was approved is not what is there any more.
    RollbackState.APPROVED: frozenset(
        {RollbackState.EXECUTING, RollbackState.AWAITING_APPROVAL, RollbackState.REFUSED, RollbackState.FAILED}
    ),
    RollbackState.EXECUTING: frozenset({RollbackState.VERIFYING, RollbackState.FAILED}),
    RollbackState.VERIFYING: frozenset({RollbackState.SUCCEEDED, RollbackState.FAILED}),
    RollbackState.SUCCEEDED: frozenset({RollbackState.UNDONE}),
    RollbackState.FAILED: frozenset({RollbackState.UNDONE}),
}


def next_states(state: RollbackState) -> frozenset[RollbackState]:
    """Return the states that may follow; empty for those that nothing follows."""
    return _NEXT.get(state, frozenset())


class RollbackKind(StrEnum):
    ROLLBACK = "rollback"
    PROMOTE = "promote"  # a chosen deployment goes live, which ends custody
    UNDO = "undo"  # what served before a rollback goes live again


class Way(StrEnum):
    """How production is changed."""

    VERCEL = "vercel"  # domains move to another deployment
    ROLLING_RELEASE = "rolling_release"  # an active one is aborted: a rollback to its base
    PERCENTAGE = "percentage"  # an item of a configuration store is set

    @property
    def leaves_custody(self) -> bool:
        """True when a rollback this way keeps later builds from going live."""
        return self is not Way.PERCENTAGE


class Source(StrEnum):
    MANUAL = "manual"
    AUTOMATIC = "automatic"


class Outcome(StrEnum):
    """What the verification has found."""

    CURED = "cured"
    NOT_CURED = "not_cured"
    NOT_ENOUGH_EVIDENCE = "not_enough_evidence"
    NOT_MOVED = "not_moved"  # production is not where it should be


class Mark(StrEnum):
    OK = "ok"
    WARNING = "warning"
    BLOCKS = "blocks"


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that was looked at before going back.

    Attributes:
        may_force: True for a block that a person may overrule; `is_forced`: somebody has.
    """

    name: str
    mark: Mark
    reason: str
    url: str = ""
    may_force: bool = False
    is_forced: bool = False

    @property
    def stops(self) -> bool:
        return self.mark is Mark.BLOCKS and not self.is_forced


@dataclass(frozen=True, slots=True)
class PlannedRelease:
    """A deployment as a plan names it. `url` opens it; `sha` is "" when it was not built from a commit."""

    deployment: str
    sha: str
    created_at: datetime
    url: str = ""
    inspector_url: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done, and what speaks against it.

    Attributes:
        serving: what visitors get now, in a rolling release the canary; None when it is not known.
        target: what they would get; None when there is none, or when a percentage is changed.
        percentage_now, percentage: of the item before and after; None for the other ways.
        points: in the order in which people should read them.
        alternative: what to do instead where the way back is blocked; "" when it is not.
    """

    project: str
    kind: RollbackKind
    way: Way
    made_at: datetime
    serving: PlannedRelease | None
    target: PlannedRelease | None
    points: tuple[Point, ...]
    summary: str
    alternative: str = ""
    percentage_now: float | None = None
    percentage: float | None = None

    @property
    def is_blocked(self) -> bool:
        return any(point.stops for point in self.points)

    @property
    def blocks(self) -> tuple[Point, ...]:
        """What stops it, without what somebody has forced."""
        return tuple(point for point in self.points if point.stops)

    @property
    def warnings(self) -> tuple[Point, ...]:
        return tuple(point for point in self.points if point.mark is Mark.WARNING or point.is_forced)


class AutoRollback(StrEnum):
    """What happens by itself when a release is bad."""

    OFF = "off"
    PROPOSE = "propose"  # an alert with a prepared run; nothing waits
    APPROVE_THEN_RUN = "approve_then_run"  # a run is started, and waits for a YES
    AUTOMATIC = "automatic"  # a run is started and asks nobody


@dataclass(frozen=True, slots=True)
class PercentageItem:
    """Where the share of visitors stands that get the new way: an item of Vercel's Edge or Global Config."""

    edge_config: str
    key: str


@dataclass(frozen=True, slots=True)
class RollbackPolicy:
    """What a project allows.

    Attributes:
        approvers: names, e-mail addresses, or both as `Name <address>`; empty: anybody who gives a name.
        two_person: True when the one who asks may not approve alone.
        migration_paths: patterns of files (`db/migrations/**`) that cannot be taken back by older code.
        percentage: set where the project's rollout is a percentage; None otherwise.
    """

    auto: AutoRollback = AutoRollback.PROPOSE
    approvers: tuple[str, ...] = ()
    two_person: bool = False
    cooldown: timedelta = timedelta(minutes=30)
    max_release_age: timedelta = timedelta(hours=24)
    migration_paths: tuple[str, ...] = ("**/migrations/**", "**/migrate/**", "**/*.sql")
    percentage: PercentageItem | None = None
    approval_timeout: timedelta = timedelta(minutes=60)
    verify_for: timedelta = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class RollbackRequest:
    """What somebody asks for. The dangerous choices are made by naming them.

    Attributes:
        target_asked: a deployment's id or address, or a commit SHA; "" for the last known good release.
        rollout_percentage: 0..100, for projects whose rollout is a percentage.
        may_run_alone: True only for a project that is configured `automatic`; otherwise approval is required anyway.
        event_id: of the event that asks for it; "" when a person does. One event is one rollback, however often told.
        undoes: id of the rollback that an undo takes back.
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

    @property
    def is_active(self) -> bool:
        """True while it stands in the way of another one of the project: a dry run never does."""
        return self.state.is_active and not self.dry_run

    @property
    def is_in_custody(self) -> bool:
        """True when it moved production such that later builds do not go live, and nobody has ended that."""
        leaves = self.kind is RollbackKind.ROLLBACK and self.way is not None and self.way.leaves_custody
        open_ended = self.custody_ended_at is None and self.state is not RollbackState.UNDONE
        return leaves and open_ended and self.moved_at is not None
