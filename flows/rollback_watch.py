"""Every two minutes: no way back is forgotten, whatever has happened to its run.

Order: what waits too long expires, those who may answer are reminded, what has changed is told; then every run that
should go on and does not is woken, or another one goes on in its place; at last, what nobody was told yet is told.
"""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from tasks.approvals import resume_run, take_typed_answers
from tasks.configuration import load_configuration
from tasks.rollback import remind_of_rollback, tell_rollback, tell_rollback_news
from tasks.rollback_people import TOLD
from tasks.rollback_record import (
    CUSTODY,
    CUSTODY_OVER,
    CUSTODY_TOLD,
    claim_reminding,
    custodies_ended,
    note,
    take_step,
    way_back,
    ways_back_ended,
    ways_back_to_see_to,
)
from tasks.rollback_runs import RunOf, emit_custody_over, emit_state, go_on_with, run_of
from tasks.rollback_study import study
from watchkeeper.config import Configuration, Project
from watchkeeper.domain.rollback import Rollback, RollbackState
from watchkeeper.domain.second_look import look_twice

LOOK_SECONDS: Final = 20.0
LATE: Final = timedelta(minutes=1)  # after which somebody else tells how a way back has ended
FORGOTTEN: Final = timedelta(days=1)
AT_ONCE: Final = 20  # rows that are looked at
EACH_SECONDS: Final = 50.0
MOST_RUNS: Final = 6  # that go on with one way back; then people must

Look = Callable[[Configuration, int], Coroutine[Any, Any, None]]


@flow(name="rollback-watch", timeout_seconds=115, persist_result=False)
async def rollback_watch() -> State[Any]:
    """Look after every way back that is under way, and after those whose end nobody was told.

    Each is handled by itself: what goes wrong with one is told by how this run ends, and holds up no other.
    """
    configuration, _ = load_configuration()
    looks: dict[Look, tuple[int, ...]] = {
        look_after: ways_back_to_see_to(),
        see_to_its_end: ways_back_ended(configuration.slugs, longest=FORGOTTEN, shortest=LATE),
        tell_that_custody_is_over: custodies_ended(configuration.slugs, datetime.now(UTC) - FORGOTTEN),
    }
    due = {number: [look for look in looks if number in looks[look]] for each in looks.values() for number in each}
    at_once = asyncio.Semaphore(AT_ONCE)
    looking = (by_itself(at_once, configuration, number, several) for number, several in due.items())
    outcomes = await asyncio.gather(*looking, return_exceptions=True)
    troubles = [(number, error) for number, error in zip(due, outcomes, strict=True) if error is not None]
    for number, error in troubles:
        get_run_logger().error("Rollback %s could not be looked after.", number, exc_info=error)
    message = f"{len(looks[look_after])} under way"
    if troubles:
        told = "; ".join(f"rollback {number}: {type(error).__name__}" for number, error in troubles)
        return Failed(message=f"{message}; could not be looked after: {told}")
    return Completed(message=message)


async def by_itself(at_once: asyncio.Semaphore, configuration: Configuration, number: int, looks: list[Look]) -> None:
    """Look after one, some of them at the same time, and none for longer than others can wait."""
    async with at_once, asyncio.timeout(EACH_SECONDS):
        for look in looks:
            await look(configuration, number)


async def look_after(configuration: Configuration, number: int) -> None:
    """Do what the run of a way back would do if it could."""
    rollback = way_back(number)
    run = await run_of(rollback)
    rollback = await take_typed_answers(rollback)
    if rollback.dry_run:
        give_up_plan(rollback, run)
        return
    if rollback.project not in configuration.names:
        await end_without_project(rollback, run)
    if rollback.project not in configuration.slugs:
        return
    project = configuration.project(rollback.project)
    if rollback.state is RollbackState.AWAITING_APPROVAL and run is not RunOf.ALIVE:
        rollback = await look_at_waiting(configuration.only([project.slug]), project, rollback)
    if rollback.state is not RollbackState.AWAITING_APPROVAL and run is RunOf.WAITING:
        await resume_run(rollback.flow_run_id)
    elif rollback.state.is_active and run is RunOf.ENDED:
        await go_on(project, rollback)


def give_up_plan(rollback: Rollback, run: RunOf) -> None:
    """Write down that a plan was not made whose run has died. Nobody waits for it: it can be asked for again."""
    if run is RunOf.ENDED and rollback.state is RollbackState.REQUESTED:
        why = "its run has ended before the plan was made"
        emit_state(take_step(rollback, RollbackState.FAILED, {"error": why}, why))


async def end_without_project(rollback: Rollback, run: RunOf) -> None:
    """Let a run end a way back whose project is not configured any more."""
    if run is RunOf.WAITING:
        await resume_run(rollback.flow_run_id)
    elif run is RunOf.ENDED:
        await go_on_with(rollback)


async def look_at_waiting(configuration: Configuration, project: Project, rollback: Rollback) -> Rollback:
    """Let the question expire, or remind people of it and tell what has changed since it was asked."""
    now, until = datetime.now(UTC), rollback.approve_until or datetime.now(UTC)
    if now >= until:
        expired = take_step(rollback, RollbackState.EXPIRED, {}, "nobody has answered in time")
        emit_state(expired)
        return expired
    asked_at = until - rollback.approval_timeout
    if now >= asked_at + rollback.approval_timeout / 2 and claim_reminding(rollback.id, asked_at):
        await remind_of_rollback(project, rollback)
    return await judge_on(configuration, project, rollback)


async def judge_on(configuration: Configuration, project: Project, rollback: Rollback) -> Rollback:
    """Tell those who are asked when production has recovered, or another release has arrived; once for each news."""
    planned, evidence = await study(configuration, project, rollback, LOOK_SECONDS)
    news = "; ".join(look_twice(rollback, planned, evidence).reasons)
    if not news or news == rollback.notes.get("news"):
        return rollback
    rollback = note(rollback.id, {}, f"while it waits: {news}", {"news": news})
    await tell_rollback_news(project, rollback, news)
    return rollback


async def go_on(project: Project, rollback: Rollback) -> None:
    """Start a run that goes on where another one has died; after several of them people must look at it."""
    runs = int(rollback.notes.get("runs", "1"))
    if runs < MOST_RUNS:
        note(rollback.id, {}, "its run has ended before its time", {"runs": str(runs + 1)})
        get_run_logger().warning("Rollback %s goes on as %s.", rollback.id, await go_on_with(rollback))
        return
    where = "production may have moved, look at Vercel" if rollback.move_started_at else "production was not touched"
    why = f"{runs} runs have died on it: {where}"
    failed = take_step(rollback, RollbackState.FAILED, {"error": why}, why)
    emit_state(failed)
    await tell_rollback(project, failed)


async def see_to_its_end(configuration: Configuration, number: int) -> None:
    """Tell how a way back has ended where its run did not come to that."""
    rollback = way_back(number)
    if rollback.notes.get(TOLD) == rollback.state.value:
        return
    run = await run_of(rollback)
    if run is RunOf.WAITING:
        await resume_run(rollback.flow_run_id)
    elif run is RunOf.ENDED:
        rollback = await take_typed_answers(rollback)
        emit_state(rollback)
        await tell_rollback(configuration.project(rollback.project), rollback)


async def tell_that_custody_is_over(configuration: Configuration, number: int) -> None:
    """Tell it once where people were told of the rollback; what cannot be told now is left to the next run."""
    rollback = way_back(number)
    if rollback.notes.get(CUSTODY) != CUSTODY_OVER:
        return
    emit_custody_over(rollback)
    told = await tell_rollback(configuration.project(rollback.project), rollback)
    if not told.notes.get("slack", "").startswith("not told"):
        note(rollback.id, {}, "", {CUSTODY: CUSTODY_TOLD})
