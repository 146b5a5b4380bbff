"""What became of a move of production that may or may not have been asked for: after a crash, a time-out, an error."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from watchkeeper.domain.phrases import clock
from watchkeeper.domain.production import AliasJob, AliasRequest, Production
from watchkeeper.domain.releases import is_rolling

_AT_WORK: Final = frozenset({AliasJob.PENDING, AliasJob.IN_PROGRESS})


class MoveState(StrEnum):
    DONE = "done"  # production is at the target
    UNDER_WAY = "under_way"  # the vendor is at it
    FAILED = "failed"  # the vendor has tried and given up
    NOT_STARTED = "not_started"  # the vendor knows nothing of it
    ELSEWHERE = "elsewhere"  # somebody else has moved production, or is at it
    STUCK = "stuck"  # the vendor says it is done, and production stays

    @property
    def may_call(self) -> bool:
        """True when the vendor may be asked to move production: it was not, or it knows nothing of it."""
        return self is MoveState.NOT_STARTED


@dataclass(frozen=True, slots=True)
class Move:
    """What is known of a move; `reason` is a sentence."""

    state: MoveState
    reason: str


def judge_move(
    production: Production,
    before: str,
    target: str,
    started_at: datetime | None,
    request_before: datetime | None = None,
) -> Move:
    """Return what became of a move from deployment `before` to `target`.

    Args:
        production: as it is now.
        started_at: when the vendor may have been called first; None when it was not called.
        request_before: when the last move before that call was asked for, by the vendor's own clock; None for none.
    """
    request = production.last_alias_request
    if request is not None and _is_mine(request, target, started_at, request_before):
        return _of_my_request(production, request, target)
    if request is not None and request.job in _AT_WORK and request.to_deployment != target:
        return Move(MoveState.ELSEWHERE, f"the domains are on their way to {request.to_deployment}, by somebody else")
    if serves(production, target):
        return Move(MoveState.DONE, f"{target} serves production")
    if production.deployment not in {before, target} and not is_rolling(production):
        return Move(MoveState.ELSEWHERE, f"{production.deployment or 'nothing'} serves production, not {before}")
    return Move(MoveState.NOT_STARTED, f"Vercel knows of no move to {target}")


def judge_percentage(value: float | None, before: float | None, target: float, started_at: datetime | None) -> Move:
    """Return what became of setting a percentage from `before` to `target`; all 0..100."""
    if value == target:
        return Move(MoveState.DONE, f"it is {target:g} %")
    if value == before:
        return Move(MoveState.NOT_STARTED, f"it is still {_shown(before)}" if started_at else f"it is {_shown(before)}")
    return Move(MoveState.ELSEWHERE, f"somebody has set it to {_shown(value)}")


def _of_my_request(production: Production, request: AliasRequest, target: str) -> Move:
    since = clock(request.requested_at)
    if request.job in _AT_WORK:
        return Move(MoveState.UNDER_WAY, f"Vercel moves the domains since {since}")
    if request.job is AliasJob.FAILED:
        return Move(MoveState.FAILED, f"Vercel could not move the domains (asked at {since})")
    if serves(production, target):
        return Move(MoveState.DONE, f"{target} serves production")
    if request.job is AliasJob.UNKNOWN:
        return Move(MoveState.UNDER_WAY, f"Vercel does not say how far it is with moving the domains (since {since})")
    reason = f"Vercel says that it has moved the domains, but {production.deployment or 'nothing'} serves production"
    return Move(MoveState.STUCK, reason)


def _is_mine(request: AliasRequest, target: str, started_at: datetime | None, request_before: datetime | None) -> bool:
    """Return whether a request is what we called for. Two moments of the vendor's clock are compared, never ours."""
    is_newer = request_before is None or request.requested_at > request_before
    return started_at is not None and request.to_deployment == target and is_newer


def serves(production: Production, target: str) -> bool:
    """Return True when visitors get the target, or more and more of them do."""
    rolling = production.rolling_release
    if rolling is not None and is_rolling(production):
        return rolling.canary_deployment == target
    return production.deployment == target


def _shown(value: float | None) -> str:
    return "not there" if value is None else f"{value:g} %"
