"""Slack as a channel: one message for each group, edited as it changes, with each change in its thread."""

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256

from prefect.logging import get_logger

from blocks.slack import Slack
from reports.alert_texts import plain_text, plain_title
from reports.alert_words import actions
from reports.alerts import alert_message, change_message, is_loud
from reports.slack import SlackMessage, escape
from tasks.credentials import require_block
from tasks.run_forms import action_forms
from watchkeeper.clients.slack import SlackClient
from watchkeeper.clients.vendor_errors import MessageUnfit, VendorError, VendorRefused
from watchkeeper.domain.alert_channels import ChannelConfig
from watchkeeper.domain.alert_digests import Digest


async def send(channel: ChannelConfig, digest: Digest, reference: str, people: Mapping[str, str]) -> str:
    """Post the message of a group, or edit it and say in its thread what has changed; returns what to name it by.

    An incoming webhook can do neither: each change is a message of its own there, and it returns "".
    """
    slack = await require_block(Slack, channel.credentials)
    message = alert_message(digest, people, await action_forms(actions(digest)))
    async with slack.get_client() as client:
        posted = await _keep(client, channel, digest, reference, message)
        if posted:
            await _answer(client, channel, digest, people, posted, is_new=posted != reference)
    return posted


async def find(channel: ChannelConfig, digest: Digest, since: datetime) -> str:
    """Return the message that an attempt may have posted whose answer was lost; "" where there is none to be seen."""
    slack = await require_block(Slack, channel.credentials)
    async with slack.get_client() as client:
        if client.is_webhook:
            return ""
        try:
            return await client.find(channel.channel, _mark(channel, digest), since)
        except VendorRefused:
            return ""  # without the scope to read it is posted once more rather than not at all


async def _keep(
    client: SlackClient, channel: ChannelConfig, digest: Digest, reference: str, message: SlackMessage
) -> str:
    """Post or edit the message; in plain words where Slack does not take its form."""
    mark, place = _mark(channel, digest), channel.channel
    if digest.is_plain:
        return await client.update(place, reference, _plain_words(digest), (), mark, attachments=())
    try:
        return await client.update(
            place, reference, message.text, message.blocks, mark, attachments=message.attachments
        )
    except MessageUnfit as unfit:
        get_logger(__name__).error("%s: the message goes out in plain words: %s.", channel.name, unfit)
        return await client.update(place, reference, _plain_words(digest), (), mark, attachments=())


def _plain_words(digest: Digest) -> str:
    return escape(f"{plain_title(digest)} {plain_text(digest)}")


async def _answer(  # noqa: PLR0913 - all but five by name
    client: SlackClient, channel: ChannelConfig, digest: Digest, people: Mapping[str, str], posted: str, *, is_new: bool
) -> None:
    """Say in the thread what has changed.

    A new message has notified people itself; what it says more in its thread is not worth posting it a second time.
    """
    loud = not is_new and is_loud(digest, _posted_at(posted, digest.at))
    answer = change_message(digest, people, is_loud=loud)
    if answer is None or (digest.is_plain and is_new):
        return
    blocks = () if digest.is_plain else answer.blocks
    try:
        await client.post(channel.channel, answer.text, blocks, posted, is_broadcast=loud)
    except VendorError as error:
        if not is_new:
            raise
        get_logger(__name__).warning("%s: the thread has no more about it: %s.", channel.name, error)


def _mark(channel: ChannelConfig, digest: Digest) -> str:
    return sha256(f"{digest.key} {channel.name}".encode()).hexdigest()[:32]


def _posted_at(reference: str, default: datetime) -> datetime:
    """Return when a message was posted, which is what Slack names it by."""
    try:
        return datetime.fromtimestamp(float(reference.rpartition(":")[2]), UTC)
    except (ValueError, OverflowError, OSError):
        return default
