from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.clients.local_server import reply, server_tls, serving
from tests.clients.probing import probe
from watchkeeper.domain.endpoints import ProbeFailure


async def test_tls_has_a_phase_and_the_end_of_its_certificate(tmp_path: Path) -> None:
    server_side, client_side = server_tls(tmp_path, expires=timedelta(days=10))
    async with serving(reply(), tls=server_side) as server:
        found = await probe(server.url(scheme="https", host="localhost"), client_side)
    assert found.ok, found.detail
    assert found.tls_ms is not None
    assert found.certificate_expires_at is not None
    left = found.certificate_expires_at - datetime.now(UTC)
    assert timedelta(days=9, hours=23) < left < timedelta(days=10, minutes=1)


@pytest.mark.parametrize(
    ("expires", "name", "trusted", "detail"),
    [
        pytest.param(-timedelta(days=1), "localhost", True, "certificate has expired", id="expired"),
        pytest.param(timedelta(days=9), "localhost", False, "self-signed certificate", id="self-signed"),
        pytest.param(
            timedelta(days=9),
            "other.test",
            True,
            "Hostname mismatch, certificate is not valid for 'localhost'",
            id="name",
        ),
    ],
)
async def test_a_bad_certificate_is_a_tls_failure_that_says_why(
    tmp_path: Path,
    expires: timedelta,
    name: str,
    trusted: bool,  # noqa: FBT001
    detail: str,
) -> None:
    server_side, client_side = server_tls(tmp_path, expires=expires, name=name)
    async with serving(reply(), tls=server_side) as server:
        found = await probe(server.url(scheme="https", host="localhost"), client_side if trusted else None)
    assert (found.failure, found.detail, found.status) == (
        ProbeFailure.TLS,
        f"the certificate is not valid: {detail}",
        None,
    )


async def test_tls_with_a_server_that_has_none_is_a_tls_failure() -> None:
    async with serving(reply(), speaks_first=True) as server:
        found = await probe(server.url(scheme="https"))
    assert (found.failure, found.detail) == (ProbeFailure.TLS, "no TLS: wrong version number")


async def test_a_server_that_hangs_up_in_the_handshake_is_a_tls_failure() -> None:
    async with serving(b"", speaks_first=True) as server:
        found = await probe(server.url(scheme="https"))
    assert found.failure is ProbeFailure.TLS
