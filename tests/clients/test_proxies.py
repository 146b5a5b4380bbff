"""Proxies: whatever library a client stands on, it goes the same way."""

import asyncio
import logging

import pytest

from tests.clients.every_client import CLIENTS, Environment, answering, certificates, environment, every_client
from tests.clients.local_server import reply, serving
from tests.clients.proxy import PASSWORD, proxying
from watchkeeper.clients.base import VendorClient, VendorError, VendorRefused
from watchkeeper.clients.proxies import proxy_for
from watchkeeper.clients.slack import SlackClient, SlackFile
from watchkeeper.sandbox.tls import Certificates

__all__ = ["certificates", "environment"]
pytestmark = pytest.mark.usefixtures("environment")


@pytest.fixture
def trusted(environment: Environment, certificates: Certificates) -> None:
    environment(SSL_CERT_FILE=str(certificates.authority_file))


@every_client
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
@pytest.mark.usefixtures("trusted")
async def test_a_client_goes_through_the_proxy(
    kind: str, variable: str, environment: Environment, certificates: Certificates
) -> None:
    async with serving(answering(kind), tls=certificates.context) as server, proxying() as proxy:
        environment(**{variable: proxy.url})
        await CLIENTS[kind](server.url("", "https", "localhost"))
    assert proxy.tunnels == [f"localhost:{server.port}"]
    assert "proxy-authorization: basic" in proxy.asked[0].lower()
    assert server.connections == 1


@every_client
@pytest.mark.usefixtures("trusted")
async def test_a_proxy_may_have_tls_of_its_own(kind: str, environment: Environment, certificates: Certificates) -> None:
    async with (
        serving(answering(kind), tls=certificates.context) as server,
        proxying(certificates.context) as proxy,
    ):
        environment(HTTPS_PROXY=proxy.url)
        await CLIENTS[kind](server.url("", "https", "localhost"))
    assert (proxy.tunnels, server.connections) == ([f"localhost:{server.port}"], 1)


@every_client
async def test_without_tls_a_client_goes_through_the_other_proxy(kind: str, environment: Environment) -> None:
    async with serving(answering(kind)) as server, proxying() as proxy:
        environment(HTTP_PROXY=proxy.url, HTTPS_PROXY="http://127.0.0.1:9")
        await CLIENTS[kind](server.url(""))
    assert [head.split()[1].startswith(server.url("")) for head in proxy.asked] == [True]


@every_client
@pytest.mark.parametrize("no_proxy", ["localhost", "example.com, localhost", ".localhost", "*", "localhost:{port}"])
@pytest.mark.usefixtures("trusted")
async def test_a_client_goes_around_the_proxy(
    kind: str, no_proxy: str, environment: Environment, certificates: Certificates
) -> None:
    async with serving(answering(kind), tls=certificates.context) as server, proxying() as proxy:
        environment(HTTPS_PROXY=proxy.url, NO_PROXY=no_proxy.format(port=server.port))
        await CLIENTS[kind](server.url("", "https", "localhost"))
    assert (proxy.asked, server.connections) == ([], 1)


@every_client
@pytest.mark.parametrize("no_proxy", ["127.0.0.1", "127.0.0.0/8"])
@pytest.mark.usefixtures("trusted")
async def test_a_client_goes_around_the_proxy_to_an_address(
    kind: str, no_proxy: str, environment: Environment, certificates: Certificates
) -> None:
    async with serving(answering(kind), tls=certificates.context) as server, proxying() as proxy:
        environment(ALL_PROXY=proxy.url, NO_PROXY=no_proxy)
        await CLIENTS[kind](server.url("", "https"))
    assert (proxy.asked, server.connections) == ([], 1)


@every_client
@pytest.mark.usefixtures("trusted")
async def test_a_proxy_that_refuses_shows_no_password(
    kind: str, environment: Environment, certificates: Certificates, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with serving(answering(kind), tls=certificates.context) as server, proxying() as proxy:
        proxy.status = "407 Proxy Authentication Required"
        environment(HTTPS_PROXY=proxy.url)
        with pytest.raises(VendorError) as caught:
            await CLIENTS[kind](server.url("", "https", "localhost"))
    assert server.connections == 0
    assert PASSWORD not in repr(caught.value) + caplog.text


@pytest.mark.usefixtures("trusted")
async def test_a_change_that_the_proxy_refused_has_not_been_made(
    environment: Environment, certificates: Certificates
) -> None:
    async with serving(b"", tls=certificates.context) as server, proxying() as proxy:
        proxy.status = "403 Forbidden"
        environment(HTTPS_PROXY=proxy.url)
        url = server.url("", "https", "localhost")
        async with VendorClient(vendor="Acme", base_url=url, headers={}, secrets=()) as client:
            with pytest.raises(VendorError, match="cannot be reached") as caught:
                await client.send("POST", "/thing", {})
    assert type(caught.value).__name__ == "VendorUnavailable"


@pytest.mark.usefixtures("trusted")
async def test_a_file_for_slack_goes_its_own_way(environment: Environment, certificates: Certificates) -> None:
    """The address for the upload has a host of its own, which NO_PROXY may name without that of the API."""

    async def say(writer: asyncio.StreamWriter) -> None:
        where = f"https://127.0.0.1:{server.port}/upload/take"
        body = f'{{"ok": true, "upload_url": "{where}", "file_id": "F1", "files": [{{"id": "F1"}}]}}'
        writer.write(reply(body.encode(), "200 OK", "Content-Type: application/json", "Connection: close"))
        await writer.drain()

    async with serving(say, tls=certificates.context) as server, proxying() as proxy:
        environment(HTTPS_PROXY=proxy.url, NO_PROXY="127.0.0.1")
        async with SlackClient("make-believe-token", base_url=server.url("/api/", "https", "localhost")) as client:
            assert await client.upload("C1", [SlackFile("a.txt", b"x", "A")], "C1:1.2") == ("F1",)
    assert (len(proxy.tunnels), server.connections) == (2, 3)


@pytest.mark.parametrize(
    ("url", "values", "proxy"),
    [
        ("https://acme.test", {}, None),
        ("https://acme.test", {"HTTPS_PROXY": "http://one:1"}, "http://one:1"),
        ("https://acme.test", {"HTTPS_PROXY": "one:1"}, "http://one:1"),
        ("https://acme.test", {"HTTP_PROXY": "http://one:1"}, None),
        ("http://acme.test", {"HTTP_PROXY": "http://one:1", "ALL_PROXY": "http://two:2"}, "http://one:1"),
        ("https://acme.test", {"HTTP_PROXY": "http://one:1", "ALL_PROXY": "http://two:2"}, "http://two:2"),
        ("https://acme.test", {"HTTPS_PROXY": "http://one:1", "https_proxy": "http://two:2"}, "http://two:2"),
        ("https://acme.test", {"HTTPS_PROXY": ""}, None),
        ("https://acme.test", {"HTTPS_PROXY": "http://one:1", "NO_PROXY": "acme.test"}, None),
        ("https://acme.test", {"HTTPS_PROXY": "http://one:1", "no_proxy": "acme.test"}, None),
        ("https://api.acme.test", {"HTTPS_PROXY": "http://one:1", "NO_PROXY": "ACME.test"}, None),
        ("https://API.acme.test", {"HTTPS_PROXY": "http://one:1", "NO_PROXY": "x,.acme.test"}, None),
        ("https://acme.test", {"HTTPS_PROXY": "http://one:1", "NO_PROXY": ".acme.test"}, None),
        ("https://acme.test", {"HTTPS_PROXY": "http://one:1", "NO_PROXY": "*.acme.test"}, None),
        ("https://badacme.test", {"HTTPS_PROXY": "http://one:1", "NO_PROXY": "acme.test"}, "http://one:1"),
        ("https://acme.test", {"HTTPS_PROXY": "http://one:1", "NO_PROXY": "api.acme.test"}, "http://one:1"),
        ("https://acme.test", {"HTTPS_PROXY": "http://one:1", "NO_PROXY": "acme.test:443"}, None),
        ("https://acme.test:8443", {"HTTPS_PROXY": "http://one:1", "NO_PROXY": "acme.test:443"}, "http://one:1"),
        ("https://10.1.2.3", {"HTTPS_PROXY": "http://one:1", "NO_PROXY": "10.0.0.0/8"}, None),
        ("https://11.1.2.3", {"HTTPS_PROXY": "http://one:1", "NO_PROXY": "10.0.0.0/8"}, "http://one:1"),
        ("https://[::1]:8443", {"HTTPS_PROXY": "http://one:1", "NO_PROXY": "::1"}, None),
        ("https://[::1]:8443", {"HTTPS_PROXY": "http://one:1", "NO_PROXY": "[::1]:8443"}, None),
        ("https://[fd00::1]", {"HTTPS_PROXY": "http://one:1", "NO_PROXY": "fd00::/8"}, None),
        ("https://acme.test", {"HTTPS_PROXY": "http://one:1", "NO_PROXY": " , ,"}, "http://one:1"),
        ("https://acme.test", {"HTTPS_PROXY": "http://one:1", "NO_PROXY": "other.test *"}, None),
    ],
)
def test_which_proxy(url: str, values: dict[str, str], proxy: str | None, environment: Environment) -> None:
    environment(**values)
    assert proxy_for(url, "Acme") == proxy


@pytest.mark.parametrize("proxy", ["socks5://one:1", "ftp://one:1", "http://", "http://one:port"])
@pytest.mark.parametrize("kind", ["httpx", "slack bot", "slack webhook", "webhook"])
async def test_a_proxy_that_is_none_is_refused(kind: str, proxy: str, environment: Environment) -> None:
    environment(ALL_PROXY=proxy)
    with pytest.raises(VendorRefused, match="no http:// or https:// address"):
        await CLIENTS[kind]("https://localhost:9")
