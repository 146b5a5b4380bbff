"""A small world in which ways back are run, killed, answered and started again; only the store in it is real.

A run is a generator that pauses wherever a process may die or another one may come in between: after each transaction,
and before and after each word with the vendor. To kill it is to throw the generator away.
"""

from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, TypeVar

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.domain.rollback_makers import plan
from tests.store.samples import NOON
from watchkeeper.domain.approvals import Answer
from watchkeeper.domain.production import AliasJob, AliasRequest, Production
from watchkeeper.domain.rollback import Rollback, RollbackRequest, RollbackState
from watchkeeper.domain.rollback_moves import MoveState, judge_move
from watchkeeper.store.database import reading, transaction
from watchkeeper.store.rollback_moves import LEASE
from watchkeeper.store.rollbacks import (
    accepted_answers,
    adopt_rollback,
    advance,
    answer,
    ask_approval,
    claim_move,
    last_rollbacks,
    note_call,
    open_rollback,
    rollback,
)

Value = TypeVar("Value")
Run = Generator[None, None, None]
BAD: Final = "dpl_bad"
GOOD: Final = "dpl_good"
CALL_TIME: Final = timedelta(seconds=30)  # in which a call is answered, or never arrives


class Killed(Exception):  # noqa: N818 - it is what happened
    """The process dies in the middle of a transaction."""


class TimedOut(Exception):  # noqa: N818
    """No answer: nobody knows whether the call has arrived."""


@dataclass
class Vendor:
    """Something like Vercel. `moves`: the ids of the rollbacks by which production was changed, in their order."""

    serving: str = BAD
    auto_assigns: bool = True
    request: AliasRequest | None = None
    asked_by: int = 0
    moves: list[int] = field(default_factory=list)
    trouble: str = ""  # of the next call: lost, late_answer, slow, fails, stays

    def look(self) -> Production:
        return Production("prj", "shop", self.serving, self.auto_assigns, self.request)

    def roll_back(self, target: str, by: int, now: datetime) -> None:
        trouble, self.trouble = self.trouble, ""
        if trouble == "lost":
            raise TimedOut
        if self.request is not None and self.request.job is AliasJob.PENDING:
            return  # 409: it is at it already
        job = {"slow": AliasJob.PENDING, "fails": AliasJob.FAILED}.get(trouble, AliasJob.SUCCEEDED)
        self.request, self.asked_by = AliasRequest("rollback", self.serving, target, job, now), by
        if job is AliasJob.SUCCEEDED and trouble != "stays":
            self._serve(target)
        if trouble == "late_answer":
            raise TimedOut

    def finish(self) -> None:
        """End what is under way."""
        if self.request is not None and self.request.job is AliasJob.PENDING:
            self._serve(self.request.to_deployment)
            self.request = replace(self.request, job=AliasJob.SUCCEEDED)

    def _serve(self, target: str) -> None:
        if self.serving != target:
            self.moves.append(self.asked_by)
        self.serving, self.auto_assigns = target, False

    def release(self, name: str) -> None:
        if self.auto_assigns:
            self.serving = name


@dataclass
class World:
    """Everything together. `clock` is what people call the time, which may jump; `uptime` only grows."""

    engine: Engine
    project: str
    automatic: bool
    vendor: Vendor = field(default_factory=Vendor)
    clock: datetime = NOON
    uptime: timedelta = timedelta()
    runs: dict[str, Run] = field(default_factory=dict)
    started: int = 0
    dies_in_transaction: bool = False
    has_recovered: bool = False

    def write(self, change: Callable[[Session], Value]) -> Value:
        with transaction(self.engine) as session:
            result = change(session)
            if self.dies_in_transaction:
                self.dies_in_transaction = False
                raise Killed
        return result

    def read(self, number: int) -> Rollback:
        with reading(self.engine) as session:
            found = rollback(session, number)
        assert found is not None
        return found

    def all(self) -> tuple[Rollback, ...]:
        with reading(self.engine) as session:
            return last_rollbacks(session, [self.project], 1_000)[self.project]

    def current(self) -> Rollback | None:
        return next(iter(self.all()), None)

    def approved(self) -> list[tuple[Rollback, tuple[int, ...]]]:
        """Return every way back with the rounds in which somebody has approved it."""
        with reading(self.engine) as session:
            several = last_rollbacks(session, [self.project], 1_000)[self.project]
            given = [accepted_answers(session, each.id) for each in several]
        said = (tuple(one.round for one in answers if one.word == "YES") for answers in given)
        return list(zip(several, said, strict=True))

    def declined(self, number: int) -> tuple[int, ...]:
        """Return the rounds in which somebody has declined a way back."""
        with reading(self.engine) as session:
            return tuple(one.round for one in accepted_answers(session, number) if one.word == "NO")

    def start(self, run: str, event: str) -> None:
        """Start a run, or start it again: after it was killed, or because somebody believes that it was."""
        self.started += 1
        if run in self.runs:
            self.runs[f"{run} that was believed dead"] = self.runs.pop(run)
        self.runs[run] = self.play(run, event, f"{run}/{self.started}")

    def step(self, run: str) -> None:
        """Let a run go on to the next place where it may die."""
        try:
            next(self.runs[run])
        except (StopIteration, Killed):
            self.runs.pop(run, None)

    def reply(self, word: str, person: str, asked_in: int) -> None:
        waiting = self.current()
        if waiting is None:
            return
        given = Answer(word, person, self.clock, round=asked_in or waiting.round)
        with suppress(Killed):
            self.write(lambda session: answer(session, waiting.id, given, self.clock))

    def play(self, run: str, event: str, owner: str) -> Run:
        """Do what the flow does: always what the stored state says comes next."""
        request = RollbackRequest(
            self.project,
            "Ada",
            "checkout fails",
            run,
            dry_run=False,
            event_id=event,
            require_approval=not self.automatic,
            may_run_alone=self.automatic,
        )
        opened = self.write(lambda session: open_rollback(session, request, self.clock))
        yield
        while opened.state.is_active and opened.flow_run_id == run:
            yield from self.act(opened, owner)
            opened = self.read(opened.id)
            yield

    def act(self, at: Rollback, owner: str) -> Run:
        if at.state is RollbackState.REQUESTED:
            self.advance(at, RollbackState.PLANNED)
        elif at.state is RollbackState.PLANNED:
            if at.require_approval:
                self.ask(at)
            else:
                self.advance(at, RollbackState.APPROVED)
        elif at.state is RollbackState.AWAITING_APPROVAL:
            self.advance(at, RollbackState.EXPIRED)
        elif at.state is RollbackState.APPROVED:
            yield from self.look_again(at)
        elif at.state is RollbackState.EXECUTING:
            yield from self.move(at, owner)
        else:
            self.advance(at, RollbackState.SUCCEEDED)

    def look_again(self, at: Rollback) -> Run:
        changed = self.has_recovered or self.vendor.look().deployment != BAD
        yield
        if changed and self.vendor.look().deployment == BAD:
            self.has_recovered = False
            self.ask(at)
        elif changed:
            self.advance(at, RollbackState.REFUSED)
        else:
            self.advance(at, RollbackState.EXECUTING)

    def move(self, at: Rollback, owner: str) -> Run:
        claim = self.write(lambda session: claim_move(session, at.id, owner, self.clock))
        claimed_at = self.uptime
        yield
        if claim is None:
            return
        found = judge_move(self.vendor.look(), BAD, GOOD, claim.started_at).state
        yield
        if found is MoveState.DONE:
            self.advance(at, RollbackState.VERIFYING)
        elif found in {MoveState.FAILED, MoveState.STUCK, MoveState.ELSEWHERE}:
            self.advance(at, RollbackState.FAILED)
        elif found is MoveState.NOT_STARTED:
            again = claim.started_at is not None
            noted = self.write(lambda session: note_call(session, at.id, owner, self.clock, again=again))
            yield
            # What is measured by the machine's own uptime no clock can move.
            if noted and self.uptime - claimed_at < LEASE - CALL_TIME:
                self.call(at.id)
                yield

    def call(self, by: int) -> None:
        with suppress(TimedOut):
            self.vendor.roll_back(GOOD, by, self.clock)

    def ask(self, at: Rollback) -> None:
        self.write(
            lambda session: ask_approval(
                session, at.id, plan=plan(), evidence=None, actor="flow", sentence="asked", now=self.clock
            )
        )

    def advance(self, at: Rollback, to: RollbackState) -> None:
        self.write(lambda session: advance(session, at.id, at.state, to, {}, "flow", f"now {to}", self.clock))

    def adopt(self, run: str) -> None:
        """Let another run go on with what is under way, as on the start of a server that has lost the first one."""
        at = self.current()
        if at is None or not at.is_active or at.flow_run_id in self.runs:
            return
        with suppress(Killed):
            self.write(lambda session: adopt_rollback(session, at.id, at.flow_run_id, run, self.clock))
