import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from watchkeeper.clients.report_files import Address, Folder, open_report_files
from watchkeeper.clients.vendor_errors import VendorRefused, VendorUnavailable

TOO_MUCH = """
import asyncio, resource, sys
from pathlib import Path
from watchkeeper.clients.report_files import Folder
from watchkeeper.clients.vendor_errors import VendorUnavailable

resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))  # as if the disk were full after so many bytes
try:
    asyncio.run(Folder(Path(sys.argv[1])).write("index.html", b"x" * 100_000))
except VendorUnavailable as error:
    print(error)
"""


async def test_a_file_is_written_read_and_replaced(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "made" / "here")
    for content in (b"first", b"second"):
        await folder.write("daily.html", content)
        assert await folder.read("daily.html") == content
    assert [each.name for each in (tmp_path / "made" / "here").iterdir()] == ["daily.html"]
    assert folder.place == str(tmp_path / "made" / "here")


def test_a_full_disk_leaves_the_old_file_and_nothing_half_written(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("the old list")
    done = subprocess.run([sys.executable, "-c", TOO_MUCH, str(tmp_path)], capture_output=True, text=True, check=True)
    assert "index.html could not be written: File too large. Make room" in done.stdout
    assert [each.name for each in tmp_path.iterdir()] == ["index.html"]
    assert (tmp_path / "index.html").read_text() == "the old list"


async def test_what_a_killed_writer_has_left_is_cleared_up(tmp_path: Path) -> None:
    old, young = tmp_path / ".unfinished-a", tmp_path / ".unfinished-b"
    for file in (old, young):
        file.write_text("half")
    os.utime(old, (time.time() - 7200, time.time() - 7200))
    await Folder(tmp_path).write("daily.html", b"whole")
    assert (old.exists(), young.exists()) == (False, True)


async def test_a_folder_that_cannot_be_used_names_itself_and_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(VendorUnavailable, match=r"file/daily.html could not be written: .*reports\.storage"):
        await Folder(tmp_path / "file").write("daily.html", b"x")
    with pytest.raises(VendorUnavailable, match="could not be read: No such file"):
        await Folder(tmp_path).read("daily.html")


async def test_an_address_that_fsspec_knows_is_as_good(tmp_path: Path) -> None:
    for address in ("memory://acme-reports/watch", f"file://{tmp_path}/there"):
        files = open_report_files(f"{address}/")
        for content in (b"first", b"second"):
            await files.write("daily.html", content)
            assert await files.read("daily.html") == content
        assert files.place == address
        with pytest.raises(VendorUnavailable, match="could not be read"):
            await files.read("never.html")


@pytest.mark.parametrize("address", ["nokind://bucket/folder", "s3://bucket/folder"])
async def test_an_address_of_a_kind_that_is_not_installed_is_refused(address: str) -> None:
    with pytest.raises(VendorRefused, match="addresses cannot be used here"):
        await Address(address).write("daily.html", b"x")


def test_a_place_without_a_scheme_is_a_folder() -> None:
    assert isinstance(open_report_files("/var/lib/reports"), Folder)
    assert open_report_files("~/reports").place == str(Path.home() / "reports")


@pytest.mark.parametrize(
    ("above", "folder_mode", "file_mode"),
    [
        pytest.param(0o700, 0o700, 0o600, id="in a private folder"),
        pytest.param(0o755, 0o755, 0o644, id="in a folder that is published"),
        pytest.param(0o750, 0o750, 0o640, id="for a group"),
    ],
)
async def test_a_report_may_be_read_by_those_who_may_read_the_folder(
    tmp_path: Path, above: int, folder_mode: int, file_mode: int
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    place.chmod(above)
    before = os.umask(0o077)
    try:
        await open_report_files(str(place)).write("incidents/1.html", b"x")
        await open_report_files(str(place)).write("daily.html", b"x")
    finally:
        os.umask(before)
    modes = [stat.S_IMODE((place / name).stat().st_mode) for name in ("incidents", "incidents/1.html", "daily.html")]
    assert modes == [folder_mode, file_mode, file_mode]
