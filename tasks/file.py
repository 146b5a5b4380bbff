"""A file as a channel: each digest is a line of JSON."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from reports.alert_payload import alert_payload
from watchkeeper.clients.line_file import append_line
from watchkeeper.config import read_settings
from watchkeeper.domain.alert_channels import ChannelConfig
from watchkeeper.domain.alert_digests import Digest
from watchkeeper.domain.text import safe_json

FILE_NAME: Final = "alerts.jsonl"


async def send(channel: ChannelConfig, digest: Digest, _reference: str, _people: Mapping[str, str]) -> str:
    """Append a digest; there is nothing to name it by later."""
    path = Path(channel.path) if channel.path else read_settings().home / FILE_NAME
    await append_line(path, safe_json(alert_payload(digest, channel.name)).encode())
    return ""
