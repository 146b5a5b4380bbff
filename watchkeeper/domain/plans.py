"""What would be done to production, and what speaks against it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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
