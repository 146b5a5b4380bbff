"""What every test shares: loopback only, and one real Prefect server for those that need it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright
from prefect.server.api.server import SubprocessASGIServer
from prefect.settings import PREFECT_API_REQUEST_TIMEOUT, get_current_settings, temporary_settings
from prefect.testing.utilities import prefect_test_harness

from tests.browser import CHROMIUM, OPTIONS
from tests.waiting import LIMIT_SECONDS

os.environ.pop("COLUMNS", None)  # of the terminal of pytest-xdist: what the tests read is piped

LOOPBACK = {"127.0.0.1", "::1", "localhost", "0.0.0.0"}  # noqa: S104 - compared with, not bound to


@pytest.fixture(autouse=True)
def _no_process_is_left() -> Iterator[None]:
    """Fail the test that does not wait for every process that it has started, and name them.

    What longer fixtures have started is there before; what `multiprocessing` forks from is there for all tests.
    """
    before = child_processes()
    yield
    left = {
        process: command
        for process, command in child_processes().items()
        if process not in before and "from multiprocessing." not in command
    }
    for process in left:
        os.kill(process, signal.SIGKILL)
    assert not left, f"processes were left: {left}"


def child_processes() -> dict[int, str]:
    """Return the children of this process with their commands, those too that have ended and that nobody waited for."""
    found = {}
    for thread in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):  # the thread, or the process, is gone
            for process in thread.read_text().split():
                command = Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                found[int(process)] = command.strip() or "ended"
    return found


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    """A real Prefect server on a database of its own, started by the same module as in `watchkeeper up`.

    A slow answer is waited for: asked again, the server has the last state of a run already, and gives it back
    without what the run has returned (docs/decisions/0015).
    """
    with pytest.MonkeyPatch.context() as patch, temporary_settings({PREFECT_API_REQUEST_TIMEOUT: LIMIT_SECONDS}):
        patch.setattr(SubprocessASGIServer, "_run_uvicorn_command", _start_server)
        with prefect_test_harness(server_startup_timeout=120):
            yield


def _start_server(server: SubprocessASGIServer) -> subprocess.Popen[bytes]:
    environment = {
        **get_current_settings().to_environment_variables(exclude_unset=True),
        "PREFECT_SERVER_API_HOST": "127.0.0.1",
        "PREFECT_SERVER_API_PORT": str(server.port),
        "PREFECT_SERVER_LOGGING_LEVEL": "ERROR",
        "PREFECT_UI_ENABLED": "0",
        "PREFECT__SERVER_EPHEMERAL": "1",  # without the services that the tests do not need, as the harness has it
    }
    command = [sys.executable, "-m", "deployments.prefect_server"]
    return subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real browser; who needs it is skipped where there is none."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield found
        found.close()


@pytest.fixture(scope="session", autouse=True)
def _network_is_off() -> Iterator[None]:
    """Refuse every connection that leaves this machine: no test may depend on the outside."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6} and address[0] not in LOOPBACK:
            raise OSError(f"a test tried to reach {address[0]}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield
