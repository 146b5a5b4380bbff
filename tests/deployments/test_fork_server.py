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

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks after imports are safe on Linux only")

ROOT = Path(__file__).resolve().parents[2]
NOBODY = "00000000-0000-0000-0000-000000000001"


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
        while not self.address.exists():
            assert self.process.poll() is None, self.log.read_text()

    def run(self, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "deployments.flow_run", *arguments],
            cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**self.environment, ADDRESS_SETTING: str(self.address), **settings},
        )  # fmt: skip

    def forked(self) -> psutil.Process:
        """Return the process that was forked, once it is there."""
        while not (children := psutil.Process(self.process.pid).children()):
            assert self.process.poll() is None, self.log.read_text()
        return children[0]


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
    served.process.terminate()
    assert served.process.wait() == -signal.SIGTERM


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
    server.process.kill()
    assert asked.wait() == -signal.SIGKILL
    psutil.wait_procs([forked])
    server.process.wait()


def test_changed_code_is_not_forked(tmp_path: Path) -> None:
    code = tmp_path / "flow.py"
    code.write_text("old")
    prepared = Prepared({}, {str(code): changed_at(str(code))})
    request = Request([], {"PREFECT__FLOW_RUN_ID": "one of many"}, "", [])
    prepared.refuse_other(request)
    code.unlink()
    with pytest.raises(RefusedError, match=r"flow\.py has changed"):
        prepared.refuse_other(request)
