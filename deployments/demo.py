"""`make demo`: a bad release of the make-believe company, from the first alert to the promoted repair, unattended.

Everything runs as `watchkeeper up` runs it, on free ports and in a temporary folder that is deleted in the end. Two
things are shorter than in life: for half a minute only it is measured whether a move has helped, and the past is not
filled in.
"""

import asyncio
import html
import json
import os
import re
import signal
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
import yaml
from rich.console import Console
from rich.text import Text

from deployments.children import Child, start_child, stop_child
from deployments.home import PREFECT_USER
from watchkeeper.config import configuration_text

REPOSITORY: Final = Path(__file__).resolve().parent.parent
FAST: Final = {
    "verify_minutes": 0.5,
    "approvers": ["Ada Okafor <ada@example.com>", "Grace Lind <grace@example.com>"],
    "two_person": True,
}
PROJECTS: Final = ("shop", "api")
START_SECONDS: Final = 180
STEP_SECONDS: Final = 120
LINES: Final = 200  # of a command's output that are shown


class DemoError(RuntimeError):
    """Something did not go as the story tells it."""


@dataclass(slots=True)
class Stage:
    """Where the story plays."""

    home: Path
    console: Console
    prefect: int
    sandbox: int
    web: int
    began: float = field(default_factory=time.monotonic)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "WATCHKEEPER_HOME": str(self.home),
            "WATCHKEEPER_PROJECTS": str(self.home / "projects.yaml"),
            "WATCHKEEPER_DATABASE_URL": "",
            "WATCHKEEPER_PREFECT_PORT": str(self.prefect),
            "WATCHKEEPER_SANDBOX_PORT": str(self.sandbox),
            "WATCHKEEPER_WEB_PORT": str(self.web),
            "COLUMNS": "110",
        }

    def say(self, text: str) -> None:
        """Tell the next part of the story."""
        passed = f"{time.monotonic() - self.began:5.0f} s"
        self.console.print(f"\n[dim]{passed}[/dim]  [bold]{text}[/bold]", soft_wrap=True)

    async def type(self, *words: str, codes: tuple[int, ...] = (0,), shown: int = LINES) -> str:
        """Type a command, show what it prints, and return that.

        Args:
            codes: the exit codes that the story expects.
            shown: how many lines are shown at most.
        """
        self.console.print(
            Text(f"  $ watchkeeper {' '.join(_quoted(word) for word in words)}", style="cyan"), soft_wrap=True
        )
        process = await self._begin(*words, errors=asyncio.subprocess.STDOUT)
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        lines = []
        async for raw in process.stdout:
            lines.append(line := raw.decode().rstrip())
            if len(lines) <= shown:
                self.console.print(Text(f"    {line}"), soft_wrap=True)
        code = await process.wait()
        if code not in codes:
            raise DemoError(f"that ended with {code}: {lines[-20:]}")
        return "\n".join(lines)

    async def data(self, *words: str, codes: tuple[int, ...] = (0,)) -> Any:  # noqa: ANN401 - decoded JSON
        """Return what a command prints as JSON, without showing it."""
        process = await self._begin(*words, "--json", errors=asyncio.subprocess.PIPE)
        told, complaints = await process.communicate()
        if process.returncode not in codes:
            raise DemoError(f"{words} ended with {process.returncode}: {complaints.decode()[-2000:]}")
        return json.loads(told)

    async def _begin(self, *words: str, errors: int) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "deployments.cli",
            *words,
            env={**os.environ, **self.environment, "PREFECT_LOGGING_LEVEL": "ERROR"},
            cwd=REPOSITORY,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
        )

    async def ask_prefect(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401
        """Call the API of the Prefect server, as its UI does."""
        password = (self.home / "prefect-password").read_text()
        async with httpx.AsyncClient(auth=(PREFECT_USER, password), timeout=30) as client:
            answer = await client.request(method, f"http://127.0.0.1:{self.prefect}/api{path}", json=body)
        answer.raise_for_status()
        return answer.json()

    async def look_at(self, path: str) -> httpx.Response:
        """Open a page of the make-believe company."""
        async with httpx.AsyncClient(timeout=30) as client:
            return await client.get(f"http://127.0.0.1:{self.sandbox}{path}")

    async def production(self) -> Mapping[str, Any]:
        """Return what serves the shop."""
        state = (await self.look_at("/sandbox/state")).json()
        return dict(next(each for each in state["production"] if each["project"] == "shop"))


async def play(stage: Stage) -> None:
    """Play the story.

    Raises:
        DemoError: it went another way.
    """
    before = await stage.production()
    stage.say("A release of the shop went live ten minutes ago. About 30 % of its requests fail.")
    await stage.type("sandbox", "scenario", "bad-release", shown=0)
    bad = await stage.production()

    stage.say("The next health check sees it, finds out whose fault it is, and proposes to go back.")
    await stage.type("check", "shop", codes=(2,), shown=14)
    form = await alert(stage)

    stage.say("Ada opens the run form that the alert links to. It is filled in; she adds her name and submits it.")
    await submit(stage, form, "Ada Okafor")
    number = await waiting(stage)

    stage.say("The plan and the evidence, before anybody is asked. In the UI and in Slack it reads the same.")
    await stage.type("rollback", "show", str(number))

    stage.say("Ada has asked for it, so she may not approve it alone: the shop needs two.")
    await stage.type("rollback", "approve", str(number), "--as", "Ada Okafor", "--yes", "YES", codes=(2,))
    stage.say("Grace says YES. Production moves, once; then it is measured whether that has helped.")
    await stage.type("rollback", "approve", str(number), "--as", "Grace Lind", "--yes", "YES", "--follow")
    rollback = await stage.data("rollback", "show", str(number))
    now = await stage.production()
    expect(rollback["outcome"] == "cured", f"it has helped, not that it is {rollback['outcome']}")
    expect(now["release"] == before["release"], "production serves the release before the bad one")

    stage.say("Production is held at that release now: new builds would not go live. The health check says so.")
    (check,) = await stage.data("check", "shop", codes=(0, 1, 2, 3))
    expect(check["in_custody"], "the check knows of the custody")
    stage.console.print(Text(f"    {next(r for r in check['reasons'] if 'rolled back' in r)}"), soft_wrap=True)

    stage.say("The repair is pushed. It is built, and waits. Grace asks for it to be promoted, Ada says YES.")
    await stage.type("sandbox", "scenario", "repair", shown=0)
    await stage.type("rollback", "promote", "shop", "--reason", "the repair is ready", "--as", "Grace Lind")
    number = await waiting(stage)
    await stage.type("rollback", "approve", str(number), "--as", "Ada Okafor", "--yes", "YES", "--follow", codes=(0, 1))
    after = await stage.production()
    expect(not after["in_custody"], "the custody has ended")
    expect(after["release"] not in {bad["release"], before["release"]}, "production serves the repair")

    stage.say("The record of it all:")
    await stage.type("rollback", "list")


async def alert(stage: Stage) -> str:
    """Show the alert in Slack, and return the address of the form that it links to."""
    text = await until(stage, "the alert in Slack", _alert)
    shown = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text))).strip()
    stage.console.print(Text(f"    Slack: {shown}", style="yellow"), soft_wrap=True)
    return next(html.unescape(found) for found in re.findall(r'href="([^"]+)"', text) if "/run?parameters=" in found)


async def _alert(stage: Stage) -> str | None:
    page = (await stage.look_at("/slack?channel=releases")).text
    articles = re.findall(r"<article.*?</article>", page, re.DOTALL)
    return next((article for article in articles if "/run?parameters=" in article), None)


async def submit(stage: Stage, form: str, name: str) -> None:
    """Submit the run form as it is filled in, with a name."""
    parts = urlsplit(form)
    parameters = json.loads(unquote(parse_qs(parts.query)["parameters"][0]))
    deployment = parts.path.split("/")[-2]
    body = {"parameters": {**parameters, "requested_by": name}, "state": {"type": "SCHEDULED"}}
    await stage.ask_prefect("POST", f"/deployments/{deployment}/create_flow_run", body)


async def waiting(stage: Stage) -> int:
    """Return the id of the way back that waits for an answer."""

    async def asked(stage: Stage) -> int | None:
        found = [run["name"] for run in await paused_runs(stage)]
        if not found:
            return None
        newest = (await stage.data("rollback", "list", "shop"))[0]
        return int(newest["id"]) if newest["state"] == "awaiting_approval" else None

    number: int = await until(stage, "the question", asked)
    return number


async def paused_runs(stage: Stage) -> list[dict[str, Any]]:
    wanted = {"flow_runs": {"state": {"type": {"any_": ["PAUSED"]}}}}
    return list(await stage.ask_prefect("POST", "/flow_runs/filter", wanted))


async def until(stage: Stage, what: str, look: Any) -> Any:  # noqa: ANN401 - whatever is looked for
    """Look again and again until something is there."""
    deadline = time.monotonic() + STEP_SECONDS
    while time.monotonic() < deadline:
        if (found := await look(stage)) is not None:
            return found
        await asyncio.sleep(0.5)
    raise DemoError(f"{what} did not come within {STEP_SECONDS} s")


def expect(holds: object, what: str) -> None:
    if not holds:
        raise DemoError(f"expected that {what}")


@asynccontextmanager
async def standing(stage: Stage, configure: Callable[[Path], None]) -> AsyncIterator[Child]:
    """Keep a whole Watchkeeper up. `configure` writes its configuration into the folder."""
    configure(stage.home)
    stage.say("A Prefect server, a worker, Watchkeeper and a make-believe company start, in a folder of their own.")
    log = stage.home / "up.log"
    arguments = ("-m", "deployments.cli", "up", "--no-history")
    child = await start_child("watchkeeper up", *arguments, environment=stage.environment, log=log, folder=REPOSITORY)
    try:
        await ready(stage, child)
        yield child
    finally:
        await stop_child(child)


async def ready(stage: Stage, child: Child) -> None:
    deadline = time.monotonic() + START_SECONDS
    while "Ready after" not in (printed := child.log.read_text(errors="replace")):
        if child.process.returncode is not None or time.monotonic() > deadline:
            raise DemoError(f"it did not start:\n{printed[-3000:]}")
        await asyncio.sleep(0.2)
    stage.console.print(Text(printed[: printed.index("Ready after")].rstrip()), soft_wrap=True)


def write_configuration(home: Path) -> None:
    (home / "projects.yaml").write_text(configuration())


def configuration() -> str:
    """Return the configuration as it is delivered, with two projects, two approvers, and little patience."""
    document = yaml.safe_load(configuration_text(REPOSITORY / "deployments" / "projects.yaml"))
    document["defaults"]["rollback"] = FAST
    document["projects"] = [project for project in document["projects"] if project["slug"] in PROJECTS]
    return yaml.safe_dump(document, sort_keys=False)


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


def _quoted(word: str) -> str:
    return f'"{word}"' if " " in word else word


async def demo(console: Console) -> int:
    """Play the story in a temporary folder; return 0 when all went as it should."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, _interrupt, asyncio.current_task())
    with tempfile.TemporaryDirectory(prefix="watchkeeper-demo-", ignore_cleanup_errors=True) as folder:
        stage = Stage(Path(folder), console, *free_ports())
        console.print("[bold]Watchkeeper: a bad release, and the way back.[/bold] Nothing here is real but the code.")
        console.print("[dim]Shorter than in life: it is measured for half a minute whether a move has helped.[/dim]")
        try:
            async with standing(stage, write_configuration):
                await play(stage)
        except (DemoError, httpx.HTTPError) as error:
            console.print(f"\n[red]The demo has failed:[/red] {error}", markup=True, soft_wrap=True)
            return 1
        stage.say("Everything is stopped and cleaned up. The same by hand: docs/runbooks/rollback.md.")
    return 0


def _interrupt(task: "asyncio.Task[Any] | None") -> None:
    if task is not None:
        task.cancel()


def main() -> None:
    """Run the demo."""
    try:
        sys.exit(asyncio.run(demo(Console(highlight=False))))
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(130)


if __name__ == "__main__":
    main()
