"""From nothing to the first daily report in Slack, and any other one from the form of the UI."""

import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.acceptance.watch import Started, Watch, standing_watch, stop

pytestmark = pytest.mark.slow

SOON = 120  # seconds after the first verdict
BUSY = 20  # times that the server may be asked


@pytest.fixture(scope="module")
def watch(tmp_path_factory: pytest.TempPathFactory) -> Watch:
    return Watch(tmp_path_factory.mktemp("watch") / "home")


@pytest.fixture(scope="module")
def started(watch: Watch) -> Iterator[Started]:
    with standing_watch(watch) as running:
        yield running


@pytest.fixture(scope="module")
def thread(watch: Watch, started: Started) -> str:
    """Return the page of the channel once the report stands there with its files."""
    began = time.monotonic()
    while time.monotonic() - began < SOON:
        page = watch.sandbox("/slack?channel=reports").text
        if len(addresses(page)) >= 2:
            return page
        assert started.process.poll() is None, started.printed
        time.sleep(0.5)
    raise AssertionError(f"{watch.sandbox('/slack?channel=reports').text}\n{started.printed}")


def addresses(page: str) -> list[str]:
    """Return where the files of a channel's page lie."""
    return [f"/{found}" for found in re.findall(r'(?:href|src)="(slack/files[^"]+)"', page)]


def run_report(watch: Watch, **parameters: Any) -> httpx.Response:
    """Start a report as the form of the UI does; again where the server's database is just busy."""
    deployment = watch.prefect("GET", "/deployments/name/period-report/by-hand")["id"]
    address = f"http://127.0.0.1:{watch.prefect_port}/api/deployments/{deployment}/create_flow_run"
    for _ in range(BUSY):
        answer = httpx.post(address, json={"parameters": parameters}, headers=watch.authorization, timeout=60)
        if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            break
        time.sleep(1)
    return answer


def ended(watch: Watch, run: str, seconds: float = 60) -> dict[str, Any]:
    """Wait until a run has ended, and return its state."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        state: dict[str, Any] = watch.prefect("GET", f"/flow_runs/{run}")["state"]
        if state["type"] in {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}:
            return state
        time.sleep(0.5)
    raise AssertionError(f"the run has not ended after {seconds} s: {state}")


def page_behind(watch: Watch, key: str) -> httpx.Response:
    """Open what the link artifact leads to."""
    artifact = watch.prefect("GET", f"/artifacts/{key}/latest")
    (link,) = re.findall(r"\((http[^)]+)\)", artifact["data"])
    return httpx.get(link, timeout=30)


def test_the_daily_report_stands_in_slack_with_chart_and_page(watch: Watch, thread: str) -> None:
    assert thread.count("Daily report") >= 1
    for name in ("Shop", "Customer portal", "Public API"):
        assert name in thread
    files = [watch.sandbox(address) for address in dict.fromkeys(addresses(thread))]
    kinds = {answer.headers["content-type"].partition(";")[0] for answer in files if answer.is_success}
    assert kinds == {"image/png", "text/html"}


def test_the_page_opens_from_the_link_in_the_ui(watch: Watch, thread: str) -> None:
    page = page_behind(watch, "report-daily")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert page.text.lower().startswith("<!doctype html>")
    assert "script" not in page.headers["content-security-policy"]
    listed = httpx.get(f"http://127.0.0.1:{watch.web_port}/reports/", timeout=30)
    assert page.url.path.rpartition("/")[2] in listed.text


def test_weekly_and_monthly_are_made_from_the_form_of_the_ui(watch: Watch, thread: str) -> None:
    for period in ("weekly", "monthly"):  # one after the other: a run that has to wait in line waits half a minute
        answer = run_report(watch, period=period, timezone="Europe/Berlin")
        assert answer.is_success, answer.text
        state = ended(watch, answer.json()["id"])
        assert state["type"] == "COMPLETED", state
        assert page_behind(watch, f"report-{period}").status_code == 200


@pytest.mark.parametrize(
    "parameters",
    [
        pytest.param({"timezone": "Mars/Olympus"}, id="time zone"),
        pytest.param({"period": "yearly"}, id="period"),
        pytest.param({"deliver": "perhaps"}, id="box to tick"),
    ],
)
def test_what_the_form_cannot_mean_is_refused_before_anything_runs(
    watch: Watch, started: Started, parameters: dict[str, str]
) -> None:
    answer = run_report(watch, **parameters)
    assert 400 <= answer.status_code < 500, answer.text
    assert next(iter(parameters.values())) in answer.text


def test_a_restart_does_not_make_the_first_report_again(watch: Watch, started: Started, thread: str) -> None:
    def daily_runs() -> set[str]:
        wanted = {"deployments": {"name": {"any_": ["daily"]}}, "flows": {"name": {"any_": ["period-report"]}}}
        found = watch.prefect("POST", "/flow_runs/filter", wanted)
        return {run["id"] for run in found if run["state_type"] != "SCHEDULED"}

    before = daily_runs()
    assert len(before) == 1
    assert stop(started) == 0
    with standing_watch(watch):
        time.sleep(8)  # the first report came some seconds after the first verdict
        assert daily_runs() == before
        assert not addresses(watch.sandbox("/slack?channel=reports").text)
