"""What can be known about a project before, while and after its production is moved (source: Vercel)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from watchkeeper.domain.production import AliasJob, Production, VercelDeployment

LONGEST_NOTE: Final = 250  # what Vercel takes as the reason of a rollback


class MoveKind(StrEnum):
    """How production is moved. A promotion ends the custody that a rollback leaves behind."""

    ROLLBACK = "rollback"
    PROMOTE = "promote"


@dataclass(frozen=True, slots=True)
class Cron:
    path: str
    schedule: str


@dataclass(frozen=True, slots=True)
class VariableChange:
    """When an environment variable of production was changed last; its value is never read."""

    key: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class RollbackNote:
    """What somebody gave as the reason of the rollback that is in force. `text` is at most 250 characters."""

    text: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Permissions:
    """What the token may do with the project; None where the vendor does not say."""

    may_roll_back: bool | None
    may_promote: bool | None


@dataclass(frozen=True, slots=True)
class ProjectState:
    """What a project's production looks like at one moment.

    Attributes:
        plan: hobby, pro, enterprise; "" where it is not said.
        crons: those that run now.
        is_paused: production answers nobody, by somebody's choice.
        note: of the last rollback; None when there is none.
    """

    production: Production
    serving: VercelDeployment | None
    permissions: Permissions
    plan: str = ""
    crons: tuple[Cron, ...] = ()
    is_paused: bool = False
    note: RollbackNote | None = None


@dataclass(frozen=True, slots=True)
class DeploymentDetails:
    """One deployment with what it would bring along. `crons`: None where they are not said."""

    deployment: VercelDeployment
    crons: tuple[Cron, ...] | None
    plan: str = ""


class MoveOutcome(StrEnum):
    """What became of a move, as far as the vendor's word and its state tell."""

    MOVED = "moved"  # production serves the target
    ALREADY_THERE = "already there"  # it did before anything was asked
    NOT_MOVED = "not moved"  # the vendor says it is done, and production serves something else
    FAILED = "failed"  # the vendor says that its own work failed
    UNFINISHED = "unfinished"  # it was still under way when the time was over
    REFUSED = "refused"  # nothing was done
    UNKNOWN = "unknown"  # it may have been done: the vendor's answer was lost and its state does not tell


@dataclass(frozen=True, slots=True)
class Moved:
    """The end of an attempt to move production.

    Attributes:
        serving: the deployment that serves production afterwards; None when that is not known.
        was_asked: True when the vendor was asked to do it, by this attempt or one before that was not recorded.
        sentence: what happened, for people.
    """

    outcome: MoveOutcome
    sentence: str
    serving: str | None = None
    was_asked: bool = True

    @property
    def is_done(self) -> bool:
        return self.outcome in {MoveOutcome.MOVED, MoveOutcome.ALREADY_THERE}


def note_of(rollback: str, reason: str) -> str:
    """Return the reason that the vendor keeps of a rollback; it begins with what our own record is known by."""
    return f"watchkeeper {rollback}: {' '.join(reason.split())}"[:LONGEST_NOTE]


def is_ours(state: ProjectState, rollback: str) -> bool:
    """Return True when the rollback in force is the one that our record asked for."""
    return state.note is not None and state.note.text.startswith(f"watchkeeper {rollback}:")


def is_under_way(state: ProjectState, target: str) -> bool:
    """Return True when the vendor is just moving production to the target."""
    request = state.production.last_alias_request
    at_work = {AliasJob.PENDING, AliasJob.IN_PROGRESS}
    return request is not None and request.to_deployment == target and request.job in at_work
