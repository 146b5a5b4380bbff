"""What people answer: never lost, to what they were shown, and a NO is never overtaken."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from prefect.client.schemas.objects import State, StateType
from prefect.client.schemas.responses import SetStateStatus
from prefect.exceptions import PrefectHTTPStatusError
from prefect.states import Crashed

from flows.rollback_watch import rollback_watch
from tasks.approvals import WAKE, give_answer, question_key
from tasks.rollback_record import answers_of, timeline_of, write_answer
from tasks.store import database
from tests.flows.company import Company
from tests.flows.test_proposals import change
from tests.flows.watch import Watch
from tests.flows.ways_back import Desk, at_the_desk
from watchkeeper.domain.approvals import Answer
from watchkeeper.domain.rollback import Rollback, RollbackState
from watchkeeper.domain.rollback_questions import plan_digest

pytestmark = pytest.mark.slow


@pytest.fixture
async def desk(watch: Watch, company: Company) -> AsyncIterator[Desk]:
    company.play("bad-release", project="shop")
    async with at_the_desk(company, database()) as desk:
        yield desk


async def by_cli(rollback: Rollback, word: str, name: str) -> bool:
    """Answer by the command line to what `rollback` shows; True where it counts."""
    given = await give_answer(rollback.id, word, name, "", "cli", plan_digest(rollback))
    return given.is_accepted


def written(rollback: Rollback) -> list[tuple[str, str, bool]]:
    return [(each.answer.word, each.answer.approver, each.is_accepted) for each in answers_of(rollback.id)]


async def test_a_no_in_the_form_is_not_overtaken_while_the_worker_is_away(desk: Desk) -> None:
    run, rollback = await desk.waiting()
    assert (await desk.type_in(run, "NO", "Linus")).status is SetStateStatus.ACCEPT
    assert not await by_cli(rollback, "YES", "Grace")
    assert written(rollback) == [("NO", "Linus", True), ("YES", "Grace", False)]
    assert (await desk.carry_on(run)).name == "Declined"
    assert desk.moves() == []


async def test_a_no_that_nobody_could_read_before_the_yes_still_ends_it(desk: Desk) -> None:
    """The server was away while the YES was written down: what it holds is read before anything is done by that."""
    run, rollback = await desk.waiting()
    await desk.type_in(run, "NO", "Linus")
    assert write_answer.fn(
        rollback.id, Answer("YES", "Grace", datetime.now(UTC), plan=plan_digest(rollback))
    ).is_accepted
    assert desk.again(rollback).state is RollbackState.APPROVED
    assert (await desk.carry_on(run)).name == "Declined"
    assert written(rollback) == [("YES", "Grace", True), ("NO", "Linus", True)]
    assert desk.moves() == []


async def test_a_no_by_command_ends_what_the_form_has_approved_until_it_is_carried_out(desk: Desk) -> None:
    run, rollback = await desk.waiting()
    await desk.type_in(run, "YES", "Grace")
    assert await by_cli(rollback, "NO", "Linus")
    assert (await desk.carry_on(run)).name == "Declined"
    assert desk.moves() == []


@pytest.mark.parametrize(("year", "state"), [(2100, RollbackState.DECLINED), (2020, RollbackState.EXPIRED)])
async def test_the_watch_writes_down_what_was_typed_before_it_looks_at_the_time(
    desk: Desk, watch: Watch, year: int, state: RollbackState
) -> None:
    run, rollback = await desk.waiting()
    await desk.type_in(run, "NO", "Linus")
    await desk.client.set_flow_run_state(run, Crashed(message="killed"), force=True)
    change(watch, "UPDATE rollbacks SET approve_until = :at", at=f"{year}-01-01 00:00:00")
    await rollback_watch()
    assert desk.again(rollback).state is state
    assert written(rollback) == [("NO", "Linus", state is RollbackState.DECLINED)]


async def test_of_many_answers_at_once_none_that_was_taken_is_without_a_row(desk: Desk) -> None:
    run, rollback = await desk.waiting()
    names = [f"Person {number}" for number in range(6)]

    async def by_form(name: str) -> str | None:
        try:
            taken = await desk.type_in(run, "YES" if name < "Person 3" else "NO", name)
        except PrefectHTTPStatusError:
            return None  # 503, which a person is shown
        return name if taken.status is SetStateStatus.ACCEPT else None

    answers = [by_form(name) for name in names]
    commands = [by_cli(rollback, word, f"{word} by command") for word in ("YES", "NO", "YES")]
    taken, _ = await asyncio.gather(asyncio.gather(*answers), asyncio.gather(*commands))
    await desk.carry_on(run)
    known = {name for _, name, _ in written(rollback)}
    assert {name for name in taken if name} <= known
    assert known >= {"YES by command", "NO by command"}
    assert desk.again(rollback).state is RollbackState.DECLINED
    assert desk.moves() == []


async def test_an_answer_that_the_form_takes_when_all_is_over_has_a_row_too(desk: Desk, watch: Watch) -> None:
    run, rollback = await desk.waiting()
    change(watch, "UPDATE rollbacks SET state = 'expired', finished_at = updated_at")
    assert (await desk.type_in(run, "YES", "Grace")).status is SetStateStatus.ACCEPT
    assert (await desk.carry_on(run)).name == "Expired"
    assert written(rollback) == [("YES", "Grace", False)]
    assert desk.moves() == []


async def test_a_yes_to_an_older_plan_is_refused_and_the_newer_one_stands(desk: Desk, company: Company) -> None:
    run, rollback = await desk.waiting()
    company.play("bad-release", project="shop")
    assert await by_cli(rollback, "YES", "Grace")
    await desk.carry_on(run)
    newer = desk.of(run)
    assert newer.round == 2
    stale = await give_answer(rollback.id, "YES", "Grace", "", "cli", plan_digest(rollback))
    assert (stale.is_accepted, stale.is_outdated) == (False, True)
    assert plan_digest(stale.rollback) == plan_digest(newer) != plan_digest(rollback)
    assert not await by_cli(rollback, "NO", "Linus"), "nor is a NO that names the older one"
    assert (await give_answer(rollback.id, "YES", "Grace", "", "api")).is_outdated, "to nothing that was shown"
    assert desk.again(rollback).state is RollbackState.AWAITING_APPROVAL
    assert desk.moves() == []


async def test_the_form_and_the_record_name_the_same_plan(desk: Desk) -> None:
    run, rollback = await desk.waiting()
    inputs = await desk.client.filter_flow_run_input(run, "suspended-approval-", 10, set())
    (shown,) = [each.value for each in inputs if each.key.endswith("-description")]
    assert plan_digest(rollback) in shown
    assert plan_digest(rollback) in desk.company.page("releases")


UNREADABLE = [
    pytest.param("{}", id="empty"),
    pytest.param("", id="nothing"),
    pytest.param("YES", id="no JSON"),
    pytest.param('"YES"', id="a bare word"),
    pytest.param("[1, 2]", id="a list"),
    pytest.param("null", id="null"),
    pytest.param('{"confirm": true, "approver": "Grace"}', id="no text"),
    pytest.param('{"confirm": "YES"}', id="nobody"),
    pytest.param('{"approver": "Grace"}', id="no word"),
    pytest.param('{"confirm": {"a": 1}, "approver": null, "comment": []}', id="other values"),
    pytest.param('{"confirm": "YES\\ud800", "approver": "\\u0000"}', id="half a character"),
    pytest.param("[" * 50_000, id="deeply nested"),
    pytest.param('{"confirm": "' + "Y" * 100_000 + '", "approver": "Grace"}', id="very long"),
]


@pytest.mark.parametrize("value", UNREADABLE)
async def test_what_cannot_be_read_is_refused_visibly_and_the_question_stays_open(desk: Desk, value: str) -> None:
    run, rollback = await desk.waiting()
    await put_in(desk, run, rollback, value)
    assert (await rollback_watch(return_state=True)).is_completed()
    (given,) = answers_of(rollback.id)
    assert not given.is_accepted
    assert given.reason
    told = [entry.sentence for entry in timeline_of(rollback.id)]
    assert any("an answer in the form does not count" in sentence for sentence in told)
    assert desk.again(rollback).state is RollbackState.AWAITING_APPROVAL
    assert desk.moves() == []


async def test_after_a_bad_form_the_run_asks_again_and_takes_the_next_answer(desk: Desk) -> None:
    run, rollback = await desk.waiting()
    await put_in(desk, run, rollback, "{}")
    await desk.client.resume_flow_run(run, run_input=WAKE)
    assert (await desk.carry_on(run)).is_paused()
    assert "nswer in the form does not count" in desk.company.page("releases"), "in the thread"
    await desk.type_in(run, "YES", "Grace")
    await desk.carry_on(run)
    assert desk.of(run).state is RollbackState.SUCCEEDED
    assert len(desk.moves()) == 1


async def test_a_run_that_was_forced_on_without_an_answer_asks_again(desk: Desk) -> None:
    run, _ = await desk.waiting()
    await desk.client.set_flow_run_state(run, State(type=StateType.SCHEDULED, name="Forced"), force=True)
    assert (await desk.carry_on(run)).is_paused()
    assert desk.moves() == []


async def test_a_run_that_died_before_its_form_was_there_goes_on_by_a_command(desk: Desk) -> None:
    """The server refuses every input to it, since it does not know what the form would have asked for."""
    run, rollback = await desk.waiting()
    for each in await desk.client.filter_flow_run_input(run, "suspended-approval-", 10, set()):
        await desk.client.delete_flow_run_input(run, each.key)
    assert await by_cli(rollback, "YES", "Grace")
    assert not (await desk.state(run)).is_paused()
    await desk.carry_on(run)
    assert desk.of(run).state is RollbackState.SUCCEEDED


async def test_what_is_wrong_with_one_holds_up_no_other(desk: Desk, watch: Watch) -> None:
    """One row cannot be read at all; the run of another project was killed, and goes on in the same pass."""
    _, broken = await desk.waiting()
    other, killed = await desk.waiting(project="api")
    change(watch, "UPDATE rollbacks SET plan = :plan WHERE id = :id", plan=json.dumps({"a": 1}), id=broken.id)
    await desk.client.set_flow_run_state(other, Crashed(message="killed"), force=True)
    ended = await rollback_watch(return_state=True)
    assert ended.is_failed()
    assert f"rollback {broken.id}: ValidationError" in str(ended.message)
    gone_on = desk.again(killed)
    assert gone_on.flow_run_id != str(other)
    assert (await desk.carry_on(UUID(gone_on.flow_run_id))).is_paused()


async def put_in(desk: Desk, run: UUID, rollback: Rollback, value: str) -> None:
    """Put something into the form past what the server checks, as anybody may who has its password."""
    given: dict[str, Any] = {"key": f"suspended-{question_key(rollback)}-response", "value": value}
    api = str(desk.client.api_url).rstrip("/")
    answer = await asyncio.to_thread(httpx.post, f"{api}/flow_runs/{run}/input", json=given, timeout=60)
    assert answer.is_success, answer.text
