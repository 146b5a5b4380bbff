"""Brings a report to one place, or says why it is not there and when it is tried again."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from prefect import Task
from prefect.blocks.core import Block

from blocks.apprise import Apprise
from blocks.github import GitHub
from blocks.slack import Slack
from tasks import report_ledger as ledger
from tasks.credentials import load_block
from tasks.outcomes import outcome
from tasks.report_sending import MESSAGE, Sending, publish_to_pages, send_by_apprise, send_to_slack
from watchkeeper.domain.deliveries import (
    WAITING,
    ChannelKind,
    Delivered,
    DeliveryState,
    Outcome,
    is_given_up,
    try_again_at,
)
from watchkeeper.domain.verdicts import Gap, Missing
from watchkeeper.store.report_deliveries import LEASE, Delivery

LOOK_AGAIN_SECONDS: Final = 1.0
_SENDERS: Final[Mapping[ChannelKind, tuple[type[Block], Task[..., Any]]]] = {
    ChannelKind.SLACK: (Slack, send_to_slack),
    ChannelKind.APPRISE: (Apprise, send_by_apprise),
    ChannelKind.GITHUB_PAGES: (GitHub, publish_to_pages),
}
_NAMES: Final = {
    ChannelKind.SLACK: "Slack",
    ChannelKind.APPRISE: "Apprise",
    ChannelKind.GITHUB_PAGES: "GitHub Pages",
}


async def deliver(delivery: Delivery, files: Mapping[str, bytes]) -> Delivered:
    """Bring a report to one place, unless it is there as it should be.

    While somebody else is about it we wait: until it is done, or until the one that had it must be dead.

    Args:
        files: what goes along, by name.
    """
    if delivery.state is DeliveryState.SENT:
        return _said(delivery, Outcome.UNCHANGED, f"unchanged since {_moment(delivery.sent_at)}")
    owner = uuid4().hex
    taken = await _take(delivery, owner)
    if taken is None:
        return _done_by_others(delivery)
    kind, send = _SENDERS[taken.plan.kind]
    block = await load_block(kind, taken.plan.credentials)
    sending = Sending(taken, owner, files)
    result = block if isinstance(block, Missing) else await outcome(send(block, sending, return_state=True))
    now = ledger.read(taken) or taken
    if isinstance(result, Missing):
        return _not_delivered(now, owner, result)
    ledger.delivered(taken, owner)
    return _delivered(taken, now)


def not_delivered(delivery: Delivery, reason: Missing) -> Delivered:
    """Record that nothing could be sent at all, and return that."""
    owner = uuid4().hex
    taken = ledger.claim(delivery.id, owner)
    return _done_by_others(delivery) if taken is None else _not_delivered(taken, owner, reason)


async def _take(delivery: Delivery, owner: str) -> Delivery | None:
    """Take the delivery once it is free; None when it is done by then."""
    deadline = datetime.now(UTC) + LEASE + timedelta(seconds=5)
    while datetime.now(UTC) < deadline:
        if taken := ledger.claim(delivery.id, owner):
            return taken
        now = ledger.read(delivery)
        if now is None or now.state not in WAITING:
            return None
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
    return None


def _delivered(before: Delivery, now: Delivery) -> Delivered:
    if before.plan.kind is ChannelKind.GITHUB_PAGES:
        return _said(now, Outcome.UPDATED if before.sent_digest else Outcome.SENT, f"published as {now.ts[:7]}")
    if now.parts == before.parts:
        return _said(now, Outcome.UNCHANGED, "told before, and cannot be edited")
    if before.ts and now.ts == before.ts:
        sentence = "the message that was there is up to date"
        return _said(now, Outcome.UPDATED if before.sent_digest else Outcome.SENT, sentence)
    extra = ", with its files" if len(now.parts) > 1 and now.plan.kind is ChannelKind.SLACK else ""
    return _said(now, Outcome.SENT, f"delivered{extra}")


def _not_delivered(delivery: Delivery, owner: str, reason: Missing) -> Delivered:
    now = datetime.now(UTC)
    retry_at = try_again_at(now, delivery.attempts)
    is_partly = any(part.endswith(MESSAGE) for part in delivery.parts) or bool(delivery.parts)
    state = DeliveryState.PARTLY if is_partly else DeliveryState.PENDING
    if is_given_up(delivery.planned_at, retry_at):
        state = DeliveryState.GIVEN_UP
    ledger.undelivered(
        delivery,
        owner,
        state=state,
        error=reason.reason,
        retry_at=retry_at,
        is_unsure=reason.gap is Gap.UNAVAILABLE,
    )
    what = "only partly there" if is_partly else "not delivered"
    then = "given up after a day" if state is DeliveryState.GIVEN_UP else f"tried again from {_moment(retry_at)} on"
    return _said(delivery, Outcome(state.value), f"{what}, {then}: {reason.reason}")


def _done_by_others(delivery: Delivery) -> Delivered:
    now = ledger.read(delivery)
    if now is not None and now.state is DeliveryState.SENT:
        return _said(now, Outcome.UNCHANGED, "delivered by another run meanwhile")
    return _said(delivery, Outcome.BUSY, "another run is delivering it")


def _said(delivery: Delivery, outcome: Outcome, words: str) -> Delivered:
    kind, place = delivery.plan.kind, delivery.plan.destination
    return Delivered(kind, place, outcome, f"{_NAMES[kind]} {place}: {words}")


def _moment(at: datetime | None) -> str:
    return "then" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
