import asyncio

import pytest

from tests.clients.local_server import LocalServer, reply, serving
from tests.clients.probing import probe, probe_answer
from watchkeeper.domain.endpoints import ProbeFailure


async def redirecting(server: LocalServer, writer: asyncio.StreamWriter) -> None:
    path = server.requests[-1].split()[1].decode()
    step = int(path.strip("/").partition("?")[0] or 0)
    writer.write(reply(b"there", "200 OK") if step == 3 else reply(b"", "302 Found", f"Location: /{step + 1}?secret=1"))
    await writer.drain()


async def test_a_redirect_is_shown_without_what_may_be_secret() -> None:
    answer = reply(b"", "302 Found", "Location: https://someone:hush@login.example.test:8443/start?token=hush#hush")
    found = await probe_answer(answer)
    assert found.redirected_to == "https://login.example.test:8443/start"
    assert found.detail == "answered 302 to https://login.example.test:8443/start, expected 200"
    assert "hush" not in repr(found)


@pytest.mark.parametrize("location", ["", "javascript:alert(1)", "http://[", "\xff\xfe", "//", "http://a b/"])
async def test_a_hostile_location_is_not_shown(location: str) -> None:
    found = await probe_answer(reply(b"", "302 Found", f"Location: {location}"))
    assert found.status == 302
    assert "javascript" not in found.redirected_to


async def test_redirects_are_followed_only_when_asked() -> None:
    async with serving(lambda writer: redirecting(server, writer)) as server:
        found = await probe(server.url("/0"), follow_redirects=True, body_contains="there")
        assert (found.ok, found.status, found.redirected_to) == (True, 200, server.url("/3"))
        assert server.connections == 4
        found = await probe(server.url("/0"), expected_status=(302,))
        assert (found.ok, found.redirected_to) == (True, server.url("/1"))


async def test_redirects_in_a_circle_end() -> None:
    found = await probe_answer(reply(b"", "302 Found", "Location: /again"), follow_redirects=True)
    assert (found.failure, found.detail) == (ProbeFailure.STATUS, "more than 5 redirects")


async def test_a_redirect_out_of_http_is_not_followed() -> None:
    found = await probe_answer(reply(b"", "302 Found", "Location: file:///etc/passwd"), follow_redirects=True)
    assert found.detail == "the address it redirects to is not a valid http or https URL"
