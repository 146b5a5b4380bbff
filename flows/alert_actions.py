"""What people do about alerts, from the forms of the Prefect UI; the command line does the same."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, assert_never

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import Field

from tasks.alert_actions import acknowledge, acknowledge_storm, assign, resolve, silence, unsilence
from tasks.alert_sending import send
from tasks.alerts import decide
from tasks.configuration import load_configuration
from watchkeeper.domain.phrases import clock

Name = Annotated[str, Field(min_length=1, max_length=80)]


class AlertAction(StrEnum):
    ACKNOWLEDGE = "acknowledge"
    ASSIGN = "assign"
    RESOLVE = "resolve"
    SILENCE = "silence"
    UNSILENCE = "unsilence"


@flow(name="alerts", timeout_seconds=120, persist_result=False)
async def alerts(  # noqa: PLR0913, PLR0917 - the fields of the form
    action: AlertAction,
    who: Name,
    group: Annotated[int, Field(ge=0)] = 0,
    person: Annotated[str, Field(max_length=80)] = "",
    matchers: list[str] | None = None,
    hours: Annotated[float, Field(gt=0, le=720)] = 1,
    silence_number: Annotated[int, Field(ge=0)] = 0,
    comment: Annotated[str, Field(max_length=500)] = "",
    storm: Annotated[int, Field(ge=0)] = 0,
) -> State[Any]:
    """Do something about alerts, and tell those who should know of it.

    Args:
        action: acknowledge, assign, resolve, silence or unsilence.
        who: your name.
        group: number of the group, as the message has it; for acknowledge, assign and resolve.
        person: to whom it is given; for assign.
        matchers: what is kept quiet, as `project=shop`; all must match; for silence.
        hours: for how long; for silence.
        silence_number: which one ends; for unsilence.
        comment: why.
        storm: number of a storm, as the message has it; for acknowledge instead of a group, for silence instead of or
            beside matchers.
    """
    now = datetime.now(UTC)
    match action:
        case AlertAction.ACKNOWLEDGE:
            done = acknowledge_storm(storm, who, now) if storm else acknowledge(group, who, now)
        case AlertAction.ASSIGN:
            done = assign(group, person or who, who, now)
        case AlertAction.RESOLVE:
            done = resolve(group, who, comment, now)
        case AlertAction.SILENCE:
            done = keep_quiet(matchers or (), timedelta(hours=hours), who, comment, now, storm)
        case AlertAction.UNSILENCE:
            done = unsilence(silence_number, who, now)
        case _:
            assert_never(action)
    get_run_logger().info("%s", done)
    configuration, _ = load_configuration()
    decide(configuration, now)
    await send(configuration, now)
    return Completed(message=done)


def keep_quiet(  # noqa: PLR0913, PLR0917 - what, how long, who and why
    matchers: Sequence[str], time: timedelta, who: str, comment: str, now: datetime, storm: int = 0
) -> str:
    """Set a silence from now on, and return a sentence that says so."""
    number = silence(matchers, now, now + time, who, comment, now, storm)
    return f"Silence {number} holds until {clock(now + time)}."
