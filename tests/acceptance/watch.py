"""A whole Watchkeeper, started as a user starts it, in a folder and on ports of its own."""

import base64
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.waiting import wait_until

REPOSITORY = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "deployments.cli"]
CHILDREN = {
    "Prefect server": "deployments.prefect_server",
    "Worker": "worker",
    "Fork server": "deployments.fork_server",
    "Web": "watchkeeper.web",
    "Sandbox": "watchkeeper.sandbox",
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def free_pair() -> int:
    """Return a free port that the next one to is free: the sandbox takes both."""
    while True:
        with socket.socket() as one, socket.socket() as next_one:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            try:
                next_one.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


@dataclass
class Watch:
    """One start of `watchkeeper up`, and what a user can do with it."""

    home: Path
    prefect_port: int = field(default_factory=free_port)
    sandbox_port: int = field(default_factory=free_pair)
    web_port: int = field(default_factory=free_port)
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "WATCHKEEPER_"))}
        return {
            **clean,
            "WATCHKEEPER_HOME": str(self.home),
            "WATCHKEEPER_PREFECT_PORT": str(self.prefect_port),
            "WATCHKEEPER_SANDBOX_PORT": str(self.sandbox_port),
            "WATCHKEEPER_WEB_PORT": str(self.web_port),
            "COLUMNS": "200",
            **self.settings,
        }

    def run(self, *arguments: str, timeout: float = 200) -> subprocess.CompletedProcess[str]:
        """Run the command line to its end."""
        return subprocess.run(
            [*COMMAND, *arguments],
            env=self.environment,
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def check(self, *arguments: str) -> dict[str, dict[str, Any]]:
        """Run the health check now and return each project's verdict as a script would read it."""
        done = self.run("check", "--json", *arguments)
        assert done.returncode in {0, 1, 2, 3}, done.stderr
        return {check["project"]: check for check in json.loads(done.stdout)}

    def scenario(self, *words: str) -> None:
        done = self.run("sandbox", "scenario", *words)
        assert done.returncode == 0, done.stderr

    def prefect(self, method: str, path: str, body: Any = None) -> Any:
        """Call the Prefect API as the UI does."""
        answer = httpx.request(
            method, f"http://127.0.0.1:{self.prefect_port}/api{path}", json=body, headers=self.authorization, timeout=30
        )
        assert answer.is_success, answer.text
        return answer.json()

    @property
    def authorization(self) -> dict[str, str]:
        password = (self.home / "prefect-password").read_text()
        return {"Authorization": "Basic " + base64.b64encode(f"watchkeeper:{password}".encode()).decode()}

    def sandbox(self, path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.sandbox_port}{path}", timeout=30)

    def alerts(self, name: str) -> list[str]:
        """Return the messages in Slack about alerts of a project, as HTML."""
        posts = re.findall(r"<article.*?</article>", self.sandbox("/slack?channel=releases").text, re.DOTALL)
        return [post for post in posts if "alerts ack" in post and name in post]

    def wait_for_alerts(self, name: str, seconds: float = 150) -> list[str]:
        """Wait until a project's alerts are told: a group waits for half a minute, and a run needs to start."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := self.alerts(name):
                return found
            time.sleep(1)
        raise AssertionError(self.sandbox("/slack?channel=releases").text)


@dataclass
class Started:
    process: subprocess.Popen[str]
    log: Path

    @property
    def printed(self) -> str:
        return self.log.read_text()

    def child(self, name: str) -> psutil.Process:
        """Return the child of that name."""
        children = psutil.Process(self.process.pid).children()
        return next(child for child in children if CHILDREN[name] in child.cmdline())

    def kill(self, name: str) -> None:
        """Kill a child and wait until it is restarted."""
        before = len(self.printed)
        self.child(name).kill()
        wait_until(lambda: f"{name} is running again." in self.printed[before:] or self.process.poll() is not None)
        assert self.process.poll() is None, self.printed


def start(watch: Watch, *arguments: str) -> Started:
    """Start `watchkeeper up` and return at once."""
    watch.home.mkdir(parents=True, exist_ok=True)
    log = watch.home.parent / f"{watch.home.name}.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*COMMAND, "up", *arguments],
            env=watch.environment,
            cwd=REPOSITORY,
            stdout=output,
            stderr=output,
            text=True,
        )
    return Started(process, log)


def wait_until_ready(started: Started, seconds: float = 120) -> float:
    """Return after how many seconds the first verdict was there."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if re.search(r"Ready after", started.printed):
            return time.monotonic() - began
        assert started.process.poll() is None, started.printed
        time.sleep(0.1)
    raise AssertionError(started.printed)


def stop(started: Started, sign: signal.Signals = signal.SIGTERM) -> int:
    started.process.send_signal(sign)
    return started.process.wait(timeout=60)


@contextmanager
def standing_watch(watch: Watch, *arguments: str) -> Iterator[Started]:
    """Keep a whole Watchkeeper up for the length of the block. `arguments`: of `watchkeeper up`."""
    started = start(watch, *arguments)
    try:
        wait_until_ready(started)
        yield started
    finally:
        if started.process.poll() is None:
            stop(started)
