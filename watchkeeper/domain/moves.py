"""What can be known about a project before, while and after its production is moved (source: Vercel)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final

from watchkeeper.domain.production import AliasJob, AliasRequest, Production, VercelDeployment
from watchkeeper.domain.rollback_moves import Move, MoveState, judge_move

LONGEST_NOTE: Final = 250  # what Vercel takes as the reason of a rollback
GRACE: Final = timedelta(seconds=15)  # how long the vendor's own word and its state may differ
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
        rollback: id of our own record of it. `mark`: what tells it from a record of that id in another installation.
        project, target: ids. `name`: what people call the target.
        expected: the deployment that served when it was planned; "" when that does not matter.
        started_at: when the vendor may have been asked first: what it did for the same target since then was this
            order's doing. None when it was not asked yet.
        request_before: when the last move before that was asked for, by the vendor's own clock; None for none.
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
    request_before: datetime | None = None
    mark: str = ""
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
    move, serving = _judged(state, order, None, is_asked=False), state.production.deployment
    match move.state:
        case MoveState.UNDER_WAY | MoveState.STUCK:
            return Step.WATCH
        case MoveState.FAILED:
            return Moved(MoveOutcome.FAILED, move.reason, serving)
        case MoveState.ELSEWHERE:
            return Moved(MoveOutcome.REFUSED, f"{move.reason}: nothing was done", serving, was_asked=False)
        case MoveState.DONE if not _is_held(state, order):
            return _there(state, order)
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
    move, serving = _judged(state, order, before, is_asked=True), state.production.deployment
    is_over = waited > GRACE
    match move.state:
        case MoveState.DONE if not _is_held(state, order):
            return _done(state, order)
        case MoveState.FAILED:
            return Moved(MoveOutcome.FAILED, move.reason, serving)
        case MoveState.ELSEWHERE:
            return Moved(MoveOutcome.NOT_MOVED, move.reason, serving)
        case MoveState.STUCK if is_over:
            return Moved(MoveOutcome.NOT_MOVED, move.reason, serving)
        case MoveState.NOT_STARTED if was_lost and is_over:
            sentence = f"Vercel's answer was lost, and {GRACE.seconds} s later its state shows no move: look at Vercel"
            return Moved(MoveOutcome.UNKNOWN, sentence, serving)
    return None


def _judged(state: ProjectState, order: MoveOrder, before: AliasRequest | None, *, is_asked: bool) -> Move:
    """Return what became of the order; the vendor's own words about it count more than the clocks of both."""
    production, started_at, request_before = state.production, order.started_at, order.request_before
    request = production.last_alias_request
    if request is not None and request.to_deployment == order.target:
        is_mine = order.kind is MoveKind.ROLLBACK and is_ours(state, order)
        if is_mine or (is_asked and request != before) or is_moving(state):
            started_at, request_before = request.requested_at, None
    expected = order.expected or production.deployment or ""
    return judge_move(production, expected, order.target, started_at, request_before)


def _is_held(state: ProjectState, order: MoveOrder) -> bool:
    """Return True when what serves is to be promoted to end the custody it is in."""
    return order.kind is MoveKind.PROMOTE and state.production.in_custody


def _done(state: ProjectState, order: MoveOrder) -> Moved:
    rolling = state.production.rolling_release
    if rolling is not None and rolling.state == "active":
        return Moved(MoveOutcome.STARTED, f"a rolling release of {_name(order)} has begun", state.production.deployment)
    return Moved(MoveOutcome.MOVED, f"production serves {_name(order)}", state.production.deployment)


def _there(state: ProjectState, order: MoveOrder) -> Moved:
    if order.started_at is not None or is_ours(state, order):
        return _done(state, order)
    sentence = f"production served {_name(order)} already: nothing had to be done"
    return Moved(MoveOutcome.ALREADY_THERE, sentence, order.target, was_asked=False)


def _name(order: MoveOrder) -> str:
    return order.name or order.target


def mark_of(project: str, rollback: int, requested_at: datetime) -> str:
    """Return 8 hexadecimal digits that tell a record from one with the same id in another installation."""
    return sha256(f"{project} {rollback} {requested_at.isoformat()}".encode()).hexdigest()[:8]


def note_of(order: MoveOrder) -> str:
    """Return the reason that the vendor keeps of a rollback; it begins with what our own record is known by."""
    return f"{_known_by(order)} {' '.join(order.reason.split())}"[:LONGEST_NOTE]


def is_ours(state: ProjectState, order: MoveOrder) -> bool:
    """Return True when the rollback in force is the one that our record asked for."""
    return state.note is not None and state.note.text.startswith(_known_by(order))


def _known_by(order: MoveOrder) -> str:
    return f"watchkeeper #{order.rollback} {order.mark}:"


def is_moving(state: ProjectState) -> bool:
    """Return True while the vendor moves the domains."""
    request = state.production.last_alias_request
    return request is not None and request.job in AT_WORK
