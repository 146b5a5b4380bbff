"""Answers of people: written down first, then the run that waits for them goes on.

The way of an answer is the same from everywhere: one row, by compare-and-swap, and what it means follows from the row.
What is typed into Prefect's own form is kept by the server until the run has written it down.
"""

import asyncio
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import httpx
from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import FlowRunInput
from prefect.client.schemas.responses import SetStateStatus
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.input import RunInput
from pydantic import Field

from tasks.rollback_record import answers_of, way_back, write_answer
from watchkeeper.domain.approvals import NO, Answer
from watchkeeper.domain.rollback import Rollback
from watchkeeper.store.rollbacks import AnswerResult, StoredAnswer

IN_THE_UI: Final = "ui"
MOST_INPUTS: Final = 200
TRIES: Final = 20  # to resume a run that the server is busy with
TRY_AGAIN_SECONDS: Final = 0.5
_RESPONSE: Final = re.compile(r"suspended-approval-(\d+)-(\d+)-response")
_BUSY: Final = frozenset({409, 503})  # another answer is just being taken; SQLite is locked


class Approval(RunInput):
    """What the form in Prefect's UI asks for. The server itself refuses every other word."""

    confirm: Annotated[Literal["YES", "NO"], Field(title="YES or NO")]
    approver: Annotated[str, Field(min_length=1, max_length=80, title="Your name or e-mail address")]
    comment: Annotated[str, Field(max_length=400, title="Comment")] = ""


WAKE: Final = {"confirm": NO, "approver": "watchkeeper", "comment": "(only to let the run end)"}


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed into the form. `round`, `number`: which question, and which answer to it, from 0."""

    round: int
    number: int
    word: str
    approver: str
    comment: str

    @property
    def answer(self) -> Answer:
        return Answer(self.word, self.approver, datetime.now(UTC), self.comment, IN_THE_UI, self.round)


async def give_answer(rollback: int, word: str, approver: str, comment: str, via: str) -> AnswerResult:
    """Write down what somebody answers and let the run that waits for it go on; the result says what became of it.

    The first answer counts. A run that cannot go on now, as when its server is away, is seen to by the watch over ways
    back.

    Args:
        via: where it was given: cli, slack, api.

    Raises:
        UnknownRollback: there is none with this id.
    """
    result = write_answer.fn(rollback, Answer(word, approver, datetime.now(UTC), comment, via))
    if result.is_accepted or result.is_repeat:
        run_input = {"confirm": word, "approver": approver[:80], "comment": comment[:400]}
        try:
            await resume_run(result.rollback.flow_run_id, run_input)
        except httpx.HTTPError:
            return replace(result, is_woken=False)
    return result


async def resume_run(flow_run: str, run_input: dict[str, str] = WAKE) -> bool:
    """Let a suspended run go on; False when it does not wait (any more), or cannot be resumed."""
    async with get_client() as client:
        for _ in range(TRIES):
            try:
                result = await client.resume_flow_run(UUID(flow_run), run_input=run_input)
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
    return False


async def _runs(client: PrefectClient, flow_run: UUID) -> bool:
    state = (await client.read_flow_run(flow_run)).state
    return state is not None and state.is_running()


@task(cache_policy=NO_CACHE, persist_result=False)
async def take_typed_answers(rollback: Rollback) -> Rollback:
    """Write down what was typed into the form of the run that waits, as far as it is not, and return what came of it.

    An answer that does not count is written down with its reason, and the question stays open.
    """
    typed = await typed_answers(rollback.flow_run_id)
    for each in not_written_down(typed, answers_of(rollback.id)):
        write_answer.fn(rollback.id, each.answer)
    return way_back(rollback.id)


async def typed_answers(flow_run: str) -> tuple[Typed, ...]:
    """Return what was typed into the forms of a run, in its order; nothing for a run that is not there any more."""
    async with get_client() as client:
        try:
            inputs = await client.filter_flow_run_input(UUID(flow_run), "suspended-approval-", MOST_INPUTS, set())
        except (ObjectNotFound, ValueError):
            return ()
    found = [(match, each) for each in inputs if (match := _RESPONSE.fullmatch(each.key))]
    typed = [_typed(int(match[1]), int(match[2]), each) for match, each in found]
    return tuple(sorted(typed, key=lambda each: (each.round, each.number)))


def not_written_down(typed: Sequence[Typed], written: Sequence[StoredAnswer]) -> tuple[Typed, ...]:
    """Return the typed answers that are not written down yet.

    What resumed the run after an answer from elsewhere stands among the typed ones, and is none.
    """
    elsewhere = {_key(each.answer) for each in written if each.is_accepted and each.answer.via != IN_THE_UI}
    own = [each for each in typed if not _only_wakes(each) and _key(each.answer) not in elsewhere]
    found: list[Typed] = []
    for number in sorted({each.round for each in own}):
        kept = sum(each.answer.via == IN_THE_UI and each.answer.round == number for each in written)
        found += [each for each in own if each.round == number][kept:]
    return tuple(found)


def question_key(rollback: Rollback, typed: Sequence[Typed]) -> str:
    """Return the key under which the run is suspended: another one for each question, and after each refused answer."""
    return f"approval-{rollback.round}-{sum(each.round == rollback.round for each in typed)}"


def _typed(number: int, place: int, given: FlowRunInput) -> Typed:
    values: dict[str, Any] = json.loads(given.value)
    return Typed(number, place, str(values["confirm"]), str(values["approver"]), str(values.get("comment", "")))


def _key(answer: Answer) -> tuple[int, str, str, str]:
    return answer.round, answer.word, answer.approver[:80], answer.comment[:400]


def _only_wakes(typed: Typed) -> bool:
    return {"confirm": typed.word, "approver": typed.approver, "comment": typed.comment} == WAKE
