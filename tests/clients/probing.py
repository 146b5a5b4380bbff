"""One probe of one endpoint that a test serves."""

import ssl
from typing import Any

from tests.clients.local_server import serving
from watchkeeper.clients.endpoints import EndpointClient
from watchkeeper.domain.endpoints import Endpoint, Probe


async def probe(url: str, tls: ssl.SSLContext | None = None, **conditions: Any) -> Probe:
    async with EndpointClient(ssl_context=tls) as client:
        return await client.probe(Endpoint("home", url, **conditions))


async def probe_answer(answer: bytes, **conditions: Any) -> Probe:
    async with serving(answer) as server:
        return await probe(server.url(), **conditions)
