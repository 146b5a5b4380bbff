"""From nothing to a true verdict about three projects, as a newcomer meets it."""

import signal
import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.pages import log_in
from tests.acceptance.watch import Started, Watch, standing_watch, start, stop
from tests.browser import CHROMIUM
from tests.waiting import wait_until

T = TypeVar("T")

HOSTILE = "<!channel> | basket <script>total()</script>"

pytestmark = pytest.mark.slow
in_a_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


@pytest.fixture(scope="module")
def watch(tmp_path_factory: pytest.TempPathFactory) -> Watch:
    return Watch(tmp_path_factory.mktemp("watch") / "home")


@pytest.fixture(scope="module")
def started(watch: Watch) -> Iterator[Started]:
    with standing_watch(watch, "--no-history") as running:
        yield running


@pytest.fixture(params=[(1280, 800), (390, 800)], ids=["desktop", "phone"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    width, height = request.param
    found = browser.new_page(viewport={"width": width, "height": height})
    found.set_default_timeout(20_000)
    yield found
    found.close()


@pytest.fixture
def calm(watch: Watch, started: Started) -> Iterator[None]:
    watch.scenario("calm")
    yield
    watch.scenario("calm")


def test_the_table_and_the_addresses_appear(started: Started, watch: Watch) -> None:
    for name in ("Shop", "Customer portal", "Public API"):
        assert name in started.printed
    assert started.printed.count("healthy") == 3
    assert f"http://127.0.0.1:{watch.prefect_port}" in started.printed
    assert f"http://127.0.0.1:{watch.sandbox_port}/slack" in started.printed


def test_the_prefect_server_asks_for_the_password(started: Started, watch: Watch) -> None:
    address = f"http://127.0.0.1:{watch.prefect_port}/api/deployments/filter"
    assert httpx.post(address, json={}).status_code == 401
    assert httpx.post(address, json={}, headers=watch.authorization).status_code == 200


def test_every_schedule_produces_runs(started: Started, watch: Watch) -> None:
    """Newer SQLAlchemy breaks the scheduler without a word: nothing else would tell."""
    deployments = watch.prefect("POST", "/deployments/filter", {})
    scheduled = watch.prefect("POST", "/flow_runs/filter", {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}})
    with_runs = {run["deployment_id"] for run in scheduled}
    assert len(deployments) >= 4
    assert {deployment["id"] for deployment in deployments if deployment["schedules"]} <= with_runs


def test_a_bad_release_is_told_once_in_slack(watch: Watch, started: Started) -> None:
    watch.scenario("bad-release")
    watch.check()
    (told,) = watch.wait_for_alerts("Shop")
    watch.check()
    checked = datetime.now(UTC)

    def is_decided() -> bool:
        """Whether the alerts were gone through once more after the check."""
        runs = watch.prefect("POST", "/flow_runs/filter", {"flows": {"name": {"any_": ["alert-dispatch"]}}})
        done = [run for run in runs if run["state_type"] == "COMPLETED"]
        return any(datetime.fromisoformat(run["start_time"]) > checked for run in done)

    wait_until(is_decided, pause=1)
    assert len(watch.alerts("Shop")) == 1, told


@in_a_browser
def test_the_artifact_reads_as_it_stands(page: Page, watch: Watch) -> None:
    log_in(page, watch)
    page.goto(f"http://127.0.0.1:{watch.prefect_port}/artifacts/key/health-shop")
    page.locator("a[href*='/artifacts/artifact/']").first.click()
    expect(page.get_by_role("heading", name="Shop: critical")).to_be_visible()
    body = page.locator("body")
    expect(body).to_contain_text(HOSTILE)
    expect(body).to_contain_text("Whose fault: release.")
    expect(body).not_to_contain_text("&#")


@in_a_browser
def test_the_slack_page_shows_what_the_team_reads(page: Page, watch: Watch) -> None:
    page.goto(f"http://127.0.0.1:{watch.sandbox_port}/slack")
    expect(page.get_by_text("watchkeeper alerts ack").first).to_be_visible()
    expect(page.locator("body")).to_contain_text(HOSTILE)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, "nothing sticks out to the side"


def test_a_bad_release_turns_one_project_critical_and_calm_brings_it_back(watch: Watch, calm: None) -> None:
    before = watch.check()
    assert {check["verdict"] for check in before.values()} == {"healthy"}

    watch.scenario("bad-release")
    done = watch.check()
    assert done["shop"]["verdict"] == "critical", done["shop"]
    assert {done["portal"]["verdict"], done["api"]["verdict"]} == {"healthy"}
    assert done["shop"]["fault"]["of"] == "release"
    assert done["shop"]["fault"]["release"] == done["shop"]["release"] != before["shop"]["release"]
    assert done["shop"]["components"]["errors"]["evidence"]
    assert watch.run("check", "shop").returncode == 2

    watch.scenario("calm")
    after = watch.check()
    assert {check["verdict"] for check in after.values()} == {"healthy"}


def test_the_ui_shows_artifacts_of_the_check(started: Started, watch: Watch) -> None:
    artifacts = watch.prefect("POST", "/artifacts/latest/filter", {})
    keys = {artifact["key"] for artifact in artifacts}
    assert {"health", "health-shop", "health-portal", "health-api"} <= keys


def test_events_name_the_verdict_and_the_project(started: Started, watch: Watch) -> None:
    found = watch.prefect("POST", "/events/filter", {"filter": {"event": {"prefix": ["watchkeeper.health."]}}})
    assert {"watchkeeper.project.shop", "watchkeeper.project.api"} <= {
        event["resource"]["prefect.resource.id"] for event in found["events"]
    }


@pytest.mark.parametrize("vendor", ["sentry", "vercel", "circleci"])
def test_a_vendor_that_is_down_is_unknown_and_never_healthy(watch: Watch, calm: None, vendor: str) -> None:
    component = {"sentry": "errors", "vercel": "delivery", "circleci": "builds"}[vendor]
    watch.scenario("vendor-down", vendor)
    done = watch.check()
    for check in done.values():
        assert check["components"][component]["verdict"] == "unknown"
        assert check["components"][component]["gap"] == "unavailable"
        assert check["coverage"] < 1


def test_two_checks_of_one_window_leave_one_row(watch: Watch, calm: None) -> None:
    first = watch.check("--at", "2026-11-20T12:00:00Z", "--check-type", "error_rates")
    second = watch.check("--at", "2026-11-20T12:00:00Z", "--check-type", "error_rates")
    assert first == second


def test_an_unknown_project_is_named_with_the_way_out(started: Started, watch: Watch) -> None:
    done = watch.run("check", "shpo")
    assert done.returncode == 4
    assert "shpo" in done.stderr
    assert "shop" in done.stderr


def test_a_run_of_our_own_that_fails_is_looked_into_at_once(started: Started, watch: Watch) -> None:
    deployment = watch.prefect("GET", "/deployments/name/health-check/every-15-minutes")["id"]
    path = f"/deployments/{deployment}/create_flow_run"
    run = watch.prefect("POST", path, {"parameters": {"projects": ["shpo"]}, "state": {"type": "SCHEDULED"}})["id"]
    ended = until(lambda: is_over(watch.prefect("GET", f"/flow_runs/{run}")["state"]))
    assert ended["type"] == "FAILED"
    assert "shpo" in ended["message"]

    def started_by_it() -> bool:
        runs = watch.prefect("POST", "/flow_runs/filter", {"flows": {"name": {"any_": ["alert-dispatch"]}}})
        return any("went wrong" in ((each["created_by"] or {}).get("display_value") or "") for each in runs)

    assert until(started_by_it)


def is_over(state: dict[str, Any]) -> dict[str, Any] | None:
    return state if state["type"] in {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"} else None


def until(look: Callable[[], T | None], seconds: float = 60) -> T:
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline
        time.sleep(0.3)
    return found


def test_an_occupied_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        watch = Watch(tmp_path / "home", prefect_port=other.getsockname()[1])
        done = watch.run("up")
    assert done.returncode == 4
    assert str(watch.prefect_port) in done.stderr
    assert "WATCHKEEPER_PREFECT_PORT" in done.stderr


def test_a_start_that_is_told_to_stop_leaves_no_child(tmp_path: Path) -> None:
    begun = start(Watch(tmp_path / "home"), "--no-history")
    children = wait_for_children(begun, 3)
    assert stop(begun, signal.SIGTERM) == 0
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive


def test_at_last_a_signal_stops_the_watch_and_every_child(started: Started) -> None:
    children = wait_for_children(started, 4)
    assert stop(started, signal.SIGINT) == 0
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive


def wait_for_children(started: Started, number: int) -> list[psutil.Process]:
    process = psutil.Process(started.process.pid)
    for _ in range(600):
        assert started.process.poll() is None, started.printed
        children = process.children(recursive=True)
        if len(children) >= number:
            return children
        time.sleep(0.1)
    raise AssertionError(started.printed)
