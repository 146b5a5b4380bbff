"""The sandbox's Jira, in this process, and what people do there."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx

from tasks.jira import track
from tests.domain.alert_digest_makers import NOW, digest_of
from tests.sandbox.clock import Clock
from watchkeeper.clients.jira import JiraClient
from watchkeeper.domain.alert_channels import ChannelConfig
from watchkeeper.domain.alert_digests import Digest
from watchkeeper.domain.alert_groups import Reason
from watchkeeper.domain.alert_policy import ChannelKind
from watchkeeper.sandbox.app import create_app
from watchkeeper.sandbox.jira import EMAIL, TOKEN
from watchkeeper.sandbox.world import World

CHANNEL = ChannelConfig("jira", ChannelKind.JIRA, project="OPS")
Fault = Callable[[httpx.Request, httpx.Response], httpx.Response | None]


class Impatient(JiraClient):
    look_again_seconds = 0.0


class Site(httpx.AsyncBaseTransport):
    """Passes requests on to the sandbox; `fault` may put another answer in the place of the sandbox's."""

    def __init__(self) -> None:
        self.clock = Clock(NOW.timestamp())
        self._inner = httpx.ASGITransport(create_app(world=World(clock=self.clock)))
        self.fault: Fault = lambda _request, _response: None
        self.asked: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        response = await self._inner.handle_async_request(request)
        await response.aread()
        return self.fault(request, response) or httpx.Response(response.status_code, content=response.content)

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)

    def client(self) -> JiraClient:
        return Impatient(EMAIL, TOKEN, "http://sandbox/jira", self)

    async def tell(self, reason: Reason = Reason.FIRST, reference: str = "", **given: Any) -> str:
        """Tell a digest that was decided on just now."""
        return await self.tell_digest(digest_of(reason, **{"at": self.now, **given}), reference)

    async def tell_digest(self, digest: Digest, reference: str = "", channel: ChannelConfig = CHANNEL) -> str:
        async with self.client() as client:
            return await track(client, channel, digest, reference, {"Ann": "sandbox:ada"})

    async def read(self, path: str) -> Any:
        async with self.client() as client:
            return (await client.get(f"/rest/api/3/{path}")).body

    async def status(self, key: str) -> str:
        issue = await self.read(f"issue/{key}?fields=status")
        return str(issue["fields"]["status"]["name"])

    async def press(self, key: str, status: str) -> None:
        """Move an issue as a person does on the page."""
        async with httpx.AsyncClient(transport=self._inner, base_url="http://sandbox") as http:
            assert (await http.post(f"/sandbox/jira/{key}/{status}")).status_code == 303

    async def issues(self) -> list[str]:
        """Return the keys of all issues, also of those that the search does not know yet."""
        async with httpx.AsyncClient(transport=self._inner, base_url="http://sandbox") as http:
            page = (await http.get("/sandbox/jira")).text
        return [f"OPS-{number}" for number in range(1, 20) if f">OPS-{number} " in page]
