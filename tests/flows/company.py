"""The make-believe company behind real HTTP, in a thread of its own; each test begins with a calm one."""

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from watchkeeper.sandbox.app import create_app

ARTICLE = re.compile(r'<article id="p([\d.]+)">(.*?)</article>', re.DOTALL)
EDITED = re.compile(r"\(edited(?: (\d+) times)?\)")


@dataclass(frozen=True, slots=True)
class SlackPost:
    """A message as it stands in the channel; `edits`: how often it was changed."""

    ts: str
    text: str
    edits: int


@dataclass(slots=True)
class Company:
    """One company; `restart` puts a new one in its place, with an empty Slack."""

    port: int
    _app: ASGIApp = field(default_factory=create_app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def restart(self) -> None:
        self._app = create_app()

    def play(self, name: str, vendor: str = "", project: str = "") -> None:
        body = {"name": name, "vendor": vendor, "project": project}
        answer = httpx.post(f"{self.url}/sandbox/scenario", json=body)
        assert answer.status_code == 200, answer.text

    def fault(self, name: str, project: str) -> None:
        """Let something go wrong at a single place."""
        answer = httpx.post(f"{self.url}/sandbox/fault", json={"name": name, "project": project})
        assert answer.status_code == 200, answer.text

    def production(self, project: str) -> str:
        """Return the commit that serves production."""
        state = httpx.get(f"{self.url}/sandbox/state").json()
        return str(next(each["release"] for each in state["production"] if each["project"] == project))

    def posts(self, channel: str = "releases") -> list[SlackPost]:
        """Return what a person reads in the channel, oldest first."""
        return [_post(*found) for found in ARTICLE.findall(self.page(channel))]

    def page(self, channel: str) -> str:
        """Return the page of the channel, with what its links lead to."""
        return httpx.get(f"{self.url}/slack", params={"channel": channel}).text


def _post(ts: str, html: str) -> SlackPost:
    edited = EDITED.search(html)
    edits = int(edited[1] or 1) if edited else 0
    return SlackPost(ts, " ".join(re.sub(r"<[^>]+>", " ", html).split()), edits)


@contextmanager
def open_for_business() -> Iterator[Company]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    company = Company(listener.getsockname()[1])
    config = uvicorn.Config(company, log_level="error", lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield company
    server.should_exit = True
    thread.join(timeout=10)
    listener.close()
