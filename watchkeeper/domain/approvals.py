"""Who may say YES or NO to a rollback, and which answer counts.

An answer is to one question, a round of the rollback, named by the digest of what is shown. The first YES to it counts;
a NO counts before and after it, until the vendor is called.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from watchkeeper.domain.people import Nobody, find_person, is_watchkeeper, listed_person, same_person, why_no_name
from watchkeeper.domain.phrases import clock, listed
from watchkeeper.domain.rollback import Rollback, RollbackState, Source
from watchkeeper.domain.rollback_questions import plan_digest

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
    """What somebody has answered.

    Attributes:
        via: where: ui, cli, slack, api.
        round: which question; 0 where it is named by `plan` alone, or not at all.
        plan: the digest of what was shown; "" where it is not named. A YES must name its question, a NO need not.
        key: what makes it one and the same, however often it is read; "" for one that is given once.
    """

    word: str
    approver: str
    at: datetime
    comment: str = ""
    via: str = "cli"
    round: int = 0
    plan: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer counts; `state` is what the rollback becomes by it: approved or declined."""

    answer: Answer
    state: RollbackState


@dataclass(frozen=True, slots=True)
class RefusedAnswer:
    """The answer does not count.

    Attributes:
        is_repeat: the same person has given the same answer before, and it counts.
        is_outdated: it is not to the question that stands now: whoever gave it must be shown the plan.
    """

    reason: str
    is_repeat: bool = False
    is_outdated: bool = False


def judge_answer(rollback: Rollback, answer: Answer, accepted: Sequence[Answer] = ()) -> Accepted | RefusedAnswer:
    """Return whether an answer counts, and why not.

    Args:
        accepted: the answers to this rollback that count already, oldest first.
    """
    if reason := _why_no_answer(answer) or _unauthorised(rollback, answer):
        return RefusedAnswer(reason)
    if (outdated := _outdated(rollback, answer)) is not None:
        return outdated
    last = next((given for given in reversed(accepted) if given.round == rollback.round), None)
    if last is not None and not _declines(rollback, answer, last):
        return _second(rollback, answer, last)
    return _untimely(rollback, answer) or _unnamed(answer) or Accepted(answer, _BECOMES[answer.word])


def _why_no_answer(answer: Answer) -> str:
    """Return what is wrong with an answer whatever it is given to; "" where nothing is."""
    if answer.word not in _BECOMES:
        return f"{_shown(answer.word)} is no answer: type {YES} or {NO}, in capitals and nothing else"
    if wrong := why_no_name(answer.approver):
        return f"an answer needs the name or the e-mail address of the one who gives it: {wrong}"
    if is_watchkeeper(answer.approver):
        return f"{_shown(answer.approver)} is no person: give your own name or e-mail address"
    return ""


def why_not_entitled(rollback: Rollback, answer: Answer) -> str:
    """Return why this person may not give this answer; "" where it may."""
    return _unauthorised(rollback, answer)


def _declines(rollback: Rollback, answer: Answer, last: Answer) -> bool:
    """Return True for a NO to what somebody has approved and nobody has carried out."""
    return (answer.word, last.word) == (NO, YES) and rollback.may_be_declined


def _second(rollback: Rollback, answer: Answer, first: Answer) -> RefusedAnswer:
    """Return what somebody is told who comes second, or again."""
    did = "approved" if first.word == YES else "declined"
    told = f"{first.approver} has {did} it already, at {clock(first.at)} (by {first.via})"
    is_same = first.word == answer.word and same_person(first.approver, answer.approver, rollback.approvers)
    too_late = answer.word == NO and first.word == YES and rollback.move_started_at is not None
    why = "production is being moved, or was" if too_late else "the first answer counts"
    return RefusedAnswer(f"{told}: {why}", is_repeat=is_same)


def _outdated(rollback: Rollback, answer: Answer) -> RefusedAnswer | None:
    """Return the refusal of an answer that names another question than the one that stands now."""
    other_round = answer.round and answer.round != rollback.round
    if not other_round and answer.plan in {"", plan_digest(rollback)}:
        return None
    changed = "something has changed since this was asked: look at the plan again, then answer again"
    return RefusedAnswer(changed, is_outdated=True)


def _unnamed(answer: Answer) -> RefusedAnswer | None:
    """Return the refusal of a YES that does not say to what. To stop something nobody needs to have read it."""
    if answer.word == NO or answer.round or answer.plan:
        return None
    return RefusedAnswer("a YES names the plan that it is for: look at it, then give its digest", is_outdated=True)


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
    if rollback.state is not RollbackState.AWAITING_APPROVAL and not (answer.word == NO and rollback.may_be_declined):
        why = _OVER.get(rollback.state, f"it is {rollback.state.replace('_', ' ')}")
        return RefusedAnswer(f"nobody waits for an answer: {why}")
    return None


def _is_answered(rollback: Rollback) -> bool:
    return rollback.state not in {RollbackState.AWAITING_APPROVAL, RollbackState.EXPIRED}


def _shown(text: str) -> str:
    return repr(text[:SHOWN]) if text else "nothing"
