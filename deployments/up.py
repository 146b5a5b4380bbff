"""`watchkeeper up`: from nothing to the first verdict, then stand watch until told to stop."""

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx
from rich.console import Console
from rich.text import Text

from deployments.children import CannotStartError, port_is_free, start_child
from deployments.flow_run import ADDRESS_SETTING
from deployments.home import (
    PREFECT_USER,
    Home,
    Running,
    open_home,
    prefect_server_environment,
    trust_sandbox,
)
from deployments.metrics import fill_history
from deployments.privacy import PRIVATE_UMASK, make_private
from deployments.supervision import CannotKeepRunningError, Children, ChildSpec
from watchkeeper.config import Configuration, Settings, read_credentials

REPOSITORY = Path(__file__).resolve().parent.parent
FIRST_CHECK = "health-check/every-15-minutes"
RECOVERY = "rollback-watch/on-demand"


@dataclass(slots=True)
class Start:
    """One start under way: what it needs and the children it has."""

    settings: Settings
    configuration: Configuration
    home: Home
    console: Console
    fills_history: bool = True
    is_first: bool = False  # of this folder: its password has just been made
    children: Children = field(init=False)

    def __post_init__(self) -> None:
        self.children = Children(REPOSITORY, self.home.logs, self.environment, partial(_report, self))

    @property
    def environment(self) -> dict[str, str]:
        return {
            **prefect_server_environment(self.home, self.settings.prefect_port),
            **self.settings.variables(),
        }

    @property
    def uses_sandbox(self) -> bool:
        used = {channel.credentials for channel in self.configuration.channels.values()}
        return "sandbox" in used.union(*({p.credentials, p.slack_credentials} for p in self.configuration.projects))

    @property
    def _login(self) -> str:
        """How to log in. The password itself is told once: what is printed stands in logs."""
        if self.is_first:
            return f"log in with {PREFECT_USER}:{self.home.password}, shown only now"
        return f"log in as {PREFECT_USER}; the password is in {self.home.password_file}"

    @property
    def addresses(self) -> dict[str, str]:
        """What a person opens, by its name."""
        prefect = f"http://127.0.0.1:{self.settings.prefect_port}"
        found = {
            "Prefect UI": f"{prefect}  ({self._login})",
            "Verdicts": f"{prefect}/artifacts/key/health",
            "Reports": f"http://127.0.0.1:{self.settings.web_port}/reports/",
        }
        if self.uses_sandbox:
            sandbox = f"http://127.0.0.1:{self.settings.sandbox_port}"
            found |= {"Sandbox": f"{sandbox}/", "Sandbox Slack": f"{sandbox}/slack"}
        return found | {"Logs": str(self.home.logs)}


async def stand_watch(
    settings: Settings, configuration: Configuration, console: Console, *, fills_history: bool = True
) -> int:
    """Start everything, run the first check, and stay until a signal. A child that ends is restarted.

    Args:
        fills_history: whether the last 30 days are filled in meanwhile; else only the hourly run goes on with them.

    Returns:
        0 after a signal, 1 when a child could not be kept running.

    Raises:
        CannotStartError: an occupied port, an unwritable folder, a child that does not come up.
    """
    os.umask(PRIVATE_UMASK)
    home = _open(settings)
    start = Start(settings, configuration, home, console, fills_history, not home.password_file.exists())
    _refuse_occupied_ports(start)
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with AsyncExitStack() as stack:
        # Not in the state folder: the path of a socket is 107 bytes at most.
        os.environ[ADDRESS_SETTING] = f"{stack.enter_context(tempfile.TemporaryDirectory(prefix='watchkeeper-'))}/fork"
        stack.push_async_callback(_stop_everything, start)
        stopped = await _until(stop, _start_and_watch(start))
    return 0 if stopped else 1


async def _start_and_watch(start: Start) -> None:
    began = time.monotonic()
    os.environ.update(start.environment)  # before Prefect is imported: it reads its settings at import
    await asyncio.gather(_start_server(start), _start_sandbox(start), _start_web(start), _migrate(start))
    start.home.announce(Running(os.getpid(), start.settings.prefect_port, start.settings.sandbox_port))
    await _register(start)
    try:
        await start.children.keep_running(_open_watch(start, began), partial(_report_trouble, start))
    except CannotKeepRunningError as error:
        _report(start, str(error), "red")


async def _open_watch(start: Start, began: float) -> None:
    """Run the first check, say where everything is, and fill in the past."""
    try:
        await _first_check(start)
    except httpx.HTTPError as error:
        _report(start, f"The first check has not run: {type(error).__name__}: {error}. The next one is scheduled.")
    start.console.print(f"\nReady after {time.monotonic() - began:.0f} s. Ctrl-C stops everything.")
    for name, address in start.addresses.items():
        start.console.print(f"  {name:<14} {address}", highlight=False, soft_wrap=True)
    if start.fills_history:
        await fill_history(start.configuration, start.console)


def _report_trouble(start: Start, work: asyncio.Task[None]) -> None:
    if not work.cancelled() and (error := work.exception()) is not None:
        told = f"Filling in the past has ended: {type(error).__name__}: {error}"
        _report(start, f"{told} The hourly run goes on with it.")


def _report(start: Start, line: str, style: str = "yellow") -> None:
    """Say it to people, and write it down where it can be read later."""
    start.console.print(line, style=style, markup=False, highlight=False, soft_wrap=True)
    with (start.home.logs / "up.log").open("a") as log:
        log.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}Z {line}\n")


async def _start_server(start: Start) -> None:
    async with _step(start, "Prefect server"):
        health = f"http://127.0.0.1:{start.settings.prefect_port}/api/health"
        arguments = ("-m", "deployments.prefect_server")
        await start.children.start(
            ChildSpec("Prefect server", "prefect-server.log", arguments, health, after_restart=_recover)
        )


async def _start_sandbox(start: Start) -> None:
    if not start.uses_sandbox:
        return
    port, tls_port = str(start.settings.sandbox_port), str(start.settings.sandbox_tls_port)
    ports = ("--port", port, "--tls-port", tls_port)
    arguments = (
        "-m",
        "watchkeeper.sandbox",
        *ports,
        "--born",
        start.home.born,
        "--tls-folder",
        str(start.home.sandbox),
    )
    async with _step(start, "Sandbox (a make-believe company, no account needed)"):
        await start.children.start(
            ChildSpec("Sandbox", "sandbox.log", arguments, f"http://127.0.0.1:{port}/connectivity")
        )
    os.environ.update(trust_sandbox(start.home))


async def _start_web(start: Start) -> None:
    health = f"http://127.0.0.1:{start.settings.web_port}/health"
    await start.children.start(ChildSpec("Web", "web.log", ("-m", "watchkeeper.web"), health))


async def _migrate(start: Start) -> None:
    from watchkeeper.store.database import migrate  # noqa: PLC0415 - a second of imports, while the server starts
    from watchkeeper.store.failures import StoreError  # noqa: PLC0415

    async with _step(start, "Database"):
        try:
            await asyncio.to_thread(migrate, start.settings.database)
        except StoreError as error:
            raise CannotStartError(str(error)) from error


async def _register(start: Start) -> None:
    # Prefect must not be imported before its settings.
    from deployments.bootstrap import crash_unfinished_runs, create_work_pool  # noqa: PLC0415

    await crash_unfinished_runs()
    await create_work_pool()
    if sys.platform == "linux":  # elsewhere it is not safe to fork after such imports
        arguments = ("-m", "deployments.fork_server", os.environ[ADDRESS_SETTING])
        await start.children.start(ChildSpec("Fork server", "fork-server.log", arguments))
    await asyncio.gather(_start_worker(start), _bootstrap(start), _deploy(start))
    await _recover()


async def _recover() -> None:
    """Let what was interrupted be taken up now, and not at the next even minute."""
    from prefect.deployments import arun_deployment  # noqa: PLC0415 - see _register

    await arun_deployment(RECOVERY, timeout=0, as_subflow=False)


async def _bootstrap(start: Start) -> None:
    from deployments.bootstrap import bootstrap  # noqa: PLC0415 - see _register

    async with _step(start, "Blocks and limits"):
        port = start.settings.sandbox_port if start.uses_sandbox else None
        await bootstrap(read_credentials(), start.home.path / "blocks.json", port)


async def _start_worker(start: Start) -> None:
    from deployments.bootstrap import crash_runs_of_worker  # noqa: PLC0415 - see _register

    arguments = ("-m", "prefect", "worker", "start", "--pool", "watchkeeper", "--type", "process", "--name", "embedded")
    await start.children.start(ChildSpec("Worker", "worker.log", arguments, before_restart=crash_runs_of_worker))


async def _deploy(start: Start) -> None:
    """Register every deployment of prefect.yaml, by Prefect's own command, unless all are there as they would be."""
    from deployments.registration import Registration  # noqa: PLC0415 - see _register

    log, registration = start.home.logs / "deploy.log", Registration(REPOSITORY, start.home.path / "registered")
    arguments = ("-m", "prefect", "--no-prompt", "deploy", "--all")
    async with _step(start, "Deployments, schedules, automations"):
        if await registration.is_done():
            return
        child = await start_child("deploy", *arguments, environment=start.environment, log=log, folder=REPOSITORY)
        if await child.process.wait():
            raise CannotStartError(f"the deployments could not be registered:\n{child.last_words()}")
        registration.remember()


async def _first_check(start: Start) -> None:
    from prefect.deployments import arun_deployment  # noqa: PLC0415 - see _register

    from reports.terminal import check_table  # noqa: PLC0415
    from tasks.store import latest_checks  # noqa: PLC0415

    async with _step(start, "First health check"):
        run = await arun_deployment(FIRST_CHECK, timeout=180, poll_interval=0.5)
    if run.state is None or not run.state.is_completed():
        trouble = f"The first check has not completed: {run.state}. Its page says why."
        start.console.print(Text(trouble, style="yellow"))
    names = {project.slug: project.name for project in start.configuration.projects}
    start.console.print(check_table(latest_checks(tuple(names)), names))


async def _stop_everything(start: Start) -> None:
    start.console.print("\nStopping ...")
    start.home.withdraw()
    await start.children.stop()
    start.console.print("Stopped.")


async def _until(stop: asyncio.Event, work: Coroutine[object, object, None]) -> bool:
    """Do the work until it ends (False) or `stop` is set (True); what the work raises is raised here."""
    doing, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    done, pending = await asyncio.wait({doing, stopping}, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    if doing in done:
        doing.result()
    return stopping in done


def _open(settings: Settings) -> Home:
    try:
        home = open_home(settings.home)
    except OSError as error:
        raise CannotStartError(f"the state folder {settings.home} cannot be used: {error}") from error
    if (running := home.running()) is not None:
        raise CannotStartError(
            f"Watchkeeper already runs from {home.path} (process {running.pid}, "
            f"http://127.0.0.1:{running.prefect_port}). Stop it, or set WATCHKEEPER_HOME to another folder."
        )
    try:
        make_private(home.path)
    except OSError as error:
        raise CannotStartError(f"the state folder {home.path} cannot be made private: {error}") from error
    return home


def _refuse_occupied_ports(start: Start) -> None:
    wanted = {
        "WATCHKEEPER_PREFECT_PORT": start.settings.prefect_port,
        "WATCHKEEPER_WEB_PORT": start.settings.web_port,
    }
    if start.uses_sandbox:
        wanted["WATCHKEEPER_SANDBOX_PORT"] = start.settings.sandbox_port
        wanted["WATCHKEEPER_SANDBOX_PORT, which takes the next one for TLS"] = start.settings.sandbox_tls_port
    for setting, port in wanted.items():
        if not port_is_free(port):
            raise CannotStartError(
                f"port {port} is in use by another program. Free it, or choose another by {setting}."
            )


@asynccontextmanager
async def _step(start: Start, name: str) -> AsyncIterator[None]:
    began = time.monotonic()
    start.console.print(Text.assemble("  ", ("…", "dim"), f" {name}"))
    yield
    took = f"({time.monotonic() - began:.1f} s)"
    start.console.print(Text.assemble("  ", ("✓", "green"), f" {name} ", (took, "dim")))
