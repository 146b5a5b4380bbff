"""Every minute, and after each health check: whoever must know of it is told, once.

Order: note what went wrong with our own runs -> hold what is known against the rules -> take the answers of people ->
decide who is told what -> send. It waits for what becomes due before the next run, and begins again with it. What
nobody waits for goes last, once a run: numbers for others to draw, and the drafts of post-incident reports.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from reports.text import one_line
from tasks.alert_answers import take_answers
from tasks.alert_record import not_delivered
from tasks.alert_runs import note_runs
from tasks.alert_sending import send
from tasks.alerts import decide, look
from tasks.configuration import load_configuration
from tasks.datadog import forward_measurements
from tasks.incident_reports import draft_reports
from watchkeeper.domain.outbox import Lost
from watchkeeper.domain.phrases import amount

WAIT_SECONDS: Final = 35.0  # for what becomes due: a new group waits for half a minute
UNDELIVERED: Final = "Undelivered"
MOST_SECONDS: Final = 75.0  # after that nothing is waited for any more


@flow(name="alert-dispatch", timeout_seconds=175, persist_result=False)
async def alert_dispatch() -> State[Any]:
    """Tell whoever must know. Two at once tell nothing twice; the next one does what a killed one leaves."""
    began = time.monotonic()
    since = datetime.now(UTC)
    configuration, _ = load_configuration()
    changed, sent = 0, 0
    while True:
        now = datetime.now(UTC)
        await note_runs(now)
        changed += look(configuration, now)
        await take_answers(configuration, now)
        due = decide(configuration, now)
        sent += await send(configuration, now)
        pause = seconds_until(due)
        if pause > WAIT_SECONDS or time.monotonic() - began + pause > MOST_SECONDS:
            await forward_measurements(configuration, now)
            await draft_reports(configuration, now)
            return end_of_run(changed, sent, not_delivered(since))
        await asyncio.sleep(pause)


def end_of_run(changed: int, sent: int, lost: Sequence[Lost]) -> State[Any]:
    """Return the state of a run: one that could not deliver something is named so."""
    did = f"{amount(changed, 'alert')} changed, {amount(sent, 'message')} sent"
    if not lost:
        return Completed(message=did)
    sentences = "; ".join(one_line(each.sentence) for each in lost)
    return Completed(name=UNDELIVERED, message=f"{did}, {amount(len(lost), 'message')} NOT delivered: {sentences}")


def seconds_until(due: datetime | None) -> float:
    """Return how long it is until then; a moment at least, without end for never."""
    return float("inf") if due is None else max((due - datetime.now(UTC)).total_seconds(), 0.5)
