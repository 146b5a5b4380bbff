"""A child that ends is restarted, with back-off; only one that ends again and again ends the watch."""

import asyncio
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import httpx
import pytest

from deployments.supervision import (
    DEFAULT_PATIENCE,
    Backoff,
    CannotKeepRunningError,
    Children,
    ChildSpec,
    Patience,
)
from tests.waiting import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

SLEEPS = ("-c", "import time; print('here', flush=True); time.sleep(600)")
ENDS = ("-c", "import sys; print('no such table'); sys.exit(3)")
AT_ONCE = Backoff(max_restarts=3, max_delay_seconds=0)


class Watch:
    """Children and what is reported of them."""

    def __init__(self, folder: Path, backoff: Backoff = AT_ONCE, patience: Patience = DEFAULT_PATIENCE) -> None:
        self.said: list[str] = []
        self.children = Children(folder, folder, {}, self.said.append, backoff, patience)

    async def keep(self) -> NoReturn:
        await self.children.keep_running(asyncio.sleep(0), lambda _: None)

    async def until(self, words: str, times: int = 1) -> None:
        await until(lambda: sum(words in line for line in self.said) >= times)

    async def stop(self, keeping: asyncio.Task[NoReturn]) -> None:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await self.children.stop()


@pytest.mark.parametrize(
    ("restarts", "delay"),
    [
        pytest.param([], 0.0, id="the first time at once"),
        pytest.param([899.0], 1.0, id="then after a second"),
        pytest.param([100.0, 899.0], 2.0, id="and twice as long each time"),
        pytest.param([float(at) for at in range(100, 106)], 30.0, id="up to half a minute"),
        pytest.param([float(at) for at in range(100, 109)], 30.0, id="the last of ten"),
        pytest.param([float(at) for at in range(100, 110)], None, id="ten within 15 minutes are too many"),
        pytest.param(
            [100.0, *(float(at) for at in range(101, 110))], None, id="the first of ten counts for 15 minutes"
        ),
        pytest.param([99.0, *(float(at) for at in range(101, 110))], 30.0, id="and no longer"),
    ],
)
def test_how_soon_a_child_is_restarted(restarts: Sequence[float], delay: float | None) -> None:
    assert Backoff().delay_seconds(restarts, now=999.5) == delay


async def test_a_child_that_is_killed_is_restarted_and_people_are_told(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    await watch.children.start(spec := ChildSpec("Worker", "worker.log", SLEEPS))
    first = watch.children.running[spec]
    keeping = asyncio.create_task(watch.keep())
    first.process.kill()
    await watch.until("Worker is running again.")
    assert watch.said[0] == ("Worker was killed by SIGKILL. Restarting it now (restart 1 of at most 3 within 15 min).")
    second = watch.children.running[spec]
    assert second.process.pid != first.process.pid
    assert second.process.returncode is None
    await watch.stop(keeping)
    assert second.process.returncode is not None


async def test_one_that_ends_again_and_again_ends_the_watch_and_is_named(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    await watch.children.start(ChildSpec("Web", "web.log", SLEEPS))
    await watch.children.start(ChildSpec("Prefect server", "server.log", ENDS))
    with pytest.raises(CannotKeepRunningError) as caught:
        await watch.keep()
    said = str(caught.value)
    assert "Prefect server cannot be kept running: 3 restarts within 15 min did not help." in said
    assert "ended with code 3" in said
    assert "no such table" in said
    assert sum("Prefect server is running again." in line for line in watch.said) == 3
    await watch.children.stop()


async def test_one_that_does_not_come_up_is_tried_again(tmp_path: Path) -> None:
    """The port of a killed server may be another program's for a while."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
    trouble = tmp_path / "trouble"
    serves = (
        f"import pathlib, runpy, sys\nif pathlib.Path({str(trouble)!r}).exists(): sys.exit('address in use')\n"
        f"sys.argv[1:] = ['{port}', '--bind', '127.0.0.1']\nrunpy.run_module('http.server', run_name='__main__')"
    )
    watch = Watch(tmp_path, Backoff(max_restarts=1000, max_delay_seconds=0))
    await watch.children.start(spec := ChildSpec("Web", "web.log", ("-c", serves), f"http://127.0.0.1:{port}/"))
    keeping = asyncio.create_task(watch.keep())
    trouble.touch()
    watch.children.running[spec].process.kill()
    await watch.until("Web could not be restarted: CannotStartError: Web ended with code 1", times=2)
    trouble.unlink()
    await watch.until("Web is running again.")
    await watch.stop(keeping)


async def test_what_a_child_has_started_ends_with_it_before_the_next_one_begins(tmp_path: Path) -> None:
    """Runs of a killed worker must not go on beside those that its successor starts."""
    orphan = tmp_path / "orphan"
    starts = (
        "import pathlib, subprocess, sys, time\n"
        "run = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"pathlib.Path({str(orphan)!r}).write_text(str(run.pid))\n"
        "time.sleep(600)"
    )
    seen: list[bool] = []

    async def look() -> None:
        seen.append(_lives(int(orphan.read_text())))

    watch = Watch(tmp_path)
    await watch.children.start(spec := ChildSpec("Worker", "worker.log", ("-c", starts), before_restart=look))
    await until(lambda: orphan.exists() and orphan.read_text())
    keeping = asyncio.create_task(watch.keep())
    watch.children.running[spec].process.kill()
    await watch.until("Worker is running again.")
    assert seen == [False]
    await watch.stop(keeping)


async def test_what_must_follow_a_restart_and_fails_does_not_count_against_the_child(tmp_path: Path) -> None:
    async def refuse() -> None:
        raise httpx.ConnectError("the server is not there")

    watch = Watch(tmp_path)
    spec = ChildSpec("Prefect server", "server.log", SLEEPS, after_restart=refuse)
    await watch.children.start(spec)
    keeping = asyncio.create_task(watch.keep())
    watch.children.running[spec].process.kill()
    await watch.until("Prefect server is running again.")
    assert "is up, but what was interrupted is not taken up at once: the server is not there" in watch.said[1]
    await watch.stop(keeping)


def _lives(process: int) -> bool:
    """Return whether a process runs; one that has ended and that nobody has waited for does not."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in {"Z", "X"}


ANSWERS = """
import http.server, sys
class Server(http.server.BaseHTTPRequestHandler):
    status = 200
    def do_GET(self):
        self.send_response(Server.status)
        self.end_headers()
        Server.status = int(sys.argv[2])
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Server).serve_forever()
"""


def answers(then: int) -> ChildSpec:
    """A server that is up at its first answer, and gives that status from then on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return ChildSpec("Web", "web.log", ("-c", ANSWERS, str(port), str(then)), f"http://127.0.0.1:{port}/")


async def test_a_server_that_stands_still_is_ended_and_restarted(tmp_path: Path) -> None:
    watch = Watch(tmp_path, patience=Patience(max_unanswered=2, pause_seconds=0.01, timeout_seconds=1))
    await watch.children.start(spec := answers(then=200))
    first = watch.children.running[spec]
    keeping = asyncio.create_task(watch.keep())
    first.process.send_signal(signal.SIGSTOP)
    await watch.until("Web is running again.")
    assert watch.said[0].startswith("Web stands still: it has not answered 2 times in a row. Restarting it now")
    assert first.process.returncode == -signal.SIGKILL
    assert watch.children.running[spec].process.returncode is None
    await watch.stop(keeping)


async def test_a_server_that_answers_with_errors_does_not_stand_still(tmp_path: Path) -> None:
    watch = Watch(tmp_path, patience=Patience(max_unanswered=1, pause_seconds=0.01, timeout_seconds=60))
    await watch.children.start(answers(then=503))
    keeping = asyncio.create_task(watch.keep())
    await until(lambda: (tmp_path / "web.log").read_text().count(" 503 ") > 3)
    assert watch.said == []
    await watch.stop(keeping)
