"""Datadog: groups of alerts as events there, and what is measured as time series."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from prefect import get_run_logger

from blocks.datadog import Datadog
from reports.datadog import datadog_event
from tasks.credentials import require_block
from tasks.store import database
from watchkeeper.clients.vendor_errors import VendorError
from watchkeeper.config import Configuration
from watchkeeper.domain.alert_channels import ChannelConfig
from watchkeeper.domain.alert_digests import Digest
from watchkeeper.domain.alert_metrics import Measurement, measurements
from watchkeeper.domain.alert_policy import ChannelKind
from watchkeeper.domain.health import CheckType
from watchkeeper.store.alerts import open_alerts
from watchkeeper.store.database import reading
from watchkeeper.store.health import latest_checks

SECONDS: Final = 10.0  # for the points of one channel: they are sent again a minute later


async def send(channel: ChannelConfig, digest: Digest, _reference: str, people: Mapping[str, str]) -> str:
    """Send a digest as an event; events of one group are joined by their key, so there is nothing to refer to."""
    datadog = await require_block(Datadog, channel.credentials)
    async with datadog.get_client() as client:
        await client.send_event(datadog_event(digest, people))
    return ""


async def forward_measurements(configuration: Configuration, now: datetime) -> int:
    """Send how many alerts fire and how healthy each project is to every Datadog channel; return how many points went.

    What could not be sent is in the log: points tell nobody of anything, and the next ones come in a minute.
    """
    channels = [channel for channel in configuration.channels.values() if channel.kind is ChannelKind.DATADOG]
    if not channels:
        return 0
    slugs = configuration.slugs
    with reading(database()) as session:
        points = measurements(slugs, latest_checks(session, slugs, CheckType.FULL), open_alerts(session), now)
    return sum(await asyncio.gather(*(_forward(channel, points) for channel in channels)))


async def _forward(channel: ChannelConfig, points: Sequence[Measurement]) -> int:
    try:
        async with asyncio.timeout(SECONDS):
            datadog = await require_block(Datadog, channel.credentials)
            async with datadog.get_client() as client:
                await client.send_points(points)
    except (VendorError, TimeoutError) as error:
        get_run_logger().warning("No points went to %s: %s", channel.name, error or "it is too slow")
        return 0
    return len(points)
