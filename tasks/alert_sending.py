"""Sends what waits in the outbox of alerts: at least once, in order, and no channel waits for another."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from tasks.channels import ChannelError, Failure, send_digest
from tasks.store import database
from watchkeeper.config import Configuration
from watchkeeper.domain.alert_channels import ChannelConfig
from watchkeeper.domain.alert_policy import Person
from watchkeeper.domain.circuits import retry_pause
from watchkeeper.store.alert_messages import (
    AlertMessage,
    Waiting,
    claim_message,
    hold_messages,
    mark_failed,
    mark_sent,
    pending_messages,
)
from watchkeeper.store.channel_states import channel_states, claim_probe, note_failure, note_success
from watchkeeper.store.database import reading, transaction

MOST_A_RUN: Final = 20  # for one channel; the others wait for the next run
SECONDS: Final = 25.0  # after that no other message is begun
NO_CHANNEL_PAUSE: Final = timedelta(minutes=15)


class _Outcome(Enum):
    ARRIVED = auto()
    LEFT = auto()  # somebody else has it, or it waits for a later run
    DOWN = auto()  # and so is whatever else waits for the channel


@dataclass(frozen=True, slots=True)
class _Round:
    """What one round of sending needs to know.

    Attributes:
        repositories: on GitHub, by project.
        start: when it began; `began`: the same on the monotonic clock.
    """

    channels: Mapping[str, ChannelConfig]
    people: Mapping[str, Person]
    repositories: Mapping[str, str]
    start: datetime
    began: float

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    @property
    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.seconds)


async def send(configuration: Configuration, now: datetime) -> int:
    """Send what waits, and return how many messages arrived. What fails stays in the outbox for a later run."""
    with reading(database()) as session:
        waiting = pending_messages(session, now)
    return await send_alerts(configuration, waiting, now) if waiting else 0


@task(cache_policy=NO_CACHE, persist_result=False)
async def send_alerts(configuration: Configuration, waiting: Sequence[Waiting], now: datetime) -> int:
    """Send these messages, all channels at once and each in its order; return how many arrived."""
    sending = _Round(
        channels=configuration.channels,
        people=configuration.alert_policy.people,
        repositories={each.slug: each.github.repository for each in configuration.projects if each.github},
        start=now,
        began=time.monotonic(),
    )
    by_channel: dict[str, list[Waiting]] = defaultdict(list)
    for message in waiting:
        by_channel[message.channel].append(message)
    return sum(await asyncio.gather(*(_send_to(name, several, sending) for name, several in by_channel.items())))


async def _send_to(channel: str, waiting: Sequence[Waiting], sending: _Round) -> int:
    arrived = 0
    for message in waiting[:MOST_A_RUN]:
        if sending.seconds > SECONDS or not _is_tried(channel, sending.now):
            break
        outcome = await _send(message, sending)
        arrived += outcome is _Outcome.ARRIVED
        if outcome is _Outcome.DOWN:
            break
    return arrived


def _is_tried(channel: str, now: datetime) -> bool:
    """Return whether a channel is tried now; one that is down by a single message at a time."""
    with reading(database()) as session:
        circuit = channel_states(session).get(channel)
    if circuit is None or not circuit.is_open:
        return True
    with transaction(database()) as session:
        return claim_probe(session, channel, now)


async def _send(waiting: Waiting, sending: _Round) -> _Outcome:
    with transaction(database()) as session:
        message = claim_message(session, waiting.id, sending.now)
    if message is None:
        return _Outcome.LEFT
    channel = sending.channels.get(message.channel)
    if channel is None:
        return _is_nowhere(message, sending.now)
    repository = sending.repositories.get(message.digest.project, "")
    try:
        sent = await send_digest(
            channel,
            message.digest,
            message.reference,
            sending.people,
            repository=repository,
            is_repeated=message.attempts > 1,
        )
    except ChannelError as error:
        return _failed(message, error, sending.now)
    with transaction(database()) as session:
        mark_sent(session, message.id, sent.reference or message.reference, sending.now)
        note_success(session, message.channel, sending.now)
    return _Outcome.ARRIVED


def _is_nowhere(message: AlertMessage, now: datetime) -> _Outcome:
    """Let a message wait whose channel is not configured any more: perhaps the file is just being mended."""
    with transaction(database()) as session:
        reason = f'there is no channel "{message.channel}" in the configuration any more'
        mark_failed(session, message.id, reason, now + NO_CHANNEL_PAUSE, now)
    return _Outcome.LEFT


def _failed(message: AlertMessage, error: ChannelError, now: datetime) -> _Outcome:
    name, is_final = message.channel, error.failure is Failure.UNFIT
    retry_at = max(now + retry_pause(message.attempts), error.retry_at or now)
    with transaction(database()) as session:
        is_lost = mark_failed(session, message.id, error.reason, None if is_final else retry_at, now)
        if is_final:
            note_success(session, name, now)  # it lives, and will never take this one
        else:
            note_failure(session, name, error.reason, now, is_certain=error.failure is Failure.MEND)
        if error.failure is Failure.DOWN and error.retry_at is not None:
            hold_messages(session, name, error.retry_at)
    fate = "is lost" if is_lost else "waits"
    get_run_logger().error("A message %s that was for %s: %s.", fate, name, error.reason.rstrip("."))
    return _Outcome.DOWN if error.failure is Failure.DOWN else _Outcome.LEFT
