"""A vendor that quotes the whole request in its refusal, the token in every spelling: no error shows it."""

import base64
import html
import json
from collections.abc import Callable
from traceback import format_exception
from urllib.parse import quote

import httpx
import pytest

from watchkeeper.clients.base import VendorClient, VendorError
from watchkeeper.clients.circleci import CircleCIClient
from watchkeeper.clients.datadog import DatadogClient
from watchkeeper.clients.github import GitHubClient
from watchkeeper.clients.jira import JiraClient
from watchkeeper.clients.pagerduty import PagerDutyClient, PagerDutyEventsClient
from watchkeeper.clients.sentry import SentryClient
from watchkeeper.clients.vercel import VercelClient
from watchkeeper.clients.vercel_account import VercelChanger
from watchkeeper.clients.webhook import WebhookClient
from watchkeeper.domain.text import is_unseen

SECRET = "mAke/beLieve+t0ken"
SPELLINGS = (
    SECRET,
    quote(SECRET, safe=""),
    SECRET.replace("/", "\\/"),
    html.escape(SECRET),
    base64.b64encode(SECRET.encode()).decode(),
)
Make = Callable[[httpx.MockTransport], VendorClient]
CLIENTS: dict[str, Make] = {
    "Sentry": lambda transport: SentryClient(SECRET, transport=transport),
    "Vercel": lambda transport: VercelClient(SECRET, transport=transport),
    "Vercel, changing": lambda transport: VercelChanger(SECRET, transport=transport),
    "CircleCI": lambda transport: CircleCIClient(SECRET, transport=transport),
    "GitHub": lambda transport: GitHubClient(SECRET, transport=transport),
    "Jira": lambda transport: JiraClient("ada@acme.example", SECRET, "https://acme.test", transport),
    "PagerDuty, events": lambda transport: PagerDutyEventsClient(SECRET, transport=transport),
    "PagerDuty": lambda transport: PagerDutyClient(SECRET, transport=transport),
    "Datadog": lambda transport: DatadogClient(SECRET, SECRET, transport=transport),
    "webhook": lambda transport: WebhookClient("https://acme.test/hook/path", SECRET, transport),
}
BODIES: dict[str, Callable[[httpx.Request, str], str]] = {
    "as text": lambda request, spelt: f"bad token {spelt} in {dict(request.headers)} at {request.url}",
    "as JSON": lambda request, spelt: json.dumps(
        {"errorMessages": [spelt], "errors": {"priority": spelt}, "message": [spelt, *request.headers.values()]}
    ),
    "behind a thousand spaces": lambda _, spelt: " " * 990 + spelt + " is wrong",
    "with escapes": lambda _, spelt: f"\x1b[31m{spelt}\u202e\r\n{spelt}\u200b",
}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 500, 302])
@pytest.mark.parametrize("client", CLIENTS)
async def test_no_error_shows_the_token_that_a_vendor_quotes(client: str, status: int) -> None:
    for name, body in BODIES.items():
        for spelt in SPELLINGS:

            def refuse(
                request: httpx.Request,
                body: Callable[[httpx.Request, str], str] = body,
                spelt: str = spelt,
            ) -> httpx.Response:
                elsewhere = {"Location": f"https://evil.example/?token={spelt}"} if status == 302 else {}
                return httpx.Response(status, text=body(request, spelt), headers=elsewhere)

            async with CLIENTS[client](httpx.MockTransport(refuse)) as asking:
                for method in ("GET", "POST"):
                    with pytest.raises(VendorError) as caught:
                        await (asking.get("/x") if method == "GET" else asking.send(method, "/x", {"a": 1}))
                    shown = f"{caught.value} {caught.value!r} {caught.value.missing()}"
                    shown += "".join(format_exception(caught.value)).rpartition("\n  File")[2]
                    for each in SPELLINGS:
                        assert each not in shown, name
                    assert SECRET[:8] not in shown, name
                    assert not any(map(is_unseen, str(caught.value)))
