"""Slack: messages to people."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from prefect.logging import get_logger

from blocks.slack import Slack
from reports.slack import SlackMessage
from tasks.vendors import vendor_task
from watchkeeper.clients.vendor_errors import MessageUnfit

Blocks = Sequence[dict[str, Any]]


@vendor_task("slack {channel}")
async def post_message(slack: Slack, message: SlackMessage, channel: str, ts: str = "") -> str:
    """Post a message, or edit the one that `ts` names; returns what to name it by later.

    When Slack took the message and its answer was lost, the repetition posts it once more: at least once.

    Args:
        ts: what an earlier call returned; "" for a new message.
    """
    async with slack.get_client() as client:
        if ts:
            return await or_plain(
                message.blocks, lambda blocks: client.update(channel, ts, message.text, blocks), channel
            )
        return await or_plain(message.blocks, lambda blocks: client.post(channel, message.text, blocks), channel)


async def or_plain(blocks: Blocks, send: Callable[[Blocks], Awaitable[str]], channel: str) -> str:
    """Return what sending with these blocks returns, or, where Slack does not take them, sending the text alone.

    Raises:
        VendorError: neither is there.
    """
    try:
        return await send(blocks)
    except MessageUnfit as unfit:
        if not blocks:
            raise
        get_logger(__name__).error("%s: the message goes out as text alone: %s.", channel, unfit)
        return await send(())
