"""Nothing that somebody has asked for is without a trace, whatever becomes of its run."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from prefect.states import Crashed
from sqlalchemy import text

from flows.rollback_watch import rollback_watch
from tasks.rollback_record import open_way_back
from tasks.store import database
from tests.flows.company import Company
from tests.flows.watch import Watch, document, project
from tests.flows.ways_back import Desk, at_the_desk
from watchkeeper.domain.rollback import RollbackState
from watchkeeper.domain.rollback_requests import Asked, first_request
from watchkeeper.store.audit import audit_entries
from watchkeeper.store.database import reading

pytestmark = pytest.mark.slow


@pytest.fixture
async def desk(watch: Watch, company: Company) -> AsyncIterator[Desk]:
    async with at_the_desk(company, database()) as desk:
        yield desk


TWO_PEOPLE = {"two_person": True, "approvers": ["Grace"], "requesters": ["Ada"]}
INVALID = [
    pytest.param({"project": "shpo"}, 'did you mean "shop"', id="no such project"),
    pytest.param({"project": ""}, "there is no project", id="no project at all"),
    pytest.param({"project": "x" * 5000}, "there is no project", id="a very long one"),
    pytest.param({"force": "yes"}, "type the slug of the project, shop", id="forced by the wrong word"),
    pytest.param({"action": "undo"}, "there is nothing to take back", id="nothing to take back"),
    pytest.param({"requested_by": " "}, "type your name", id="nobody asks, and two are needed"),
]


@pytest.mark.parametrize(("parameters", "why"), INVALID)
async def test_what_cannot_be_done_is_refused_with_its_reason(
    desk: Desk, watch: Watch, company: Company, parameters: dict[str, Any], why: str
) -> None:
    watch.configure(document(company, [project("shop", company, rollback=TWO_PEOPLE)]))
    run = await desk.ask(**parameters)
    assert (await desk.carry_on(run)).name == "Refused"
    refused = desk.of(run)
    assert refused.state is RollbackState.REFUSED
    assert why in refused.error
    assert refused.asked["reason"] == "checkout fails"
    with reading(desk.database) as session:
        asked = audit_entries(session, refused.project, datetime(2020, 1, 1, tzinfo=UTC))
    assert asked[0].action == f"ask for {refused.kind}"
    assert asked[0].parameters.items() >= parameters.items()
    assert desk.moves() == []


async def test_it_is_written_down_before_anything_is_looked_up(desk: Desk, watch: Watch) -> None:
    """The configuration cannot even be read; what was asked for stands there, and goes on once it can be."""
    good = watch.file.read_text()
    watch.file.write_text("projects: [")
    with desk.database.begin() as connection:
        connection.execute(text("DELETE FROM configurations"))
    run = await desk.ask()
    assert (await desk.carry_on(run)).is_failed()
    asked = desk.of(run)
    assert (asked.state, asked.requested_by, asked.asked["dry_run"]) == (RollbackState.REQUESTED, "Ada", False)
    watch.file.write_text(good)
    await rollback_watch()
    assert desk.again(asked).flow_run_id != str(run)


async def test_a_plan_whose_run_was_killed_is_told_to_have_failed(desk: Desk) -> None:
    run = await desk.ask(dry_run=True)
    asked = open_way_back.fn(first_request(Asked("shop"), str(run)), {})
    await rollback_watch()
    assert desk.again(asked).state is RollbackState.REQUESTED, "its run may still come to it"
    await desk.client.set_flow_run_state(run, Crashed(message="killed"), force=True)
    await rollback_watch()
    failed = desk.again(asked)
    assert (failed.state, failed.error) == (RollbackState.FAILED, "its run has ended before the plan was made")


async def test_a_project_that_is_taken_out_of_the_configuration_ends_what_waits(
    desk: Desk, watch: Watch, company: Company
) -> None:
    company.play("bad-release", project="shop")
    run, waiting = await desk.waiting()
    watch.configure(document(company, [project("api", company)]))
    await rollback_watch()
    assert not (await desk.state(run)).is_paused()
    assert (await desk.carry_on(run)).name == "Refused"
    assert 'there is no project "shop"' in desk.again(waiting).error
    assert desk.moves() == []


async def test_mistakes_in_its_configuration_only_hold_it_up(desk: Desk, watch: Watch, company: Company) -> None:
    company.play("bad-release", project="shop")
    run, waiting = await desk.waiting()
    wrong = project("shop", company, rollback={"two_person": "perhaps"})
    watch.configure(document(company, [wrong, project("api", company)]))
    await desk.type_in(run, "YES", "Grace")
    assert (await desk.carry_on(run)).is_failed()
    assert desk.again(waiting).state is RollbackState.AWAITING_APPROVAL
    assert desk.moves() == []
    watch.configure(document(company, [project("shop", company)]))
    await rollback_watch()
    assert desk.again(waiting).state is RollbackState.APPROVED, "the answer was kept"
