"""Apprise as a channel: e-mail, SMS, Teams, Discord and the rest. It can send, and nothing else."""

import asyncio
from collections.abc import Mapping
from typing import Final

from blocks.apprise import Apprise
from reports.alert_texts import plain_text, plain_title
from tasks.credentials import require_block
from watchkeeper.clients.apprise import VENDOR
from watchkeeper.clients.vendor_errors import PartlyDelivered, VendorUnavailable
from watchkeeper.domain.alert_channels import ChannelConfig
from watchkeeper.domain.alert_digests import Digest

ADDRESS_SECONDS: Final = 12.0  # the library waits as long as it likes


async def send(channel: ChannelConfig, digest: Digest, _reference: str, _people: Mapping[str, str]) -> str:
    """Send to every address at once; there is nothing to name it by later.

    Where some confirm and some do not it is not sent again, for that would tell the others again. Those who must each
    be told have a channel each.

    Raises:
        PartlyDelivered: some addresses did not confirm.
        VendorUnavailable: no address confirmed.
    """
    apprise = await require_block(Apprise, channel.credentials)
    client, title, text = apprise.get_client(), plain_title(digest), plain_text(digest)

    async def reaches(address: str) -> bool:
        try:
            async with asyncio.timeout(ADDRESS_SECONDS):
                return (await client.send(address, title, text)).confirmed
        except TimeoutError:
            return False

    confirmed = await asyncio.gather(*map(reaches, client.fingerprints))
    missing = [str(number) for number, is_there in enumerate(confirmed, 1) if not is_there]
    if len(missing) == len(confirmed):
        raise VendorUnavailable(VENDOR, f"none of the {len(confirmed)} addresses of {channel.name} did confirm")
    if missing:
        told = f"address {', '.join(missing)} of {len(confirmed)} in the block of {channel.name} did not confirm"
        raise PartlyDelivered(VENDOR, f"{told}; the others did")
    return ""
