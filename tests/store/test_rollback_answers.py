from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from tests.domain.rollback_makers import plan
from tests.store.samples import NOON
from watchkeeper.domain.approvals import NO, YES, Answer
from watchkeeper.domain.rollback import RollbackRequest, RollbackState
from watchkeeper.domain.rollback_questions import plan_digest
from watchkeeper.store.audit import audit_entries, write_audit
from watchkeeper.store.database import reading, transaction
from watchkeeper.store.rollback_rows import RollbackRow
from watchkeeper.store.rollbacks import (
    AnswerResult,
    UnknownRollback,
    accepted_answers,
    advance,
    answer,
    answers,
    ask_approval,
    claim_move,
    note_call,
    open_rollback,
    rollback,
    timeline,
)
from watchkeeper.store.tables import table_of

MINUTE = timedelta(minutes=1)
REQUEST = RollbackRequest("shop", "Ada", "checkout fails", "run-1", dry_run=False)
YES_OF_GRACE = Answer(YES, "Grace", NOON, "go", "ui", 1)


def ask(session: Session) -> int:
    """Return a way back that waits for an answer until an hour after noon."""
    opened = open_rollback(session, REQUEST, NOON)
    assert advance(session, opened.id, RollbackState.REQUESTED, RollbackState.PLANNED, {}, "x", "x", NOON)
    ask_again(session, opened.id)
    return opened.id


def ask_again(session: Session, number: int) -> int | None:
    return ask_approval(session, number, plan=plan(), evidence=None, actor="run-1", sentence="asked", now=NOON)


def give(engine: Engine, number: int, given: Answer, minutes: float = 1) -> AnswerResult:
    with transaction(engine) as session:
        return answer(session, number, given, NOON + minutes * MINUTE)


def digest_of(engine: Engine, number: int) -> str:
    with reading(engine) as session:
        found = rollback(session, number)
    assert found is not None
    return plan_digest(found)


@pytest.fixture
def waiting(engine: Engine) -> int:
    with transaction(engine) as session:
        return ask(session)


@pytest.mark.parametrize(("word", "state"), [(YES, RollbackState.APPROVED), (NO, RollbackState.DECLINED)])
def test_an_answer_counts_and_is_written_down_with_the_new_state(
    engine: Engine, waiting: int, word: str, state: RollbackState
) -> None:
    result, digest = give(engine, waiting, replace(YES_OF_GRACE, word=word)), digest_of(engine, waiting)
    assert (result.is_accepted, result.rollback.state) == (True, state)
    with reading(engine) as session:
        assert rollback(session, waiting) == result.rollback
        assert accepted_answers(session, waiting) == (replace(YES_OF_GRACE, word=word, at=NOON + MINUTE, plan=digest),)
        line = timeline(session, waiting)[-1]
        (entry,) = audit_entries(session, "shop", NOON)
    assert (line.actor, line.after, line.sentence) == ("Grace", state, f"Grace {state} it (by ui): go")
    assert (entry.actor, entry.action, entry.outcome) == ("Grace", "answer", "accepted")
    assert entry.parameters == {"round": 1, "plan": digest, "word": word, "comment": "go", "via": "ui"}


def test_what_counts_is_for_the_plan_that_was_asked_about(engine: Engine, waiting: int) -> None:
    digest = digest_of(engine, waiting)
    assert len(digest) == 16
    assert not give(engine, waiting, Answer(YES, "Bob", NOON, plan="f" * 16)).is_accepted
    assert not give(engine, waiting, Answer(YES, "Bob", NOON)).is_accepted, "to nothing"
    assert give(engine, waiting, Answer(YES, "Grace", NOON, plan=digest)).is_accepted
    with transaction(engine) as session:
        ask_again(session, waiting)
    assert digest_of(engine, waiting) != digest
    old = give(engine, waiting, Answer(YES, "Bob", NOON, plan=digest))
    assert (old.is_accepted, old.is_outdated, old.rollback.round) == (False, True, 2)


@pytest.mark.parametrize("state", [RollbackState.APPROVED, RollbackState.EXECUTING])
def test_a_no_wins_over_an_earlier_yes_until_the_vendor_is_called(
    engine: Engine, waiting: int, state: RollbackState
) -> None:
    assert give(engine, waiting, YES_OF_GRACE).is_accepted
    if state is RollbackState.EXECUTING:
        with transaction(engine) as session:
            assert advance(session, waiting, RollbackState.APPROVED, state, {}, "x", "x", NOON)
            assert claim_move(session, waiting, "run-1", NOON)
    declined = give(engine, waiting, Answer(NO, "Bob", NOON, round=1), 2)
    assert (declined.is_accepted, declined.rollback.state) == (True, RollbackState.DECLINED)
    with transaction(engine) as session:
        assert not note_call(session, waiting, "run-1", NOON)
        assert claim_move(session, waiting, "run-2", NOON) is None


def test_a_no_after_the_vendor_was_called_stops_nothing(engine: Engine, waiting: int) -> None:
    give(engine, waiting, YES_OF_GRACE)
    with transaction(engine) as session:
        assert advance(session, waiting, RollbackState.APPROVED, RollbackState.EXECUTING, {}, "x", "x", NOON)
        assert claim_move(session, waiting, "run-1", NOON)
        assert note_call(session, waiting, "run-1", NOON)
    late = give(engine, waiting, Answer(NO, "Bob", NOON, round=1), 2)
    assert (late.is_accepted, late.rollback.state) == (False, RollbackState.EXECUTING)
    assert "production is being moved" in late.reason


def test_nothing_is_carried_out_whose_newest_question_has_no_yes(engine: Engine) -> None:
    """Whatever state somebody has put the row into by other means."""
    with transaction(engine) as session:
        number = ask(session)
        session.connection().execute(update(table_of(RollbackRow)).values(state=RollbackState.APPROVED.value))
        assert not advance(session, number, RollbackState.APPROVED, RollbackState.EXECUTING, {}, "x", "x", NOON)


def test_what_was_typed_once_is_written_down_once_whoever_reads_it(engine: Engine, waiting: int) -> None:
    typed = replace(YES_OF_GRACE, word="yes", key="run-1/response")
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: give(engine, waiting, typed), range(6)))
    give(engine, waiting, replace(typed, key="run-1/another"))
    with reading(engine) as session:
        assert [each.answer.key for each in answers(session, waiting)] == ["run-1/response", "run-1/another"]
        told = [entry.sentence for entry in timeline(session, waiting) if "does not count" in entry.sentence]
    assert len(told) == 2
    assert "type YES or NO" in told[0], "who has typed it into the form is told here"


def test_of_two_yes_the_first_counts_and_the_second_is_told_who_came_first(engine: Engine, waiting: int) -> None:
    assert give(engine, waiting, YES_OF_GRACE).is_accepted
    second = give(engine, waiting, Answer(YES, "Bob", NOON, round=1), 2)
    assert (second.is_accepted, second.is_repeat) == (False, False)
    assert second.reason.startswith("Grace has approved it already, at 2026-03-01 12:01 UTC (by ui)")
    with reading(engine) as session:
        assert [(each.answer.approver, each.is_accepted) for each in answers(session, waiting)] == [
            ("Grace", True),
            ("Bob", False),
        ]


def test_the_same_answer_again_is_known_as_such_so_that_a_lost_resume_can_be_made_up_for(
    engine: Engine, waiting: int
) -> None:
    give(engine, waiting, YES_OF_GRACE)
    again = give(engine, waiting, YES_OF_GRACE, 2)
    assert (again.is_accepted, again.is_repeat, again.rollback.state) == (False, True, RollbackState.APPROVED)


@pytest.mark.parametrize("word", ["yes", " YES", "", "\x00", "Y" * 5_000])
def test_a_wrong_word_is_written_down_and_it_goes_on_waiting(engine: Engine, waiting: int, word: str) -> None:
    result = give(engine, waiting, replace(YES_OF_GRACE, word=word))
    assert (result.is_accepted, result.rollback.state) == (False, RollbackState.AWAITING_APPROVAL)
    with reading(engine) as session:
        (stored,) = answers(session, waiting)
    assert "type YES or NO" in stored.reason
    assert len(stored.answer.word) <= 500


def test_an_answer_counts_from_when_it_is_written_down(engine: Engine, waiting: int) -> None:
    late = give(engine, waiting, replace(YES_OF_GRACE, at=NOON + 59 * MINUTE), 60)
    assert late.reason == "too late: the time to answer was over at 2026-03-01 13:00 UTC"


def test_a_clock_that_jumps_past_the_end_and_back_ends_nothing_that_nobody_has_ended(
    engine: Engine, waiting: int
) -> None:
    assert give(engine, waiting, YES_OF_GRACE, 90).reason.startswith("too late")
    assert give(engine, waiting, YES_OF_GRACE, 2).is_accepted, "the clock was put right, and it still waits"
    with transaction(engine) as session:
        late = NOON + 90 * MINUTE
        waits, expired = RollbackState.AWAITING_APPROVAL, RollbackState.EXPIRED
        assert not advance(session, waiting, waits, expired, {}, "x", "x", late)
    again = give(engine, waiting, YES_OF_GRACE, -90)
    assert (again.is_accepted, again.is_repeat, again.rollback.state) == (False, True, RollbackState.APPROVED)


def test_what_has_expired_by_a_clock_that_was_wrong_stays_so(engine: Engine, waiting: int) -> None:
    with transaction(engine) as session:
        waits, expired = RollbackState.AWAITING_APPROVAL, RollbackState.EXPIRED
        assert advance(session, waiting, waits, expired, {}, "x", "x", NOON + 90 * MINUTE)
    result = give(engine, waiting, YES_OF_GRACE, 2)
    assert (result.is_accepted, result.rollback.state) == (False, RollbackState.EXPIRED)
    assert result.reason == "nobody waits for an answer: the time to answer is over"


def test_what_was_said_to_an_earlier_question_does_not_count(engine: Engine, waiting: int) -> None:
    give(engine, waiting, YES_OF_GRACE)
    with transaction(engine) as session:
        assert ask_again(session, waiting) == 2
    stale = give(engine, waiting, Answer(YES, "Bob", NOON, round=1))
    assert (stale.is_accepted, stale.rollback.state) == (False, RollbackState.AWAITING_APPROVAL)
    assert give(engine, waiting, replace(YES_OF_GRACE, round=2)).is_accepted
    with reading(engine) as session:
        assert [given.round for given in accepted_answers(session, waiting)] == [1, 2]


def test_people_who_answer_in_the_same_moment(engine: Engine, waiting: int) -> None:
    several = [Answer((YES, NO)[number % 2], f"Person {number}", NOON, round=1) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda given: give(engine, waiting, given), several))
    with reading(engine) as session:
        current, counted = rollback(session, waiting), accepted_answers(session, waiting)
    assert current is not None
    assert current.state is RollbackState.DECLINED, "a NO wins, whether it was the first or not"
    assert [each.word for each in counted] in (["NO"], ["YES", "NO"])
    assert sum(result.is_accepted for result in results) == len(counted)
    assert all(any(each.approver in result.reason for each in counted) for result in results)


def test_an_answer_to_nothing(engine: Engine) -> None:
    with pytest.raises(UnknownRollback):
        give(engine, 999, YES_OF_GRACE)


def test_the_audit_keeps_what_was_done_in_its_order(engine: Engine) -> None:
    with transaction(engine) as session:
        for number in range(2):
            write_audit(session, "Ada", "open", f"rollback {number}", {"dry_run": False}, "ok", NOON, project="shop")
        write_audit(session, "Ada", "check", "configuration", {}, "ok", NOON)
    with reading(engine) as session:
        assert [entry.subject for entry in audit_entries(session, "shop", NOON)] == ["rollback 0", "rollback 1"]
        assert audit_entries(session, "shop", NOON + MINUTE) == ()
