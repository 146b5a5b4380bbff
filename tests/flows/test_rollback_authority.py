"""Nobody moves production who may not: with the form, Prefect's API and its password, and whatever a run is given."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State, StateType
from sqlalchemy import Engine

from flows.rollback_watch import rollback_watch
from tasks.approvals import give_answer, question_key
from tasks.proposals import write_down
from tasks.rollback_record import answers_of
from tasks.store import database
from tests.flows.company import Company
from tests.flows.test_proposals import change
from tests.flows.watch import Watch, document, project
from tests.flows.ways_back import Desk, at_the_desk
from watchkeeper.domain.rollback import Rollback, RollbackState, Source
from watchkeeper.domain.rollback_questions import plan_digest
from watchkeeper.store import rollbacks
from watchkeeper.store.database import reading
from watchkeeper.store.notices import Notice, NoticeKind

pytestmark = pytest.mark.slow

TWO: Final = {"approvers": ["Grace", "Linus"], "two_person": True}
AUTOMATIC: Final = {"auto": "automatic", "cooldown_minutes": 0.001, "verify_minutes": 0.05}


@pytest.fixture
async def desk(watch: Watch, company: Company) -> AsyncIterator[Desk]:
    company.play("bad-release", project="shop")
    async with at_the_desk(company, database()) as desk:
        yield desk


def configure(watch: Watch, company: Company, shop: dict[str, Any]) -> None:
    """Configure the shop like this, and an api for which anybody may answer."""
    api = project("api", company, rollback={"cooldown_minutes": 0.001})
    watch.configure(document(company, [project("shop", company, rollback=shop), api]))


def of_shop(desk: Desk) -> tuple[Rollback, ...]:
    with reading(desk.database) as session:
        return rollbacks.last_rollbacks(session, ["shop"], 100, dry_runs=True)["shop"]


async def shop_slots(desk: Desk) -> list[tuple[str, int, int]]:
    return [limit for limit in await desk.slots() if limit[0].endswith("-shop")]


async def test_a_run_of_one_project_cannot_be_given_the_row_of_another(
    desk: Desk, watch: Watch, company: Company
) -> None:
    configure(watch, company, TWO)
    before, slots = company.production("shop"), await shop_slots(desk)
    run, row = await desk.waiting(project="api", reason="api fails")
    assert (await give_answer(row.id, "YES", "Mallory", "", "cli", plan_digest(row))).is_accepted
    wrong = await desk.ask(project="shop", rollback_id=row.id)
    assert (await desk.carry_on(wrong)).is_failed(), "there is no such field"
    assert desk.moves() == []
    await desk.client.update_flow_run(run, parameters={"project": "shop", "dry_run": False, "target": "dpl_x"})
    await desk.carry_on(run)
    assert desk.again(row).state is RollbackState.SUCCEEDED
    (moved,) = desk.moves()
    assert "prj_api" in moved
    assert company.production("shop") == before
    assert await shop_slots(desk) == slots, "nothing was held for the other project"


async def test_a_run_that_nothing_was_written_down_for_does_nothing(desk: Desk) -> None:
    _, row = await desk.waiting()
    given_nothing = await desk.start("continued")
    assert (await desk.carry_on(given_nothing)).name == "Not needed"
    assert desk.again(row).state is RollbackState.AWAITING_APPROVAL


async def test_what_was_approved_by_somebody_who_is_no_longer_listed_is_asked_for_again(
    desk: Desk, watch: Watch, company: Company
) -> None:
    run, row = await desk.waiting()
    await desk.type_in(run, "YES", "Mallory")
    configure(watch, company, TWO)
    assert (await desk.carry_on(run)).is_paused()
    asked = desk.again(row)
    assert (asked.round, asked.approvers, asked.two_person) == (2, ("Grace", "Linus"), True)
    assert not (await give_answer(row.id, "YES", "Mallory", "", "cli", plan_digest(asked))).is_accepted
    assert not (await give_answer(row.id, "YES", "Ada", "", "cli", plan_digest(asked))).is_accepted
    assert (await give_answer(row.id, "YES", "Grace", "", "cli", plan_digest(asked))).is_accepted
    await desk.carry_on(run)
    assert desk.again(row).state is RollbackState.SUCCEEDED
    assert len(desk.moves()) == 1


class TestAutomatic:
    """A project that is configured to ask nobody."""

    @pytest.fixture(autouse=True)
    def automatic(self, watch: Watch, company: Company, desk: Desk) -> None:
        configure(watch, company, AUTOMATIC)

    async def test_a_person_is_asked_all_the_same(self, desk: Desk) -> None:
        _, row = await desk.waiting()
        assert row.require_approval
        assert desk.moves() == []

    @pytest.mark.parametrize("name", ["require_approval", "event_id", "rollback_id"])
    async def test_there_are_no_fields_to_get_around_that(self, desk: Desk, name: str) -> None:
        given: Any = {"require_approval": False, "event_id": "e-1", "rollback_id": 1}[name]
        assert (await desk.carry_on(await desk.ask(**{name: given}))).is_failed()
        assert desk.moves() == []

    async def test_a_stored_proposal_moves_production_once(self, desk: Desk, company: Company) -> None:
        bad = company.production("shop")
        key = proposed(company)
        first, again = [await desk.start("automatic", project="shop", proposal=key) for _ in range(2)]
        await desk.carry_on(first)
        done = desk.of(first)
        assert (done.state, done.source, done.requested_by) == (
            RollbackState.SUCCEEDED,
            Source.AUTOMATIC,
            "watchkeeper",
        )
        assert company.production("shop") != bad
        assert answers_of(done.id) == ()
        assert (await desk.carry_on(again)).name == "Not needed"
        assert len(desk.moves()) == 1

    async def test_one_that_was_made_up_moves_nothing_and_leaves_a_row(self, desk: Desk, company: Company) -> None:
        proposed(company, project="api")
        proposed(company, kind=NoticeKind.SHADOW, name="shadow")
        proposed(company, is_event=False, name="not told")
        proposed(company, at=datetime.now(UTC) - timedelta(hours=1), name="old")
        for key in ("invented", "shop-bad", "shadow", "not told", "old", ""):
            run = await desk.start("automatic", project="shop", proposal=key)
            assert (await desk.carry_on(run)).name == "Refused", key
            assert "no health check has proposed this lately" in desk.of(run).error
        assert desk.moves() == []

    async def test_one_about_another_release_than_what_serves_is_asked_for(self, desk: Desk, company: Company) -> None:
        key = proposed(company, release="f" * 40)
        run = await desk.start("automatic", project="shop", proposal=key)
        assert (await desk.carry_on(run)).is_paused()
        assert desk.of(run).require_approval
        assert desk.moves() == []

    async def test_it_goes_on_though_its_proposal_has_become_old(
        self, desk: Desk, watch: Watch, company: Company
    ) -> None:
        """It asks for a YES now, and is answered after the time in which a proposal starts something."""
        configure(watch, company, {**AUTOMATIC, "auto": "approve_then_run"})
        run = await desk.start("automatic", project="shop", proposal=proposed(company))
        assert (await desk.carry_on(run)).is_paused()
        change(watch, "DELETE FROM notices")
        await desk.type_in(run, "YES", "Grace")
        await desk.carry_on(run)
        assert desk.of(run).state is RollbackState.SUCCEEDED


def proposed(company: Company, name: str = "shop-bad", release: str = "", **other: Any) -> str:
    """Write a proposal down as a health check does, by default to leave what serves, and return its name."""
    leave = release or company.production("shop")
    content = {"reason": "it fails", "release": leave, "since": "", "trigger": "errors"}
    values: dict[str, Any] = {"project": "shop", "kind": NoticeKind.PROPOSAL, "at": datetime.now(UTC), **other}
    write_down.fn((Notice(name=name, content=content, **{"is_event": True, **values}),))
    return name


# --- no combination of parameters moves what the approved row does not name

INVENTED: Final = "0f0e0d0c-0000-4000-8000-000000000000"
PARAMETERS: Final = st.fixed_dictionaries(
    {"project": st.sampled_from(["shop", "api"])},
    optional={
        "dry_run": st.just(False),
        "action": st.sampled_from(["rollback", "promote", "undo"]),
        "target": st.sampled_from(["", "dpl_x"]),
        "force": st.sampled_from(["shop", "api"]),
        "requested_by": st.sampled_from(["Grace", "Mallory", "watchkeeper", ""]),
        "approval_timeout_minutes": st.just(0.01),
        "require_approval": st.just(False),
        "rollback_id": st.integers(1, 3),
        "event_id": st.just(INVENTED),
        "proposal": st.just(INVENTED),
        "release": st.just("x"),
    },
)
FORCED: Final = [StateType.SCHEDULED, StateType.RUNNING, StateType.CRASHED, StateType.COMPLETED, StateType.CANCELLED]


class Attack:
    """A colleague with the password of the server, at a row of the api that anybody may approve."""

    def __init__(self, desk: Desk, run: UUID, row: Rollback) -> None:
        self.desk, self.run, self.row, self.runs = desk, run, row, [run]

    async def start(self, deployment: str, parameters: dict[str, Any]) -> None:
        if deployment == "automatic":
            parameters = {"project": parameters["project"], "proposal": INVENTED}
        self.runs.append(await self.desk.start(deployment, **parameters))

    async def edit(self, parameters: dict[str, Any]) -> None:
        """Give other parameters to the run that the row belongs to."""
        await self.desk.client.update_flow_run(self.run, parameters=parameters)

    async def force(self, state: StateType) -> None:
        await self.desk.client.set_flow_run_state(self.run, State(type=state), force=True)

    async def forge(self) -> None:
        """Put a YES of somebody who is not listed into the form of each run that waits."""
        for row in of_shop(self.desk):
            key, said = question_key(row), '{"confirm": "YES", "approver": "Mallory"}'
            if row.state is RollbackState.AWAITING_APPROVAL:
                body = {"key": f"suspended-{key}-response", "value": said}
                await self.desk.client._client.post(f"/flow_runs/{row.flow_run_id}/input", json=body)

    async def carry_all_on(self) -> None:
        for _ in range(2):
            for run in self.runs:
                if not (await self.desk.state(run)).is_final() and not (await self.desk.state(run)).is_paused():
                    await self.desk.carry_on(run)
            await rollback_watch()
            self.runs += [UUID(self.desk.again(self.row).flow_run_id)]


STEPS: Final = st.one_of(
    st.tuples(st.just("start"), st.sampled_from(["manual", "manual", "automatic", "continued"]), PARAMETERS),
    st.tuples(st.just("edit"), PARAMETERS),
    st.tuples(st.just("force"), st.sampled_from(FORCED)),
    st.tuples(st.just("forge")),
)


def begin_anew(engine: Engine) -> None:
    with engine.begin() as connection:
        for table in ("rollback_answers", "rollback_events", "rollbacks", "notices"):
            connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 - tables of ours


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(steps=st.lists(STEPS, min_size=1, max_size=4), is_approved=st.booleans())
async def test_no_combination_of_parameters_moves_what_the_approved_row_does_not_name(
    watch: Watch,
    company: Company,
    steps: list[tuple[Any, ...]],
    is_approved: bool,  # noqa: FBT001
) -> None:
    company.restart()
    company.play("bad-release", project="shop")
    begin_anew(database())
    configure(watch, company, {**AUTOMATIC, **TWO})
    before = company.production("shop"), company.production("api")
    async with get_client(), at_the_desk(company, database()) as desk:
        run, row = await desk.waiting(project="api", reason="api fails")
        attack = Attack(desk, run, row)
        if is_approved:
            assert (await give_answer(row.id, "YES", "Mallory", "", "cli", plan_digest(row))).is_accepted
        for name, *arguments in steps:
            note(f"{name} {arguments}")
            await getattr(attack, name)(*arguments)
        await attack.forge()
        await attack.carry_all_on()
        await attack.forge()
        await attack.carry_all_on()
        moved = desk.moves()
        note(str(moved))
        assert [each for each in moved if "prj_api" not in each] == []
        assert company.production("shop") == before[0]
        assert len(moved) <= is_approved
        assert is_approved or company.production("api") == before[1]
        assert all(row.moved_at is None and row.move_started_at is None for row in of_shop(desk))
