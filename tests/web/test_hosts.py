"""What a page elsewhere cannot read though its name points here."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.sandbox.serving import serving
from watchkeeper.web.app import create

FOREIGN = [
    "evil.example",
    "evil.example:{port}",
    "127.0.0.1.evil.example:{port}",
    "localhost.evil.example",
    "localhost.:{port}",
    "127.0.0.1:{other}",
    "localhost:{other}",
    "0.0.0.0:{port}",
    "127.1:{port}",
    "2130706433:{port}",
    "[::ffff:127.0.0.1]:{port}",
    "user@127.0.0.1:{port}",
    "127.0.0.1:{port}@evil.example",
    "127.0.0.1:{port}, evil.example",
    "127.0.0.1:",
    "127.0.0.1 evil.example",
    "",
]
OWN = ["127.0.0.1:{port}", "127.0.0.1", "localhost:{port}", "localhost", "LocalHost", "[::1]:{port}", "[::1]"]


async def status_of(port: int, *lines: str, path: str = "/reports/") -> tuple[int, str]:
    """Return what a request with these header lines gets."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write("\r\n".join([f"GET {path} HTTP/1.1", *lines, "Connection: close", "", ""]).encode())
    await writer.drain()
    answer = (await reader.read()).decode()
    writer.close()
    return int(answer.split()[1]), answer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text("what only we may read")
    return tmp_path


async def test_only_names_of_this_machine_with_our_port_are_answered(folder: Path) -> None:
    async with serving(create(folder)) as url:
        port = urlsplit(url).port or 0
        for host in OWN:
            status, text = await status_of(port, f"Host: {host.format(port=port)}")
            assert (status, "what only we may read" in text) == (200, True), host
        for host in FOREIGN:
            status, text = await status_of(port, f"Host: {host.format(port=port, other=port - 1)}")
            assert status in {400, 421}, host
            assert "what only we may read" not in text
            assert status == 400 or f"for this machine only. Open them at http://127.0.0.1:{port}/" in text


async def test_two_names_are_as_good_as_none(folder: Path) -> None:
    async with serving(create(folder)) as url:
        port = urlsplit(url).port or 0
        for lines in (["Host: 127.0.0.1", "Host: evil.example"], ["Host: evil.example", "Host: 127.0.0.1"], []):
            status, text = await status_of(port, *lines)
            assert status in {400, 421}
            assert "what only we may read" not in text
        status, text = await status_of(port, "Host: evil.example", path="http://127.0.0.1/reports/")
        assert status in {400, 421}
