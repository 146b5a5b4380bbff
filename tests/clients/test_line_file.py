"""Lines that are there whole or not at all."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from watchkeeper.clients.line_file import KEPT, append_line
from watchkeeper.clients.vendor_errors import VendorUnavailable

WRITER = """
import asyncio, sys
from pathlib import Path
from watchkeeper.clients.line_file import append_line
async def main():
    for number in range(40):
        await append_line(Path(sys.argv[1]), b"%s %d" % (sys.argv[2].encode() * 50, number), 4000)
asyncio.run(main())
"""


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


async def test_lines_follow_one_another(tmp_path: Path) -> None:
    path = tmp_path / "new" / "alerts.jsonl"
    for number in range(3):
        await append_line(path, json.dumps({"n": number}).encode())
    assert path.read_text() == '{"n": 0}\n{"n": 1}\n{"n": 2}\n'
    assert path.stat().st_mode & 0o007 == 0, "not everybody's business"


async def test_a_full_file_is_put_aside_and_the_oldest_goes(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    for number in range(20):
        await append_line(path, f"{number:09d}".encode(), largest=20)
    assert path.read_text() == "000000018\n000000019\n"
    assert (tmp_path / "alerts.jsonl.1").read_text() == "000000016\n000000017\n"
    assert names(tmp_path) == ["alerts.jsonl", *(f"alerts.jsonl.{n}" for n in range(1, KEPT + 1))]


async def test_a_line_that_is_larger_than_the_limit_has_a_file_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    await append_line(path, b"x" * 50, largest=20)
    await append_line(path, b"y", largest=20)
    assert (path.read_bytes(), (tmp_path / "alerts.jsonl.1").read_bytes()) == (b"y\n", b"x" * 50 + b"\n")


async def test_half_a_line_of_a_crash_stays_apart(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    path.write_bytes(b'{"n": 0}\n{"n"')
    await append_line(path, b'{"n": 2}')
    assert path.read_bytes().split(b"\n") == [b'{"n": 0}', b'{"n"', b'{"n": 2}', b""]


def test_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), name]) for name in "abc"]
    assert [writer.wait(30) for writer in writers] == [0, 0, 0]
    lines = [line for file in tmp_path.iterdir() for line in file.read_text().splitlines()]
    assert sorted(lines) == sorted(f"{name * 50} {number}" for name in "abc" for number in range(40))


async def test_no_room_leaves_the_file_as_it_was_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    path.mkdir()
    with pytest.raises(VendorUnavailable, match=r"alerts\.jsonl could not be written: Is a directory"):
        await append_line(path, b"x")
    with pytest.raises(VendorUnavailable, match="No space left on device"):
        await append_line(Path("/dev/full"), b"x")
