"""A webhook as a channel: each digest is a signed POST of JSON."""

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256

from blocks.webhook import Webhook
from reports.alert_payload import alert_payload
from tasks.credentials import require_block
from watchkeeper.domain.alert_channels import ChannelConfig
from watchkeeper.domain.alert_digests import Digest
from watchkeeper.domain.text import safe_json


async def send(channel: ChannelConfig, digest: Digest, _reference: str, _people: Mapping[str, str]) -> str:
    """Post a digest; there is nothing to name it by later. Sent again it has the same idempotency key."""
    webhook = await require_block(Webhook, channel.credentials)
    body = safe_json(alert_payload(digest, channel.name)).encode()
    key = sha256(body).hexdigest()[:32]
    async with webhook.get_client(channel.url) as client:
        await client.deliver(body, key, datetime.now(UTC))
    return ""
