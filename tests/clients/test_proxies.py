"""Proxies and authorities: whatever library a client stands on, it goes the same way and believes the same."""

import asyncio
import logging
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.clients.local_server import reply, serving
from watchkeeper.clients.apprise import AppriseClient
from watchkeeper.clients.base import VendorClient, VendorError, VendorRefused
from watchkeeper.clients.proxies import proxy_for
from watchkeeper.clients.slack import SlackClient, SlackFile
from watchkeeper.clients.webhook import WebhookClient
from watchkeeper.sandbox.tls import Certificates

VARIABLES: Final = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
OTHERS: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
PASSWORD: Final = "make-believe-password"
SAID: Final = {
    "httpx": b'{"ok": true}',
    "slack bot": b'{"ok": true, "channel": "C1", "ts": "1.2"}',
    "slack webhook": b"ok",
    "webhook": b"",
    "apprise": b"ok",
}
Environment = Callable[..., None]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Environment:
    """Begin with an empty environment; returns what sets it, in capitals and small letters alike."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in OTHERS:
        monkeypatch.delenv(name, raising=False)

    def put(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return put


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """A private authority that has signed for localhost and 127.0.0.1."""
    return Certificates(tmp_path_factory.mktemp("authority"))


# --- what each client does


async def ask_by_httpx(url: str) -> None:
    async with VendorClient(vendor="Acme", base_url=url, headers={}, secrets=()) as client:
        await client.get("/thing")


async def ask_by_slack_bot(url: str) -> None:
    async with SlackClient("make-believe-token", base_url=f"{url}/api/") as client:
        assert await client.post("#releases", "All is well") == "C1:1.2"


async def ask_by_slack_webhook(url: str) -> None:
    async with SlackClient(webhook_url=f"{url}/services/x") as client:
        await client.post("#releases", "All is well")


async def ask_by_webhook(url: str) -> None:
    async with WebhookClient(f"{url}/in", "make-believe-secret") as client:
        await client.deliver(b"{}", "key", datetime.now(UTC))


async def ask_by_apprise(url: str) -> None:
    client = AppriseClient(f"{url}/in".replace("https:", "jsons:").replace("http:", "json:"))
    if not (await client.send(client.fingerprints[0], "Title", "Text")).confirmed:
        raise VendorError("Apprise", "not confirmed")


CLIENTS: Final[dict[str, Callable[[str], Awaitable[None]]]] = {
    "httpx": ask_by_httpx,
    "slack bot": ask_by_slack_bot,
    "slack webhook": ask_by_slack_webhook,
    "webhook": ask_by_webhook,
    "apprise": ask_by_apprise,
}
every_client = pytest.mark.parametrize("kind", CLIENTS)


# --- what they meet


class Proxy:
    """A proxy that tunnels and forwards; `asked` has the heads that it was asked with."""

    def __init__(self) -> None:
        self.port = 0
        self.status = "200 Connection established"
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://watch:{PASSWORD}@127.0.0.1:{self.port}"

    @property
    def tunnels(self) -> list[str]:
        return [head.split()[1] for head in self.asked if head.startswith("CONNECT")]


@asynccontextmanager
async def proxying() -> AsyncIterator[Proxy]:
    proxy = Proxy()
    handlers: set[asyncio.Task[Any]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if task := asyncio.current_task():
            handlers.add(task)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await _pass_on(proxy, reader, writer)
        await _close(writer)

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
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
    with suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    await _close(writer)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


def answering(kind: str) -> bytes:
    type_ = "application/json" if SAID[kind].startswith(b"{") else "text/plain"
    return reply(SAID[kind], "200 OK", f"Content-Type: {type_}", "Connection: close")


@pytest.fixture
def trusted(environment: Environment, certificates: Certificates) -> None:
    environment(SSL_CERT_FILE=str(certificates.authority_file))


# --- proxies


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


# --- authorities


@pytest.fixture(params=["SSL_CERT_FILE", "SSL_CERT_DIR"])
def believed(
    request: pytest.FixtureRequest, environment: Environment, certificates: Certificates, tmp_path: Path
) -> None:
    """The private authority in a file, or in a folder as `openssl rehash` makes it."""
    if request.param == "SSL_CERT_FILE":
        environment(SSL_CERT_FILE=str(certificates.authority_file))
        return
    authority = certificates.authority_file.read_bytes()
    (tmp_path / f"{_hash_of(authority)}.0").write_bytes(authority)
    environment(SSL_CERT_DIR=str(tmp_path))


def _hash_of(certificate: bytes) -> str:
    """Return what OpenSSL calls the file of an authority: the hash of its name."""
    run = subprocess.run(["openssl", "x509", "-hash", "-noout"], input=certificate, capture_output=True, check=True)  # noqa: S607
    return run.stdout.decode().strip()


@every_client
@pytest.mark.usefixtures("believed")
async def test_a_private_authority_is_believed(kind: str, certificates: Certificates) -> None:
    async with serving(answering(kind), tls=certificates.context) as server:
        await CLIENTS[kind](server.url("", "https", "localhost"))
    assert len(server.requests) == 1


@every_client
@pytest.mark.parametrize("variable", ["", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
async def test_an_unknown_authority_is_refused(
    kind: str, variable: str, environment: Environment, certificates: Certificates
) -> None:
    """Variables that one library alone would read count for none."""
    environment(**({variable: str(certificates.authority_file)} if variable else {}))
    async with serving(answering(kind), tls=certificates.context) as server:
        with pytest.raises(VendorError):
            await CLIENTS[kind](server.url("", "https", "localhost"))
    assert server.requests == []


@every_client
@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
@pytest.mark.parametrize("content", [None, "no certificate"])
async def test_authorities_that_cannot_be_read_are_refused(
    kind: str, variable: str, content: str | None, environment: Environment, tmp_path: Path
) -> None:
    place = tmp_path / "authorities"
    if content is not None:
        place.write_text(content)
    environment(**{variable: str(place)})
    with pytest.raises(VendorRefused, match=variable):
        await CLIENTS[kind]("https://localhost:9")


@every_client
async def test_the_file_of_authorities_comes_before_the_folder(
    kind: str, environment: Environment, certificates: Certificates, tmp_path: Path
) -> None:
    environment(SSL_CERT_FILE=str(certificates.authority_file), SSL_CERT_DIR=str(tmp_path))
    async with serving(answering(kind), tls=certificates.context) as server:
        await CLIENTS[kind](server.url("", "https", "localhost"))
    assert len(server.requests) == 1


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
async def test_an_apprise_address_may_still_do_without_authorities(certificates: Certificates) -> None:
    async with serving(reply(b"ok"), tls=certificates.context) as server:
        client = AppriseClient(f"jsons://localhost:{server.port}/in?verify=no")
        assert (await client.send(client.fingerprints[0], "Title", "Text")).confirmed
