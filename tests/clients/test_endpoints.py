import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tests.clients.local_server import reply, serving
from tests.clients.probing import probe, probe_answer
from watchkeeper.clients.endpoints import EndpointClient
from watchkeeper.domain.endpoints import Endpoint, ProbeFailure
from watchkeeper.domain.limits import EndpointLimits

NO_PAUSE = timedelta(0)


async def test_a_good_answer_has_its_phases() -> None:
    found = await probe_answer(reply(b"hello"))
    assert (found.ok, found.status, found.detail) == (True, 200, "")
    assert found.connect_ms is not None
    assert found.first_byte_ms is not None
    assert found.total_ms is not None
    assert found.connect_ms + found.first_byte_ms <= found.total_ms < 1_000
    assert (found.tls_ms, found.certificate_expires_at) == (None, None)
    assert abs(datetime.now(UTC) - found.at) < timedelta(seconds=5)


async def test_the_request_is_a_plain_one_for_the_host_that_was_named() -> None:
    async with serving(reply()) as server:
        await probe(server.url("/health?deep=1", host="localhost"))
        head = server.requests[0].decode()
    assert head.startswith("GET /health?deep=1 HTTP/1.1\r\n")
    assert f"Host: localhost:{server.port}\r\n" in head
    assert "watchkeeper" in head


async def test_every_probe_has_a_connection_of_its_own() -> None:
    async with serving(reply()) as server, EndpointClient() as client:
        for _ in range(3):
            assert (await client.probe(Endpoint("home", server.url()))).ok
        assert server.connections == 3


@pytest.mark.parametrize(
    ("status", "expected", "detail"),
    [
        ("200 OK", (200,), ""),
        ("204 No Content", (200, 204), ""),
        ("404 Not Found", (404,), ""),
        ("500 Internal Server Error", (200,), "answered 500, expected 200"),
        ("503 Nope", (200, 204), "answered 503, expected 200 or 204"),
        ("401 Unauthorized", (200,), "answered 401, expected 200"),
    ],
)
async def test_the_status_is_held_against_what_is_expected(status: str, expected: tuple[int, ...], detail: str) -> None:
    found = await probe_answer(reply(b"", status), expected_status=expected)
    assert (found.failure, found.detail) == (ProbeFailure.STATUS if detail else None, detail)


async def drip_head(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(1000):
        writer.write(b"X-Drip-%d: 1\r\n" % number)
        await writer.drain()
        await asyncio.sleep(0.02)


async def drip_body(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(1000):
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def say_nothing(_writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(2)


@pytest.mark.parametrize(
    ("answer", "phase", "status"),
    [
        (drip_head, "waiting for the first byte", None),
        (drip_body, "reading the body", 200),
        (say_nothing, "waiting for the first byte", None),
    ],
)
async def test_a_slow_answer_is_given_up_after_the_whole_time(answer: object, phase: str, status: int | None) -> None:
    async with serving(answer) as server:  # type: ignore[arg-type]
        found = await probe(server.url(), timeout_ms=200)
    assert found.failure is ProbeFailure.TIMEOUT
    assert found.detail == f"not done within 0.2 s: given up while {phase}"
    assert (found.status, found.total_ms) == (status, None)


NOT_HTTP = "the answer breaks the rules of HTTP, seen while {}"


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (b"", "the connection broke while waiting for the first byte"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", NOT_HTTP.format("waiting for the first byte")),
        (b"HTTP/1.1 200 OK\r\n<!channel>\r\n\r\n", NOT_HTTP.format("waiting for the first byte")),
        (reply(b"", "200 OK", "X: " + "a" * 300_000), NOT_HTTP.format("waiting for the first byte")),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf", NOT_HTTP.format("reading the body")),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9, 10\r\n\r\n", NOT_HTTP.format("waiting for the first byte")),
    ],
    ids=["hangs up", "not HTTP", "broken header", "huge header", "cut off", "two lengths"],
)
async def test_nonsense_is_named_and_not_repeated(answer: bytes, detail: str) -> None:
    found = await probe_answer(answer)
    assert (found.failure, found.detail) == (ProbeFailure.PROTOCOL, detail)


async def test_headers_in_any_bytes_are_survived() -> None:
    assert (await probe_answer(b"HTTP/1.1 200 OK\r\nX-Any: \xff\xfe\x80\r\nContent-Length: 0\r\n\r\n")).ok


async def test_nobody_listening_is_a_failed_connection() -> None:
    async with serving(b"") as server:
        url = server.url()
    found = await probe(url)
    assert (found.failure, found.detail) == (ProbeFailure.CONNECT, "no connection: connection refused")
    assert found.total_ms is None


async def test_an_unknown_name_is_a_failed_lookup() -> None:
    found = await probe("http://shop.invalid/")
    assert found.failure is ProbeFailure.DNS
    assert found.detail.startswith("the name shop.invalid cannot be looked up: ")


@pytest.mark.parametrize(
    "url",
    ["", "shop", "unix:///run/shop.sock", "http+unix://%2Frun%2Fshop/", "file:///etc/passwd", "ftp://shop.test/",
     "http://", "http:///path", "http://shop.test:99999999/", "http://[::1/", "http://shop test/", "http://\x00/", "http://xn--\u0378/"],
)  # fmt: skip
async def test_an_address_that_cannot_be_asked_is_named(url: str) -> None:
    found = await probe(url)
    assert (found.failure, found.status) in {(ProbeFailure.PROTOCOL, None), (ProbeFailure.DNS, None)}
    assert found.detail


async def test_a_label_that_is_too_long_is_a_failed_lookup() -> None:
    assert (await probe(f"http://{'a' * 64}.test/")).failure in {ProbeFailure.DNS, ProbeFailure.PROTOCOL}


async def test_ipv6_literals_are_asked() -> None:
    try:
        async with serving(reply(), host="::1") as server:
            found = await probe(server.url(host="[::1]"))
            head = server.requests[0].decode()
    except OSError:
        pytest.skip("no IPv6 on this machine")
    assert found.ok
    assert found.dns_ms is None
    assert f"Host: [::1]:{server.port}\r\n" in head


async def test_a_server_on_one_family_only_is_reached_by_its_name() -> None:
    async with serving(reply(), host="127.0.0.1") as server:
        found = await probe(server.url(host="localhost"))
    assert found.ok
    assert found.dns_ms is not None


async def test_head_reads_no_body() -> None:
    found = await probe_answer(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", method="HEAD")
    assert found.ok


# --- many endpoints


async def test_one_success_is_enough_and_failures_are_confirmed() -> None:
    async with serving(reply()) as up, serving(reply(b"", "500 No")) as down, EndpointClient(pause=NO_PAUSE) as client:
        endpoints = {
            "shop": (Endpoint("home", up.url()), Endpoint("checkout", down.url())),
            "portal": (Endpoint("home", up.url()),),
            "bare": (),
        }
        probes = await client.probe_all(endpoints)
    assert [(p.endpoint, p.ok) for p in probes["shop"]].count(("checkout", False)) == 3
    assert [p.endpoint for p in probes["shop"]].count("home") == 1
    assert list(probes["shop"]) == sorted(probes["shop"], key=lambda p: p.at)
    assert len(probes["portal"]) == 1
    assert probes["bare"] == ()


class Flaky:
    """Answers by its script, then well."""

    def __init__(self, script: str) -> None:
        self.script = list(script)

    async def __call__(self, writer: asyncio.StreamWriter) -> None:
        bad = self.script.pop(0) == "x" if self.script else False
        writer.write(reply(b"", "500 No" if bad else "200 OK"))
        await writer.drain()


@pytest.mark.parametrize(
    ("script", "was_down", "probes"),
    [
        pytest.param("xo", False, "xo", id="a success ends the doubt"),
        pytest.param("xxx", False, "xxx", id="three failures are enough"),
        pytest.param("xxo", False, "xxo", id="the last word counts"),
        pytest.param("oo", True, "oo", id="two successes to recover"),
        pytest.param("ox", True, "ox", id="one success is not a recovery"),
        pytest.param("xo", True, "x", id="still down needs no confirmation"),
    ],
)
async def test_an_endpoint_is_asked_until_it_is_clear(script: str, was_down: bool, probes: str) -> None:  # noqa: FBT001
    down = {("shop", "home")} if was_down else set()
    async with serving(Flaky(script)) as server, EndpointClient(pause=NO_PAUSE) as client:
        found = await client.probe_all({"shop": (Endpoint("home", server.url()),)}, down)
    assert "".join("o" if probe.ok else "x" for probe in found["shop"]) == probes


async def test_a_project_may_need_other_numbers_in_a_row() -> None:
    limits = {"shop": EndpointLimits(failures_to_down=1)}
    async with serving(reply(b"", "500 No")) as server, EndpointClient(pause=NO_PAUSE) as client:
        found = await client.probe_all({"shop": (Endpoint("home", server.url()),)}, limits=limits)
    assert len(found["shop"]) == 1


async def test_the_budget_ends_the_asking() -> None:
    async with serving(say_nothing) as server:
        endpoints = {"shop": tuple(Endpoint(str(n), server.url(), timeout_ms=100) for n in range(8))}
        async with EndpointClient(max_concurrency=1, budget=timedelta(seconds=0.35)) as client:
            found = await client.probe_all(endpoints)
    assert 3 <= len(found["shop"]) <= 5


async def test_a_thousand_endpoints_take_few_connections_at_once() -> None:
    most, now = 0, 0

    async def counted(writer: asyncio.StreamWriter) -> None:
        nonlocal most, now
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.01)
        writer.write(reply(b"ok"))
        await writer.drain()
        now -= 1

    async with serving(counted) as server, EndpointClient() as client:
        endpoints = {f"p{n}": (Endpoint("home", server.url()),) for n in range(1_000)}
        found = await client.probe_all(endpoints)
    assert all(probe.ok for probes in found.values() for probe in probes)
    assert most <= 50


async def test_online_is_any_answer_of_any_reference() -> None:
    async with serving(reply(b"", "500 No")) as server, EndpointClient() as client:
        assert await client.is_online(["http://nobody.invalid/", server.url()])
        assert not await client.is_online(["http://nobody.invalid/"])
        assert await client.is_online([])
