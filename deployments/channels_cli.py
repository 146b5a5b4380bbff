"""`watchkeeper channels ...`: where people are told, and whether that works.

Exit codes: 0 as asked, 2 the channel did not take the test message, 4 wrong usage or configuration.
"""

import asyncio
import os
from typing import TYPE_CHECKING, Final

from cyclopts import App

from deployments.command import (
    client_environment,
    configuration_of,
    fail,
    output,
    plain_line,
    settings_of,
    store_environment,
)
from watchkeeper.config import Configuration
from watchkeeper.config.problems import nearest
from watchkeeper.domain.alert_policy import ChannelKind

if TYPE_CHECKING:
    from watchkeeper.domain.alert_channels import ChannelConfig

NOT_TAKEN: Final = 2
_WITHOUT_BLOCK: Final = frozenset({ChannelKind.CONSOLE, ChannelKind.FILE})

channels_app = App(
    name="channels",
    help="Channels: where people are told of alerts, and whether that works.\n\n"
    "Exit codes: 0 as asked, 2 the channel did not take the test message, 4 wrong usage or configuration.",
)


@channels_app.command(name="list")
def list_channels() -> int:
    """Show all channels: where they lead, what they are always told of, and how they do."""
    settings = settings_of()
    configuration = configuration_of(settings)
    os.environ.update(store_environment(settings))
    from reports.alert_terminal import channel_table  # noqa: PLC0415
    from tasks.alert_record import circuits  # noqa: PLC0415 - imports Prefect
    from watchkeeper.store.failures import StoreError  # noqa: PLC0415

    try:
        known = circuits()
    except StoreError as error:
        fail(str(error))
    output.print(channel_table(configuration.channels.values(), _told(configuration), known))
    return 0


@channels_app.command
def test(name: str) -> int:
    """Send a message that says it is only a test, and its resolution, and say what happened.

    Parameters
    ----------
    name
        As in `watchkeeper channels list`.
    """
    settings = settings_of()
    channel = _channel(configuration_of(settings), name)
    needs_server = channel.kind not in _WITHOUT_BLOCK
    os.environ.update(client_environment(settings) if needs_server else store_environment(settings))
    from tasks.channel_trial import channel_test  # noqa: PLC0415 - imports Prefect
    from tasks.channels import ChannelError  # noqa: PLC0415

    try:
        happened = asyncio.run(channel_test(channel))
    except ChannelError as error:
        fail(plain_line(str(error)), NOT_TAKEN)
    output.print(plain_line(happened), highlight=False, soft_wrap=True)
    return 0


def _channel(configuration: Configuration, name: str) -> "ChannelConfig":
    channels = configuration.channels
    if name not in channels:
        hint = nearest(name, channels) or f"; there are {', '.join(channels)}"
        fail(f'there is no channel "{name}"{hint}')
    return channels[name]


def _told(configuration: Configuration) -> dict[str, list[str]]:
    """Return by channel the names of those whose default channel it is."""
    told: dict[str, list[str]] = {}
    policy = configuration.alert_policy
    for slug, channels in policy.default_channels.items():
        for channel in channels:
            told.setdefault(channel, []).append(policy.names.get(slug, "") or "the watch itself")
    return told
