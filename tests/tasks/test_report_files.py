from pathlib import Path

import pytest
from prefect.filesystems import LocalFileSystem, RemoteFileSystem
from pydantic import SecretStr

from blocks.slack import Slack
from tasks.report_files import address_of, report_files
from watchkeeper.clients.vendor_errors import MissingCredential, VendorRefused
from watchkeeper.config import Configuration, read_configuration

SHOP = "projects: [{slug: shop, name: Shop, circleci: {project: gh/acme/shop}}]"
PAGES = "publish: github_pages, pages: {repository: Acme/Reports}"


def configured(reports: str) -> Configuration:
    return read_configuration(f"reports: {{{reports}}}\n{SHOP}", {})


@pytest.mark.parametrize(
    ("reports", "address"),
    [
        pytest.param("", "http://127.0.0.1:8099/reports/a%20b.html", id="the folder that we show ourselves"),
        pytest.param("storage: /var/lib/reports", "", id="a folder that nobody serves"),
        pytest.param(
            "storage: /x, link: 'https://r.test/all/'", "https://r.test/all/a%20b.html", id="somebody serves it"
        ),
        pytest.param(PAGES, "https://acme.github.io/Reports/a%20b.html", id="pages of a project"),
        pytest.param(
            "publish: github_pages, pages: {repository: acme/acme.github.io}",
            "https://acme.github.io/a%20b.html",
            id="pages of an organization",
        ),
        pytest.param(f"{PAGES}, link: 'https://r.test'", "https://r.test/a%20b.html", id="what is said counts"),
    ],
)
def test_people_find_a_file_at(reports: str, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHKEEPER_WEB_PORT", "8099")
    assert address_of(configured(reports).reports, "a b.html") == address


async def test_without_a_word_they_are_kept_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHKEEPER_HOME", str(tmp_path / "home"))
    assert (await report_files(configured(""))).place == str(tmp_path / "home" / "reports")


@pytest.mark.usefixtures("prefect_server")
async def test_a_storage_block_keeps_them(tmp_path: Path) -> None:
    await LocalFileSystem(basepath=str(tmp_path / "local")).asave("reports-local", overwrite=True)
    await RemoteFileSystem(basepath="memory://acme/blocks").asave("reports-remote", overwrite=True)
    for block in ("local-file-system/reports-local", "remote-file-system/reports-remote"):
        files = await report_files(configured(f"storage: {block}"))
        await files.write("daily.html", b"<p>Report</p>")
        assert await files.read("daily.html") == b"<p>Report</p>"
    assert (tmp_path / "local" / "daily.html").read_bytes() == b"<p>Report</p>"


@pytest.mark.usefixtures("prefect_server")
async def test_a_block_that_is_none_is_said_with_the_way_out() -> None:
    with pytest.raises(MissingCredential, match=r"no block s3-bucket/never-made: .*reports\.storage"):
        await report_files(configured("storage: s3-bucket/never-made"))
    await Slack(bot_token=SecretStr("make-believe")).asave("reports-slack", overwrite=True)
    with pytest.raises(VendorRefused, match="stores no files"):
        await report_files(configured("storage: watchkeeper-slack/reports-slack"))
