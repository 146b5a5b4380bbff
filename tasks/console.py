"""The console as a channel: alerts are printed where the worker runs."""

from collections.abc import Mapping
from typing import Final

from reports.alert_texts import plain_lines, plain_title
from watchkeeper.clients.console import print_lines
from watchkeeper.domain.alert_channels import ChannelConfig
from watchkeeper.domain.alert_digests import Digest
from watchkeeper.domain.alert_values import Severity

_STYLES: Final = {Severity.CRITICAL: "bold red", Severity.WARNING: "bold yellow", Severity.INFO: "bold blue"}


async def send(_channel: ChannelConfig, digest: Digest, _reference: str, _people: Mapping[str, str]) -> str:
    """Print a digest; there is nothing to name it by later."""
    style = "bold green" if digest.is_resolved else _STYLES[digest.severity]
    print_lines(plain_title(digest), plain_lines(digest), style)
    return ""
