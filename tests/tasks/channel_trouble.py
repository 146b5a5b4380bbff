"""Channels of every kind whose vendor is one local server that answers as a test wants."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from prefect.blocks.core import Block
from pydantic import SecretStr

from blocks.apprise import Apprise
from blocks.datadog import Datadog
from blocks.github import GitHub
from blocks.jira import Jira
from blocks.pagerduty import PagerDuty
from blocks.slack import Slack
from blocks.webhook import Webhook
from tests.clients.local_server import reply, serving
from watchkeeper.domain.alert_channels import ChannelConfig
from watchkeeper.domain.alert_policy import ChannelKind

SECRET: Final = "make-believe-secret-0123456789ab"
NAME: Final = "trouble"
CHANNELS: Final[Mapping[ChannelKind, ChannelConfig]] = {
    ChannelKind.SLACK: ChannelConfig("chat", ChannelKind.SLACK, NAME, channel="#releases"),
    ChannelKind.PAGERDUTY: ChannelConfig("pager", ChannelKind.PAGERDUTY, NAME),
    ChannelKind.JIRA: ChannelConfig("tickets", ChannelKind.JIRA, NAME, project="OPS"),
    ChannelKind.DATADOG: ChannelConfig("metrics", ChannelKind.DATADOG, NAME),
    ChannelKind.GITHUB: ChannelConfig("code", ChannelKind.GITHUB, NAME, repository="acme/shop"),
    ChannelKind.APPRISE: ChannelConfig("mail", ChannelKind.APPRISE, NAME),
    ChannelKind.WEBHOOK: ChannelConfig("hook", ChannelKind.WEBHOOK, NAME),
}


@dataclass
class Vendor:
    """What every vendor answers, once it may. Status 0: it breaks the connection off."""

    status: int = 200
    headers: tuple[str, ...] = ()
    body: bytes = b"{}"
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)

    def says(self, status: int, *headers: str, body: bytes = b"{}") -> None:
        self.status, self.headers, self.body = status, headers, body
        self.may_answer.set()


@asynccontextmanager
async def troubled() -> AsyncIterator[Vendor]:
    """Serve, with a block of every kind named `trouble` that leads there."""
    vendor = Vendor()

    async def answer(writer: Any) -> None:
        await vendor.may_answer.wait()
        content = "Content-Type: application/json"
        writer.write(
            reply(vendor.body, f"{vendor.status} Whatever", content, *vendor.headers) if vendor.status else b""
        )
        await writer.drain()

    async with serving(answer) as server:
        for block in _blocks(server.url("")):
            await block.asave(NAME, overwrite=True)
        yield vendor


def _blocks(url: str) -> tuple[Block, ...]:
    secret = SecretStr(SECRET)
    return (
        Slack(bot_token=secret, base_url=f"{url}/api/"),
        PagerDuty(routing_key=secret, events_url=url, base_url=url),
        Jira(email="watch@acme.example", api_token=secret, base_url=url),
        Datadog(api_key=secret, application_key=secret, base_url=url, events_url=url),
        GitHub(token=secret, base_url=url),
        Apprise(addresses=SecretStr(f"{url.replace('http', 'json')}/{SECRET}")),
        Webhook(secret=secret, url=SecretStr(f"{url}/in/{SECRET}")),
    )
