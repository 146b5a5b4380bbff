"""What can be known about a project before, while and after its production is moved (source: Vercel)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from watchkeeper.domain.production import AliasJob, AliasRequest, Production, VercelDeployment

LONGEST_NOTE: Final = 250  # what Vercel takes as the reason of a rollback
GRACE: Final = timedelta(seconds=15)  # how long the vendor's own word and its state may differ
CLOCKS_APART: Final = timedelta(minutes=2)
AT_WORK: Final = frozenset({AliasJob.PENDING, AliasJob.IN_PROGRESS})


class MoveKind(StrEnum):
    """How production is moved. A promotion ends the custody that a rollback leaves behind."""

    ROLLBACK = "rollback"
    PROMOTE = "promote"


@dataclass(frozen=True, slots=True)
class RollbackNote:
    """What somebody gave as the reason of the rollback that is in force. `text` is at most 250 characters."""

    text: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ProjectState:
    """What a project's production looks like at one moment.

    Attributes:
        plan: hobby, pro, enterprise; "" where it is not said.
        rolls_out: True when every promotion starts a rolling release.
        crons: those that run now, as `path: schedule`.
        may_roll_back, may_promote, may_set_items: what the token may do, the last with items of an Edge Config; None
            where the vendor does not say.
        is_paused: production answers nobody, by somebody's choice.
        note: of the last rollback; None when there is none.
    """

    production: Production
    serving: VercelDeployment | None
    plan: str = ""
    rolls_out: bool = False
    crons: tuple[str, ...] = ()
    may_roll_back: bool | None = None
    may_promote: bool | None = None
    may_set_items: bool | None = None
    is_paused: bool = False
    note: RollbackNote | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeploymentDetails:
    """One deployment with what it would bring along. `crons`: as `path: schedule`; None where they are not said."""

    deployment: VercelDeployment
    crons: tuple[str, ...] | None
    plan: str = ""


class MoveOutcome(StrEnum):
    """What became of a move, as far as the vendor's word and its state tell."""

    MOVED = "moved"  # production serves the target
    ALREADY_THERE = "already there"  # it did before anything was asked
    STARTED = "started"  # a growing share of the visitors gets the target: a rolling release has begun
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
        return self.outcome in {MoveOutcome.MOVED, MoveOutcome.ALREADY_THERE, MoveOutcome.STARTED}


@dataclass(frozen=True, slots=True)
class MoveOrder:
    """Where production shall be moved, and what is known about the order.

    Attributes:
        rollback: id of our own record of it.
        project, target: ids. `name`: what people call the target.
        expected: the deployment that served when it was planned; "" when that does not matter.
        started_at: when the vendor may have been asked first: what it did for the same target since then was this
            order's doing. None when it was not asked yet.
        ends_rolling_release: the target is the base of a rolling release, which is to end.
    """

    rollback: int
    kind: MoveKind
    team: str
    project: str
    target: str
    name: str = ""
    expected: str = ""
    reason: str = ""
    started_at: datetime | None = None
    ends_rolling_release: bool = False


@dataclass(frozen=True, slots=True)
class PercentageOrder:
    """Which value an item shall have, 0..100.

    Attributes:
        expected: what it was when this was planned; None when that does not matter.
        was_started: True when the vendor may have been asked before.
    """

    team: str
    config: str
    key: str
    percent: float
    expected: float | None = None
    was_started: bool = False

    @property
    def name(self) -> str:
        return f"{self.key} in {self.config}"


class Step(StrEnum):
    """What comes next in moving production."""

    ASK = "ask"
    WATCH = "watch"


def judge_start(state: ProjectState, order: MoveOrder) -> Moved | Step:
    """Return whether to ask the vendor, to watch what it was asked before, or how it has ended already.

    So that it can be called again after a crash at any line: what was asked once is never asked for a second time.
    """
    request = state.production.last_alias_request
    if _is_there(state, order):
        return _there(state, order)
    if request is not None and request.job in AT_WORK:
        return Step.WATCH if request.to_deployment == order.target else _elsewhere(state, request)
    if _was_asked(state, order):
        return Step.WATCH
    if order.expected and state.production.deployment != order.expected:
        serving = state.production.deployment or "nothing"
        reason = f"production serves {serving}, and no longer {order.expected}, which it was planned for"
        return Moved(MoveOutcome.REFUSED, f"{reason}: nothing was done", state.production.deployment, was_asked=False)
    return Step.ASK


def judge_progress(
    state: ProjectState, order: MoveOrder, before: AliasRequest | None, waited: timedelta, *, was_lost: bool
) -> Moved | None:
    """Return how a move that was asked for has ended; None while it goes on.

    Args:
        before: the last request before this one; None when there was none, or when it is this one.
        waited: since the vendor was asked, or since it has called its work done.
        was_lost: True when the vendor's answer was lost.
    """
    production, request = state.production, state.production.last_alias_request
    rolling = production.rolling_release
    if rolling is not None and rolling.state == "active" and rolling.canary_deployment == order.target:
        return Moved(MoveOutcome.STARTED, f"a rolling release of {_name(order)} has begun", production.deployment)
    if request is not None and request.job in AT_WORK and request.to_deployment == order.target:
        return None
    if _is_there(state, order):
        return Moved(MoveOutcome.MOVED, f"production serves {_name(order)}", production.deployment)
    if request is not None and request != before:
        return _ended(state, order, request, waited)
    if was_lost and waited > GRACE:
        sentence = f"Vercel's answer was lost, and {GRACE.seconds} s later its state shows no move: look at Vercel"
        return Moved(MoveOutcome.UNKNOWN, sentence, production.deployment)
    return None


def _ended(state: ProjectState, order: MoveOrder, request: AliasRequest, waited: timedelta) -> Moved | None:
    """Return what a request that is no longer at work came to, while production does not serve the target."""
    serving, name = state.production.deployment, _name(order)
    if request.to_deployment != order.target:
        sentence = f"somebody else has moved production to {request.to_deployment} meanwhile"
        return Moved(MoveOutcome.NOT_MOVED, sentence, serving)
    if request.job is AliasJob.FAILED:
        return Moved(MoveOutcome.FAILED, f"Vercel could not move the domains to {name}", serving)
    if waited <= GRACE:
        return None
    sentence = f"Vercel calls the move to {name} {request.job}, and production still serves {serving or 'nothing'}"
    return Moved(MoveOutcome.NOT_MOVED, sentence, serving)


def _is_there(state: ProjectState, order: MoveOrder) -> bool:
    """Return True when nothing is left to do; a promotion also has to end the custody, a way back a rolling release."""
    production = state.production
    if production.deployment != order.target:
        return False
    if order.kind is MoveKind.PROMOTE:
        return not production.in_custody
    rolling = production.rolling_release
    return not order.ends_rolling_release or rolling is None or rolling.state != "active"


def _there(state: ProjectState, order: MoveOrder) -> Moved:
    if _was_asked(state, order):
        return Moved(MoveOutcome.MOVED, f"production serves {_name(order)}", order.target)
    sentence = f"production served {_name(order)} already: nothing had to be done"
    return Moved(MoveOutcome.ALREADY_THERE, sentence, order.target, was_asked=False)


def _was_asked(state: ProjectState, order: MoveOrder) -> bool:
    """Return True when the vendor's last move is the one that the order wants."""
    request = state.production.last_alias_request
    if request is None or request.to_deployment != order.target or request.kind != order.kind:
        return False
    if order.kind is MoveKind.ROLLBACK and is_ours(state, order.rollback):
        return True
    return order.started_at is not None and request.requested_at >= order.started_at - CLOCKS_APART


def _elsewhere(state: ProjectState, request: AliasRequest) -> Moved:
    sentence = f"Vercel is just moving production to {request.to_deployment} for somebody else: nothing was done"
    return Moved(MoveOutcome.REFUSED, sentence, state.production.deployment, was_asked=False)


def _name(order: MoveOrder) -> str:
    return order.name or order.target


def note_of(rollback: int, reason: str) -> str:
    """Return the reason that the vendor keeps of a rollback; it begins with what our own record is known by."""
    return f"watchkeeper #{rollback}: {' '.join(reason.split())}"[:LONGEST_NOTE]


def is_ours(state: ProjectState, rollback: int) -> bool:
    """Return True when the rollback in force is the one that our record asked for."""
    return state.note is not None and state.note.text.startswith(f"watchkeeper #{rollback}:")


def is_moving(state: ProjectState) -> bool:
    """Return True while the vendor moves the domains."""
    request = state.production.last_alias_request
    return request is not None and request.job in AT_WORK
