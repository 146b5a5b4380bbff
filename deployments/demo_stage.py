"""Where the demo plays: a whole Watchkeeper on free ports and in a folder of its own, and somebody at a terminal."""

import asyncio
import html
import json
import os
import re
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import uuid4

import httpx
from rich.console import Console
from rich.text import Text

from deployments.children import Child, start_child, stop_child
from deployments.home import PREFECT_USER

REPOSITORY: Final = Path(__file__).resolve().parent.parent
START_SECONDS: Final = 180
STEP_SECONDS: Final = 240  # on a machine that does much else beside

T = TypeVar("T")


class DemoError(RuntimeError):
    """Something did not go as the story tells it."""


@dataclass(slots=True)
class Stage:
    """A folder with `projects.yaml` in it, the ports of all servers, and the terminal of those who watch."""

    home: Path
    console: Console
    ports: tuple[int, int, int]  # of the server, the company and the pages
    began: float = field(default_factory=time.monotonic)

    @property
    def environment(self) -> dict[str, str]:
        prefect, sandbox, web = self.ports
        return {
            "WATCHKEEPER_HOME": str(self.home),
            "WATCHKEEPER_PROJECTS": str(self.home / "projects.yaml"),
            "WATCHKEEPER_DATABASE_URL": "",
            "WATCHKEEPER_PREFECT_PORT": str(prefect),
            "WATCHKEEPER_SANDBOX_PORT": str(sandbox),
            "WATCHKEEPER_WEB_PORT": str(web),
            "COLUMNS": str(max(110, self.console.width - 4)),
        }

    def say(self, text: str) -> None:
        """Tell the next part of the story."""
        passed = f"{time.monotonic() - self.began:5.0f} s"
        self.console.print(Text.assemble("\n", (passed, "dim"), "  ", (text, "bold")), soft_wrap=True)

    def show(self, text: str, style: str = "") -> None:
        """Show what somebody sees."""
        self.console.print(Text(f"    {text}", style=style), soft_wrap=True)

    async def type(self, *words: str, codes: tuple[int, ...] = (0,), shown: bool = True) -> str:
        """Type a command, show what it prints, and return that.

        Args:
            codes: the exit codes that the story expects.

        Raises:
            DemoError: it ended with another one.
        """
        typed = " ".join(f'"{word}"' if " " in word else word for word in words)
        self.console.print(Text(f"  $ watchkeeper {typed}", style="cyan"), soft_wrap=True)
        process = await self._begin(*words, errors=asyncio.subprocess.STDOUT)
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        lines = []
        async for raw in process.stdout:
            lines.append(raw.decode().rstrip())
            if shown:
                self.show(lines[-1])
        if await process.wait() not in codes:
            raise DemoError(f"that ended with {process.returncode}: {lines[-20:]}")
        return "\n".join(lines)

    async def data(self, *words: str) -> Any:  # noqa: ANN401 - decoded JSON
        """Return what a command prints as JSON, without showing it; whatever its exit code says."""
        process = await self._begin(*words, "--json", errors=asyncio.subprocess.DEVNULL)
        told, _ = await process.communicate()
        return json.loads(told)

    async def _begin(self, *words: str, errors: int) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "deployments.cli", *words),
            env={**os.environ, **self.environment, "PREFECT_LOGGING_LEVEL": "ERROR"},
            cwd=REPOSITORY,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
        )

    async def submit(self, form: str, changes: Mapping[str, Any]) -> None:
        """Submit a run form of Prefect's UI as it is filled in by its address, but for the changes."""
        parts = urlsplit(form)
        parameters = {**json.loads(unquote(parse_qs(parts.query)["parameters"][0])), **changes}
        # With the key one submission is one run, however often it is sent to a server that is busy.
        body = {"parameters": parameters, "state": {"type": "SCHEDULED"}, "idempotency_key": uuid4().hex}
        address = f"http://127.0.0.1:{self.ports[0]}/api/deployments/{parts.path.split('/')[-2]}/create_flow_run"
        password = (self.home / "prefect-password").read_text()
        answer = await answered("POST", address, auth=(PREFECT_USER, password), json=body)
        answer.raise_for_status()

    async def slack(self) -> list[str]:
        """Return the messages of the channel, with their threads, as HTML."""
        page = (await self._look_at("/slack?channel=releases")).text
        return re.findall(r"<article.*?</article>", page, re.DOTALL)

    async def production(self) -> Mapping[str, Any]:
        """Return what serves the shop, as the make-believe company knows it."""
        state = (await self._look_at("/sandbox/state")).json()
        return dict(next(each for each in state["production"] if each["project"] == "shop"))

    async def _look_at(self, path: str) -> httpx.Response:
        return await answered("GET", f"http://127.0.0.1:{self.ports[1]}{path}")


async def answered(method: str, address: str, **request: Any) -> httpx.Response:  # noqa: ANN401 - handed through
    """Ask again and again until the server has time to answer; nothing may happen twice by that.

    Raises:
        DemoError: it never had.
    """

    async def asked() -> httpx.Response | None:
        try:
            async with httpx.AsyncClient(timeout=30) as client:
                answer = await client.request(method, address, **request)
        except httpx.TransportError:
            return None
        return None if answer.is_server_error else answer

    return await until(f"an answer of {address}", asked)


def read_lines(message: str) -> list[str]:
    """Return a message of Slack as the lines that a person reads."""
    broken = re.sub(r"<br>|</div>|</span>(?=<span dir)", "\n", message.partition('class="content"')[2])
    lines = html.unescape(re.sub(r"<[^>]*>", "", broken)).replace('dir="auto">', "").splitlines()
    return [" ".join(line.split()) for line in lines if line.strip()]


async def until(what: str, look: Callable[[], Awaitable[T | None]]) -> T:
    """Look again and again until something is there.

    Raises:
        DemoError: it did not come.
    """
    deadline = time.monotonic() + STEP_SECONDS
    while time.monotonic() < deadline:
        if (found := await look()) is not None:
            return found
        await asyncio.sleep(0.3)
    raise DemoError(f"{what} did not come within {STEP_SECONDS} s")


@asynccontextmanager
async def standing(stage: Stage) -> AsyncIterator[None]:
    """Keep a whole Watchkeeper up.

    Raises:
        DemoError: it does not start.
    """
    arguments = ("-m", "deployments.cli", "up", "--no-history")
    log = stage.home / "up.log"
    child = await start_child("watchkeeper up", *arguments, environment=stage.environment, log=log, folder=REPOSITORY)
    try:
        printed = await _ready(child)
        stage.console.print(Text(printed[: printed.index("Ready after")].rstrip()), soft_wrap=True)
        yield
    finally:
        await stop_child(child)


async def _ready(child: Child) -> str:
    deadline = time.monotonic() + START_SECONDS
    while "Ready after" not in (printed := child.log.read_text(errors="replace")):
        if child.process.returncode is not None or time.monotonic() > deadline:
            raise DemoError(f"it did not start:\n{printed[-3000:]}")
        await asyncio.sleep(0.2)
    return printed


def free_ports() -> tuple[int, int, int]:
    """Return ports for the server, the company (which takes the next one as well) and the pages."""
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return one.getsockname()[1], _pair(), two.getsockname()[1]


def _pair() -> int:
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port
