"""Everything that a plan of a way back is made from, as it was read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Final

from watchkeeper.domain.production import Production, VercelDeployment
from watchkeeper.domain.releases import is_rolling
from watchkeeper.domain.rollback import Rollback, RollbackKind, RollbackPolicy, Way
from watchkeeper.domain.rollback_changes import Changes, CronJobs, EnvChange
from watchkeeper.domain.rollback_targets import NoTarget, ReleaseRecord, find_target, serving_deployment
from watchkeeper.domain.verdicts import Gap, Missing

NOT_READ: Final = Missing(Gap.NOT_ASKED, "it was not looked up")


class PointName(StrEnum):
    """The points of a plan, in the order in which people should read them."""

    SERVES_NOW = "serves now"
    TARGET = "target"
    SERVED = "has served production"
    CANDIDATE = "Vercel offers it"
    AGE = "age"
    RECORD = "its own health"
    COMMITS = "commits between"
    MIGRATIONS = "database migrations"
    LABELS = "marked as not to be taken back"
    ENVIRONMENT = "environment variables"
    CRONS = "cron jobs"
    ROLLING = "rolling release"
    PERCENTAGE = "percentage"
    CUSTODY = "custody"
    COOLDOWN = "cooldown"
    UNDER_WAY = "another one under way"
    PERMISSION = "permission"


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
        env_changes: production's environment variables and when each was last changed.
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


@dataclass(frozen=True)
class Case:
    """A plan's input with what follows from it at once."""

    given: PlanInput

    @cached_property
    def way(self) -> Way:
        """How: a percentage where the project's rollout is one and no deployment is named, an abort while one rolls."""
        given = self.given
        if given.way_asked is not None:
            return given.way_asked
        if given.undoes is not None and given.undoes.way is Way.PERCENTAGE:
            return Way.PERCENTAGE
        if given.kind is RollbackKind.ROLLBACK and self.is_rolling and self._aborts:
            return Way.ROLLING_RELEASE
        by_share = given.kind is RollbackKind.ROLLBACK and given.policy.percentage is not None
        return Way.PERCENTAGE if by_share and not given.target_asked.strip() else Way.VERCEL

    @cached_property
    def production(self) -> Production | None:
        return None if isinstance(self.given.production, Missing) else self.given.production

    @cached_property
    def deployments(self) -> tuple[VercelDeployment, ...]:
        return () if isinstance(self.given.deployments, Missing) else self.given.deployments

    @cached_property
    def is_rolling(self) -> bool:
        return is_rolling(self.production)

    @cached_property
    def serving(self) -> VercelDeployment | None:
        return serving_deployment(self.production, self.deployments) if self.production else None

    @cached_property
    def serving_id(self) -> str:
        """The deployment that should be gone back from; "" when it is not known."""
        rolling = self.production.rolling_release if self.production else None
        if rolling is not None and self.is_rolling:
            return rolling.canary_deployment
        return (self.production.deployment or "") if self.production else ""

    @cached_property
    def target(self) -> VercelDeployment | NoTarget:
        given = self.given
        if isinstance(given.production, Missing):
            return NoTarget(f"it is not known what serves production: {given.production.reason}")
        if isinstance(given.deployments, Missing):
            return NoTarget(f"the production deployments could not be read: {given.deployments.reason}")
        return find_target(
            given.target_asked,
            given.kind,
            given.production,
            given.deployments,
            given.records,
            only_previous=given.only_previous is True,
            undoes=given.undoes,
        )

    @cached_property
    def found(self) -> VercelDeployment | None:
        return None if isinstance(self.target, NoTarget) else self.target

    @cached_property
    def percentage(self) -> float:
        """What the percentage would be set to: what was there before, to take a rollback back."""
        undone = self.given.undoes
        before = undone.plan.percentage_now if undone and undone.plan else None
        return self.given.rollout_percentage if before is None else before

    @property
    def _aborts(self) -> bool:
        rolling = self.production.rolling_release if self.production else None
        return self.found is not None and rolling is not None and self.found.id == rolling.base_deployment
