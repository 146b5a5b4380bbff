"""The way back on a real server and against the make-believe company: what is done, once, and what is not."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from flows.rollback_watch import rollback_watch
from tasks.approvals import give_answer
from tasks.rollback_record import answers_of, timeline_of, write_answer
from tasks.store import database
from tests.flows.company import Company
from tests.flows.watch import Watch, document, project
from tests.flows.ways_back import Desk, at_the_desk
from tests.waiting import until
from watchkeeper.domain.approvals import Answer
from watchkeeper.domain.rollback import Outcome, RollbackState
from watchkeeper.domain.rollback_questions import plan_digest

pytestmark = pytest.mark.slow


@pytest.fixture
async def desk(watch: Watch, company: Company) -> AsyncIterator[Desk]:
    """A company with a bad release."""
    company.play("bad-release", project="shop")
    async with at_the_desk(company, database()) as desk:
        yield desk


def configure(watch: Watch, company: Company, **rollback: Any) -> None:
    watch.configure(document(company, [project("shop", company, rollback=rollback)]))


async def test_a_bad_release_is_gone_back_from_after_a_yes(desk: Desk, company: Company) -> None:
    bad = company.production("shop")
    run, waiting = await desk.waiting()
    assert waiting.state is RollbackState.AWAITING_APPROVAL
    assert desk.moves() == []
    assert all(taken == 0 for _, _, taken in await desk.slots()), "who waits holds nothing"
    assert (await desk.type_in(run, "YES", "Grace", "it is bad")).status == "ACCEPT"
    state = await desk.carry_on(run)
    done = desk.of(run)
    assert done.state is RollbackState.SUCCEEDED
    assert ("watchkeeper-way-back-shop", 1, 0) in await desk.slots()
    assert state.is_completed()
    assert company.production("shop") != bad
    assert len(desk.moves()) == 1
    assert done.is_in_custody
    (given,) = answers_of(done.id)
    assert (given.answer.approver, given.answer.via, given.is_accepted) == ("Grace", "ui", True)
    after = [entry.after for entry in timeline_of(done.id) if entry.before is not entry.after]
    assert after == ["planned", "awaiting_approval", "approved", "executing", "verifying", "succeeded"]

    promoted, _ = await desk.waiting(action="promote", target=bad)
    await desk.type_in(promoted, "YES", "Grace")
    await desk.carry_on(promoted)
    assert company.production("shop") == bad
    assert not desk.again(done).is_in_custody
    assert len(desk.moves()) == 1


async def test_a_dry_run_shows_its_plan_and_stands_in_nobodys_way(desk: Desk) -> None:
    run = await desk.ask(dry_run=True)
    state = await desk.carry_on(run)
    assert state.name == "Planned"
    assert desk.of(run).plan is not None
    await desk.waiting()
    assert desk.moves() == []


async def test_one_at_a_time(desk: Desk) -> None:
    _, first = await desk.waiting()
    run = await desk.ask()
    state = await desk.carry_on(run)
    assert state.name == "Refused"
    assert f"rollback {first.id} of Ada is under way" in desk.of(run).error


async def test_a_no_changes_nothing(desk: Desk) -> None:
    run, _ = await desk.waiting()
    await desk.type_in(run, "NO", "Grace")
    state = await desk.carry_on(run)
    assert (state.name, desk.of(run).state) == ("Declined", RollbackState.DECLINED)
    assert desk.moves() == []


@pytest.mark.parametrize("word", ["yes", " YES", "", "Y", "ja"])
async def test_a_wrong_word_is_refused_with_what_is_expected(desk: Desk, word: str) -> None:
    run, rollback = await desk.waiting()
    typed = await desk.type_in(run, word, "Grace")
    assert typed.status == "REJECT"
    told = await give_answer(rollback.id, word, "Grace", "", "cli", plan_digest(rollback))
    assert not told.is_accepted
    assert "YES" in told.reason
    assert (await desk.state(run)).is_paused()
    assert desk.of(run).state is RollbackState.AWAITING_APPROVAL


async def test_who_may_not_approve_is_told_so_and_the_question_stays_open(
    desk: Desk, watch: Watch, company: Company
) -> None:
    configure(watch, company, approvers=["Grace", "Ada"], two_person=True)
    run, rollback = await desk.waiting()
    for name in ("Mallory", "Ada"):
        await desk.type_in(run, "YES", name)
        assert (await desk.carry_on(run)).is_paused()
    assert [given.is_accepted for given in answers_of(rollback.id)] == [False, False]
    await desk.type_in(run, "YES", "Grace")
    await desk.carry_on(run)
    assert desk.of(run).state is RollbackState.SUCCEEDED
    assert len(desk.moves()) == 1


async def test_of_those_who_answer_in_the_same_moment_a_no_wins(desk: Desk) -> None:
    run, rollback = await desk.waiting()
    answers = [("YES", "Grace"), ("NO", "Linus"), ("YES", "Ken"), ("NO", "Rob")]
    plan = plan_digest(rollback)
    given = await asyncio.gather(*(give_answer(rollback.id, word, name, "", "cli", plan) for word, name in answers))
    counted = [result for result in given if result.is_accepted]
    assert all("already" in result.reason for result in given if result not in counted)
    await desk.carry_on(run)
    assert desk.of(run).state is RollbackState.DECLINED
    assert desk.moves() == []


async def test_an_answer_is_carried_out_whoever_wakes_the_run_and_given_again_it_does_nothing_again(desk: Desk) -> None:
    run, rollback = await desk.waiting()
    while_the_server_was_away = Answer("YES", "Grace", datetime.now(UTC), plan=plan_digest(rollback))
    write_answer.fn(rollback.id, while_the_server_was_away)
    await rollback_watch()
    assert not (await desk.state(run)).is_paused()
    await desk.carry_on(run)
    assert desk.of(run).state is RollbackState.SUCCEEDED
    again = await give_answer(rollback.id, "YES", "Grace", "", "cli", plan_digest(rollback))
    assert not again.is_accepted
    assert again.is_repeat
    assert (await desk.type_in(run, "YES", "Grace")).status == "ABORT"
    assert len(desk.moves()) == 1


async def test_without_an_answer_it_expires_and_a_late_one_is_told_so(desk: Desk) -> None:
    run, rollback = await desk.waiting(approval_timeout_minutes=0.05)
    await until(lambda: rollback.approve_until and datetime.now(UTC) > rollback.approve_until)
    late = await give_answer(rollback.id, "YES", "Grace", "", "cli", plan_digest(rollback))
    assert "too late" in late.reason
    await rollback_watch()
    assert desk.of(run).state is RollbackState.EXPIRED
    state = await desk.carry_on(run)
    assert state.name == "Expired"
    assert desk.moves() == []


async def test_a_newer_release_during_the_pause_must_be_confirmed_again(desk: Desk, company: Company) -> None:
    run, rollback = await desk.waiting()
    company.play("bad-release", project="shop")
    await desk.type_in(run, "YES", "Grace")
    assert (await desk.carry_on(run)).is_paused()
    asked = desk.of(run)
    assert (asked.state, asked.round) == (RollbackState.AWAITING_APPROVAL, 2)
    assert asked.from_deployment != rollback.from_deployment
    assert asked.plan is not None
    assert asked.plan.serving is not None
    assert asked.from_deployment == asked.plan.serving.deployment, "what is done is what was asked about"
    assert desk.moves() == []
    await desk.type_in(run, "YES", "Grace")
    await desk.carry_on(run)
    assert desk.of(run).state is RollbackState.SUCCEEDED
    assert len(desk.moves()) == 1


async def test_production_that_has_recovered_is_told_while_it_waits(desk: Desk, company: Company) -> None:
    run, rollback = await desk.waiting()
    company.play("calm")
    await rollback_watch()
    news = [entry.sentence for entry in timeline_of(rollback.id) if "while it waits" in entry.sentence]
    assert len(news) == 1
    await rollback_watch()
    assert len([e for e in timeline_of(rollback.id) if "while it waits" in e.sentence]) == 1
    assert (await desk.state(run)).is_paused()


# One for each way in which it can end; tests/tasks/test_rollback.py has every answer.
FAULTS = [
    pytest.param("change-402", {}, RollbackState.FAILED, 1, id="402: the plan does not allow it"),
    pytest.param("change-500-done", {}, RollbackState.SUCCEEDED, 1, id="500: and it is done all the same"),
    pytest.param("change-lost", {"value": 15}, RollbackState.SUCCEEDED, 1, id="the answer is lost, the work is done"),
    pytest.param("alias-stays", {}, RollbackState.FAILED, 1, id="success is reported and the alias stays"),
]


@pytest.mark.parametrize(("fault", "more", "state", "calls"), FAULTS)
async def test_whatever_vercel_answers_ends_in_a_state_that_people_understand(
    desk: Desk, fault: str, more: dict[str, Any], state: RollbackState, calls: int
) -> None:
    run, _ = await desk.waiting()
    await desk.fault(fault, **more)
    await desk.type_in(run, "YES", "Grace")
    await desk.carry_on(run)
    done = desk.of(run)
    assert done.state is state, done.error
    assert len(desk.moves()) == calls
    assert bool(done.error) == (state is RollbackState.FAILED) or done.outcome is not Outcome.CURED


async def test_a_target_that_is_deleted_while_it_waits_is_refused(desk: Desk) -> None:
    run, rollback = await desk.waiting(target="")
    await desk.fault("deleted", subject=rollback.to_deployment)
    await desk.type_in(run, "YES", "Grace")
    await desk.carry_on(run)
    assert desk.moves() == []
    assert desk.of(run).state in {RollbackState.AWAITING_APPROVAL, RollbackState.REFUSED}


async def test_what_blocks_is_refused_unless_somebody_types_the_name(
    desk: Desk, watch: Watch, company: Company
) -> None:
    watch.configure(document(company, [project("shop", company, github={"repository": "acme/shop"})]))
    await desk.fault("migration")
    run = await desk.ask()
    assert (await desk.carry_on(run)).name == "Refused"
    mistyped = await desk.ask(force="yes")
    assert (await desk.carry_on(mistyped)).name == "Refused"
    assert "type the slug of the project, shop" in desk.of(mistyped).error
    _, forced = await desk.waiting(force="shop")
    assert forced.is_forced
