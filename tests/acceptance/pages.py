"""Where a real browser is, how it is started, and the way into Prefect's UI."""

import shutil
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.acceptance.watch import Watch

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# Without a graphics card, what Prefect's UI draws in three dimensions keeps a whole core busy.
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-3d-apis",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-sync",
]


def log_in(page: Page, watch: Watch) -> None:
    page.goto(f"http://127.0.0.1:{watch.prefect_port}/")
    page.locator("input[type=password]").fill(f"watchkeeper:{Path(watch.home / 'prefect-password').read_text()}")
    page.keyboard.press("Enter")
    expect(page.locator("input[type=password]")).to_have_count(0)
