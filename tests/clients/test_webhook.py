"""A webhook: signed, sent once by its key, silent about its secrets. How a receiver checks it stands in the docs."""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.clients.local_server import reply, serving
from watchkeeper.clients.vendor_errors import MissingCredential, VendorError, VendorRefused, VendorUnavailable
from watchkeeper.clients.webhook import WebhookClient, signed

SECRET = "make-believe-signing-secret"
URL = "https://hooks.acme.example/in/make-believe-path?token=abc123"
BODY = b'{"title": "Shop"}'


def documented() -> Callable[[bytes, dict[str, str], bytes], bool]:
    """Return the check as the documentation gives it."""
    code = re.search(r"```python\n(.+?)```", Path("docs/webhook.md").read_text(), re.DOTALL)
    assert code is not None
    names: dict[str, Callable[[bytes, dict[str, str], bytes], bool]] = {}
    exec(code[1], names)  # noqa: S102 - our own page
    return names["is_genuine"]


async def deliver(answer: Callable[[httpx.Request], httpx.Response], url: str = URL) -> list[httpx.Request]:
    asked = []

    def receiver(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return answer(request)

    async with WebhookClient(url, SECRET, httpx.MockTransport(receiver)) as client:
        await client.deliver(BODY, "message-1", datetime.now(UTC))
    return asked


@pytest.mark.parametrize(
    "response", [httpx.Response(204), httpx.Response(200, text="ok"), httpx.Response(202, json={})]
)
async def test_a_message_is_posted_signed_with_its_key(response: httpx.Response) -> None:
    (request,) = await deliver(lambda _: response)
    assert (request.method, str(request.url), request.content) == ("POST", URL, BODY)
    assert (request.headers["Idempotency-Key"], request.headers["Content-Type"]) == ("message-1", "application/json")
    headers = {name.title(): value for name, value in request.headers.items()}
    assert documented()(request.content, headers, SECRET.encode())


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "//path",
        "//evil.test/in",
        "/in//",
        "/in/",
        "/a//b?x=1",
        "//path?to=//b/&x=%2F",
        "/a%2Fb/?x=a+b",
        "?x=1",
    ],
)
async def test_an_address_is_asked_as_it_stands(path: str) -> None:
    url = f"https://hooks.acme.example{path}"
    (request,) = await deliver(lambda _: httpx.Response(204), url)
    assert request.url.host == "hooks.acme.example"
    assert request.url.raw_path.decode() == (path if path.startswith("/") else f"/{path}")


async def test_an_address_with_two_slashes_is_asked_over_the_network() -> None:
    async with (
        serving(reply(b"", "204 No Content")) as server,
        WebhookClient(server.url("//in//?to=//x"), SECRET) as client,
    ):
        await client.deliver(BODY, "message-1", datetime.now(UTC))
    assert server.requests[0].startswith(b"POST //in//?to=//x HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("change", "age"),
    [
        pytest.param({"body": BODY + b" "}, 0, id="another body"),
        pytest.param({"secret": b"another"}, 0, id="another secret"),
        pytest.param({}, 400, id="too old"),
    ],
)
def test_the_documented_check_refuses(change: dict[str, bytes], age: int) -> None:
    headers = signed(BODY, SECRET.encode(), datetime.now(UTC) - timedelta(seconds=age))
    given = {"body": BODY, "secret": SECRET.encode(), **change}
    assert not documented()(given["body"], headers, given["secret"])


def test_the_timestamp_is_signed_too() -> None:
    headers = signed(BODY, SECRET.encode(), datetime.now(UTC)) | {"X-Watchkeeper-Timestamp": str(int(time.time()) + 1)}
    assert not documented()(BODY, headers, SECRET.encode())


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413, 422, 301, 307])
async def test_a_refusal_names_the_way_out_and_no_secret(status: int) -> None:
    words = f"{SECRET} /in/make-believe-path?token=abc123 no"
    with pytest.raises(VendorRefused) as caught:
        await deliver(lambda _: httpx.Response(status, text=words, headers={"Location": "https://evil.test/x"}))
    assert caught.value.status == status
    assert "the block Watchkeeper Webhook" in str(caught.value)
    assert not any(secret in repr(caught.value) for secret in (SECRET, "abc123", "make-believe"))


@pytest.mark.parametrize(
    ("status", "headers", "pause"), [(503, {"Retry-After": "30"}, 30), (429, {"Retry-After": "60"}, 60)]
)
async def test_trouble_is_for_later(status: int, headers: dict[str, str], pause: int) -> None:
    with pytest.raises(VendorUnavailable) as caught:
        await deliver(lambda _: httpx.Response(status, headers=headers))
    assert caught.value.retry_after == timedelta(seconds=pause)


@pytest.mark.parametrize(
    ("url", "secret", "error"),
    [
        ("", SECRET, MissingCredential),
        (URL, "", MissingCredential),
        (URL, "white space", MissingCredential),
        ("ftp://acme.example", SECRET, VendorRefused),
        ("https://user:password@acme.example/x", SECRET, VendorRefused),
        ("https://", SECRET, VendorRefused),
        ("acme.example", SECRET, VendorRefused),
    ],
)
def test_an_address_or_secret_that_is_none_is_refused(url: str, secret: str, error: type[VendorError]) -> None:
    with pytest.raises(error) as caught:
        WebhookClient(url, secret)
    assert "password@" not in repr(caught.value)
