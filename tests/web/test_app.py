"""The folder of reports, as a browser gets it."""

from pathlib import Path

import httpx
import pytest

from watchkeeper.web.app import create


def client(folder: Path) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(create(folder)), base_url="http://127.0.0.1:8080")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text("<!doctype html><title>All reports</title>")
    (tmp_path / "daily-2026-11-20.html").write_text("<!doctype html><title>One report</title>")
    return tmp_path


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        pytest.param("/health", 200, "ok", id="it says that it is up"),
        pytest.param("/reports/", 200, "All reports", id="the folder is its list"),
        pytest.param("/reports/daily-2026-11-20.html", 200, "One report", id="a report"),
        pytest.param("/reports/none.html", 404, "", id="what is not there"),
        pytest.param("/reports/%2e%2e/secret.txt", 404, "", id="nothing outside of the folder"),
    ],
)
async def test_the_folder_is_read_and_nothing_else(folder: Path, path: str, status: int, text: str) -> None:
    (folder.parent / "secret.txt").write_text("secret")
    async with client(folder) as browser:
        answer = await browser.get(path)
    assert answer.status_code == status
    assert text in answer.text
    assert "secret" not in answer.text


async def test_a_page_may_do_nothing_but_be_read(folder: Path) -> None:
    async with client(folder) as browser:
        answer = await browser.get("/reports/daily-2026-11-20.html")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_before_the_first_report_there_is_nothing_and_no_failure(tmp_path: Path) -> None:
    async with client(tmp_path / "not there yet") as browser:
        assert (await browser.get("/reports/")).status_code == 404
