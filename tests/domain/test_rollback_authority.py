"""Who may move production, judged right before it is moved."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.makers import NEW, NOW, OLD
from tests.domain.rollback_makers import plan, rollback
from watchkeeper.domain.approvals import NO, YES, Answer
from watchkeeper.domain.rollback import AutoRollback, Rollback, RollbackPolicy, RollbackState, Source
from watchkeeper.domain.rollback_authority import why_ask
from watchkeeper.domain.rollback_questions import plan_digest

APPROVED = rollback(RollbackState.APPROVED, plan=plan(), from_sha=NEW)
ALONE = replace(
    APPROVED, require_approval=False, source=Source.AUTOMATIC, event_id="e-1", asked={"release": NEW}, plan=plan()
)


def yes(asked: Rollback = APPROVED, approver: str = "Grace", **other: Any) -> Answer:
    return replace(Answer(YES, approver, NOW, round=asked.round, plan=plan_digest(asked)), **other)


def test_an_entitled_yes_to_this_plan_is_enough() -> None:
    assert why_ask(APPROVED, RollbackPolicy(), [yes()]) == ""
    assert why_ask(APPROVED, RollbackPolicy(approvers=("Grace",), two_person=True), [yes()]) == ""


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        pytest.param([], "nobody has approved it", id="no answer"),
        pytest.param([yes(round=9)], "nobody has approved it", id="to another question"),
        pytest.param([yes(plan="0" * 16)], "Grace has approved another plan", id="to another plan"),
        pytest.param([yes(plan="")], "Grace has approved another plan", id="to no plan"),
        pytest.param([yes(), yes(word=NO, approver="Bob")], "it was declined", id="a NO after it"),
        pytest.param([yes(word=NO, approver="Bob"), yes()], "it was declined", id="a NO before it"),
    ],
)
def test_anything_less_is_asked_for(answers: list[Answer], told: str) -> None:
    assert why_ask(APPROVED, RollbackPolicy(), answers) == told


@pytest.mark.parametrize(
    "policy",
    [
        pytest.param(RollbackPolicy(approvers=("Barbara",)), id="others are listed now"),
        pytest.param(RollbackPolicy(approvers=("Grace",)), id="Ada is not listed"),
        pytest.param(RollbackPolicy(two_person=True), id="two are needed now"),
    ],
)
def test_who_may_approve_is_asked_of_the_configuration_of_now(policy: RollbackPolicy) -> None:
    assert "does not count by the configuration of now" in why_ask(APPROVED, policy, [yes(approver="Ada")])


def test_what_was_asked_for_with_two_people_stays_so() -> None:
    two = replace(APPROVED, two_person=True)
    assert "somebody else must approve" in why_ask(two, RollbackPolicy(), [yes(two, "Ada")])


def test_the_target_that_the_row_names_is_the_one_that_was_approved() -> None:
    assert why_ask(replace(APPROVED, to_deployment="dpl_other"), RollbackPolicy(), [yes()]) != ""
    assert why_ask(replace(APPROVED, project="api"), RollbackPolicy(), [yes()]) != ""


def test_nobody_is_asked_only_for_a_stored_proposal_of_an_automatic_project_about_what_serves() -> None:
    assert why_ask(ALONE, RollbackPolicy(auto=AutoRollback.AUTOMATIC)) == ""


@pytest.mark.parametrize(
    ("other", "told"),
    [
        pytest.param({"event_id": ""}, "a person has asked for it", id="no proposal"),
        pytest.param({"source": Source.MANUAL}, "a person has asked for it", id="a person"),
        pytest.param({"from_sha": OLD}, "not the release that was proposed", id="another release serves"),
        pytest.param({"from_sha": ""}, "not the release that was proposed", id="nobody knows what serves"),
        pytest.param({"asked": {}}, "not the release that was proposed", id="about no release"),
    ],
)
def test_everything_else_asks_somebody(other: dict[str, Any], told: str) -> None:
    assert told in why_ask(replace(ALONE, **other), RollbackPolicy(auto=AutoRollback.AUTOMATIC))


@pytest.mark.parametrize("auto", [auto for auto in AutoRollback if auto is not AutoRollback.AUTOMATIC])
def test_a_project_that_is_no_longer_automatic_is_asked(auto: AutoRollback) -> None:
    assert "no longer automatic" in why_ask(ALONE, RollbackPolicy(auto=auto))


PEOPLE = ("Ada", "Grace", "Barbara", "Mallory", "")


@given(
    answers=st.lists(
        st.builds(
            Answer,
            st.sampled_from([YES, NO]),
            st.sampled_from(PEOPLE),
            st.just(NOW),
            round=st.integers(0, 2),
            plan=st.sampled_from([plan_digest(APPROVED), "", "0" * 16]),
        ),
        max_size=4,
    ),
    approvers=st.sets(st.sampled_from(PEOPLE[:3])),
    two_person=st.booleans(),
    changed=st.sampled_from(
        [{}, {"to_deployment": "dpl_x"}, {"project": "api"}, {"round": 2}, {"plan": plan(kind="undo")}]
    ),
)
def test_nothing_is_moved_that_no_entitled_person_has_approved(
    answers: list[Answer],
    approvers: set[str],
    two_person: bool,  # noqa: FBT001
    changed: dict[str, Any],
) -> None:
    row = replace(APPROVED, **changed)
    policy = RollbackPolicy(approvers=tuple(approvers), two_person=two_person)
    if why_ask(row, policy, answers):
        return
    given_now = [answer for answer in answers if answer.round == row.round]
    approval = next(answer for answer in given_now if answer.word == YES)
    assert all(answer.word == YES for answer in given_now)
    assert approval.plan == plan_digest(row)
    assert not approvers or approval.approver in approvers
    assert not (two_person and approval.approver == row.requested_by)
