"""What a person sees in a real browser."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.acceptance.watch import Watch, standing_watch

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-3d-apis",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-sync",
]
HOSTILE = "<!channel> | basket <script>total()</script>"

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")]


@pytest.fixture(scope="module")
def watch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    found = Watch(tmp_path_factory.mktemp("pages") / "home")
    with standing_watch(found, "--no-history"):
        found.scenario("bad-release")
        found.check()
        found.wait_for_alerts("Shop")
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield found
        found.close()


@pytest.fixture(params=[(1280, 800), (390, 800)], ids=["desktop", "phone"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    width, height = request.param
    found = browser.new_page(viewport={"width": width, "height": height})
    found.set_default_timeout(20_000)
    yield found
    found.close()


def log_in(page: Page, watch: Watch) -> None:
    page.goto(f"http://127.0.0.1:{watch.prefect_port}/")
    page.locator("input[type=password]").fill(f"watchkeeper:{Path(watch.home / 'prefect-password').read_text()}")
    page.keyboard.press("Enter")
    expect(page.locator("input[type=password]")).to_have_count(0)


def test_the_artifact_reads_as_it_stands(page: Page, watch: Watch) -> None:
    log_in(page, watch)
    page.goto(f"http://127.0.0.1:{watch.prefect_port}/artifacts/key/health-shop")
    page.locator("a[href*='/artifacts/artifact/']").first.click()
    expect(page.get_by_role("heading", name="Shop: critical")).to_be_visible()
    body = page.locator("body")
    expect(body).to_contain_text(HOSTILE)
    expect(body).to_contain_text("Whose fault: release.")
    expect(body).not_to_contain_text("&#")


def test_the_slack_page_shows_what_the_team_reads(page: Page, watch: Watch) -> None:
    page.goto(f"http://127.0.0.1:{watch.sandbox_port}/slack")
    expect(page.get_by_text("watchkeeper alerts ack").first).to_be_visible()
    expect(page.locator("body")).to_contain_text(HOSTILE)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, "nothing sticks out to the side"
