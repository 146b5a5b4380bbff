"""Answers of people: written down first, then the run that waits for them goes on.

The way of an answer is the same from everywhere: one row, by compare-and-swap, and what it means follows from the row.
What is typed into Prefect's own form is kept by the server. Before any other answer counts, and before anything is done
by one, all that the server holds is written down as well.
"""

import asyncio
import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID, uuid4

import httpx
from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import FlowRunInput, State
from prefect.client.schemas.responses import SetStateStatus
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.input import RunInput
from prefect.states import Scheduled
from pydantic import Field

from tasks.rollback_record import way_back, write_answer
from watchkeeper.domain.approvals import NO, Answer
from watchkeeper.domain.rollback import Rollback
from watchkeeper.domain.rollback_questions import plan_digest
from watchkeeper.store.rollbacks import AnswerResult

IN_THE_UI: Final = "ui"
INPUTS_A_PAGE: Final = 200
TRIES: Final = 20  # to resume a run that the server is busy with
TRY_AGAIN_SECONDS: Final = 0.5
MAX_SHOWN: Final = 60  # characters of what could not be read
_PREFIX: Final = "suspended-approval-"
_RESPONSE: Final = re.compile(rf"{_PREFIX}([0-9]{{1,6}})-([0-9a-f]{{16}})-[0-9a-f]{{8}}-response")
_BUSY: Final = frozenset({409, 503})  # another answer is just being taken; SQLite is locked


class Approval(RunInput):
    """What the form in Prefect's UI asks for. The server itself refuses every other word."""

    confirm: Annotated[Literal["YES", "NO"], Field(title="YES or NO")]
    approver: Annotated[str, Field(min_length=1, max_length=80, title="Your name or e-mail address")]
    comment: Annotated[str, Field(max_length=400, title="Comment")] = ""


# What resumes a run after an answer from elsewhere. It is no answer of anybody.
WAKE: Final = {"confirm": NO, "approver": "watchkeeper", "comment": "(only to let the run go on)"}


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed into the form. `key`: of the input; `round`, `plan`: to which question."""

    key: str
    round: int
    plan: str
    word: str
    approver: str
    comment: str

    def answer(self, flow_run: str) -> Answer:
        now, key = datetime.now(UTC), f"{flow_run}/{self.key}"
        return Answer(self.word, self.approver, now, self.comment, IN_THE_UI, self.round, self.plan, key)


async def give_answer(  # noqa: PLR0913, PLR0917 - to what, what, who, why, where and after having seen what
    rollback: int, word: str, approver: str, comment: str, via: str, plan: str = ""
) -> AnswerResult:
    """Write down what somebody answers and let the run that waits for it go on; the result says what became of it.

    What was typed into the form before is written down first. While the server cannot be asked for that, the answer is
    written down all the same: the run asks again before it does anything by it. A run that cannot go on now, as when
    its server is away, is seen to by the watch over ways back.

    Args:
        via: where it was given: cli, slack, api.
        plan: the digest of what the person has seen. A YES without it does not count.

    Raises:
        UnknownRollback: there is none with this id.
    """
    is_reached = await _take_what_is_there(way_back(rollback))
    result = write_answer.fn(rollback, Answer(word, approver, datetime.now(UTC), comment, via, plan=plan))
    if result.is_accepted or result.is_repeat:
        try:
            await resume_run(result.rollback.flow_run_id)
        except httpx.HTTPError:
            is_reached = False
    return replace(result, is_woken=is_reached)


async def resume_run(flow_run: str) -> bool:
    """Let a suspended run go on; False when it does not wait (any more), or cannot be resumed."""
    async with get_client() as client:
        for _ in range(TRIES):
            try:
                result = await client.resume_flow_run(UUID(flow_run), run_input=WAKE)
            except (ObjectNotFound, ValueError):
                return False
            except PrefectHTTPStatusError as error:
                if error.response.status_code not in _BUSY:
                    raise
            else:
                if result.status is SetStateStatus.ACCEPT:
                    return True
                # A run that still runs, or whose form is not there yet, is just about to be suspended.
                if result.status is SetStateStatus.ABORT and not await _runs(client, UUID(flow_run)):
                    return False
            await asyncio.sleep(TRY_AGAIN_SECONDS)
        return await _resume_without_form(client, UUID(flow_run))


@task(cache_policy=NO_CACHE, persist_result=False)
async def take_typed_answers(rollback: Rollback) -> Rollback:
    """Write down what was typed into the forms of the run of a way back, and return what came of it.

    An answer that does not count, or that cannot be read, is written down with its reason, and the question stays open.
    Each is written down once, whoever comes to it first.
    """
    for typed in await typed_answers(rollback.flow_run_id):
        write_answer.fn(rollback.id, typed.answer(rollback.flow_run_id))
    return way_back(rollback.id)


async def typed_answers(flow_run: str) -> tuple[Typed, ...]:
    """Return what was typed into the forms of a run, in its order; nothing for a run that is not there any more."""
    async with get_client() as client:
        try:
            inputs = await _inputs(client, UUID(flow_run))
        except (ObjectNotFound, ValueError):
            return ()
    found = [(match, each) for each in inputs if (match := _RESPONSE.fullmatch(each.key))]
    return tuple(_typed(int(match[1]), match[2], each) for match, each in found if not _only_wakes(each.value))


def question_key(rollback: Rollback) -> str:
    """Return a key to suspend the run under: another one each time, since the server takes each only once."""
    return f"approval-{rollback.round}-{plan_digest(rollback)}-{uuid4().hex[:8]}"


async def _take_what_is_there(rollback: Rollback) -> bool:
    """Write down what the server holds; False when it cannot be asked."""
    try:
        await take_typed_answers.fn(rollback)
    except httpx.HTTPError:
        return False
    return True


async def _inputs(client: PrefectClient, flow_run: UUID) -> list[FlowRunInput]:
    """Return all that was ever put into the forms of a run, the oldest first."""
    found: list[FlowRunInput] = []
    while True:
        known = {each.key for each in found}
        page = await client.filter_flow_run_input(flow_run, _PREFIX, INPUTS_A_PAGE, known)
        found += page
        if len(page) < INPUTS_A_PAGE:
            return found


async def _runs(client: PrefectClient, flow_run: UUID) -> bool:
    state = (await client.read_flow_run(flow_run)).state
    return state is not None and state.is_running()


async def _resume_without_form(client: PrefectClient, flow_run: UUID) -> bool:
    """Let a run go on that was killed between its suspension and its form: the server refuses every input to it."""
    state = (await client.read_flow_run(flow_run)).state
    if state is None or not state.is_paused():
        return False
    resuming: State[Any] = Scheduled(name="Resuming")
    result = await client.set_flow_run_state(flow_run, resuming)
    return result.status is SetStateStatus.ACCEPT


def _typed(number: int, plan: str, given: FlowRunInput) -> Typed:
    values = _values(given.value)
    texts = [values.get(name, "") for name in ("confirm", "approver", "comment")]
    if not values or not all(isinstance(text, str) for text in texts):
        return Typed(given.key, number, plan, given.value[:MAX_SHOWN], "", "(it could not be read)")
    return Typed(given.key, number, plan, *texts)


def _values(text: str) -> dict[str, Any]:
    """Return what stands in an input; nothing where it is not what a form sends."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _only_wakes(text: str) -> bool:
    return _values(text) == WAKE
