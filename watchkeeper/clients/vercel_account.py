"""What every client of Vercel shares: the token, the limits, and whose projects are meant."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

import httpx

from watchkeeper.clients.base import VendorClient, VendorError, VendorRefused
from watchkeeper.clients.rate_limits import LimitHeaders
from watchkeeper.clients.vercel_refusals import refused_change

MayAsk = Callable[[datetime | None], Awaitable[bool]]
_LIMITS: Final = LimitHeaders(pairs=(("x-ratelimit-remaining", "x-ratelimit-reset"),), reset_is_epoch=True)


async def always(_request_before: datetime | None) -> bool:
    """Return True: whoever asks may ask."""
    return True


@dataclass(frozen=True, slots=True)
class Account:
    """A team by `team_...` or its slug; "" for the personal account. Vercel wants to be told on every call."""

    team: str

    @property
    def params(self) -> dict[str, str]:
        if not self.team:
            return {}
        return {"teamId": self.team} if self.team.startswith("team_") else {"slug": self.team}

    @property
    def name(self) -> str:
        return f"team {self.team}" if self.team else "the personal account"

    def path(self, path: str, **more: str) -> str:
        """Return the path with its query, for calls that send something."""
        query = urlencode({**self.params, **more})
        return f"{path}?{query}" if query else path


class VercelCaller(VendorClient):
    """Asks Vercel; a token that is dead is told from one that may not see something."""

    def __init__(
        self, token: str, base_url: str = "https://api.vercel.com", transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        super().__init__(
            vendor="Vercel",
            base_url=base_url,
            headers={"Authorization": f"Bearer {token}"},
            secrets=(token,),
            transport=transport,
            limits=_LIMITS,
            credential="VERCEL_TOKEN",
        )

    def _error(
        self, response: httpx.Response, body: bytearray, pause: timedelta | None, scope: str, about: str
    ) -> VendorError:
        if _is_invalid_token(body):
            told = f"the token is not valid any more ({response.status_code}): put a new one into"
            return VendorRefused(self.vendor, f"{told} the block Watchkeeper Vercel", response.status_code)
        return super()._error(response, body, pause, scope, about)


class VercelChanger(VercelCaller):
    """Asks Vercel for changes; what it refuses is told in words of its own."""

    def _error(
        self, response: httpx.Response, body: bytearray, pause: timedelta | None, scope: str, about: str
    ) -> VendorError:
        error = super()._error(response, body, pause, scope, about)
        is_of_change = response.request.method != "GET" and not _is_invalid_token(body)
        if isinstance(error, VendorRefused) and is_of_change:
            said = self._shown(body[:1000].decode(errors="replace"))
            return VendorRefused(self.vendor, refused_change(response.status_code, about, said), error.status)
        return error


def _is_invalid_token(body: bytearray) -> bool:
    """Return whether Vercel says that the token itself is dead; it says so with 403, too (source: its own CLI)."""
    try:
        error = json.loads(body)["error"]
        return error["invalidToken"] is True
    except (ValueError, LookupError, TypeError, RecursionError):
        return False
