"""Who may say YES or NO to a rollback, and which answer counts: the first right one of each round."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from watchkeeper.domain.rollback import Rollback, RollbackState

YES, NO = "YES", "NO"


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody has answered. `via`: where (ui, cli, slack, api); `round`: which question, 0 for the latest."""

    word: str
    approver: str
    at: datetime
    comment: str = ""
    via: str = "cli"
    round: int = 0


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer counts; `state` is what the rollback becomes by it: approved or declined."""

    answer: Answer
    state: RollbackState


@dataclass(frozen=True, slots=True)
class RefusedAnswer:
    """The answer does not count. `is_repeat`: the same person has given the same answer before, and it counts."""

    reason: str
    is_repeat: bool = False


def judge_answer(rollback: Rollback, answer: Answer, accepted: Sequence[Answer] = ()) -> Accepted | RefusedAnswer:
    """Return whether an answer counts, and why not.

    Args:
        accepted: the answers to this rollback that count already, oldest first.
    """
    raise NotImplementedError
