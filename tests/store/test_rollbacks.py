from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from tests.domain.rollback_makers import evidence, plan
from tests.store.samples import NOON
from watchkeeper.domain.rollback import (
    Mark,
    Outcome,
    Point,
    Rollback,
    RollbackKind,
    RollbackRequest,
    RollbackState,
    Source,
    Way,
    next_states,
)
from watchkeeper.store.database import reading, transaction
from watchkeeper.store.rollback_reads import ended_custodies
from watchkeeper.store.rollback_rows import ACTIVE
from watchkeeper.store.rollbacks import (
    TO_CONFIRM,
    RollbackChanges,
    UnknownRollback,
    active_rollbacks,
    adopt_rollback,
    advance,
    ask_approval,
    claim_reminder,
    custody,
    end_custody,
    last_rollbacks,
    open_rollback,
    record,
    rollback,
    rollback_of_event,
    rollback_of_run,
    timeline,
)

MINUTE = timedelta(minutes=1)
REQUEST = RollbackRequest("shop", "Ada", "checkout fails", "run-1", dry_run=False)
ALONE = replace(REQUEST, require_approval=False, may_run_alone=True, source=Source.AUTOMATIC)
TO_THE_END = (
    RollbackState.PLANNED,
    RollbackState.APPROVED,
    RollbackState.EXECUTING,
    RollbackState.VERIFYING,
    RollbackState.SUCCEEDED,
)


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with transaction(engine) as session:
        yield session


def go(session: Session, opened: Rollback, *states: RollbackState, changes: RollbackChanges | None = None) -> Rollback:
    """Take a way back through these states, and return it."""
    current = opened
    for state in states:
        assert advance(session, current.id, current.state, state, changes or {}, "run-1", f"now {state}", NOON)
        current = found(session, opened.id)
    return current


def found(session: Session, number: int) -> Rollback:
    current = rollback(session, number)
    assert current is not None
    return current


def moved(session: Session, run: str = "run-1", **other: object) -> Rollback:
    """Return a way back that has moved production all the way to its end."""
    opened = open_rollback(session, replace(ALONE, flow_run_id=run, **other), NOON)  # type: ignore[arg-type]
    return go(session, opened, *TO_THE_END, changes={"way": Way.VERCEL})


def test_what_is_opened_is_what_was_asked_for(session: Session) -> None:
    asked = replace(REQUEST, event_id="e-1", target_asked="77aa001", rollout_percentage=5.0, approvers=("Ada", "Bob"))
    opened = open_rollback(session, replace(asked, two_person=True, is_forced=True, verify_for=3 * MINUTE), NOON)
    assert (opened.state, opened.requested_at, opened.flow_run_id, opened.event_id) == (
        RollbackState.REQUESTED,
        NOON,
        "run-1",
        "e-1",
    )
    assert (opened.target_asked, opened.rollout_percentage, opened.approvers) == ("77aa001", 5.0, ("Ada", "Bob"))
    assert (opened.two_person, opened.is_forced, opened.verify_for) == (True, True, 3 * MINUTE)
    assert found(session, opened.id) == opened == rollback_of_run(session, "run-1") == rollback_of_event(session, "e-1")
    (line,) = timeline(session, opened.id)
    assert (line.actor, line.sentence, line.after) == ("Ada", "checkout fails", RollbackState.REQUESTED)


def test_the_same_run_and_the_same_event_open_it_once(session: Session) -> None:
    first = open_rollback(session, replace(REQUEST, event_id="e-1"), NOON)
    assert open_rollback(session, REQUEST, NOON + MINUTE) == first
    told_twice = replace(REQUEST, flow_run_id="run-2", event_id="e-1")
    assert open_rollback(session, told_twice, NOON + MINUTE) == first
    assert len(last_rollbacks(session, ["shop"])["shop"]) == len(timeline(session, first.id)) == 1


def test_an_event_that_is_told_again_after_all_is_over_changes_nothing(session: Session) -> None:
    first = moved(session, event_id="e-1")
    assert open_rollback(session, replace(ALONE, flow_run_id="run-9", event_id="e-1"), NOON) == first


def test_one_at_a_time_for_each_project(session: Session) -> None:
    first = open_rollback(session, REQUEST, NOON)
    second = open_rollback(session, replace(REQUEST, flow_run_id="run-2", requested_by="Bob"), NOON)
    assert (second.state, second.finished_at) == (RollbackState.REFUSED, NOON)
    assert second.error == f"rollback {first.id} of Ada is under way (requested): one at a time"
    other = open_rollback(session, replace(REQUEST, project="api", flow_run_id="run-3"), NOON)
    assert other.state is RollbackState.REQUESTED
    assert active_rollbacks(session) == (first, other)
    assert active_rollbacks(session, ["api", "web"]) == (other,)


@pytest.mark.parametrize("state", [RollbackState.REFUSED, RollbackState.FAILED])
def test_after_the_end_there_may_be_another(session: Session, state: RollbackState) -> None:
    go(session, open_rollback(session, REQUEST, NOON), state)
    second = open_rollback(session, replace(REQUEST, flow_run_id="run-2"), NOON)
    assert second.state is RollbackState.REQUESTED


def test_runs_that_ask_in_the_same_moment_get_one_between_them(engine: Engine) -> None:
    def ask(number: int) -> Rollback:
        with transaction(engine) as session:
            return open_rollback(session, replace(REQUEST, flow_run_id=f"run-{number}"), NOON)

    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(ask, range(8)))
    assert sorted(each.state for each in opened) == ["refused"] * 7 + ["requested"]


def test_runs_that_one_event_has_started_share_one(engine: Engine) -> None:
    def ask(number: int) -> int:
        with transaction(engine) as session:
            return open_rollback(session, replace(REQUEST, flow_run_id=f"run-{number}", event_id="e"), NOON).id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1


def test_requests_without_run_or_event_are_told_apart(session: Session) -> None:
    nameless = replace(REQUEST, flow_run_id="", event_id="")
    first = go(session, open_rollback(session, nameless, NOON), RollbackState.FAILED)
    assert open_rollback(session, nameless, NOON).id != first.id
    assert (first.flow_run_id, first.event_id) == ("", "")


def test_a_dry_run_stands_in_nobodys_way_and_ends_with_its_plan(session: Session) -> None:
    dry = open_rollback(session, replace(REQUEST, dry_run=True, require_approval=False, may_run_alone=True), NOON)
    assert open_rollback(session, replace(REQUEST, flow_run_id="run-2"), NOON).state is RollbackState.REQUESTED
    dry = go(session, dry, RollbackState.PLANNED)
    assert not dry.is_active
    assert not advance(session, dry.id, RollbackState.PLANNED, RollbackState.APPROVED, {}, "x", "x", NOON)
    assert ask_approval(session, dry.id, plan=plan(), evidence=None, actor="x", sentence="x", now=NOON) is None
    assert found(session, dry.id) == dry
    assert last_rollbacks(session, ["shop"], dry_runs=True)["shop"][1] == dry
    assert dry not in last_rollbacks(session, ["shop"])["shop"]


def test_a_step_is_taken_from_where_it_is_expected_or_not_at_all(session: Session) -> None:
    opened = open_rollback(session, REQUEST, NOON)
    states = RollbackState.REQUESTED, RollbackState.PLANNED
    assert advance(session, opened.id, *states, {}, "run-1", "planned", NOON)
    assert not advance(session, opened.id, *states, {}, "run-1", "planned", NOON)
    assert [line.sentence for line in timeline(session, opened.id)] == ["checkout fails", "planned"]


def test_no_step_leads_where_none_should(session: Session) -> None:
    answers_only = {RollbackState.AWAITING_APPROVAL, RollbackState.DECLINED}
    for expected, to in product(RollbackState, RollbackState):
        from_question = (expected, to) == (RollbackState.AWAITING_APPROVAL, RollbackState.APPROVED)
        if to in next_states(expected) and to not in answers_only and not from_question:
            assert not advance(session, 1, expected, to, {}, "x", "x", NOON)  # there is no rollback 1
            continue
        with pytest.raises(ValueError, match="lead"):
            advance(session, 1, expected, to, {}, "x", "x", NOON)


def test_nothing_is_approved_by_itself_unless_the_project_is_automatic(session: Session) -> None:
    asked = replace(REQUEST, require_approval=False, may_run_alone=False)
    opened = go(session, open_rollback(session, asked, NOON), RollbackState.PLANNED)
    assert opened.require_approval
    assert not advance(session, opened.id, RollbackState.PLANNED, RollbackState.APPROVED, {}, "x", "x", NOON)
    alone = replace(asked, project="api", flow_run_id="run-2", may_run_alone=True)
    assert go(session, open_rollback(session, alone, NOON), *TO_THE_END).state is RollbackState.SUCCEEDED


def test_everything_that_is_found_on_the_way_is_kept(session: Session) -> None:
    points = Point("age", Mark.WARNING, "it is old", "https://x.example", may_force=True, is_forced=True)
    whole = plan(points, percentage_now=100.0, percentage=0.0, alternative="roll forward")
    changes: RollbackChanges = {
        "way": Way.VERCEL,
        "from_deployment": "dpl_1",
        "from_sha": "a",
        "to_deployment": "dpl_2",
        "to_sha": "b",
        "plan": whole,
        "evidence": evidence(),
    }
    opened = go(session, open_rollback(session, REQUEST, NOON), RollbackState.PLANNED, changes=changes)
    assert (opened.plan, opened.evidence) == (whole, evidence())
    assert (opened.from_deployment, opened.to_sha, opened.way) == ("dpl_1", "b", Way.VERCEL)
    told: RollbackChanges = {"slack_thread": "17.1", "github_issue": "#4", "notes": {"sentry": "annotated"}}
    record(session, opened.id, told, "run-1", "", NOON)
    record(session, opened.id, {"error": "half \x00 a \ud800 character"}, "run-1", "Slack does not answer", NOON)
    after = found(session, opened.id)
    assert (after.slack_thread, after.github_issue, after.notes) == ("17.1", "#4", {"sentry": "annotated"})
    assert after.error == "half \ufffd a ? character"
    assert (timeline(session, opened.id)[-1].sentence, len(timeline(session, opened.id))) == (
        "Slack does not answer",
        3,
    )
    with pytest.raises(UnknownRollback, match="no rollback 999"):
        record(session, 999, told, "x", "", NOON)


def test_who_is_asked_has_the_time_that_was_set_and_ten_minutes_at_least_when_asked_again(session: Session) -> None:
    opened = go(session, open_rollback(session, REQUEST, NOON), RollbackState.PLANNED)
    ask = {"plan": plan(), "evidence": evidence(), "actor": "run-1", "sentence": "asked"}
    assert ask_approval(session, opened.id, now=NOON, **ask) == 1  # type: ignore[arg-type]
    first = found(session, opened.id)
    assert (first.state, first.approve_until) == (RollbackState.AWAITING_APPROVAL, NOON + 60 * MINUTE)
    assert ask_approval(session, opened.id, now=NOON + MINUTE, **ask) == 2  # type: ignore[arg-type]
    assert found(session, opened.id).approve_until == NOON + 60 * MINUTE
    assert ask_approval(session, opened.id, now=NOON + 59 * MINUTE, **ask) == 3  # type: ignore[arg-type]
    assert found(session, opened.id).approve_until == NOON + 59 * MINUTE + TO_CONFIRM
    assert len(timeline(session, opened.id)) == 5


def test_nobody_is_asked_about_what_is_not_planned_or_over(session: Session) -> None:
    ask = {"plan": plan(), "evidence": None, "actor": "x", "sentence": "x", "now": NOON}
    opened = open_rollback(session, REQUEST, NOON)
    for state in (RollbackState.REQUESTED, RollbackState.FAILED):
        assert ask_approval(session, opened.id, **ask) is None  # type: ignore[arg-type]
        if state is RollbackState.REQUESTED:
            go(session, opened, RollbackState.FAILED)
    assert ask_approval(session, 999, **ask) is None  # type: ignore[arg-type]


def test_nothing_expires_before_its_time_whatever_a_clock_says_elsewhere(session: Session) -> None:
    opened = go(session, open_rollback(session, REQUEST, NOON), RollbackState.PLANNED)
    ask_approval(session, opened.id, plan=plan(), evidence=None, actor="x", sentence="x", now=NOON)
    waiting, expired = RollbackState.AWAITING_APPROVAL, RollbackState.EXPIRED
    assert not advance(session, opened.id, waiting, expired, {}, "x", "x", NOON + 59 * MINUTE)
    assert advance(session, opened.id, waiting, expired, {}, "x", "x", NOON + 60 * MINUTE)
    assert found(session, opened.id).finished_at == NOON + 60 * MINUTE


def test_a_rollback_that_moved_domains_is_custody_until_somebody_promotes(session: Session) -> None:
    first = moved(session)
    assert first.moved_at == NOON
    assert first.is_in_custody
    assert custody(session, ["shop", "api"]) == {"shop": first}
    moved(session, "run-2", kind=RollbackKind.PROMOTE)
    assert custody(session, ["shop"]) == {}
    ended = found(session, first.id)
    assert (ended.custody_ended_at, ended.state, ended.is_in_custody) == (NOON, RollbackState.SUCCEEDED, False)
    assert timeline(session, first.id)[-1].sentence.endswith("has ended the custody: promote")


def test_custody_ends_when_the_vendor_says_that_somebody_has_promoted(session: Session) -> None:
    first = moved(session)
    assert end_custody(session, "shop", "watch", "promoted on Vercel", NOON + MINUTE) == 1
    assert end_custody(session, "shop", "watch", "promoted on Vercel", NOON + MINUTE) == 0
    assert found(session, first.id).custody_ended_at == NOON + MINUTE
    assert ended_custodies(session, ["shop", "api"], NOON) == (first.id,)
    assert ended_custodies(session, ["shop"], NOON + MINUTE) == ()


def test_a_percentage_leaves_no_custody(session: Session) -> None:
    opened = open_rollback(session, ALONE, NOON)
    assert not go(session, opened, *TO_THE_END, changes={"way": Way.PERCENTAGE}).is_in_custody
    assert custody(session, ["shop"]) == {}


@pytest.mark.parametrize("last", [RollbackState.SUCCEEDED, RollbackState.FAILED])
def test_what_is_taken_back_is_undone(session: Session, last: RollbackState) -> None:
    opened = open_rollback(session, ALONE, NOON)
    wrong = go(session, opened, *TO_THE_END[:-1], last, changes={"way": Way.VERCEL})
    assert wrong.is_in_custody
    moved(session, "run-2", kind=RollbackKind.UNDO, undoes=wrong.id)
    assert found(session, wrong.id).state is RollbackState.UNDONE
    assert custody(session, ["shop"]) == {}
    assert "has taken it back" in timeline(session, wrong.id)[-1].sentence


def test_what_failed_after_it_moved_production_is_custody_too(session: Session) -> None:
    opened = open_rollback(session, ALONE, NOON)
    opened = go(session, opened, *TO_THE_END[:3], changes={"way": Way.VERCEL})
    changes: RollbackChanges = {"moved_at": NOON, "error": "the domains stay", "outcome": Outcome.NOT_MOVED}
    failed = go(session, opened, RollbackState.FAILED, changes=changes)
    assert (failed.is_in_custody, failed.outcome) == (True, Outcome.NOT_MOVED)


def test_another_run_goes_on_where_one_was_lost_but_only_one(session: Session) -> None:
    opened = open_rollback(session, REQUEST, NOON)
    assert adopt_rollback(session, opened.id, "run-1", "run-2", NOON)
    assert not adopt_rollback(session, opened.id, "run-1", "run-3", NOON)
    assert rollback_of_run(session, "run-1") is None
    assert open_rollback(session, replace(REQUEST, flow_run_id="run-2"), NOON).id == opened.id
    go(session, found(session, opened.id), RollbackState.FAILED)
    assert not adopt_rollback(session, opened.id, "run-2", "run-4", NOON)


def test_people_are_reminded_once(session: Session) -> None:
    opened = open_rollback(session, REQUEST, NOON)
    assert claim_reminder(session, opened.id, NOON, NOON + 30 * MINUTE)
    assert not claim_reminder(session, opened.id, NOON, NOON + 31 * MINUTE)
    assert claim_reminder(session, opened.id, NOON + 30 * MINUTE, NOON + 60 * MINUTE)


def test_the_last_ones_come_newest_first_and_no_more_than_asked_for(session: Session) -> None:
    numbers = []
    for number in range(3):
        request = replace(REQUEST, flow_run_id=f"run-{number}")
        opened = open_rollback(session, request, NOON + number * MINUTE)
        numbers.append(go(session, opened, RollbackState.FAILED).id)
    last = last_rollbacks(session, ["shop", "api"], 2)
    assert ([each.id for each in last["shop"]], last["api"]) == (numbers[:0:-1], ())


def test_the_index_of_the_database_and_the_states_agree() -> None:
    named = {part.strip(" '") for part in ACTIVE.split("(")[1].split(")")[0].split(",")}
    assert named == {state.value for state in RollbackState if state.is_final}


def test_the_database_itself_refuses_a_second_active_one(engine: Engine) -> None:
    columns = [column for column in table_columns(engine) if column != "id"]
    with transaction(engine) as session:
        open_rollback(session, REQUEST, NOON)
        names = ", ".join(columns)
        values = ", ".join({"flow_run_id": "'other'"}.get(name, f'"{name}"') for name in columns)
        copied = text(f"INSERT INTO rollbacks ({names}) SELECT {values} FROM rollbacks")  # noqa: S608
        with pytest.raises(Exception, match=r"(?i)unique"), session.begin_nested():
            session.connection().execute(copied)
    with reading(engine) as session:
        assert len(active_rollbacks(session)) == 1


def table_columns(engine: Engine) -> list[str]:
    with reading(engine) as session:
        return list(session.connection().execute(text("SELECT * FROM rollbacks")).keys())
