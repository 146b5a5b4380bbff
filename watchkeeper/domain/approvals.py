"""Who may say YES or NO to a rollback, and which answer counts: the first right one of each round."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from watchkeeper.domain.phrases import clock, listed
from watchkeeper.domain.rollback import Rollback, RollbackState

YES: Final = "YES"
NO: Final = "NO"
SHOWN: Final = 40  # characters of a wrong word
_ADDRESSED: Final = re.compile(r"(.*?)<([^<>]*)>")
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
    if not _names(answer.approver):
        return RefusedAnswer("an answer needs the name or the e-mail address of the one who gives it")
    reason = _unauthorised(rollback, answer)
    if reason:
        return RefusedAnswer(reason)
    first = next((given for given in accepted if given.round == (answer.round or rollback.round)), None)
    if first is not None:
        return _second(rollback, answer, first)
    return _untimely(rollback, answer) or Accepted(answer, _BECOMES[answer.word])


def same_person(one: str, other: str, people: Sequence[str] = ()) -> bool:
    """Return True when both name one person, whatever the case and the spaces.

    Args:
        people: those who are known by a name and an address, as `Name <address>`.
    """
    names, others = _names(one), _names(other)
    if names & others:
        return True
    return any(names & known and others & known for known in map(_names, people))


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
    listed_as = any(same_person(answer.approver, known) for known in rollback.approvers)
    if rollback.approvers and not listed_as:
        names = listed([_shown_name(known) for known in rollback.approvers], 5)
        return f"{_shown(answer.approver)} may not approve for {rollback.project}: ask {names}"
    if asked and rollback.two_person:
        return f"{_shown(answer.approver)} has asked for it: somebody else must approve, {rollback.project} needs two"
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


def _names(person: str) -> frozenset[str]:
    """Return what a person is called, in one spelling."""
    parts = _ADDRESSED.fullmatch(person.strip())
    several = parts.groups() if parts else (person,)
    return frozenset(name for part in several if (name := " ".join(part.casefold().split())))


def _shown(text: str) -> str:
    return repr(text[:SHOWN]) if text else "nothing"


def _shown_name(person: str) -> str:
    return person.partition("<")[0].strip() or person
