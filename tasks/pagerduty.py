"""PagerDuty: groups of alerts as incidents there, and what people there have taken on."""

from collections.abc import Collection, Mapping
from datetime import datetime

from blocks.pagerduty import PagerDuty
from reports.pagerduty import pagerduty_event
from tasks.credentials import require_block
from watchkeeper.domain.alert_channels import ChannelConfig
from watchkeeper.domain.alert_digests import Digest


async def send(channel: ChannelConfig, digest: Digest, _reference: str, _people: Mapping[str, str]) -> str:
    """Open, acknowledge or resolve the incident of a group and return its deduplication key.

    Sending the same again changes nothing. Whom PagerDuty calls is up to its own schedules.
    """
    pagerduty = await require_block(PagerDuty, channel.credentials)
    event = pagerduty_event(digest)
    async with pagerduty.get_events_client() as client:
        await client.enqueue(event)
    return event.dedup_key


async def read_acknowledgements(
    channel: ChannelConfig, since: datetime, keys: Collection[str]
) -> Mapping[str, tuple[str, datetime]]:
    """Return by deduplication key who has acknowledged it in PagerDuty, and when; only people, not our own events.

    Without a token to read with nothing comes back.

    Args:
        since: when the oldest of the groups was opened.
        keys: what `send` returned for the groups that are open.
    """
    pagerduty = await require_block(PagerDuty, channel.credentials)
    if not keys or not pagerduty.can_read:
        return {}
    async with pagerduty.get_client() as client:
        found = await client.acknowledgements(keys, since)
    return {key: (each.who, each.at) for key, each in found.items()}
