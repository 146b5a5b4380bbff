"""The way back as people take it, from the alert to the promoted repair: in a browser, by commands alone, played."""

import json
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from html import unescape
from pathlib import Path
from typing import Any, TypeVar

import pytest
import yaml
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.pages import log_in
from tests.acceptance.watch import REPOSITORY, Watch, standing_watch
from tests.browser import CHROMIUM

SOON = 150  # seconds, on a machine that does much else beside
VERIFY_MINUTES = 0.2
# In the small hours too few people visit the company within 12 s to say whether it has helped.
HELPED = {"cured", "not_enough_evidence"}
TELLS = "It has helped|Whether it has helped cannot be told yet"
EVERY_STATE = ["requested", "planned", "awaiting_approval", "approved", "executing", "verifying", "succeeded"]
ADA, GRACE = "Ada Okafor", "Grace Lind"

T = TypeVar("T")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def watch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    folder = tmp_path_factory.mktemp("story")
    document = yaml.safe_load((REPOSITORY / "deployments" / "projects.yaml").read_text())
    # Short where waiting proves nothing more, and without a wait between two ways back.
    document["defaults"]["rollback"] = {"verify_minutes": VERIFY_MINUTES, "cooldown_minutes": 0.001}
    document["projects"] = [project for project in document["projects"] if project["slug"] in {"shop", "api"}]
    (folder / "projects.yaml").write_text(yaml.safe_dump(document))
    found = Watch(folder / "home", settings={"WATCHKEEPER_PROJECTS": str(folder / "projects.yaml")})
    with standing_watch(found, "--no-history"):
        yield found


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    found = browser.new_page(viewport={"width": 1280, "height": 1000})
    found.set_default_timeout(60_000)
    yield found
    found.close()


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
def test_in_the_browser_from_the_alert_to_the_promotion(watch: Watch, page: Page, tmp_path: Path) -> None:
    good = production(watch)["release"]
    watch.scenario("bad-release", "shop")
    assert watch.check("shop")["shop"]["verdict"] == "critical"
    form = until(lambda: proposed_form(watch))

    log_in(page, watch)
    page.goto(form)
    expect(page.get_by_role("textbox").nth(1)).to_have_value("shop")
    expect(page.get_by_role("textbox").nth(3)).to_have_value(re.compile("fails"))
    page.get_by_role("textbox").nth(4).fill(ADA)
    page.screenshot(path=tmp_path / "form.png")
    with page.expect_response(re.compile(r"/create_flow_run$")):
        page.get_by_role("button", name="Submit").click()
    page.goto("about:blank")  # Prefect's pages keep a core busy as long as they are open
    rollback = until(lambda: newest(watch, "awaiting_approval"))
    assert (rollback["requested_by"], rollback["kind"]) == (ADA, "rollback")

    page.goto(f"http://127.0.0.1:{watch.prefect_port}/artifacts/key/rollback-shop")
    page.locator("a[href*='/artifacts/artifact/']").first.click()
    body = page.locator("body")
    for words in ("What speaks for it", "The plan", "database migrations", f"{good[:7]}"):
        expect(body).to_contain_text(words)
    page.screenshot(path=tmp_path / "plan.png", full_page=True)
    assert f"roll back to {good[:7]}? A YES is waited for" in slack(watch)

    page.goto(f"http://127.0.0.1:{watch.prefect_port}/runs/flow-run/{rollback['flow_run_id']}")
    until(lambda: answer_in_the_ui(page, "YES", GRACE, tmp_path) or None)  # again, as people do, if the server is busy
    page.goto("about:blank")
    done = until(lambda: newest(watch, "succeeded", rollback["id"]))
    assert done["outcome"] in HELPED, done["error"]
    assert (production(watch)["release"], production(watch)["in_custody"]) == (good, True)
    assert states(done) == EVERY_STATE
    (counted,) = [answer for answer in done["answers"] if answer["counts"]]
    assert (counted["word"], counted["approver"], counted["via"]) == ("YES", GRACE, "ui")
    assert until(lambda: re.search(rf"rolled back to {good[:7]}\. ({TELLS})", slack(watch)))

    assert watch.check("shop")["shop"]["in_custody"]
    promote(watch)


def test_by_commands_alone(watch: Watch) -> None:
    watch.scenario("calm")
    good = production(watch)["release"]
    watch.scenario("bad-release", "shop")
    bad = production(watch)["release"]

    plan = watch.run("rollback", "plan", "shop")
    assert plan.returncode == 0, plan.stderr
    assert f"roll back to {good[:7]} from {bad[:7]}" in plan.stdout
    assert production(watch)["release"] == bad

    started = watch.run("rollback", "start", "shop", "--reason", "checkout fails", "--no-dry-run", "--as", ADA)
    assert started.returncode == 0, started.stderr
    number = str(waiting(watch)["id"])
    assert f"watchkeeper rollback approve {number}" in started.stdout

    refused = watch.run("rollback", "approve", number, "--as", GRACE, "--yes", "yes")
    assert (refused.returncode, "type YES or NO" in refused.stderr) == (2, True)
    unasked = watch.run("rollback", "approve", number, "--as", GRACE)
    assert (unasked.returncode, "--yes YES" in unasked.stderr) == (4, True), "nobody types where there is no terminal"
    unseen = watch.run("rollback", "approve", number, "--as", GRACE, "--yes", "YES")
    assert (unseen.returncode, "--plan DIGEST" in unseen.stderr) == (4, True)
    other = watch.run("rollback", "approve", number, "--as", GRACE, "--yes", "YES", "--plan", "0123456789abcdef")
    assert (other.returncode, "look at the plan again" in other.stderr) == (2, True)
    assert digest(watch, number) in other.stdout, "the plan that stands is shown"
    assert production(watch)["release"] == bad

    done = say_yes(watch, number, GRACE)
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    assert "succeeded" in done.stdout
    assert (production(watch)["release"], production(watch)["in_custody"]) == (good, True)
    late = watch.run("rollback", "decline", number, "--as", "Cid")
    assert (late.returncode, f"{GRACE} has approved it already" in late.stderr) == (2, True)


def test_a_decline_leaves_everything_as_it_is(watch: Watch) -> None:
    watch.scenario("calm")
    watch.scenario("bad-release", "shop")
    bad = production(watch)["release"]
    watch.run("rollback", "start", "shop", "--reason", "checkout fails", "--no-dry-run", "--as", ADA)
    number = str(waiting(watch)["id"])
    assert watch.run("rollback", "decline", number, "--as", GRACE, "--comment", "we roll forward").returncode == 0
    assert watch.run("rollback", "show", number, "--follow").returncode == 2
    assert record(watch, number)["state"] == "declined"
    assert production(watch)["release"] == bad


def test_a_rollback_that_was_wrong_is_taken_back(watch: Watch) -> None:
    watch.scenario("calm")
    watch.scenario("bad-release", "shop")
    before = production(watch)["release"]
    watch.run("rollback", "start", "shop", "--reason", "a mistake", "--no-dry-run", "--as", ADA)
    wrong = waiting(watch)["id"]
    done = say_yes(watch, wrong, GRACE)
    assert done.returncode in {0, 1}, done.stdout + done.stderr

    asked = watch.run("rollback", "undo", str(wrong), "--reason", "it was not the release", "--as", GRACE)
    assert asked.returncode == 0, asked.stdout + asked.stderr
    undo = waiting(watch)
    assert (undo["kind"], undo["undoes"]) == ("undo", wrong)
    say_yes(watch, undo["id"], ADA)
    assert production(watch)["release"] == before
    assert record(watch, wrong)["state"] == "undone"


def test_the_demo_plays_the_whole_story_and_cleans_up(tmp_path: Path) -> None:
    """How long it takes in quiet is said in docs/benchmarks.md; here much else may run beside."""
    done = subprocess.run(
        [sys.executable, "-m", "deployments.demo"],
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "TMPDIR": str(tmp_path)},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for words in ("going back is proposed", "Grace says YES", TELLS):
        assert re.search(words, done.stdout)
    assert list(tmp_path.glob("watchkeeper-demo-*")) == []


def promote(watch: Watch) -> None:
    """Push a repair, promote it by commands, and see that this ends the custody."""
    held = production(watch)["release"]
    watch.scenario("repair", "shop")
    asked = watch.run("rollback", "promote", "shop", "--reason", "the repair is ready", "--as", GRACE)
    assert asked.returncode == 0, asked.stdout + asked.stderr
    number = str(waiting(watch)["id"])
    done = say_yes(watch, number, ADA)
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    assert production(watch)["release"] != held
    assert not production(watch)["in_custody"]
    assert not watch.check("shop")["shop"]["in_custody"]


def answer_in_the_ui(page: Page, word: str, name: str, pictures: Path) -> bool:
    """Press Resume, fill in the form that it opens, and return whether the server has taken it."""
    page.reload()
    page.get_by_role("button", name="Resume").first.click()
    form = page.locator(".p-modal, [role=dialog]").first
    expect(form).to_contain_text("roll back to")
    form.locator(".p-select-button__control").first.focus()
    page.keyboard.press("ArrowDown")
    page.locator(".p-select-option", has_text=re.compile(f"^{word}$")).first.click()
    form.get_by_role("textbox").nth(0).fill(name)
    page.screenshot(path=pictures / "question.png")
    with page.expect_response(re.compile(r"/flow_runs/[^/]+/resume$")) as answered:
        form.get_by_role("button", name="Submit").click()
    return answered.value.ok


def proposed_form(watch: Watch) -> str | None:
    """Return the link of the newest alert."""
    links = re.findall(r'href="([^"]+/run\?parameters=[^"]+)"', watch.sandbox("/slack?channel=releases").text)
    return unescape(links[-1]) if links else None


def slack(watch: Watch) -> str:
    page = watch.sandbox("/slack?channel=releases").text
    return " ".join(unescape(re.sub(r"<[^>]+>", "", page)).split())


def production(watch: Watch) -> dict[str, Any]:
    """Return what serves the shop, as the make-believe company knows it."""
    found = watch.sandbox("/sandbox/state").json()["production"]
    return next(each for each in found if each["project"] == "shop")


def newest(watch: Watch, state: str, number: int | None = None) -> dict[str, Any] | None:
    """Return the newest way back, or this one, if it is in that state. It is looked up in the store, which is quick."""
    with closing(sqlite3.connect(f"file:{watch.home / 'watchkeeper.db'}?mode=ro", uri=True)) as store:
        rows = store.execute("SELECT id, state FROM rollbacks WHERE project = 'shop' ORDER BY id DESC").fetchall()
    wanted = [row for row in rows if number in {None, row[0]}][:1]
    return record(watch, wanted[0][0]) if wanted and wanted[0][1] == state else None


def waiting(watch: Watch) -> dict[str, Any]:
    """Return the newest way back, which waits for an answer."""
    found = newest(watch, "awaiting_approval")
    assert found is not None
    return found


def record(watch: Watch, number: int | str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(watch.run("rollback", "show", str(number), "--json").stdout)
    return told


def digest(watch: Watch, number: int | str) -> str:
    return str(record(watch, number)["digest"])


def say_yes(watch: Watch, number: int | str, name: str) -> subprocess.CompletedProcess[str]:
    """Look at the plan, say YES to it, and follow it to its end."""
    plan = digest(watch, number)
    return watch.run("rollback", "approve", str(number), "--as", name, "--yes", "YES", "--plan", plan, "--follow")


def states(rollback: dict[str, Any]) -> list[str]:
    told = [step["state"] for step in rollback["timeline"]]
    return [state for place, state in enumerate(told) if state not in told[:place]]


def until(look: Callable[[], T | None], seconds: float = SOON) -> T:
    deadline = time.monotonic() + seconds
    while (found := look()) is None:
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(1)
    return found
