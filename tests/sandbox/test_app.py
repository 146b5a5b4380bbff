"""The sandbox as a process of its own: it starts, renews its certificate, and stops when it is told to."""

import asyncio
import signal
import socket
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.slow


@dataclass
class Running:
    process: asyncio.subprocess.Process
    port: int
    tls_port: int
    folder: Path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def _running(folder: Path) -> AsyncIterator[Running]:
    port, tls_port = _free_port(), _free_port()
    arguments = ("--port", str(port), "--tls-port", str(tls_port), "--tls-folder", str(folder))
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "watchkeeper.sandbox", *arguments)
    try:
        await _wait_for(f"http://127.0.0.1:{port}/connectivity")
        yield Running(process, port, tls_port, folder)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _wait_for(url: str) -> None:
    async with httpx.AsyncClient() as http:
        for _ in range(100):
            try:
                assert (await http.get(url)).status_code == 204
            except httpx.TransportError:
                await asyncio.sleep(0.1)
            else:
                return
    raise AssertionError(f"nothing answers at {url}")


async def _certificate_ends(running: Running) -> datetime:
    context = ssl.create_default_context(cafile=running.folder / "authority.pem")
    _, writer = await asyncio.open_connection("127.0.0.1", running.tls_port, ssl=context)
    certificate = writer.get_extra_info("ssl_object").getpeercert()
    writer.close()
    await writer.wait_closed()
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)


async def test_it_serves_tls_renews_its_certificate_and_stops(tmp_path: Path) -> None:
    async with _running(tmp_path) as running, httpx.AsyncClient(base_url=f"http://127.0.0.1:{running.port}") as http:
        now = datetime.now(UTC)
        assert await _certificate_ends(running) > now + timedelta(days=60)
        assert (await http.post("/sandbox/scenario", json={"name": "certificate-expiring"})).status_code == 200
        assert timedelta(days=1) < await _certificate_ends(running) - now < timedelta(days=3)
        assert (await http.get("/sandbox/authority.pem")).content == (tmp_path / "authority.pem").read_bytes()
        assert (await http.post("/sandbox/scenario", json={"name": "calm"})).status_code == 200
        assert await _certificate_ends(running) > now + timedelta(days=60)
        running.process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(running.process.wait(), 5)


async def test_only_names_of_this_machine_are_answered(tmp_path: Path) -> None:
    async with _running(tmp_path) as running:
        plain, secure = f"http://127.0.0.1:{running.port}", f"https://127.0.0.1:{running.tls_port}"
        async with httpx.AsyncClient(verify=ssl.create_default_context(cafile=tmp_path / "authority.pem")) as http:
            for base, port in ((plain, running.port), (secure, running.tls_port)):
                for host in (f"127.0.0.1:{port}", f"localhost:{port}", "localhost", f"[::1]:{port}"):
                    assert (await http.get(f"{base}/slack", headers={"Host": host})).status_code == 200
                for host in ("evil.example", f"evil.example:{port}", f"127.0.0.1:{port + 1_000}"):
                    for path in ("/", "/slack", "/sandbox/state", "/slack/api/auth.test"):
                        assert (await http.get(f"{base}{path}", headers={"Host": host})).status_code == 421
                    asked = await http.post(f"{base}/sandbox/scenario", json={"name": "x"}, headers={"Host": host})
                    assert asked.status_code == 421
