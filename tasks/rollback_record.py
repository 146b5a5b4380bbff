"""The record of a way back: opened once, taken from state to state, answered. What is not in it did not happen."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tasks.store import database, store_task
from watchkeeper.domain.approvals import Answer
from watchkeeper.domain.rollback import Plan, Rollback, RollbackEvidence, RollbackRequest, RollbackState
from watchkeeper.store import rollbacks
from watchkeeper.store.audit import write_audit
from watchkeeper.store.database import reading, transaction
from watchkeeper.store.rollback_reads import ended_custodies, rollback_of_run
from watchkeeper.store.rollback_requests import rollbacks_ended, rollbacks_to_see_to, settle_request
from watchkeeper.store.rollbacks import (
    AnswerResult,
    MoveClaim,
    RollbackChanges,
    StoredAnswer,
    TimelineEntry,
    UnknownRollback,
)

WATCHKEEPER = "watchkeeper"  # the actor of what no person has done
CUSTODY = "custody"  # the key of what became of it, where somebody else has ended it
CUSTODY_OVER = "over"
CUSTODY_TOLD = "over, told"


@store_task
def open_way_back(request: RollbackRequest, parameters: Mapping[str, Any]) -> Rollback:
    """Open a way back, or return the one that this run or this event has opened before, or that was given to this run.

    Args:
        parameters: as they were asked for, for the audit.
    """
    now = datetime.now(UTC)
    with transaction(database()) as session:
        opened = rollbacks.open_rollback(session, request, now)
        if opened.requested_at == now:
            subject, outcome = f"rollback {opened.id}", opened.error or "opened"
            action = f"ask for {opened.kind}"
            write_audit(
                session, request.requested_by, action, subject, parameters, outcome, now, project=opened.project
            )
        return opened


@store_task
def settle(rollback: Rollback, request: RollbackRequest) -> Rollback:
    """Write down under which terms a way back goes on that was asked for, and return it as it stands then."""
    with transaction(database()) as session:
        settle_request(session, rollback.id, request, datetime.now(UTC))
        return _of(rollbacks.rollback(session, rollback.id), rollback.id)


def hand_over(rollback: Rollback, flow_run: str) -> bool:
    """Let another run go on with a way back; False when a third one has it, or it is over."""
    now = datetime.now(UTC)
    with transaction(database()) as session:
        is_given = rollbacks.adopt_rollback(session, rollback.id, rollback.flow_run_id, flow_run, now)
        if is_given:
            rollbacks.record(session, rollback.id, {}, WATCHKEEPER, "another run goes on with it", now)
        return is_given


def rollback_given_to(flow_run: str) -> Rollback | None:
    """Return the way back that this run is to go on with; None when there is none."""
    with reading(database()) as session:
        return rollback_of_run(session, flow_run)


@store_task
def take_step(rollback: Rollback, to: RollbackState, changes: RollbackChanges, sentence: str) -> Rollback:
    """Take a way back to its next state, and return it as it stands then, whoever has taken it there."""
    now = datetime.now(UTC)
    with transaction(database()) as session:
        done = rollbacks.advance(session, rollback.id, rollback.state, to, changes, WATCHKEEPER, sentence, now)
        if done and (to.is_final or to is RollbackState.VERIFYING):
            said = {"from": rollback.from_deployment, "to": rollback.to_deployment, "way": rollback.way}
            subject = f"rollback {rollback.id}"
            write_audit(session, WATCHKEEPER, to.value, subject, said, sentence, now, project=rollback.project)
        return _of(rollbacks.rollback(session, rollback.id), rollback.id)


@store_task
def ask_for_approval(
    rollback: int, plan: Plan, evidence: RollbackEvidence | None, sentence: str, people: RollbackChanges
) -> Rollback:
    """Ask for approval of this plan, or ask again; return it as it stands then.

    Args:
        people: who may answer, as the project is configured now.
    """
    now = datetime.now(UTC)
    with transaction(database()) as session:
        asked = rollbacks.ask_approval(
            session, rollback, plan=plan, evidence=evidence, actor=WATCHKEEPER, sentence=sentence, now=now
        )
        if asked is not None:  # what is done must be what is asked about
            rollbacks.record(session, rollback, planned_changes(plan) | people, WATCHKEEPER, "", now)
        return _of(rollbacks.rollback(session, rollback), rollback)


@store_task
def write_answer(rollback: int, answer: Answer) -> AnswerResult:
    """Write an answer down, and return what became of it.

    Raises:
        UnknownRollback: there is none with this id.
    """
    with transaction(database()) as session:
        return rollbacks.answer(session, rollback, answer, datetime.now(UTC))


def planned_changes(plan: Plan) -> RollbackChanges:
    """Return what the row of a way back takes from its plan: how, from where and to where."""
    changes: RollbackChanges = {"plan": plan, "way": plan.way}
    if plan.serving:
        changes |= {"from_deployment": plan.serving.deployment, "from_sha": plan.serving.sha}
    if plan.target:
        changes |= {"to_deployment": plan.target.deployment, "to_sha": plan.target.sha}
    return changes


def note(
    rollback: int, changes: RollbackChanges, sentence: str = "", notes: Mapping[str, str] | None = None
) -> Rollback:
    """Write down what was found or told on the way.

    Args:
        sentence: a line for the timeline; "" for none.
        notes: added to those that are there.
    """
    now = datetime.now(UTC)
    with transaction(database()) as session:
        if notes:
            kept = _of(rollbacks.rollback(session, rollback), rollback).notes
            changes = {**changes, "notes": {**kept, **notes}}
        rollbacks.record(session, rollback, changes, WATCHKEEPER, sentence, now)
        return _of(rollbacks.rollback(session, rollback), rollback)


def claim_the_move(rollback: int, owner: str) -> MoveClaim | None:
    """Take the right to change production; None while another run has it, or when nothing is to be changed."""
    with transaction(database()) as session:
        return rollbacks.claim_move(session, rollback, owner, datetime.now(UTC))


@dataclass(slots=True)
class Leave:
    """The leave to call the vendor, asked for right before each call.

    Attributes:
        owner: who has claimed the move.
        was_asked: True when the vendor may have been called before; who asks for leave then has found nothing of it.
        was_denied: True when another run has the right now.
    """

    rollback: int
    owner: str
    was_asked: bool
    was_denied: bool = False

    async def __call__(self, request_before: datetime | None) -> bool:
        """Note that from now on the vendor may have been called; False when it must not be."""
        # It may have taken so long to get here that the claim has run out.
        given = self._note(request_before) or (
            claim_the_move(self.rollback, self.owner) is not None and self._note(request_before)
        )
        self.was_asked, self.was_denied = self.was_asked or given, not given
        return given

    def _note(self, request_before: datetime | None) -> bool:
        with transaction(database()) as session:
            return rollbacks.note_call(
                session,
                self.rollback,
                self.owner,
                datetime.now(UTC),
                request_before=request_before,
                again=self.was_asked,
            )


def give_move_back(rollback: int, owner: str) -> bool:
    """Give the right to change production back; False when another run has taken it meanwhile."""
    with transaction(database()) as session:
        return rollbacks.release_move(session, rollback, owner)


def claim_reminding(rollback: int, not_since: datetime) -> bool:
    """Take the right to remind people; False when somebody has done so after `not_since`."""
    with transaction(database()) as session:
        return rollbacks.claim_reminder(session, rollback, not_since, datetime.now(UTC))


def way_back(rollback: int) -> Rollback:
    """Return a way back as it stands.

    Raises:
        UnknownRollback: there is none with this id.
    """
    with reading(database()) as session:
        return _of(rollbacks.rollback(session, rollback), rollback)


def ways_back_to_see_to() -> tuple[int, ...]:
    """Return the ids of what is under way, and of plans that nobody makes any more."""
    with reading(database()) as session:
        return rollbacks_to_see_to(session)


def ways_back_ended(projects: tuple[str, ...], longest: timedelta, shortest: timedelta) -> tuple[int, ...]:
    """Return the ids of those that have ended between `longest` and `shortest` ago."""
    now = datetime.now(UTC)
    with reading(database()) as session:
        return rollbacks_ended(session, projects, now - longest, now - shortest)


def ways_back_under_way() -> tuple[Rollback, ...]:
    with reading(database()) as session:
        return rollbacks.active_rollbacks(session)


def last_ways_back(projects: tuple[str, ...], most: int = 20) -> tuple[Rollback, ...]:
    """Return the last ways back of these projects, newest first of each, without dry runs."""
    with reading(database()) as session:
        found = rollbacks.last_rollbacks(session, projects, most)
    return tuple(each for several in found.values() for each in several)


def custodies(projects: tuple[str, ...]) -> dict[str, Rollback]:
    """Return the rollback of each project by which it is in custody."""
    with reading(database()) as session:
        return rollbacks.custody(session, projects)


def end_custody(held: Rollback, sentence: str) -> bool:
    """Write down that somebody else has ended the custody of a project, to be told; False when it was over already."""
    now = datetime.now(UTC)
    with transaction(database()) as session:
        if not rollbacks.end_custody(session, held.project, WATCHKEEPER, sentence, now):
            return False
        notes = {**_of(rollbacks.rollback(session, held.id), held.id).notes, CUSTODY: CUSTODY_OVER}
        rollbacks.record(session, held.id, {"notes": notes}, WATCHKEEPER, "", now)
        subject = f"rollback {held.id}"
        write_audit(session, WATCHKEEPER, "end custody", subject, {}, sentence, now, project=held.project)
        return True


def custodies_ended(projects: tuple[str, ...], since: datetime) -> tuple[int, ...]:
    """Return the ids of the rollbacks whose custody has ended after `since`."""
    with reading(database()) as session:
        return ended_custodies(session, projects, since)


def answers_of(rollback: int) -> tuple[StoredAnswer, ...]:
    with reading(database()) as session:
        return rollbacks.answers(session, rollback)


def timeline_of(rollback: int) -> tuple[TimelineEntry, ...]:
    with reading(database()) as session:
        return rollbacks.timeline(session, rollback)


def _of(found: Rollback | None, rollback: int) -> Rollback:
    if found is None:
        raise UnknownRollback(rollback)
    return found
