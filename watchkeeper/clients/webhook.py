"""A webhook of somebody's own: a signed POST of JSON, that the receiver can check and take once.

The payload: docs/webhook.schema.json. How the signature is checked: docs/webhook.md.
"""

import hmac
import logging
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import ClassVar, Final

import httpx

from watchkeeper.clients.base import VendorClient
from watchkeeper.clients.vendor_errors import MissingCredential, VendorError, VendorRefused

VENDOR: Final = "Webhook"
_BLOCK: Final = "the block Watchkeeper Webhook"


class WebhookClient(VendorClient):
    """Posts to one address.

    Args:
        url: of the receiver; whoever knows it may be able to post there, so it is shown nowhere.
        secret: signs each message.

    Raises:
        MissingCredential: there is no address or no secret.
        VendorRefused: the address is no http(s) URL.
    """

    request_seconds: ClassVar[float] = 10.0
    largest_body: ClassVar[int] = 1024 * 1024

    def __init__(self, url: str, secret: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        if not url:
            raise MissingCredential(VENDOR, f"there is no address: put one into {_BLOCK}, or into the channel")
        self._secret = secret.encode()
        _keep_quiet()
        address = _parsed(url)
        self._address = address
        path = address.raw_path.decode()
        super().__init__(
            vendor=VENDOR,
            base_url=str(address.copy_with(raw_path=b"/")),
            headers={"Content-Type": "application/json"},
            secrets=(secret, path) if len(path) > 1 else (secret,),
            transport=transport,
            credential="WEBHOOK_SECRET",
        )

    async def deliver(self, body: bytes, key: str, now: datetime) -> None:
        """Post a JSON body.

        Args:
            key: the same whenever this message is sent again: the receiver drops what it has.
            now: when it is signed.

        Raises:
            VendorRefused: 4xx, any redirect.
            VendorUnavailable: the receiver did not say that it took it.
        """
        headers = signed(body, self._secret, now) | {"Idempotency-Key": key}
        build = partial(self._http.build_request, "POST", self._address, content=body, headers=headers)
        await self._ask("", build, "", "")

    def _error(
        self, response: httpx.Response, body: bytearray, pause: timedelta | None, scope: str, about: str
    ) -> VendorError:
        """Return the error in words that fit: a receiver has no scopes, and gives nothing."""
        error = super()._error(response, body, pause, scope, about)
        if not isinstance(error, VendorRefused):
            return error
        said = self._shown(body[:1000].decode(errors="replace"))
        words = f"refused the message ({error.status}){f': {said}' if said else ''}"
        return VendorRefused(VENDOR, f"{words}. Check the address and the secret in {_BLOCK}", error.status)


def signed(body: bytes, secret: bytes, now: datetime) -> dict[str, str]:
    """Return the headers that prove who sent a body and when: HMAC-SHA256 over `<timestamp>.<body>`."""
    timestamp = str(int(now.astimezone(UTC).timestamp()))
    digest = hmac.new(secret, f"{timestamp}.".encode() + body, sha256).hexdigest()
    return {"X-Watchkeeper-Timestamp": timestamp, "X-Watchkeeper-Signature": f"sha256={digest}"}


def _keep_quiet() -> None:
    """Silence the log of what it asks with: that would hold the address."""
    for name in ("httpx", "httpcore", "hpack"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _parsed(url: str) -> httpx.URL:
    """Return the address; one that is none has no scheme, which is refused later."""
    try:
        return httpx.URL(url)
    except httpx.InvalidURL:
        return httpx.URL("/")
