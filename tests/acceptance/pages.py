"""The way into Prefect's UI."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.acceptance.watch import Watch


def log_in(page: Page, watch: Watch) -> None:
    page.goto(f"http://127.0.0.1:{watch.prefect_port}/")
    page.locator("input[type=password]").fill(f"watchkeeper:{Path(watch.home / 'prefect-password').read_text()}")
    page.keyboard.press("Enter")
    expect(page.locator("input[type=password]")).to_have_count(0)
