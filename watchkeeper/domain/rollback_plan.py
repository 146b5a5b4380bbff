"""The plan of a way back: what would be done, and every point that speaks for or against it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from watchkeeper.domain.production import Production, VercelDeployment
from watchkeeper.domain.rollback import Plan, Rollback, RollbackKind, RollbackPolicy, Way
from watchkeeper.domain.rollback_changes import Changes, CronJobs, EnvChange
from watchkeeper.domain.rollback_evidence import SecondLook
from watchkeeper.domain.rollback_targets import ReleaseRecord
from watchkeeper.domain.verdicts import Gap, Missing

NOT_READ = Missing(Gap.NOT_ASKED, "it was not looked up")


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether our token may do what the plan says. `reason`: how we know, or what it lacks."""

    may_write: bool
    reason: str


@dataclass(frozen=True, slots=True)
class PercentageReading:
    """The value of the item now, 0..100; None when the item is not there or no number."""

    value: float | None
    url: str = ""


@dataclass(frozen=True, slots=True)
class PlanInput:
    """Everything that is read for a plan; what could not be read says why.

    Attributes:
        deployments: production's, newest first.
        target_asked, rollout_percentage, is_forced: as asked for.
        way_asked: None to let the project's own way be chosen.
        records: how releases did, by commit SHA.
        changes: what lies between the target and what serves.
        env_changes: production's environment variables that were changed, newest first.
        rolls_out: True when a promotion starts a rolling release instead of moving all visitors.
        only_previous: True when the vendor's plan allows no target but the one before (Hobby); None when not known.
        others: the project's last rollbacks, newest first, without the one that is planned, and without dry runs.
        undoes: the rollback that an undo takes back.
    """

    project: str
    now: datetime
    policy: RollbackPolicy
    production: Production | Missing
    deployments: tuple[VercelDeployment, ...] | Missing
    kind: RollbackKind = RollbackKind.ROLLBACK
    target_asked: str = ""
    rollout_percentage: float = 0.0
    is_forced: bool = False
    way_asked: Way | None = None
    records: Mapping[str, ReleaseRecord] = field(default_factory=dict)
    changes: Changes | Missing = NOT_READ
    env_changes: tuple[EnvChange, ...] | Missing = NOT_READ
    crons: CronJobs | Missing = NOT_READ
    permission: Permission | Missing = NOT_READ
    percentage: PercentageReading | Missing = NOT_READ
    rolls_out: bool | None = None
    only_previous: bool | None = None
    others: tuple[Rollback, ...] = ()
    undoes: Rollback | None = None


def plan_rollback(given: PlanInput) -> Plan:
    """Return the plan with all its points; blocks refuse it, unless they may be forced and are."""
    raise NotImplementedError


def plan_changes(then: Plan, now: Plan) -> SecondLook:
    """Return what is no longer so since the plan was approved: what serves, the target, new blocks."""
    raise NotImplementedError
