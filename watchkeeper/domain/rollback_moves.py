"""What became of a move of production that may or may not have been asked for: after a crash, a time-out, an error."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from watchkeeper.domain.production import Production


class MoveState(StrEnum):
    DONE = "done"  # production is at the target
    UNDER_WAY = "under_way"  # the vendor is at it
    FAILED = "failed"  # the vendor has tried and given up
    NOT_STARTED = "not_started"  # the vendor knows nothing of it
    ELSEWHERE = "elsewhere"  # production is neither where it was nor at the target: somebody else has moved it
    STUCK = "stuck"  # the vendor says it is done, and production stays


@dataclass(frozen=True, slots=True)
class Move:
    """What is known of a move; `reason` is a sentence."""

    state: MoveState
    reason: str


def judge_move(production: Production, before: str, target: str, started_at: datetime | None) -> Move:
    """Return what became of a move from deployment `before` to `target`.

    Args:
        production: as it is now.
        started_at: when the vendor may have been called first; None when it was not called.
    """
    raise NotImplementedError
