"""Runs that are forked from a process which has imported everything: as a fresh start, only sooner."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deployments.flow_run import ADDRESS_SETTING
from deployments.fork_server import Prepared, RefusedError, Request, changed_at
from tests.waiting import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks after imports are safe on Linux only")

ROOT = Path(__file__).resolve().parents[2]
NOBODY = "00000000-0000-0000-0000-000000000001"

BOTH_AT_ONCE = """
import os, selectors, socket
from deployments.fork_server import ForkServer, Prepared
here, there = socket.socketpair()
server = ForkServer(socket.socket(socket.AF_UNIX), Prepared({}, {}))
run = os.fork()
if not run:
    os._exit(0)
os.waitid(os.P_PID, run, os.WEXITED | os.WNOWAIT)
server.runs[run] = here
server.selector.register(here, selectors.EVENT_READ, run)
there.close()
server._tell_who_ended()
server._hand_on(run)
"""


class Served:
    """A fork server, and a Prefect server that accepts connections and never answers."""

    def __init__(self, folder: Path, silent: socket.socket) -> None:
        self.address = folder / "fork-server.sock"
        api = f"http://127.0.0.1:{silent.getsockname()[1]}/api"
        self.environment = {**os.environ, "PREFECT_API_URL": api, "PREFECT_HOME": str(folder)}
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "deployments.fork_server", str(self.address)],
                cwd=ROOT, env=self.environment, stdout=log, stderr=log,
            )  # fmt: skip
        self.asked: list[subprocess.Popen[str]] = []
        wait_until(lambda: "ready" in self.log.read_text() or self.process.poll() is not None)
        assert self.process.poll() is None, self.log.read_text()

    def run(self, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        asked = subprocess.Popen(
            [sys.executable, "-m", "deployments.flow_run", *arguments],
            cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**self.environment, ADDRESS_SETTING: str(self.address), **settings},
        )  # fmt: skip
        self.asked.append(asked)
        return asked

    def forked(self) -> psutil.Process:
        """Return the only process that is forked, once it is there."""
        wait_until(lambda: self.process.poll() is not None or psutil.Process(self.process.pid).children())
        assert self.process.poll() is None, self.log.read_text()
        (forked,) = psutil.Process(self.process.pid).children()
        return forked

    def end(self, how: signal.Signals) -> None:
        """End the server, and wait for it and for everybody who has asked it."""
        self.process.send_signal(how)
        code = self.process.wait()
        for asked in self.asked:
            asked.communicate()
        assert code == -how, self.log.read_text()


@pytest.fixture(scope="module")
def silent() -> Iterator[socket.socket]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(50)
        yield listener


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, silent: socket.socket) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("fork"), silent)
    yield served
    served.end(signal.SIGTERM)


def test_a_forked_run_prints_and_ends_as_one_that_was_started(server: Served) -> None:
    forked = server.run("not-a-number")
    told, errors = forked.communicate()
    alone = server.run("not-a-number", WATCHKEEPER_FORK_SERVER="")
    assert alone.communicate()[0] == told
    assert "Invalid flow run id" in errors
    assert forked.returncode == alone.returncode == 1
    assert "slowly" not in server.log.read_text()


def test_signals_reach_the_forked_run(server: Served) -> None:
    asked = server.run(NOBODY)
    forked = server.forked()
    asked.send_signal(signal.SIGTERM)
    assert asked.wait() == -signal.SIGTERM
    psutil.wait_procs([forked])


def test_a_run_ends_with_the_process_that_stands_for_it(server: Served) -> None:
    asked = server.run(NOBODY)
    forked = server.forked()
    asked.kill()
    asked.wait()
    psutil.wait_procs([forked])
    assert server.run("not-a-number").wait() != 0, "the server goes on"


def test_other_settings_of_prefect_start_afresh(server: Served) -> None:
    asked = server.run("not-a-number", PREFECT_LOGGING_LEVEL="DEBUG")
    assert "Invalid flow run id" in asked.communicate()[1]
    assert "it wants other settings: PREFECT_LOGGING_LEVEL" in server.log.read_text()


def test_a_run_does_not_outlive_the_fork_server(tmp_path: Path, silent: socket.socket) -> None:
    """The worker would report it as ended, and it would go on."""
    server = Served(tmp_path, silent)
    asked = server.run(NOBODY)
    forked = server.forked()
    server.end(signal.SIGKILL)
    assert asked.returncode == -signal.SIGKILL
    psutil.wait_procs([forked])


def test_a_fork_server_takes_the_place_of_one_that_was_killed(tmp_path: Path, silent: socket.socket) -> None:
    """What the killed one has left is a socket at which nobody listens."""
    Served(tmp_path, silent).end(signal.SIGKILL)
    successor = Served(tmp_path, silent)
    asked = successor.run(NOBODY)
    successor.forked()
    successor.end(signal.SIGKILL)
    assert asked.returncode == -signal.SIGKILL


def test_a_run_that_ends_while_somebody_lets_go_of_it_does_not_end_the_server() -> None:
    """Both are seen by the same look: the end of the process is handled first, and then its connection."""
    ended = subprocess.run([sys.executable, "-c", BOTH_AT_ONCE], cwd=ROOT, check=False, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_changed_code_is_not_forked(tmp_path: Path) -> None:
    code = tmp_path / "flow.py"
    code.write_text("old")
    prepared = Prepared({}, {str(code): changed_at(str(code))})
    request = Request([], {"PREFECT__FLOW_RUN_ID": "one of many"}, "", [])
    prepared.refuse_other(request)
    code.unlink()
    with pytest.raises(RefusedError, match=r"flow\.py has changed"):
        prepared.refuse_other(request)
