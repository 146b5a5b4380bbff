import asyncio
import json
import logging
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from tests.clients.local_server import LocalServer, reply, serving
from watchkeeper.clients.base import MissingCredential, VendorError, VendorRefused, VendorUnavailable
from watchkeeper.clients.slack import SlackClient

TOKEN = "make-believe-token"
SECRET_PATH = "/services/make-believe-webhook"
BLOCKS = [{"type": "section", "text": {"type": "mrkdwn", "text": "All is well"}}]


def answer(body: object, status: str = "200 OK", *headers: str) -> bytes:
    return reply(json.dumps(body).encode(), status, "Content-Type: application/json; charset=utf-8", *headers)


POSTED = answer({"ok": True, "channel": "C000RELEASES", "ts": "1772370000.000100"})


@asynccontextmanager
async def slack(*answers: bytes) -> AsyncIterator[tuple[SlackClient, LocalServer]]:
    """A Slack that gives its answers one after the other."""
    left = list(answers)

    async def say(writer: Any) -> None:
        writer.write(left.pop(0))
        await writer.drain()

    async with serving(say) as server, SlackClient(TOKEN, base_url=server.url("/slack/api/")) as client:
        yield client, server


async def post_error(*answers: bytes) -> VendorError:
    async with slack(*answers) as (client, _):
        with pytest.raises(VendorError) as caught:
            await client.post("#releases", "All is well", BLOCKS)
    return caught.value


async def test_a_message_is_posted_with_its_token_and_without_unfurling() -> None:
    async with slack(POSTED) as (client, server):
        assert await client.post("#releases", "All is well", BLOCKS) == "C000RELEASES:1772370000.000100"
    head = server.requests[0].decode()
    assert head.startswith("POST /slack/api/chat.postMessage HTTP/1.1")
    assert f"Authorization: Bearer {TOKEN}" in head
    assert json.loads(server.bodies[0]) == {
        "channel": "#releases",
        "text": "All is well",
        "blocks": BLOCKS,
        "unfurl_links": False,
        "unfurl_media": False,
    }


async def test_editing_names_the_channel_by_the_id_that_posting_told() -> None:
    edited = answer({"ok": True, "channel": "C000RELEASES", "ts": "1.2", "text": "x"})
    async with slack(POSTED, edited) as (client, server):
        message = await client.post("#releases", "All is well")
        assert await client.update("#releases", message, "All is better", BLOCKS) == "C000RELEASES:1.2"
    assert b"POST /slack/api/chat.update" in server.requests[1]
    assert json.loads(server.bodies[1]) == {
        "channel": "C000RELEASES",
        "ts": "1772370000.000100",
        "text": "All is better",
        "blocks": BLOCKS,
    }


async def test_an_answer_in_a_thread_names_the_first_message() -> None:
    async with slack(POSTED) as (client, server):
        await client.post("#releases", "And", thread="C000RELEASES:1.2")
    assert json.loads(server.bodies[0])["thread_ts"] == "1.2"


@pytest.mark.parametrize("code", ["message_not_found", "cant_update_message", "edit_window_closed"])
async def test_a_message_that_cannot_be_edited_is_posted_anew(code: str) -> None:
    async with slack(answer({"ok": False, "error": code}), POSTED) as (client, server):
        assert await client.update("#releases", "C1:1.2", "All is well") == "C000RELEASES:1772370000.000100"
    assert b"chat.postMessage" in server.requests[1]
    assert json.loads(server.bodies[1])["channel"] == "#releases"


async def test_without_a_message_to_edit_one_is_posted() -> None:
    async with slack(POSTED) as (client, server):
        await client.update("#releases", "", "All is well")
    assert b"chat.postMessage" in server.requests[0]


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("not_in_channel", "the app is not in channel #releases: invite it"),
        ("channel_not_found", "does not know channel #releases"),
        ("is_archived", "channel #releases is archived"),
        ("invalid_auth", "put a valid bot token into the block Watchkeeper Slack"),
        ("token_revoked", "(token_revoked)"),
        ("restricted_action", "an administrator"),
        ("invalid_blocks", "refused the message (invalid_blocks)"),
        ("<!channel> {0} {needed}", "no word of its API"),
    ],
)
async def test_refusals_say_what_to_do(code: str, says: str) -> None:
    error = await post_error(answer({"ok": False, "error": code}))
    assert says in str(error)
    assert str(error).startswith("Slack: ")
    assert "<!channel>" not in str(error)
    assert isinstance(error, VendorRefused) == ("no word" not in says)


async def test_a_missing_scope_is_named() -> None:
    error = await post_error(
        answer({"ok": False, "error": "missing_scope", "needed": "chat:write:bot", "provided": "users:read"})
    )
    assert isinstance(error, VendorRefused)
    assert (
        str(error)
        == "Slack: for #releases the token lacks the scope chat:write:bot: add it to the Slack app and install it again"
    )


@pytest.mark.parametrize(
    ("bytes_", "retry_after"),
    [
        (answer({"ok": False, "error": "ratelimited"}, "429 Too Many Requests", "Retry-After: 30"), 30),
        (reply(b"", "429 Too Many Requests", "Retry-After: 7"), 7),
        (answer({"ok": False, "error": "ratelimited"}), None),
        (answer({"ok": False, "error": "internal_error"}), None),
        (answer({"ok": False, "error": "fatal_error"}, "500 Internal Server Error"), None),
        (reply(b"<html>Bad gateway</html>", "502 Bad Gateway", "Content-Type: text/html"), None),
        (reply(b"<html>Hello</html>", "200 OK", "Content-Type: text/html"), None),
        (reply(b"Hello", "200 OK", "Content-Type: text/plain"), None),
        (reply(b'{"ok": tr', "200 OK", "Content-Type: application/json"), None),
        (reply(b"\xff\xff", "200 OK", "Content-Type: application/json"), None),
        (reply(b"[" * 100_000, "200 OK", "Content-Type: application/json"), None),
        (answer([]), None),
        (answer({}), None),
        (answer("ok"), None),
        (b"", None),
        (b"nonsense\r\n\r\n", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\nContent-Type: application/json\r\n\r\n{", None),
    ],
)
async def test_what_may_pass_is_unavailable_with_its_time(bytes_: bytes, retry_after: int | None) -> None:
    error = await post_error(bytes_)
    assert isinstance(error, VendorUnavailable)
    assert error.retry_after == (None if retry_after is None else timedelta(seconds=retry_after))


async def test_one_call_is_one_request() -> None:
    async with slack(reply(b"", "500 No")) as (client, server):
        with pytest.raises(VendorUnavailable):
            await client.post("#releases", "All is well")
    assert server.connections == 1


async def test_nobody_listening_is_unavailable() -> None:
    async with serving(b"") as server:
        url = server.url("/api/")
    with pytest.raises(VendorUnavailable, match="cannot be reached"):
        await SlackClient(TOKEN, base_url=url).post("#releases", "All is well")


class Impatient(SlackClient):
    request_seconds = 1


async def test_silence_is_unavailable_in_time() -> None:
    async def say_nothing(_writer: Any) -> None:
        await asyncio.sleep(3)

    async with serving(say_nothing) as server:
        for client in (Impatient(TOKEN, base_url=server.url("/api/")), Impatient(webhook_url=server.url(SECRET_PATH))):
            with pytest.raises(VendorUnavailable, match="no full answer in time"):
                await client.post("#releases", "All is well")


# --- webhook


async def test_a_webhook_posts_and_cannot_edit() -> None:
    async with serving(reply(b"ok")) as server, SlackClient(webhook_url=server.url(SECRET_PATH)) as client:
        assert await client.post("#releases", "All is well", BLOCKS) == ""
        assert await client.update("#releases", "C1:1.2", "All is better") == ""
    assert server.requests[1].startswith(f"POST {SECRET_PATH} ".encode())
    assert json.loads(server.bodies[0])["blocks"] == BLOCKS
    assert json.loads(server.bodies[0])["unfurl_links"] is False


@pytest.mark.parametrize(
    ("bytes_", "kind", "says"),
    [
        (reply(b"invalid_token", "403 Forbidden"), VendorRefused, "does not accept the webhook URL"),
        (reply(b"no_service", "404 Not Found"), VendorRefused, "the webhook was removed"),
        (reply(b"channel_is_archived", "410 Gone"), VendorRefused, "is archived"),
        (reply(b"invalid_payload", "400 Bad Request"), VendorRefused, "refused the message (invalid_payload)"),
        (reply(b"<html>", "403 Forbidden"), VendorRefused, "refused the message (403)"),
        (reply(b"", "429 Slow", "Retry-After: 5"), VendorUnavailable, "wait 5 s"),
        (reply(b"rollup_error", "500 No"), VendorUnavailable, "500"),
        (reply(b"<html>Welcome", "200 OK"), VendorUnavailable, "no word of its API"),
        (b"", VendorUnavailable, "cannot be reached"),
    ],
)
async def test_a_webhook_that_fails_says_why_and_keeps_its_secret(
    bytes_: bytes, kind: type[VendorError], says: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with serving(bytes_) as server, SlackClient(webhook_url=server.url(SECRET_PATH)) as client:
        with pytest.raises(kind, match=says.replace("(", r"\(").replace(")", r"\)")) as caught:
            await client.post("#releases", "All is well")
    assert_hidden(SECRET_PATH, caught.value, caplog)


@pytest.mark.parametrize("code", ["invalid_auth", "missing_scope", "internal_error", "nonsense"])
async def test_no_failure_shows_the_token(code: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    assert_hidden(TOKEN, await post_error(answer({"ok": False, "error": code, "needed": TOKEN + "!"})), caplog)


def assert_hidden(secret: str, error: BaseException, caplog: pytest.LogCaptureFixture) -> None:

    assert secret not in "".join(traceback.format_exception(error))
    assert secret not in repr(error)
    assert secret not in "".join(record.getMessage() for record in caplog.records if record.name != "asyncio")


# --- credentials


@pytest.mark.parametrize(
    "make",
    [
        SlackClient,
        lambda: SlackClient("make-believe token\n"),
        lambda: SlackClient(webhook_url="make-believe-webhook"),
        lambda: SlackClient(webhook_url="unix:///make-believe-webhook"),
    ],
)
def test_a_credential_that_cannot_be_one_is_missing(make: Callable[[], SlackClient]) -> None:
    with pytest.raises(MissingCredential, match="block Watchkeeper Slack") as caught:
        make()
    assert "make-believe" not in str(caught.value)


def test_a_base_url_that_is_none_is_refused() -> None:
    with pytest.raises(VendorRefused, match="base URL"):
        SlackClient(TOKEN, base_url="slack")


@pytest.mark.parametrize("base", ["/slack/api", "/slack/api/", "/slack/api//"])
async def test_the_base_url_may_end_in_slashes(base: str) -> None:
    async with serving(POSTED) as server, SlackClient(TOKEN, base_url=server.url(base)) as client:
        await client.post("#releases", "All is well")
    assert server.requests[0].startswith(b"POST /slack/api/chat.postMessage HTTP/1.1")
