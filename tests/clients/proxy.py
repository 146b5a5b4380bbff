"""A real proxy on loopback, which asks for a password and passes on what it gets."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import httpx

from tests.clients.local_server import reply

PASSWORD: Final = "make-believe-password"


class Proxy:
    """A proxy that tunnels and forwards; `asked` has the heads that it was asked with."""

    def __init__(self) -> None:
        self.port = 0
        self.scheme = "http"
        self.status = "200 Connection established"
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"{self.scheme}://watch:{PASSWORD}@127.0.0.1:{self.port}"

    @property
    def tunnels(self) -> list[str]:
        return [head.split()[1] for head in self.asked if head.startswith("CONNECT")]


@asynccontextmanager
async def proxying(tls: ssl.SSLContext | None = None) -> AsyncIterator[Proxy]:
    """Serve as a proxy; with `tls` it is asked over TLS itself."""
    proxy = Proxy()
    proxy.scheme = "https" if tls else "http"
    handlers: set[asyncio.Task[Any]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if task := asyncio.current_task():
            handlers.add(task)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await _pass_on(proxy, reader, writer)
        await _close(writer)

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await asyncio.gather(*handlers)


async def _pass_on(proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    proxy.asked.append(head.decode())
    method, target, *_ = head.decode().split()
    if not proxy.status.startswith("200"):
        writer.write(reply(b"", proxy.status))
        await writer.drain()
        return
    there = httpx.URL(f"http://{target}" if method == "CONNECT" else target)
    from_there, to_there = await asyncio.open_connection(there.host, there.port)
    if method == "CONNECT":
        writer.write(f"HTTP/1.1 {proxy.status}\r\n\r\n".encode())
    else:
        to_there.write(head)
    await asyncio.gather(_pump(reader, to_there), _pump(from_there, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError, ssl.SSLError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    await _close(writer)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(ConnectionError, ssl.SSLError):
        await writer.wait_closed()
