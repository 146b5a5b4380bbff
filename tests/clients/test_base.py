import asyncio
import logging
import pickle
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from watchkeeper.clients.base import (
    Answer,
    MissingCredential,
    Params,
    VendorClient,
    VendorError,
    VendorRefused,
    VendorUnavailable,
)
from watchkeeper.clients.rate_limits import LimitHeaders
from watchkeeper.clients.vendor_errors import OutcomeUnknown
from watchkeeper.domain.verdicts import Gap

TOKEN = "make-believe-token"
LIMITS = LimitHeaders(pairs=(("left", "reset"),), reset_is_epoch=False)
Handler = Callable[[httpx.Request], httpx.Response]


class Hasty(VendorClient):
    """A client that gives up quickly, so that the tests need not wait."""

    request_seconds = 0.5
    largest_body = 200_000


def client_of(handler: Handler, *, limits: LimitHeaders = LIMITS, base_url: str = "https://api.acme.test/v1") -> Hasty:
    return Hasty(
        vendor="Acme",
        base_url=base_url,
        headers={"Authorization": f"Bearer {TOKEN}", "Acme-Token": TOKEN},
        secrets=(TOKEN,),
        transport=httpx.MockTransport(handler),
        limits=limits,
        credential="ACME_TOKEN",
    )


async def failure(handler: Handler, path: str = "/things") -> VendorError:
    async with client_of(handler) as client:
        with pytest.raises(VendorError) as caught:
            await client.get(path, scope="things:read", about="the things of acme")
    return caught.value


def answering(*responses: httpx.Response) -> Handler:
    """Give the responses in turn, the last one for ever."""
    left = list(responses)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


async def test_an_answer_is_decoded_and_the_request_is_as_it_should_be() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"ok": True})

    async with client_of(handler) as client:
        answer = await client.get("/project/gh%2Facme%2Fshop", {"field": ["a", "b"], "n": 1})
    assert answer.body == {"ok": True}
    assert str(seen[0].url) == "https://api.acme.test/v1/project/gh%2Facme%2Fshop?field=a&field=b&n=1"
    assert seen[0].headers["acme-token"] == TOKEN
    assert client.requests == 1


@pytest.mark.parametrize(
    ("response", "kind", "gap", "words"),
    [
        pytest.param(
            httpx.Response(401), VendorRefused, Gap.REFUSED, ["401", "things:read", "block Watchkeeper Acme"], id="401"
        ),
        pytest.param(
            httpx.Response(403),
            VendorRefused,
            Gap.REFUSED,
            ["403", "the things of acme", "things:read", "block Watchkeeper Acme"],
            id="403",
        ),
        pytest.param(
            httpx.Response(404), VendorRefused, Gap.REFUSED, ["does not know the things of acme", "404"], id="404"
        ),
        pytest.param(
            httpx.Response(400, text=f"no field `x`\n{TOKEN}\x1b[31m"),
            VendorRefused,
            Gap.REFUSED,
            ["400", "no field `x` *** [31m"],
            id="400 in the vendor's words",
        ),
        pytest.param(
            httpx.Response(422, text=" " * 988 + TOKEN + " is no token"),
            VendorRefused,
            Gap.REFUSED,
            ["(422): ***"],
            id="a token that is cut off",
        ),
        pytest.param(
            httpx.Response(400, text="sntrys_of0somebody0else and \u202eBearer abc123def456\u200b\u2028."),
            VendorRefused,
            Gap.REFUSED,
            ["(400): *** and Bearer *** ."],
            id="other tokens",
        ),
        pytest.param(httpx.Response(408), VendorUnavailable, Gap.UNAVAILABLE, ["408"], id="408"),
        pytest.param(httpx.Response(500, text="oh"), VendorUnavailable, Gap.UNAVAILABLE, ["500"], id="500"),
        pytest.param(httpx.Response(503), VendorUnavailable, Gap.UNAVAILABLE, ["503"], id="503"),
        pytest.param(httpx.Response(304), VendorUnavailable, Gap.UNAVAILABLE, ["304"], id="a status of no use"),
        pytest.param(httpx.Response(200), VendorUnavailable, Gap.UNAVAILABLE, ["empty body"], id="nothing"),
        pytest.param(httpx.Response(204), VendorUnavailable, Gap.UNAVAILABLE, ["empty body"], id="204"),
        pytest.param(
            httpx.Response(200, html="<html>hello</html>"), VendorUnavailable, Gap.UNAVAILABLE, ["web page"], id="html"
        ),
        pytest.param(
            httpx.Response(200, text='{"items": [{"id'), VendorUnavailable, Gap.UNAVAILABLE, ["broken JSON"], id="cut"
        ),
        pytest.param(
            httpx.Response(200, content=b'\xff\xfe{"a"'),
            VendorUnavailable,
            Gap.UNAVAILABLE,
            ["broken JSON"],
            id="no text at all",
        ),
        pytest.param(
            httpx.Response(200, content=b"[" * 100_000), VendorUnavailable, Gap.UNAVAILABLE, ["broken JSON"], id="deep"
        ),
        pytest.param(
            httpx.Response(200, content=b"9" * 200_001),
            VendorUnavailable,
            Gap.UNAVAILABLE,
            ["more than"],
            id="too large",
        ),
        pytest.param(
            httpx.Response(200, content=b"9" * 5_000),
            VendorUnavailable,
            Gap.UNAVAILABLE,
            ["broken JSON"],
            id="a number",
        ),
    ],
)
async def test_every_bad_answer_has_its_error(
    response: httpx.Response, kind: type[VendorError], gap: Gap, words: list[str]
) -> None:
    error = await failure(answering(response))
    assert type(error) is kind
    assert error.missing().gap is gap
    assert error.missing().reason.startswith("Acme: ")
    for word in words:
        assert word in str(error)
    assert TOKEN not in str(error)


async def test_a_body_that_never_ends_is_not_read_to_the_end() -> None:
    given = 0

    async def flood() -> AsyncIterator[bytes]:
        nonlocal given
        while True:
            given += 1
            yield b" " * 80_000

    error = await failure(lambda _: httpx.Response(200, content=flood()))
    assert isinstance(error, VendorUnavailable)
    assert given <= 4


async def test_a_vendor_that_trickles_is_given_up_in_time() -> None:
    async def trickle() -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0.02)
            yield b" "

    error = await failure(lambda _: httpx.Response(200, content=trickle()))
    assert "no full answer within 0.5 s" in str(error)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        pytest.param(httpx.ReadTimeout(TOKEN), "no full answer", id="timeout"),
        pytest.param(httpx.ConnectError(f"refused {TOKEN}"), "cannot be reached: refused ***", id="connect"),
        pytest.param(httpx.RemoteProtocolError(TOKEN), "broke off (RemoteProtocolError)", id="protocol"),
        pytest.param(httpx.DecodingError(TOKEN), "broke off (DecodingError)", id="encoding"),
        pytest.param(httpx.LocalProtocolError(TOKEN), "broke off (LocalProtocolError)", id="illegal header"),
    ],
)
async def test_a_broken_connection_is_unavailable_and_shows_no_secret(error: Exception, words: str) -> None:
    def handler(_: httpx.Request) -> httpx.Response:
        raise error

    found = await failure(handler)
    assert isinstance(found, VendorUnavailable)
    assert words in str(found)
    assert TOKEN not in str(found)
    assert found.__suppress_context__, "the library's own words would be shown with it"


async def test_a_short_limit_is_waited_for() -> None:
    handler = answering(httpx.Response(429, headers={"retry-after": "0.05"}), httpx.Response(200, json=1))
    async with client_of(handler) as client:
        assert (await client.get("/things")).body == 1
        assert client.requests == 2


async def test_a_limit_that_does_not_end_is_asked_three_times() -> None:
    async with client_of(answering(httpx.Response(429, headers={"retry-after": "0.01"}))) as client:
        with pytest.raises(VendorUnavailable, match="too many requests"):
            await client.get("/things")
        assert client.requests == 3


async def test_a_long_limit_is_unavailable_with_its_time_and_is_not_asked_again() -> None:
    async with client_of(answering(httpx.Response(429, headers={"retry-after": "300"}))) as client:
        for _ in range(3):
            with pytest.raises(VendorUnavailable) as caught:
                await client.get("/things")
            assert caught.value.retry_after is not None
            assert timedelta(seconds=290) < caught.value.retry_after <= timedelta(seconds=300)
        assert client.requests == 1


async def test_the_last_request_of_an_allowance_still_counts_and_the_next_one_waits() -> None:
    handler = answering(httpx.Response(200, json=1, headers={"left": "0", "reset": "0.1"}), httpx.Response(200, json=2))
    async with client_of(handler) as client:
        started = asyncio.get_running_loop().time()
        assert (await client.get("/things")).body == 1
        assert (await client.get("/things")).body == 2
        assert asyncio.get_running_loop().time() - started >= 0.1


@pytest.mark.parametrize(("per_endpoint", "waits"), [(True, False), (False, True)])
async def test_an_allowance_belongs_to_the_endpoint_or_to_the_account(per_endpoint: bool, waits: bool) -> None:  # noqa: FBT001
    spent = httpx.Response(200, json=1, headers={"left": "0", "reset": "300"})
    limits = LimitHeaders(pairs=LIMITS.pairs, reset_is_epoch=False, per_endpoint=per_endpoint)
    async with client_of(answering(spent, httpx.Response(200, json=2)), limits=limits) as client:
        await client.get("/things")
        if waits:
            with pytest.raises(VendorUnavailable, match="no requests left"):
                await client.get("/others")
        else:
            assert (await client.get("/others")).body == 2


async def test_a_redirect_within_the_vendor_is_followed() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/things":
            return httpx.Response(302, headers={"location": "/v1/renamed?x=1"})
        return httpx.Response(200, json=request.headers["acme-token"])

    async with client_of(handler) as client:
        assert (await client.get("/things")).body == TOKEN


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.test/v1/things",
        "http://api.acme.test/v1/things",
        "https://api.acme.test:8443/v1/things",
        "//evil.test/v1/things",
    ],
)
async def test_the_token_goes_to_no_other_origin(location: str) -> None:
    hosts: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        hosts.append(str(request.url))
        return httpx.Response(307, headers={"location": location})

    error = await failure(handler)
    assert isinstance(error, VendorRefused)
    assert "correct the base URL in the block Watchkeeper Acme" in str(error)
    assert hosts == ["https://api.acme.test/v1/things"]


async def test_redirects_in_a_circle_end() -> None:
    error = await failure(answering(httpx.Response(302, headers={"location": "/v1/things"})))
    assert "circle" in str(error)


@pytest.mark.parametrize("secret", ["", "make-believe-token\n", "two words", "tokén", "tab\ttoken"])
def test_an_unusable_secret_is_refused_before_it_is_sent(secret: str) -> None:
    with pytest.raises(MissingCredential, match="ACME_TOKEN in the block Watchkeeper Acme") as caught:
        VendorClient(
            vendor="Acme",
            base_url="https://api.acme.test",
            headers={"Authorization": f"Bearer {secret}"},
            secrets=(secret,),
            credential="ACME_TOKEN",
        )
    assert caught.value.missing().gap is Gap.NO_CREDENTIAL
    assert not secret or secret not in str(caught.value)


@pytest.mark.parametrize(
    "base_url", ["", "acme.test", "ftp://acme.test", "https://", "https://me:pw@acme.test", "http://acme.test:port"]
)
def test_a_base_url_that_is_none_is_refused(base_url: str) -> None:
    with pytest.raises(VendorRefused, match="base URL") as caught:
        client_of(answering(httpx.Response(200)), base_url=base_url)
    assert "pw" not in str(caught.value).split("password")[0]


async def test_pages_are_read_to_the_end() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=int(request.url.params.get("page", "0")))

    def next_page(answer: Answer) -> Params | None:
        return {"page": str(int(str(answer.body)) + 1)} if answer.body != 3 else None

    async with client_of(handler) as client:
        pages = await client.get_pages("/things", {"x": "1"}, next_page, most=10)
        assert [answer.body for answer in pages.answers] == [0, 1, 2, 3]
        assert not pages.is_cut
        cut = await client.get_pages("/things", {"x": "1"}, next_page, most=2)
        assert [answer.body for answer in cut.answers] == [0, 1]
        assert cut.is_cut


async def test_a_page_that_is_named_twice_ends_the_reading() -> None:
    async with client_of(answering(httpx.Response(200, json=1))) as client:
        pages = await client.get_pages("/things", {}, lambda _: {"page": "same"}, most=50)
    assert len(pages.answers) == 2
    assert pages.is_cut


async def test_no_more_than_ten_requests_are_made_at_once() -> None:
    now, most = 0, 0

    async def slow(_: httpx.Request) -> httpx.Response:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.005)
        now -= 1
        return httpx.Response(200, json=1)

    async with VendorClient(
        vendor="Acme", base_url="https://a.test", headers={}, secrets=(), transport=httpx.MockTransport(slow)
    ) as client:
        await asyncio.gather(*(client.get("/things") for _ in range(40)))
    assert most == 10


async def test_neither_the_client_nor_its_log_shows_the_secret(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        async with client_of(answering(httpx.Response(200, json=1))) as client:
            await client.get("/things")
    assert TOKEN not in caplog.text
    assert TOKEN not in repr(client)


@pytest.mark.parametrize(
    "error",
    [
        VendorUnavailable("Acme", "is down", timedelta(seconds=3)),
        VendorRefused("Acme", "says no", 403),
        MissingCredential("Acme", "no token"),
    ],
)
def test_errors_survive_the_way_between_processes(error: VendorError) -> None:
    copy: Any = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(copy) is type(error)
    assert vars(copy) == vars(error)
    assert str(copy) == str(error)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(httpx.Response(201, json={"sha": "1"}), {"sha": "1"}, id="an answer is decoded"),
        pytest.param(httpx.Response(204), None, id="no body is none"),
    ],
)
async def test_what_is_sent_is_json(answer: httpx.Response, expected: object) -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answer

    async with client_of(handler) as client:
        assert (await client.send("POST", "/things", {"a": [1]})).body == expected
    assert seen[0].method == "POST"
    assert seen[0].read() == b'{"a":[1]}'
    assert seen[0].headers["content-type"] == "application/json"


async def test_what_is_sent_waits_for_a_limit_and_is_sent_again_whole() -> None:
    bodies: list[bytes] = []

    def handler(request: httpx.Request) -> httpx.Response:
        bodies.append(request.read())
        return httpx.Response(201, json={}) if len(bodies) > 1 else httpx.Response(429, headers={"Retry-After": "0"})

    async with client_of(handler) as client:
        await client.send("PATCH", "/things", {"a": 1})
    assert bodies == [b'{"a":1}', b'{"a":1}']


@pytest.mark.parametrize(
    ("status", "target"),
    [
        pytest.param(307, "https://evil.test/things", id="another host"),
        pytest.param(308, "http://vendor.test:81/v1/things", id="another port"),
        pytest.param(301, "/v1/elsewhere", id="as a GET"),
        pytest.param(302, "/v1/elsewhere", id="as a GET, for now"),
        pytest.param(303, "/v1/elsewhere", id="see other"),
    ],
)
async def test_what_is_sent_follows_to_no_other_place_and_by_no_other_method(status: int, target: str) -> None:
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(status, headers={"Location": target})

    async with client_of(handler) as client:
        with pytest.raises(VendorRefused, match="redirects to"):
            await client.send("POST", "/things", {})
    assert asked == ["/v1/things"]


def failing(error: Exception) -> Handler:
    def handle(_: httpx.Request) -> httpx.Response:
        raise error

    return handle


REACHED = [
    (answering(httpx.Response(500)), True),
    (answering(httpx.Response(503, headers={"Retry-After": "60"})), True),
    (answering(httpx.Response(200, text="<html>")), True),
    (failing(httpx.ReadTimeout("late")), True),
    (failing(httpx.WriteError("gone")), True),
    (failing(httpx.RemoteProtocolError("gone")), True),
    (failing(httpx.ConnectError("no route")), False),
    (failing(httpx.ConnectTimeout("late")), False),
    (answering(httpx.Response(429, headers={"Retry-After": "60"})), False),
]


@pytest.mark.parametrize(("handler", "may_be_done"), REACHED)
async def test_what_may_have_been_done_is_told_from_what_was_not(handler: Handler, may_be_done: object) -> None:
    async with client_of(handler) as client:
        with pytest.raises(VendorUnavailable) as caught:
            await client.send("POST", "/things", {})
        with pytest.raises(VendorUnavailable) as asked:
            await client.get("/things")
    assert isinstance(caught.value, OutcomeUnknown) is may_be_done
    assert not isinstance(asked.value, OutcomeUnknown)


async def test_nothing_at_all_can_be_sent() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(201)

    async with client_of(handler) as client:
        assert (await client.send("POST", "/things?team=a", None)).body is None
    assert (seen[0].content, seen[0].url.query) == (b"", b"team=a")


@pytest.mark.parametrize("base", ["https://acme.test/api", "https://acme.test/api/", "https://acme.test/api//"])
async def test_a_base_url_may_end_in_slashes(base: str) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={})

    transport = httpx.MockTransport(answer)
    async with VendorClient(vendor="Acme", base_url=base, headers={}, secrets=(), transport=transport) as client:
        await client.get("/things", {"q": "a//b"})
    assert str(asked[0].url) == "https://acme.test/api/things?q=a%2F%2Fb"
