"""The heartbeat goes the way of every other request."""

import pytest

from tasks.telling import send_heartbeat
from tests.clients.every_client import Environment, certificates, environment
from tests.clients.local_server import reply, serving
from tests.clients.proxy import proxying
from watchkeeper.sandbox.tls import Certificates

__all__ = ["certificates", "environment"]


@pytest.mark.parametrize("no_proxy", ["", "localhost"])
async def test_the_heartbeat_goes_through_the_proxy_or_around_it(
    no_proxy: str, environment: Environment, certificates: Certificates
) -> None:
    async with serving(reply(), tls=certificates.context) as server, proxying() as proxy:
        environment(
            HTTPS_PROXY=proxy.url,
            NO_PROXY=no_proxy,
            SSL_CERT_FILE=str(certificates.authority_file),
            WATCHKEEPER_HEARTBEAT_URL=server.url("/beat", "https", "localhost"),
        )
        await send_heartbeat.fn()
    assert len(server.requests) == 1
    assert len(proxy.tunnels) == (0 if no_proxy else 1)
