"""HTTP/2 with a real server: who speaks it, who does not, and that neither spoils it for the other."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import StreamEnded

from tests.clients.every_client import CLIENTS, SAID, Environment, environment
from tests.clients.local_server import reply
from tests.clients.proxy import proxying
from watchkeeper.clients.base import VendorClient
from watchkeeper.sandbox.tls import Certificates

__all__ = ["environment"]
SPEAKS = {"httpx": "h2", "webhook": "h2", "slack bot": "http/1.1", "slack webhook": "http/1.1", "apprise": "http/1.1"}


class Server:
    """Speaks what the client prefers; `spoken` has what each connection agreed on."""

    def __init__(self, body: bytes) -> None:
        self.port = 0
        self.body = body
        self.spoken: list[str] = []

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            agreed = writer.get_extra_info("ssl_object").selected_alpn_protocol() or "http/1.1"
            self.spoken.append(agreed)
            await (self._speak_2(reader, writer) if agreed == "h2" else self._speak_1(reader, writer))
        writer.close()
        with suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()

    @property
    def _type(self) -> str:
        return "application/json" if self.body.startswith(b"{") else "text/plain"

    async def _speak_1(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply(self.body, "200 OK", f"Content-Type: {self._type}", "Connection: close"))
        await writer.drain()

    async def _speak_2(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        connection.initiate_connection()
        writer.write(connection.data_to_send())
        while data := await reader.read(65_536):
            for event in connection.receive_data(data):
                if isinstance(event, StreamEnded) and event.stream_id:
                    connection.send_headers(event.stream_id, [(":status", "200"), ("content-type", self._type)])
                    connection.send_data(event.stream_id, self.body, end_stream=True)
            writer.write(connection.data_to_send())
            await writer.drain()


@asynccontextmanager
async def speaking(tls: ssl.SSLContext, body: bytes) -> AsyncIterator[Server]:
    server = Server(body)
    tls.set_alpn_protocols(["h2", "http/1.1"])
    handlers: set[asyncio.Task[None]] = set()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.add(asyncio.get_running_loop().create_task(server.handle(reader, writer)))

    listening = await asyncio.start_server(begin, "127.0.0.1", 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        await asyncio.gather(*handlers)


@pytest.fixture
def tls(tmp_path: Path, environment: Environment) -> ssl.SSLContext:
    """The TLS of a server whose authority everybody believes."""
    certificates = Certificates(tmp_path)
    environment(SSL_CERT_FILE=str(certificates.authority_file))
    return certificates.context


@pytest.mark.parametrize("kind", CLIENTS)
@pytest.mark.parametrize("tunnels", [0, 1])
async def test_a_client_speaks_what_it_can(
    kind: str, tunnels: int, tls: ssl.SSLContext, environment: Environment
) -> None:
    async with speaking(tls, SAID[kind]) as server, proxying() as proxy:
        environment(**({"HTTPS_PROXY": proxy.url} if tunnels else {}))
        await CLIENTS[kind](server.url)
    assert server.spoken == [SPEAKS[kind]]
    assert len(proxy.tunnels) == tunnels


@pytest.mark.parametrize("kind", ["slack bot", "slack webhook", "apprise"])
async def test_who_speaks_one_is_not_spoiled_by_who_speaks_two(kind: str, tls: ssl.SSLContext) -> None:
    async with speaking(tls, SAID[kind]) as server:
        async with VendorClient(vendor="Acme", base_url=server.url, headers={}, secrets=()) as client:
            # What they make of the answer is of no matter: they have spoken.
            await asyncio.gather(*(client.send("POST", "/things", None) for _ in range(5)), return_exceptions=True)
        await CLIENTS[kind](server.url)
    assert server.spoken == ["h2", "http/1.1"]
