"""Rollbacks on a whole installation, as on the day one is needed: killed, restarted, and answered all the same."""

import os
import re
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import uuid4

import httpx
import psutil
import pytest

from tests.acceptance.watch import CHILDREN, Started, Watch, standing_watch
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

SOON = 60  # on a machine that does much else beside; how long it takes in quiet is measured by a benchmark

T = TypeVar("T")


@pytest.fixture(scope="module")
def watch(tmp_path_factory: pytest.TempPathFactory) -> Watch:
    return Watch(tmp_path_factory.mktemp("rollback") / "home")


@pytest.fixture(scope="module", autouse=True)
def started(watch: Watch) -> Iterator[Started]:
    with standing_watch(watch, "--no-history") as running:
        yield running


@pytest.fixture
def bad_release(watch: Watch) -> Iterator[str]:
    """The commit of a bad release that serves production."""
    watch.scenario("bad-release", "shop")
    httpx.post(f"http://127.0.0.1:{watch.sandbox_port}/sandbox/requests")
    yield production(watch)
    watch.scenario("calm")


def production(watch: Watch) -> str:
    state = watch.sandbox("/sandbox/state").json()
    return str(next(each["release"] for each in state["production"] if each["project"] == "shop"))


def moves(watch: Watch) -> int:
    """Return how often Vercel was asked to change production since this was asked last."""
    asked = watch.sandbox("/sandbox/requests").json()["requests"]
    return sum(method != "GET" and path.startswith("/vercel/") for method, path in asked)


def start(watch: Watch, **parameters: Any) -> str:
    """Start a way back by the form of the UI."""
    deployment = watch.prefect("GET", "/deployments/name/emergency-rollback/manual")
    # Forced, because one test follows the other without the time that should lie between two ways back.
    given = {"project": "shop", "requested_by": "Ada", "reason": "checkout fails", "dry_run": False, "force": "shop"}
    body = {"parameters": {**given, "verify_minutes": 0.2, **parameters}, "state": {"type": "SCHEDULED"}}
    return str(watch.prefect("POST", f"/deployments/{deployment['id']}/create_flow_run", body)["id"])


def state_of(watch: Watch, run: str) -> str:
    return str(watch.prefect("GET", f"/flow_runs/{run}")["state"]["type"])


def row(watch: Watch) -> dict[str, Any]:
    """Return the last way back as it stands in the store."""
    with closing(sqlite3.connect(watch.home / "watchkeeper.db", timeout=20)) as connection:
        connection.row_factory = sqlite3.Row
        found = connection.execute("SELECT * FROM rollbacks ORDER BY id DESC LIMIT 1").fetchone()
        return dict(found) if found else dict.fromkeys(("event_id", "state"))


def wait_for(look: Callable[[], T], wanted: Callable[[T], bool], seconds: float = 240) -> T:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if wanted(found := look()):
            return found
        time.sleep(0.2)
    raise AssertionError(look())


def answer(watch: Watch, run: str, word: str, name: str) -> dict[str, Any]:
    """Answer in the form of the UI, which says so when the server is busy: then a person tries again."""
    body = {"run_input": {"confirm": word, "approver": name}}
    address = f"http://127.0.0.1:{watch.prefect_port}/api/flow_runs/{run}/resume"
    for _ in range(20):
        given = httpx.post(address, json=body, headers=watch.authorization, timeout=90)
        if given.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            break
        time.sleep(0.5)
    assert given.is_success, given.text
    found: dict[str, Any] = given.json()
    return found


def process_of(run: str) -> psutil.Process | None:
    """Return the process that the worker has started for a run; its children are not meant."""
    for process in psutil.process_iter():
        try:
            if process.environ().get("PREFECT__FLOW_RUN_ID") == run:
                return process
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return None


def test_a_yes_in_the_ui_takes_production_back(watch: Watch, bad_release: str) -> None:
    run = start(watch)
    wait_for(lambda: state_of(watch, run), lambda state: state == "PAUSED")
    assert answer(watch, run, "yes", "Grace")["status"] == "REJECT"
    asked = datetime.now(UTC)
    assert answer(watch, run, "YES", "Grace")["status"] == "ACCEPT"
    done = wait_for(lambda: row(watch), lambda found: found["state"] == "succeeded")
    called = datetime.fromisoformat(done["move_started_at"]).replace(tzinfo=UTC)
    assert (called - asked).total_seconds() < SOON
    assert production(watch) != bad_release
    assert moves(watch) == 1
    artifacts = watch.prefect("POST", "/artifacts/latest/filter", {})
    assert "rollback-shop" in {artifact["key"] for artifact in artifacts}
    # In the small hours too few people visit the company within 12 s to say whether it has helped.
    ended = re.compile("rolled back to [0-9a-f]{7}. (It has helped|Whether it has helped cannot be told yet)")
    wait_for(lambda: watch.sandbox("/slack?channel=releases").text, lambda told: bool(ended.search(told)))


@pytest.mark.parametrize("killed", ["the run", "Worker", "Fork server", "Prefect server"])
def test_after_the_yes_production_moves_once_whatever_is_killed(
    watch: Watch, started: Started, bad_release: str, killed: str
) -> None:
    """The kill comes when the run begins again: it looks at production twice before it calls the vendor."""
    run = start(watch)
    wait_for(lambda: state_of(watch, run), lambda found: found == "PAUSED")
    wait_until(lambda: process_of(run) is None)
    answer(watch, run, "YES", "Grace")
    process = wait_until(lambda: process_of(run))
    assert process is not None
    if killed == "the run":
        os.kill(process.pid, signal.SIGKILL)
    else:
        started.kill(killed)
    done = wait_for(lambda: row(watch), lambda found: found["state"] in {"succeeded", "failed"})
    assert done["state"] == "succeeded", done["error"]
    assert production(watch) != bad_release
    assert moves(watch) == 1
    if killed in {
        "the run",
        "Worker",
    }:  # without a fork server a run starts afresh; a server that is back is asked again
        assert done["flow_run_id"] != run


def test_a_rollback_that_waits_is_carried_out_although_everything_was_killed(
    watch: Watch, started: Started, bad_release: str
) -> None:
    run = start(watch)
    wait_for(lambda: state_of(watch, run), lambda found: found == "PAUSED")
    for name in ("Worker", "Fork server", "Prefect server"):
        started.kill(name)
    assert answer(watch, run, "YES", "Grace")["status"] == "ACCEPT"
    done = wait_for(lambda: row(watch), lambda found: found["state"] in {"succeeded", "failed"})
    assert done["state"] == "succeeded", done["error"]
    assert production(watch) != bad_release
    assert moves(watch) == 1


@pytest.mark.parametrize("name", CHILDREN)
def test_a_child_that_is_killed_is_restarted(watch: Watch, started: Started, name: str) -> None:
    before = started.child(name)
    started.kill(name)
    assert started.child(name).pid != before.pid
    said = f"{name} was killed by SIGKILL. Restarting it"
    assert said in started.printed
    assert said in (watch.home / "logs" / "up.log").read_text()
    assert {check["verdict"] for check in watch.check().values()} == {"healthy"}


def test_a_proposal_that_is_told_twice_is_one_way_back(watch: Watch) -> None:
    """By itself only the plan is made, since the project is configured to `propose`."""
    event = {
        "id": str(uuid4()),
        "occurred": datetime.now(UTC).isoformat(),
        "event": "watchkeeper.rollback.proposed",
        "resource": {"prefect.resource.id": "watchkeeper.project.api"},
        "payload": {"project": "api", "reason": "12 % of the requests fail"},
    }
    httpx.post(f"http://127.0.0.1:{watch.sandbox_port}/sandbox/requests")
    for _ in range(2):
        address = f"http://127.0.0.1:{watch.prefect_port}/api/events"
        assert httpx.post(address, json=[event], headers=watch.authorization, timeout=60).is_success
    done = wait_for(lambda: row(watch), lambda found: (found["event_id"], found["state"]) == (event["id"], "planned"))
    assert done["dry_run"]
    assert moves(watch) == 0
