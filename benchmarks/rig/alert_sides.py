"""Ten thousand alerts until the one notification of them: Watchkeeper, and Prometheus Alertmanager beside it."""

import json
import multiprocessing
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import psutil
from pydantic import TypeAdapter
from sqlalchemy import Engine

from watchkeeper.domain.alert_digests import Digest
from watchkeeper.domain.alert_policy import AlertPolicy, Timing
from watchkeeper.domain.alert_values import Alert, AlertStatus, Severity, labels_of
from watchkeeper.domain.alerts import run_pass
from watchkeeper.store.alert_messages import claim_message, pending_messages
from watchkeeper.store.alert_passes import known, save_pass
from watchkeeper.store.alerts import save_alerts
from watchkeeper.store.database import migrate, opened, reading, transaction

START = datetime(2026, 3, 1, tzinfo=UTC)
AT_ONCE = timedelta()
ALERTMANAGER = "prometheus-alertmanager"


def alerts_of(count: int, projects: int, now: datetime = START) -> tuple[Alert, ...]:
    """Return firing alerts, half of them critical, of endpoints of so many projects."""
    severities = (Severity.CRITICAL, Severity.INFO)
    return tuple(
        Alert(
            project=f"p{number % projects:05}",
            rule="endpoint-down",
            severity=severities[number % 2],
            status=AlertStatus.FIRING,
            started_at=now,
            seen_at=now,
            summary=f"endpoint e{number} is down",
            labels=labels_of(endpoint=f"e{number}"),
            cause="endpoints",
            fired_at=now,
            details=("three probes in a row failed", "connection refused"),
            flips=(now,),
        )
        for number in range(count)
    )


def policy_of(wait: timedelta = AT_ONCE) -> AlertPolicy:
    return AlertPolicy(names={}, default_channels={"": ("slack",)}, timing=Timing(group_wait=wait))


def decide(engine: Engine, policy: AlertPolicy, now: datetime) -> None:
    """Make one pass as the flow does."""
    with reading(engine) as session:
        found = known(session, now)
    result = run_pass(found, policy, now)
    if not result.is_empty:
        with transaction(engine) as session:
            save_pass(session, result, now)


def push(engine: Engine, alerts: Sequence[Alert]) -> None:
    with transaction(engine) as session:
        save_alerts(session, alerts)


@dataclass(frozen=True, slots=True)
class Side:
    """`seconds`: from the last alert pushed to the notification, without the group wait; `peak_mb`: resident memory."""

    push_seconds: float
    seconds: float
    peak_mb: float
    notifications: int


class Hook:
    """A server that notes when it is told something."""

    def __init__(self) -> None:
        self.arrived: list[float] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                hook.arrived.append(time.perf_counter())
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    @contextmanager
    def running(self) -> Iterator["Hook"]:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        yield self
        self.server.shutdown()

    def wait(self, until: float) -> None:
        while not self.arrived and time.perf_counter() < until:
            time.sleep(0.005)
        time.sleep(1)  # for a second one that should not come


def run_alertmanager(folder: Path, count: int, wait: float) -> Side:
    with Hook().running() as hook, alertmanager(folder, hook.url, wait) as (address, process):
        body = [
            {
                "labels": {"alertname": alert.rule, "project": alert.project, "cause": alert.cause}
                | {"severity": alert.severity.value, **dict(alert.labels)},
                "annotations": {"summary": alert.summary, "details": "\n".join(alert.details)},
            }
            for alert in alerts_of(count, 1)
        ]
        start = time.perf_counter()
        httpx.post(f"{address}/api/v2/alerts", json=body, timeout=60).raise_for_status()
        pushed = time.perf_counter()
        peak = 0
        while not hook.arrived and time.perf_counter() < pushed + wait + 60:
            peak = max(peak, process.memory_info().rss)
            time.sleep(0.005)
        hook.wait(pushed + wait + 60)
        peak = max(peak, process.memory_info().rss)
    # The wait begins with the first alert that arrives.
    return Side(pushed - start, hook.arrived[0] - start - wait, peak / 1e6, len(hook.arrived))


@contextmanager
def alertmanager(folder: Path, url: str, wait: float) -> Iterator[tuple[str, psutil.Process]]:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    settings = {
        "route": {"receiver": "hook", "group_by": ["project", "cause"], "group_wait": f"{wait:g}s"},
        "receivers": [{"name": "hook", "webhook_configs": [{"url": url}]}],
    }
    (folder / "alertmanager.yml").write_text(json.dumps(settings))
    arguments = (f"--config.file={folder / 'alertmanager.yml'}", f"--storage.path={folder / 'alertmanager'}")
    command = (ALERTMANAGER, *arguments, f"--web.listen-address={address}", "--cluster.listen-address=")
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    try:
        await_ready(f"http://{address}")
        yield f"http://{address}", psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


def await_ready(address: str) -> None:
    for _ in range(200):
        try:
            if httpx.get(f"{address}/-/ready").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise TimeoutError("Alertmanager has not started within 10 seconds")


def run_ours(folder: Path, count: int, wait: float) -> Side:
    """Do the same in a process of its own: alerts saved, two passes, the message sent from the outbox to a hook."""
    with Hook().running() as hook:
        context = multiprocessing.get_context("spawn")
        results: Any = context.Queue()
        process = context.Process(target=tell_ours, args=(str(folder / "ours.db"), count, wait, hook.url, results))
        process.start()
        push_seconds, seconds, peak_mb = results.get(timeout=wait + 120)
        process.join()
        return Side(push_seconds, seconds, peak_mb, len(hook.arrived))


def tell_ours(path: str, count: int, wait: float, url: str, results: Any) -> None:  # noqa: ANN401 - a queue
    migrate(f"sqlite:///{path}")
    policy = policy_of(timedelta(seconds=wait))
    alerts = alerts_of(count, 1)
    with opened(f"sqlite:///{path}") as engine, httpx.Client() as client:
        start = time.perf_counter()
        push(engine, alerts)
        pushed = time.perf_counter()
        decide(engine, policy, datetime.now(UTC))
        time.sleep(wait)
        decide(engine, policy, datetime.now(UTC))
        send(engine, client, url)
        sent = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    results.put((pushed - start, sent - start - wait, peak / 1e6))


def send(engine: Engine, client: httpx.Client, url: str) -> None:
    now = datetime.now(UTC)
    with reading(engine) as session:
        waiting = pending_messages(session, now)
    for message in waiting:
        with transaction(engine) as session:
            claimed = claim_message(session, message.id, now)
        if claimed is not None:
            client.post(url, json=TypeAdapter(Digest).dump_python(claimed.digest, mode="json")).raise_for_status()
