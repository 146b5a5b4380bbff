"""Slack: messages to people."""

from blocks.slack import Slack
from reports.slack import SlackMessage
from tasks.vendors import vendor_task


@vendor_task("slack {channel}")
async def post_message(slack: Slack, message: SlackMessage, channel: str, ts: str = "") -> str:
    """Post a message, or edit the one that `ts` names; returns what to name it by later.

    When Slack took the message and its answer was lost, the repetition posts it once more: at least once.

    Args:
        ts: what an earlier call returned; "" for a new message.
    """
    async with slack.get_client() as client:
        if ts:
            return await client.update(channel, ts, message.text, message.blocks)
        return await client.post(channel, message.text, message.blocks)
