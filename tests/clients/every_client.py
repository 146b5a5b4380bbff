"""One request by each library that a client stands on, and the environment that all of them read."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

import pytest

from tests.clients.local_server import reply
from watchkeeper.clients.apprise import AppriseClient
from watchkeeper.clients.base import VendorClient, VendorError
from watchkeeper.clients.slack import SlackClient
from watchkeeper.clients.webhook import WebhookClient
from watchkeeper.sandbox.tls import Certificates

VARIABLES: Final = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
OTHERS: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
SAID: Final = {
    "httpx": b'{"ok": true}',
    "slack bot": b'{"ok": true, "channel": "C1", "ts": "1.2"}',
    "slack webhook": b"ok",
    "webhook": b"",
    "apprise": b"ok",
}
Environment = Callable[..., None]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Environment:
    """Begin with an empty environment; returns what sets it, in capitals and small letters alike."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in OTHERS:
        monkeypatch.delenv(name, raising=False)

    def put(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return put


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """A private authority that has signed for localhost and 127.0.0.1."""
    return Certificates(tmp_path_factory.mktemp("authority"))


async def ask_by_httpx(url: str) -> None:
    async with VendorClient(vendor="Acme", base_url=url, headers={}, secrets=()) as client:
        await client.get("/thing")


async def ask_by_slack_bot(url: str) -> None:
    async with SlackClient("make-believe-token", base_url=f"{url}/api/") as client:
        assert await client.post("#releases", "All is well") == "C1:1.2"


async def ask_by_slack_webhook(url: str) -> None:
    async with SlackClient(webhook_url=f"{url}/services/x") as client:
        await client.post("#releases", "All is well")


async def ask_by_webhook(url: str) -> None:
    async with WebhookClient(f"{url}/in", "make-believe-secret") as client:
        await client.deliver(b"{}", "key", datetime.now(UTC))


async def ask_by_apprise(url: str) -> None:
    client = AppriseClient(f"{url}/in".replace("https:", "jsons:").replace("http:", "json:"))
    if not (await client.send(client.fingerprints[0], "Title", "Text")).confirmed:
        raise VendorError("Apprise", "not confirmed")


CLIENTS: Final[dict[str, Callable[[str], Awaitable[None]]]] = {
    "httpx": ask_by_httpx,
    "slack bot": ask_by_slack_bot,
    "slack webhook": ask_by_slack_webhook,
    "webhook": ask_by_webhook,
    "apprise": ask_by_apprise,
}
every_client = pytest.mark.parametrize("kind", CLIENTS)


def answering(kind: str) -> bytes:
    type_ = "application/json" if SAID[kind].startswith(b"{") else "text/plain"
    return reply(SAID[kind], "200 OK", f"Content-Type: {type_}", "Connection: close")
