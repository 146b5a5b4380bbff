"""Sends what waits in the outbox of alerts: at least once, in order, and no channel waits for another.

What a channel refuses is sent again in its plain form; what it refuses even so is taken back, told anew after a pause,
and itself an alert on the other channels. What fails while others arrive is sent apart, in its plain form.
"""

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

from tasks.channels import ChannelError, Failure, Sent, send_digest
from tasks.store import database
from watchkeeper.config import Configuration
from watchkeeper.domain.alert_channels import ChannelConfig
from watchkeeper.domain.alert_digests import plain_digest
from watchkeeper.domain.alert_policy import Person
from watchkeeper.domain.alert_transitions import REFUSED_PAUSE
from watchkeeper.domain.circuits import Circuit, retry_pause
from watchkeeper.domain.outbox import Waiting
from watchkeeper.store.alert_messages import (
    AlertMessage,
    claim_message,
    hold_messages,
    mark_failed,
    mark_sent,
    pending_messages,
)
from watchkeeper.store.alert_withdrawals import take_back_lost
from watchkeeper.store.channel_states import channel_states, claim_probe, note_failure, note_success
from watchkeeper.store.database import reading, transaction

MOST_A_RUN: Final = 20  # for one channel; the others wait for the next run
MAX_FAILURES: Final = 2  # of one channel in a run
SECONDS: Final = 25.0  # after that no other message is begun
NO_CHANNEL_PAUSE: Final = timedelta(minutes=15)


class _Outcome(Enum):
    ARRIVED = auto()
    LEFT = auto()  # somebody else has it, or it waits for a later run, or it is lost
    FAILED = auto()  # perhaps the channel is down, perhaps it is only this message
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
        waiting = pending_messages(session, now, channel_states(session))
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
    """Send to one channel until two messages have failed: after one that fails another is tried, to tell them apart."""
    arrived = failures = 0
    for message in waiting[:MOST_A_RUN]:
        if sending.seconds > SECONDS or not _is_tried(channel, sending.now):
            break
        outcome = await _send(message, sending)
        arrived += outcome is _Outcome.ARRIVED
        failures += outcome is _Outcome.FAILED
        if outcome is _Outcome.DOWN or failures == MAX_FAILURES:
            break
    return arrived


def _is_tried(channel: str, now: datetime) -> bool:
    """Return whether a channel is tried now; one that is down by a single message at a time."""
    with reading(database()) as session:
        circuit = channel_states(session).get(channel)
    if circuit is None or not circuit.is_open:
        return circuit is None or circuit.lets_through(now)
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
    is_poison = waiting.is_poison(_circuit(message.channel))
    try:
        sent = await _deliver(channel, message, sending, is_plain=is_poison)
    except ChannelError as error:
        return _failed(message, error, sending.now, is_poison=is_poison)
    with transaction(database()) as session:
        mark_sent(session, message.id, sent.reference or message.reference, sending.now, missing=sent.missing)
        note_success(session, message.channel, sending.now)
    if sent.missing:
        get_run_logger().error("%s: %s.", message.channel, sent.missing)
    return _Outcome.ARRIVED


async def _deliver(channel: ChannelConfig, message: AlertMessage, sending: _Round, *, is_plain: bool) -> Sent:
    """Send a message, in its plain form where the channel refuses the full one.

    Raises:
        ChannelError: it is not there; a refusal was one of the plain form.
    """
    digest = plain_digest(message.digest) if is_plain else message.digest
    try:
        return await send_digest(
            channel,
            digest,
            message.reference,
            sending.people,
            repository=sending.repositories.get(digest.project, ""),
            is_repeated=message.unsure_since is not None,
            unsure_since=message.unsure_since,
        )
    except ChannelError as error:
        if error.failure is not Failure.UNFIT or is_plain:
            raise
        get_run_logger().warning("%s: sent again in plain form: %s.", message.channel, error.reason.rstrip("."))
        return await _deliver(channel, message, sending, is_plain=True)


def _circuit(channel: str) -> Circuit | None:
    with reading(database()) as session:
        return channel_states(session).get(channel)


def _is_nowhere(message: AlertMessage, now: datetime) -> _Outcome:
    """Let a message wait whose channel is not configured any more: perhaps the file is just being mended."""
    with transaction(database()) as session:
        reason = f'there is no channel "{message.channel}" in the configuration any more'
        mark_failed(session, message.id, reason, now + NO_CHANNEL_PAUSE, now, attempt=message.attempts)
    return _Outcome.LEFT


def _failed(message: AlertMessage, error: ChannelError, now: datetime, *, is_poison: bool) -> _Outcome:
    name, asks_for_pause = message.channel, error.failure is Failure.DOWN and error.retry_at is not None
    is_refused = error.failure is Failure.UNFIT or (is_poison and error.failure is Failure.DOWN and not asks_for_pause)
    retry_at = max(now + retry_pause(message.attempts), error.retry_at or now)
    with transaction(database()) as session:
        is_lost = mark_failed(
            session,
            message.id,
            error.reason,
            None if is_refused else retry_at,
            now,
            is_unsure=error.is_unsure,
            attempt=message.attempts,
        )
        if is_lost:
            take_back_lost(session, message, now, REFUSED_PAUSE)
        if is_refused:
            note_success(session, name, now)  # it lives, and does not take this one
        else:
            is_certain = error.failure is Failure.MEND
            note_failure(session, name, error.reason, now, is_certain=is_certain, asked=_asked(error))
        if asks_for_pause and error.retry_at is not None:
            hold_messages(session, name, error.retry_at)
    _log_failure(message, error, is_lost=is_lost)
    if error.failure is not Failure.DOWN or is_refused:
        return _Outcome.LEFT
    return _Outcome.DOWN if asks_for_pause else _Outcome.FAILED


def _asked(error: ChannelError) -> datetime | None:
    return error.retry_at if error.failure is Failure.DOWN else None


def _log_failure(message: AlertMessage, error: ChannelError, *, is_lost: bool) -> None:
    words = "NOT DELIVERED to %s, and told anew later: %s (%s)." if is_lost else "Not delivered to %s yet: %s (%s)."
    get_run_logger().error(words, message.channel, message.digest.title, error.reason.rstrip("."))
