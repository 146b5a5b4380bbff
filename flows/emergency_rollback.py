"""The way back: production goes to an earlier release, with a plan, evidence, an approval, and proof that it helped.

Order: plan -> ask -> wait -> look again -> move production, once -> verify; people are told at every step.

A way back is a row of the store, and each step takes that row from one state to the next. A run that was suspended,
killed or started twice begins at the top and does what the row says is next, so nothing is done again. The row is
written before anything else, and from then on it alone says what is done, to which project: a run that is given other
parameters later does the same. Right before production is moved its approval is judged once more.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal
from uuid import uuid4

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.flow_runs import asuspend_flow_run
from prefect.runtime import flow_run
from pydantic import Field

from flows.rollback_outcomes import cannot_be_done, not_needed, run_state
from reports.rollback import approval_text
from tasks.approvals import Approval, question_key, take_typed_answers
from tasks.configuration import load_configuration
from tasks.rollback import measure, move_production, show_rollback_plan, tell_rollback
from tasks.rollback_record import (
    Leave,
    answers_of,
    ask_for_approval,
    claim_the_move,
    give_move_back,
    last_ways_back,
    open_way_back,
    planned_changes,
    settle,
    take_step,
    way_back,
)
from tasks.rollback_runs import emit_state
from tasks.rollback_slots import slot_of
from tasks.rollback_study import study
from watchkeeper.config import Configuration, Project
from watchkeeper.domain.moves import MoveOutcome
from watchkeeper.domain.rollback import Outcome, Plan, Rollback, RollbackEvidence, RollbackState
from watchkeeper.domain.rollback_authority import why_ask
from watchkeeper.domain.rollback_requests import Asked, first_request, request_of
from watchkeeper.domain.rollback_verification import verify
from watchkeeper.domain.second_look import look_twice
from watchkeeper.store.rollbacks import MoveClaim, RollbackChanges

SUSPENDED_LONGER: Final = timedelta(minutes=30)  # than there is time to answer: the row expires first, and tells people
SECOND_LOOK_SECONDS: Final = 8.0  # what cannot be seen by then is taken to be as it was approved
CLAIM_SECONDS: Final = 120  # another run that may still be calling has the right for less than a minute
PAUSE_SECONDS: Final = 15.0  # between two measurements

Step = Callable[["Desk", Rollback], Awaitable[Rollback]]


@dataclass(frozen=True, slots=True)
class Desk:
    """What every step needs. `owner` is this process: the same run, started again, is another one."""

    configuration: Configuration
    project: Project
    run: str
    owner: str


@flow(name="emergency-rollback", flow_run_name="{action}-{project}", persist_result=False)
async def emergency_rollback(  # noqa: PLR0913, PLR0917 - the form
    project: str,
    action: Literal["rollback", "promote", "undo"] = "rollback",
    target: str = "",
    reason: str = "",
    requested_by: str = "",
    dry_run: bool = True,  # noqa: FBT001 - a form has no other way
    rollout_percentage: Annotated[float, Field(ge=0, le=100)] = 0,
    force: str = "",
    approval_timeout_minutes: Annotated[float | None, Field(gt=0, le=1440)] = None,
    verify_minutes: Annotated[float | None, Field(gt=0, le=240)] = None,
) -> State[Any]:
    """Take production to another release. As it stands it only shows the plan: set `dry_run` to false to go on.

    Args:
        project: slug of the project.
        action: rollback; promote, which ends the custody that a rollback leaves; undo, which takes a rollback back.
        target: id or address of a Vercel deployment, or a commit SHA; left out, the last known good release.
        reason: why, for those who approve and for the record.
        requested_by: your name or e-mail address; it must be known where the project needs two people.
        dry_run: show the plan and change nothing.
        rollout_percentage: for projects whose rollout is a percentage: the share of visitors afterwards, 0 to 100.
        force: type the slug of the project to go on where a matter of judgement blocks the plan. It is recorded.
        approval_timeout_minutes: how long to wait for an answer; left out, as the project is configured.
        verify_minutes: how long to measure whether it has helped; left out, as the project is configured.
    """
    asked = Asked(
        project,
        action,
        target,
        reason,
        requested_by,
        dry_run,
        rollout_percentage,
        force,
        approval_timeout_minutes,
        verify_minutes,
    )
    return await carry_on(open_request(asked))


def open_request(asked: Asked) -> Rollback:
    """Write down what is asked for, before anything else is done, and return its way back."""
    request = first_request(asked, str(flow_run.id))
    opened = open_way_back(request, request.asked)
    emit_state(opened)
    return opened


async def carry_on(rollback: Rollback) -> State[Any]:
    """Take a way back as far as it goes now, if it is of this run."""
    run = str(flow_run.id)
    if rollback.flow_run_id != run:
        return not_needed(rollback)
    loaded, _ = load_configuration()
    if rollback.project not in loaded.slugs:
        return cannot_be_done(loaded, rollback)
    configuration = loaded.only([rollback.project])
    desk = Desk(configuration, configuration.projects[0], run, f"{run}/{uuid4().hex[:8]}")
    rollback = await take_typed_answers(rollback)
    while (step := next_step(desk, rollback)) is not None:
        before, rollback = rollback, await step(desk, rollback)
        emit_state(rollback)
        if rollback == before and step is not execute:
            raise RuntimeError(f"rollback {rollback.id} cannot go on from {rollback.state}")
    return await end(desk, rollback)


def next_step(desk: Desk, rollback: Rollback) -> Step | None:
    """Return what is to be done next; None when it is over, or another run is at it."""
    if rollback.flow_run_id != desk.run:
        return None
    if rollback.dry_run and rollback.state is not RollbackState.REQUESTED:
        return None
    steps: dict[RollbackState, Step] = {
        RollbackState.REQUESTED: plan,
        RollbackState.PLANNED: ask,
        RollbackState.AWAITING_APPROVAL: wait_for_answer,
        RollbackState.APPROVED: look_again,
        RollbackState.EXECUTING: execute,
        RollbackState.VERIFYING: prove,
    }
    return steps.get(rollback.state)


async def plan(desk: Desk, rollback: Rollback) -> Rollback:
    """Requested -> planned, or refused: what would be done, what speaks against it, and what speaks for it."""
    earlier = last_ways_back((rollback.project,))
    try:
        request = request_of(Asked(**rollback.asked), desk.project.rollback_policy, desk.run, earlier)
    except ValueError as error:
        return take_step(rollback, RollbackState.REFUSED, {"error": str(error)}, str(error))
    rollback = settle(rollback, request)
    planned, evidence = await study(desk.configuration, desk.project, rollback)
    changes = planned_changes(planned)
    if evidence:
        changes["evidence"] = evidence
    if not planned.is_blocked:
        return take_step(rollback, RollbackState.PLANNED, changes, planned.summary)
    why = "; ".join(f"{point.name}: {point.reason}" for point in planned.blocks)
    return take_step(rollback, RollbackState.REFUSED, changes | {"error": why}, planned.summary)


async def ask(desk: Desk, rollback: Rollback) -> Rollback:
    """Planned -> awaiting approval, or approved where the project is configured to ask nobody."""
    why = why_ask(rollback, desk.project.rollback_policy)
    if rollback.plan is None or why:
        asked = "a YES is asked for" if rollback.require_approval else f"a YES is asked for: {why}"
        return ask_people(desk, rollback, rollback.plan, None, asked)
    return take_step(rollback, RollbackState.APPROVED, {}, "the project is configured to ask nobody")


def ask_people(
    desk: Desk, rollback: Rollback, plan: Plan | None, evidence: RollbackEvidence | None, why: str
) -> Rollback:
    """Ask for a YES to a plan, or ask again; who may answer is whom the project is configured with now."""
    if plan is None:
        raise RuntimeError(f"rollback {rollback.id} has no plan to ask about")
    policy = desk.project.rollback_policy
    people: RollbackChanges = {"approvers": policy.approvers, "two_person": policy.two_person or rollback.two_person}
    return ask_for_approval(rollback.id, plan, evidence or rollback.evidence, why, people)


async def wait_for_answer(desk: Desk, rollback: Rollback) -> Rollback:
    """Awaiting approval -> approved, declined or expired. The run is suspended meanwhile: this does not return then."""
    left = (rollback.approve_until or rollback.updated_at) - datetime.now(UTC)
    if left <= timedelta(0):
        return take_step(rollback, RollbackState.EXPIRED, {}, "nobody has answered in time")
    rollback = await tell(desk, rollback)
    await show_rollback_plan(desk.project, rollback)
    if (answered := way_back(rollback.id)).state is not RollbackState.AWAITING_APPROVAL:
        return answered  # somebody has read it in Slack, and was quicker than the form
    await asuspend_flow_run(
        wait_for_input=Approval.with_initial_data(description=approval_text(rollback, desk.project.name)),
        timeout=round((left + SUSPENDED_LONGER).total_seconds()),
        key=question_key(rollback),
    )
    return way_back(rollback.id)


async def look_again(desk: Desk, rollback: Rollback) -> Rollback:
    """Approved -> executing if all is as it was approved; else it is asked for again, or refused."""
    if why := why_not_now(desk, rollback):
        return ask_people(desk, rollback, rollback.plan, None, f"confirm again: {why}")
    planned, evidence = await study(desk.configuration, desk.project, rollback, SECOND_LOOK_SECONDS)
    found = look_twice(rollback, planned, evidence)
    told = "; ".join(found.reasons)
    if found.is_blocked:
        return take_step(rollback, RollbackState.REFUSED, {"error": told}, f"it may not be done any more: {told}")
    if found.must_confirm_again:
        return ask_people(desk, rollback, planned, evidence, f"confirm again: {told}")
    return take_step(rollback, RollbackState.EXECUTING, {}, "all is as it was approved")


async def execute(desk: Desk, rollback: Rollback) -> Rollback:
    """Executing -> verifying or failed: the vendor is called once; what an earlier run called for is only watched."""
    rollback = await take_typed_answers(rollback)
    if rollback.state is not RollbackState.EXECUTING:
        return rollback
    if rollback.move_started_at is None and (why := why_not_now(desk, rollback)):
        told = f"nothing was done: {why}"
        return take_step(rollback, RollbackState.FAILED, {"error": told}, told)
    async with slot_of(desk.project.slug):
        return await move_once(desk, rollback)


async def move_once(desk: Desk, rollback: Rollback) -> Rollback:
    """Claim the move and make it, or watch what an earlier run has called for."""
    claim = await claimed(desk, rollback)
    if claim is None:
        return way_back(rollback.id)
    leave = Leave(rollback.id, desk.owner, was_asked=claim.started_at is not None)
    moving = move_production(desk.project, rollback, claim, may_ask=leave)
    moved, rollback = await asyncio.gather(moving, tell(desk, rollback))  # nobody waits for Slack now
    is_ours = give_move_back(rollback.id, desk.owner)
    if leave.was_denied or not is_ours:
        return way_back(rollback.id)
    if moved.is_done:
        return take_step(rollback, RollbackState.VERIFYING, {}, moved.sentence)
    look = ". Look at Vercel" if moved.outcome in {MoveOutcome.UNKNOWN, MoveOutcome.UNFINISHED} else ""
    return take_step(rollback, RollbackState.FAILED, {"error": moved.sentence + look}, moved.sentence + look)


async def prove(desk: Desk, rollback: Rollback) -> Rollback:
    """Verifying -> succeeded or failed: whether production is there and well, whatever the vendor says."""
    rollback, said = await tell(desk, rollback), None
    while True:
        found = verify(rollback, await measure(desk.configuration, desk.project, rollback), desk.project.health_limits)
        if found.outcome is not said:
            said = found.outcome
            get_run_logger().info("So far %s: %s", said, "; ".join(found.reasons))
        if found.is_over:
            break
        await asyncio.sleep(min(PAUSE_SECONDS, rollback.verify_for.total_seconds() / 4))
    to = RollbackState.FAILED if found.outcome is Outcome.NOT_MOVED else RollbackState.SUCCEEDED
    told = "; ".join(found.reasons)
    error = "" if found.outcome is Outcome.CURED else told
    return take_step(rollback, to, {"outcome": found.outcome, "error": error}, told)


def why_not_now(desk: Desk, rollback: Rollback) -> str:
    """Return why production may not be moved by what was answered; "" where it may."""
    accepted = tuple(given.answer for given in answers_of(rollback.id) if given.is_accepted)
    return why_ask(rollback, desk.project.rollback_policy, accepted)


async def end(desk: Desk, rollback: Rollback) -> State[Any]:
    """Tell people how it has ended, and return that as the state of the run."""
    if rollback.flow_run_id != desk.run:
        return not_needed(rollback)
    await show_rollback_plan(desk.project, rollback)
    if not rollback.dry_run:  # whoever asked for the plan is looking at it
        rollback = await tell(desk, rollback)
    return run_state(rollback)


async def claimed(desk: Desk, rollback: Rollback) -> MoveClaim | None:
    """Return the right to change production; None when another run goes on with it."""
    for _ in range(CLAIM_SECONDS):
        claim = claim_the_move(rollback.id, desk.owner)
        if claim is not None or way_back(rollback.id).state is not RollbackState.EXECUTING:
            return claim
        await asyncio.sleep(1)
    return None


async def tell(desk: Desk, rollback: Rollback) -> Rollback:
    """Tell people where it stands, and return it with what was noted of that."""
    links = {"Prefect run": str(flow_run.ui_url)} if flow_run.ui_url else {}
    return await tell_rollback(desk.project, rollback, links)
