"""Authorities: whatever library a client stands on, it believes the same."""

import subprocess
from pathlib import Path

import pytest

from tests.clients.every_client import CLIENTS, Environment, answering, certificates, environment, every_client
from tests.clients.local_server import reply, serving
from watchkeeper.clients.apprise import AppriseClient
from watchkeeper.clients.base import VendorError, VendorRefused
from watchkeeper.sandbox.tls import Certificates

__all__ = ["certificates", "environment"]
pytestmark = pytest.mark.usefixtures("environment")


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
