from dataclasses import replace
from typing import Any

import pytest

from tests.domain.makers import NOW, at
from tests.domain.rollback_makers import plan, rollback
from watchkeeper.domain.approvals import NAMELESS, NO, YES, Accepted, Answer, RefusedAnswer, judge_answer
from watchkeeper.domain.rollback import Mark, Point, RollbackKind, RollbackState, Source
from watchkeeper.domain.rollback_questions import plan_digest

ANSWER = Answer(YES, "Grace", NOW, round=1)
APPROVERS = ("Grace Hopper <grace@acme.example>", "ada@acme.example", "Barbara")


def refused(judged: Accepted | RefusedAnswer) -> str:
    assert isinstance(judged, RefusedAnswer)
    return judged.reason


@pytest.mark.parametrize(("word", "state"), [(YES, RollbackState.APPROVED), (NO, RollbackState.DECLINED)])
def test_the_two_words(word: str, state: RollbackState) -> None:
    answer = replace(ANSWER, word=word)
    assert judge_answer(rollback(), answer) == Accepted(answer, state)


@pytest.mark.parametrize(
    "word", ["yes", "Yes", " YES", "YES ", "YES\n", "Y", "", "no", "JA", "YESNO", "ＹＥＳ", "true"]
)
def test_any_other_word_is_told_what_is_expected(word: str) -> None:
    judged = judge_answer(rollback(), replace(ANSWER, word=word))
    assert refused(judged).endswith("is no answer: type YES or NO, in capitals and nothing else")


@pytest.mark.parametrize("name", ["", "   ", "<>", " < > "])
def test_an_answer_has_a_name(name: str) -> None:
    assert "needs the name" in refused(judge_answer(rollback(), replace(ANSWER, approver=name)))


@pytest.mark.parametrize(
    "name", ["Grace Hopper", "grace hopper", " GRACE  HOPPER ", "grace@acme.example", "barbara", "ADA@acme.example"]
)
def test_who_is_listed_may_approve(name: str) -> None:
    asked = rollback(approvers=APPROVERS, requested_by="somebody")
    assert isinstance(judge_answer(asked, replace(ANSWER, approver=name)), Accepted)


@pytest.mark.parametrize("name", ["Grace", "hopper", "grace@acme", "Mallory <grace>", "Ada"])
@pytest.mark.parametrize("word", [YES, NO])
def test_who_is_not_listed_may_not_answer_and_is_told_whom_to_ask(name: str, word: str) -> None:
    asked = rollback(approvers=APPROVERS, requested_by="somebody")
    reason = refused(judge_answer(asked, replace(ANSWER, approver=name, word=word)))
    assert reason == f"{name!r} may not approve for shop: ask Grace Hopper, ada@acme.example and Barbara"


def test_without_a_list_anybody_with_a_name_may_approve() -> None:
    assert isinstance(judge_answer(rollback(), replace(ANSWER, approver="Zoe")), Accepted)


def test_who_asks_may_approve_unless_two_are_needed() -> None:
    own = replace(ANSWER, approver="ada ")
    two = rollback(two_person=True, approvers=("Ada", "Grace"))
    assert isinstance(judge_answer(rollback(), own), Accepted)
    assert "somebody else must approve" in refused(judge_answer(two, own))
    assert isinstance(judge_answer(two, ANSWER), Accepted)


@pytest.mark.parametrize(
    ("asker", "approver"),
    [
        pytest.param("Grace Hopper", "grace@acme.example", id="name, then address"),
        pytest.param("GRACE@ACME.EXAMPLE", "Grace Hopper", id="address, then name"),
        pytest.param("gh", "Grace Hopper", id="alias, then name"),
        pytest.param("Grace Hopper <grace@acme.example>", "gh", id="both, then alias"),
        pytest.param("Ｇｒａｃｅ Hopper", "grace hopper", id="wide letters"),
        pytest.param("José", "Jose\u0301", id="composed, then decomposed"),
    ],
)
def test_two_names_of_one_person_are_not_two_people(asker: str, approver: str) -> None:
    listed = ("Grace Hopper <grace@acme.example, gh>", "José <jose@acme.example>")
    asked = rollback(approvers=listed, requested_by=asker, two_person=True)
    assert "somebody else must approve" in refused(judge_answer(asked, replace(ANSWER, approver=approver)))


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        pytest.param({"approvers": ()}, "lists none", id="nobody is listed"),
        pytest.param({"requested_by": NAMELESS}, "nobody knows who", id="asked for without a name"),
        pytest.param({"requested_by": "\u200b"}, "nobody knows who", id="asked for by a name that is not seen"),
        pytest.param({"requested_by": "watchkeeper"}, "nobody knows who", id="a person who hides behind our name"),
    ],
)
def test_where_nobody_knows_who_asks_no_answer_is_that_of_a_second_person(asked: dict[str, Any], words: str) -> None:
    given: dict[str, Any] = {"approvers": ("Ada", "Grace"), "two_person": True, **asked}
    waits = rollback(**given)
    assert words in refused(judge_answer(waits, ANSWER))


def test_what_an_event_asks_for_needs_one_listed_person() -> None:
    asked = rollback(
        approvers=("Ada", "Grace"), requested_by="watchkeeper", source=Source.AUTOMATIC, two_person=True, event_id="e-1"
    )
    assert isinstance(judge_answer(asked, ANSWER), Accepted)


def test_a_row_that_an_event_opened_and_a_person_asked_for_compares_as_that_person() -> None:
    asked = rollback(approvers=("Ada", "Grace"), requested_by="Grace", source=Source.AUTOMATIC, two_person=True)
    assert "somebody else must approve" in refused(judge_answer(asked, ANSWER))


@pytest.mark.parametrize("name", ["watchkeeper", "Watchkeeper", "wаtchkeeper"])
def test_watchkeeper_approves_nothing(name: str) -> None:
    assert isinstance(judge_answer(rollback(), replace(ANSWER, approver=name)), RefusedAnswer)


@pytest.mark.parametrize(
    "name", ["\u200b", "Gra\u200bce", "\u202eecarG", "Grace\nNO", "\x1b[2JGrace", "Gr\u0430ce", "⠀"]
)
@pytest.mark.parametrize("approvers", [(), ("Grace", "Ada")])
def test_a_name_that_cannot_be_read_is_nobody(name: str, approvers: tuple[str, ...]) -> None:
    judged = judge_answer(rollback(approvers=approvers), replace(ANSWER, approver=name))
    assert "an answer needs the name" in refused(judged)


def test_who_asks_by_address_is_the_one_who_answers_by_name() -> None:
    asked = rollback(approvers=APPROVERS, requested_by="grace@acme.example", two_person=True)
    reason = refused(judge_answer(asked, replace(ANSWER, approver="grace hopper")))
    assert reason.endswith("somebody else must approve, shop needs two")


def test_who_asks_may_take_it_back_listed_or_not() -> None:
    asked = rollback(approvers=APPROVERS, requested_by="Zoe", two_person=True)
    judged = judge_answer(asked, replace(ANSWER, approver="zoe", word=NO))
    assert isinstance(judged, Accepted)


@pytest.mark.parametrize(
    ("minutes", "counts"),
    [pytest.param(0.01, True, id="just in time"), pytest.param(0, False, id="at the end"), (-1, False)],
)
def test_the_end_of_the_time(minutes: float, counts: bool) -> None:  # noqa: FBT001
    judged = judge_answer(rollback(approve_until=NOW), replace(ANSWER, at=at(minutes)))
    assert isinstance(judged, Accepted) is counts
    if isinstance(judged, RefusedAnswer):
        assert judged.reason == "too late: the time to answer was over at 2026-09-22 10:30 UTC"


def test_after_the_time_is_over_it_stays_over() -> None:
    reason = refused(judge_answer(rollback(RollbackState.EXPIRED, approve_until=at(1)), ANSWER))
    assert reason.startswith("too late")


@pytest.mark.parametrize(("word", "did"), [(YES, "approved"), (NO, "declined")])
def test_the_first_answer_counts(word: str, did: str) -> None:
    first = replace(ANSWER, word=word, approver="Barbara", at=at(2), via="ui")
    judged = judge_answer(rollback(RollbackState.APPROVED), ANSWER, [first])
    assert refused(judged) == f"Barbara has {did} it already, at 2026-09-22 10:28 UTC (by ui): the first answer counts"


@pytest.mark.parametrize(
    ("other", "is_repeat"),
    [
        pytest.param({}, True, id="the same again"),
        pytest.param({"approver": "grace "}, True, id="the same person in other letters"),
        pytest.param({"word": NO}, False, id="another mind"),
        pytest.param({"approver": "Zoe"}, False, id="another person"),
    ],
)
def test_an_answer_given_again(other: dict[str, Any], is_repeat: bool) -> None:  # noqa: FBT001
    moving = rollback(RollbackState.EXECUTING, move_started_at=NOW)
    judged = judge_answer(moving, replace(ANSWER, **other), [ANSWER])
    assert isinstance(judged, RefusedAnswer)
    assert judged.is_repeat is is_repeat


def test_what_was_answered_before_something_changed_counts_no_more() -> None:
    again = rollback(round=2)
    assert "look at the plan again" in refused(judge_answer(again, replace(ANSWER, at=at(1))))
    assert isinstance(judge_answer(again, replace(ANSWER, round=2), [ANSWER]), Accepted)
    outdated = judge_answer(again, ANSWER, [ANSWER])
    assert isinstance(outdated, RefusedAnswer)
    assert (outdated.is_outdated, outdated.is_repeat) == (True, False), "a YES said again is to the old question, too"


@pytest.mark.parametrize("word", [YES, NO])
def test_an_answer_names_the_question_by_its_digest(word: str) -> None:
    first = rollback(plan=plan())
    again = replace(first, round=2)
    shown = replace(ANSWER, word=word, round=0, plan=plan_digest(first))
    assert isinstance(judge_answer(first, shown), Accepted)
    judged = judge_answer(again, shown)
    assert isinstance(judged, RefusedAnswer)
    assert judged.is_outdated
    made_up = judge_answer(first, replace(shown, plan="0" * 16))
    assert isinstance(made_up, RefusedAnswer)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"to_deployment": "dpl_other"}, id="another target"),
        pytest.param({"from_deployment": "dpl_other"}, id="another release serves"),
        pytest.param({"project": "api"}, id="another project"),
        pytest.param({"id": 8}, id="another rollback"),
        pytest.param({"round": 2}, id="asked again"),
        pytest.param({"plan": plan(Point("age", Mark.WARNING, "old"))}, id="another point of the plan"),
        pytest.param({"kind": RollbackKind.PROMOTE}, id="another kind"),
    ],
)
def test_whatever_is_different_is_another_question(other: dict[str, Any]) -> None:
    asked = rollback(plan=plan())
    assert plan_digest(replace(asked, **other)) != plan_digest(asked)
    assert plan_digest(replace(asked, requested_by="Bob", error="x", notes={"a": "b"})) == plan_digest(asked)


def test_a_yes_says_to_what_and_a_no_need_not() -> None:
    unnamed = replace(ANSWER, round=0)
    judged = judge_answer(rollback(), unnamed)
    assert isinstance(judged, RefusedAnswer)
    assert (judged.is_outdated, judged.reason) == (
        True,
        "a YES names the plan that it is for: look at it, then give its digest",
    )
    assert isinstance(judge_answer(rollback(), replace(unnamed, word=NO)), Accepted)


@pytest.mark.parametrize("state", [RollbackState.APPROVED, RollbackState.EXECUTING])
def test_a_no_ends_what_was_approved_until_the_vendor_is_called(state: RollbackState) -> None:
    no = replace(ANSWER, word=NO, approver="Barbara")
    assert judge_answer(rollback(state), no, [ANSWER]) == Accepted(no, RollbackState.DECLINED)
    late = refused(judge_answer(rollback(state, move_started_at=NOW), no, [ANSWER]))
    assert late.endswith("production is being moved, or was")


def test_a_yes_does_not_end_a_no() -> None:
    no = replace(ANSWER, word=NO, approver="Barbara")
    assert "declined it already" in refused(judge_answer(rollback(RollbackState.DECLINED), ANSWER, [no]))
    assert "declined it already" in refused(judge_answer(rollback(RollbackState.DECLINED), ANSWER, [ANSWER, no]))


def test_who_may_not_answer_does_not_end_it_either() -> None:
    asked = rollback(RollbackState.APPROVED, approvers=APPROVERS, requested_by="somebody")
    no = replace(ANSWER, word=NO, approver="Mallory")
    assert "may not approve" in refused(judge_answer(asked, no, [replace(ANSWER, approver="Barbara")]))


@pytest.mark.parametrize("state", [state for state in RollbackState if state is not RollbackState.AWAITING_APPROVAL])
def test_nobody_waits(state: RollbackState) -> None:
    assert isinstance(judge_answer(rollback(state), ANSWER), RefusedAnswer)
