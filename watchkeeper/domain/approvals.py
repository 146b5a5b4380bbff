"""Who may say YES or NO to a rollback, and which answer counts: the first right one of each round."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from watchkeeper.domain.people import Nobody, find_person, is_watchkeeper, listed_person, same_person, why_no_name
from watchkeeper.domain.phrases import clock, listed
from watchkeeper.domain.rollback import Rollback, RollbackState, Source

YES: Final = "YES"
NO: Final = "NO"
NAMELESS: Final = "somebody without a name"  # who asks where no name is needed
SHOWN: Final = 40  # characters of a wrong word
_BECOMES: Final = {YES: RollbackState.APPROVED, NO: RollbackState.DECLINED}
_OVER: Final = {
    RollbackState.EXPIRED: "the time to answer is over",
    RollbackState.DECLINED: "it was declined",
    RollbackState.REFUSED: "the plan was refused",
    RollbackState.REQUESTED: "its plan is not made yet",
    RollbackState.PLANNED: "nobody is asked yet",
}


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
    if answer.word not in _BECOMES:
        return RefusedAnswer(f"{_shown(answer.word)} is no answer: type {YES} or {NO}, in capitals and nothing else")
    if wrong := why_no_name(answer.approver):
        return RefusedAnswer(f"an answer needs the name or the e-mail address of the one who gives it: {wrong}")
    if is_watchkeeper(answer.approver):
        return RefusedAnswer(f"{_shown(answer.approver)} is no person: give your own name or e-mail address")
    reason = _unauthorised(rollback, answer)
    if reason:
        return RefusedAnswer(reason)
    first = next((given for given in accepted if given.round == (answer.round or rollback.round)), None)
    if first is not None:
        return _second(rollback, answer, first)
    return _untimely(rollback, answer) or Accepted(answer, _BECOMES[answer.word])


def _second(rollback: Rollback, answer: Answer, first: Answer) -> RefusedAnswer:
    """Return what somebody is told who comes second, or again."""
    did = "approved" if first.word == YES else "declined"
    told = f"{first.approver} has {did} it already, at {clock(first.at)} (by {first.via})"
    is_same = first.word == answer.word and same_person(first.approver, answer.approver, rollback.approvers)
    return RefusedAnswer(f"{told}: the first answer counts", is_repeat=is_same)


def _unauthorised(rollback: Rollback, answer: Answer) -> str:
    """Return why this person may not give this answer; "" where it may."""
    asked = same_person(answer.approver, rollback.requested_by, rollback.approvers)
    if asked and answer.word == NO:
        return ""  # who has asked for something may take it back
    found = find_person(answer.approver, rollback.approvers)
    if rollback.approvers and isinstance(found, Nobody):
        names = listed([listed_person(known).name for known in rollback.approvers], 5)
        unlisted = f"{_shown(answer.approver)} may not approve for {rollback.project}: ask {names}"
        return unlisted if found.is_unlisted else found.reason
    return _alone(rollback, answer, asked=asked) if rollback.two_person and answer.word == YES else ""


def _alone(rollback: Rollback, answer: Answer, *, asked: bool) -> str:
    """Return why a YES would not be that of a second person; "" where it would."""
    if asked:
        return f"{_shown(answer.approver)} has asked for it: somebody else must approve, {rollback.project} needs two"
    if not rollback.approvers:
        return f"{rollback.project} needs two people and lists none: nobody can tell who is somebody else"
    is_nameless = why_no_name(rollback.requested_by) or rollback.requested_by == NAMELESS
    if is_nameless or (is_watchkeeper(rollback.requested_by) and rollback.source is not Source.AUTOMATIC):
        return f"nobody knows who has asked for it, and {rollback.project} needs two people: ask for it anew, by name"
    return ""


def _untimely(rollback: Rollback, answer: Answer) -> RefusedAnswer | None:
    if rollback.approve_until is not None and answer.at >= rollback.approve_until and not _is_answered(rollback):
        return RefusedAnswer(f"too late: the time to answer was over at {clock(rollback.approve_until)}")
    if answer.round and answer.round != rollback.round:
        return RefusedAnswer("something has changed since this was asked: look at the plan again, then answer again")
    if rollback.state is not RollbackState.AWAITING_APPROVAL:
        why = _OVER.get(rollback.state, f"it is {rollback.state.replace('_', ' ')}")
        return RefusedAnswer(f"nobody waits for an answer: {why}")
    return None


def _is_answered(rollback: Rollback) -> bool:
    return rollback.state not in {RollbackState.AWAITING_APPROVAL, RollbackState.EXPIRED}


def _shown(text: str) -> str:
    return repr(text[:SHOWN]) if text else "nothing"
