"""Files in threads, and looking for what may be there."""

import json
import traceback
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.clients.local_server import LocalServer, reply, serving
from watchkeeper.clients.base import VendorError, VendorRefused, VendorUnavailable
from watchkeeper.clients.slack import LARGEST_FILE, SlackClient, SlackFile

TOKEN = "make-believe-token"
SINCE = datetime(2026, 3, 1, 12, tzinfo=UTC)
STAMP = SINCE.timestamp()
THREAD = "C1:1.2"
FILES = (
    SlackFile("chart.png", b"\x89PNG", "Chart", "Health score of each project"),
    SlackFile("report.html", b"<p>Report</p>", "Report"),
)
Body = dict[str, Any]
Asking = Callable[[SlackClient], Coroutine[Any, Any, object]]


def answer(body: object, status: str = "200 OK") -> bytes:
    return reply(json.dumps(body).encode(), status, "Content-Type: application/json")


def refusal(code: str, **more: str) -> bytes:
    return answer({"ok": False, "error": code, **more})


@asynccontextmanager
async def slack(**answers: Any) -> AsyncIterator[tuple[SlackClient, LocalServer]]:
    """A Slack that answers each method with what it is given; several answers are given one after the other."""
    left = {name: list(given) if isinstance(given, list) else [given] for name, given in answers.items()}

    async def say(writer: Any) -> None:
        name = method_of(server.requests[-1]).replace(".", "_")
        given = left[name].pop(0) if len(left[name]) > 1 else left[name][0]
        writer.write(given if isinstance(given, bytes) else answer({"ok": True, **given(server)}))
        await writer.drain()

    async with serving(say) as server, SlackClient(TOKEN, base_url=server.url("/slack/api/")) as client:
        yield client, server


def method_of(head: bytes) -> str:
    return urlsplit(head.split()[1].decode()).path.rpartition("/")[2]


def arguments(server: LocalServer, number: int) -> Body:
    """Return what the n-th request was asked with, in the address or in the form."""
    query = urlsplit(server.requests[number].split()[1].decode()).query or server.bodies[number].decode()
    return {name: values[0] for name, values in parse_qs(query).items()}


def said(**body: Any) -> Callable[[LocalServer], Body]:
    return lambda _: body


def upload_url(server: LocalServer) -> Body:
    number = sum(b"getUploadURL" in head for head in server.requests)
    return {"upload_url": server.url("/upload/take"), "file_id": f"F{number}"}


TAKEN = {
    "files_getUploadURLExternal": upload_url,
    "take": reply(b"OK - 4"),
    "files_completeUploadExternal": said(files=[{"id": "F1"}, {"id": "F2"}]),
}


# --- uploading


async def test_files_go_into_the_thread_together() -> None:
    async with slack(**TAKEN) as (client, server):
        assert await client.upload("#reports", FILES, THREAD) == ("F1", "F2")
    assert [method_of(head) for head in server.requests] == [
        "files.getUploadURLExternal",
        "files.getUploadURLExternal",
        "take",
        "take",
        "files.completeUploadExternal",
    ]
    assert arguments(server, 0) == {
        "filename": "chart.png",
        "length": "4",
        "alt_txt": "Health score of each project",
    }
    assert server.bodies[3] == b"<p>Report</p>"
    completed = arguments(server, 4)
    assert (completed["channel_id"], completed["thread_ts"]) == ("C1", "1.2")
    assert [each["title"] for each in json.loads(completed["files"])] == ["Chart", "Report"]


async def test_a_file_that_is_too_big_is_refused_before_anything_is_asked() -> None:
    huge = SlackFile("report.html", b"x" * (LARGEST_FILE + 1), "Report")
    async with slack() as (client, server):
        with pytest.raises(VendorRefused, match=r"takes files of 20 MB at most, and report.html has 20.0 MB"):
            await client.upload("#reports", [FILES[0], huge], THREAD)
    assert server.connections == 0


@pytest.mark.parametrize(
    ("broken", "kind", "says"),
    [
        pytest.param(
            {"files_getUploadURLExternal": refusal("missing_scope", needed="files:write", provided="chat:write")},
            VendorRefused,
            "for #reports the token lacks the scope files:write",
            id="scope, named by Slack",
        ),
        pytest.param(
            {"files_getUploadURLExternal": refusal("missing_scope")},
            VendorRefused,
            "the scope files:write",
            id="scope, not named by Slack",
        ),
        pytest.param({"take": reply(b"no", "500 No")}, VendorUnavailable, "not Slack's API", id="upload fails"),
        pytest.param(
            {"files_completeUploadExternal": refusal("not_in_channel")}, VendorRefused, "invite it", id="not invited"
        ),
        pytest.param(
            {"files_completeUploadExternal": said(files="nonsense")},
            VendorUnavailable,
            "not Slack's API",
            id="nonsense",
        ),
        pytest.param({"files_getUploadURLExternal": b""}, VendorUnavailable, "cannot be reached", id="hung up"),
    ],
)
async def test_an_upload_that_fails_says_why(broken: Body, kind: type[VendorError], says: str) -> None:
    async with slack(**{**TAKEN, **broken}) as (client, _):
        with pytest.raises(kind, match=says) as caught:
            await client.upload("#reports", FILES, THREAD)
    assert TOKEN not in "".join(traceback.format_exception(caught.value))


# --- looking


def message(mark: str, ts: str = "9.9", kind: str = "watchkeeper_message") -> Body:
    return {"ts": ts, "metadata": {"event_type": kind, "event_payload": {"mark": mark}}}


async def test_a_marked_message_is_posted_with_its_mark_and_found_by_it() -> None:
    history = [{"ts": "1.1"}, message("other"), message("m1", "8.8", "somebody_else"), message("m1", "7.7")]
    posted = said(channel="C1", ts="7.7")
    async with slack(chat_postMessage=posted, conversations_history=said(messages=history)) as (client, server):
        known = await client.post("#reports", "All is well", mark="m1")
        assert await client.find("#reports", "m1", SINCE, known) == "C1:7.7"
    sent = json.loads(server.bodies[0])
    assert sent["metadata"] == {"event_type": "watchkeeper_message", "event_payload": {"mark": "m1"}}
    asked = arguments(server, 1)
    assert asked["channel"] == "C1"
    assert STAMP - 300 < float(asked["oldest"]) < STAMP


async def test_of_several_the_first_one_is_found() -> None:
    history = said(messages=[message("m1", "9.9"), message("m1", "7.7")])
    async with slack(conversations_history=history) as (client, _):
        assert await client.find("C0000001", "m1", SINCE) == "C0000001:7.7"


async def test_what_is_not_there_is_not_found() -> None:
    async with slack(conversations_history=said(messages=[])) as (client, _):
        assert await client.find("#reports", "m1", SINCE, "C1:1.2") == ""


async def test_a_channel_is_known_by_its_name_page_by_page() -> None:
    first = said(channels=[{"name": "a", "id": "CA"}], response_metadata={"next_cursor": "more"})
    second = said(channels=[{"name": "reports", "id": "CR"}], response_metadata={"next_cursor": ""})
    pages = {"conversations_list": [first, second], "conversations_history": said(messages=[message("m1")])}
    async with slack(**pages) as (client, server):
        assert await client.find("#reports", "m1", SINCE) == "CR:9.9"
    assert arguments(server, 1)["cursor"] == "more"


async def test_a_channel_that_is_not_seen_holds_nothing() -> None:
    async with slack(conversations_list=said(channels=[])) as (client, _):
        assert await client.find("#reports", "m1", SINCE) == ""


async def test_files_of_a_thread_are_found_by_name_and_time() -> None:
    old = {"ts": f"{STAMP - 3600}", "files": [{"id": "F0", "name": "report.html"}]}
    new = {"ts": f"{STAMP + 1}", "files": [{"id": "F1", "name": "report.html"}, {"id": "F2", "name": "other.txt"}]}
    thread = said(messages=[{"ts": f"{STAMP}"}, old, new])
    async with slack(conversations_replies=thread) as (client, server):
        assert await client.uploaded("#reports", THREAD, ["report.html", "chart.png"], SINCE) == ("F1",)
    assert (arguments(server, 0)["channel"], arguments(server, 0)["ts"]) == ("C1", "1.2")


def paged(key: str, *pages: list[Body]) -> Callable[[LocalServer], Body]:
    """Return what gives these pages, each to who comes with its cursor."""

    def give(server: LocalServer) -> Body:
        number = int(arguments(server, len(server.requests) - 1).get("cursor", "page-0").removeprefix("page-"))
        is_last = number == len(pages) - 1
        cursor = "" if is_last else f"page-{number + 1}"
        return {key: pages[number], "has_more": not is_last, "response_metadata": {"next_cursor": cursor}}

    return give


def numbered(first: int, count: int) -> list[Body]:
    return [{"ts": f"{STAMP + number:.6f}"} for number in range(first, first + count)]


REPORT: Body = {"ts": f"{STAMP + 900:.6f}", "files": [{"id": "F9", "name": "report.html"}]}


@pytest.mark.parametrize(
    "pages",
    [
        pytest.param([numbered(0, 100), [REPORT]], id="on the second"),
        pytest.param([numbered(0, 100), numbered(100, 100), [*numbered(200, 5), REPORT]], id="on the third"),
        pytest.param([[], numbered(0, 1), [], [REPORT]], id="after an empty one"),
        pytest.param([[REPORT], numbered(0, 100)], id="on the first of two"),
        pytest.param([[{"ts": "1.2"}], [{"ts": "1.2"}, REPORT], [{"ts": "1.2"}, REPORT]], id="repeated on each"),
    ],
)
async def test_a_file_is_found_on_whatever_page_of_a_thread(pages: list[list[Body]]) -> None:
    async with slack(conversations_replies=paged("messages", *pages)) as (client, server):
        assert await client.uploaded("#reports", THREAD, ["report.html"], SINCE) == ("F9",)
    assert len(server.requests) == len(pages)
    assert STAMP - 300 < float(arguments(server, -1)["oldest"]) < STAMP


@pytest.mark.parametrize(
    "pages",
    [
        pytest.param([[message("m1", "7.7")], [message("m1", "9.9")]], id="oldest page first"),
        pytest.param([[message("m1", "9.9"), message("x", "8.8")], [message("m1", "7.7")]], id="newest page first"),
        pytest.param([[message("x", "9.9")], [], [message("m1", "10.1"), message("m1", "7.7")]], id="on the last"),
    ],
)
async def test_a_message_is_found_on_whatever_page_of_a_channel(pages: list[list[Body]]) -> None:
    async with slack(conversations_history=paged("messages", *pages)) as (client, server):
        assert await client.find("#reports", "m1", SINCE, THREAD) == "C1:7.7"
    assert len(server.requests) == len(pages)


@pytest.mark.parametrize("cursor", [lambda _: "same", lambda server: f"page-{len(server.requests)}"])
@pytest.mark.parametrize("method", ["conversations_history", "conversations_list", "conversations_replies"])
async def test_pages_without_an_end_do_not_say_that_nothing_is_there(
    method: str, cursor: Callable[[LocalServer], str]
) -> None:
    def give(server: LocalServer) -> Body:
        return {"messages": [], "channels": [], "response_metadata": {"next_cursor": cursor(server)}}

    async with slack(**{method: give}) as (client, server):
        with pytest.raises(VendorUnavailable, match="have no end"):
            await ASKING[method](client)
    assert 1 < len(server.requests) <= 50


@pytest.mark.parametrize("code", ["", "file_not_found", "file_deleted"])
async def test_a_file_is_gone_in_the_end(code: str) -> None:
    given = refusal(code) if code else said()
    async with slack(files_delete=given) as (client, server):
        await client.delete_file("#reports", "F1")
    assert "F1" in server.bodies[0].decode() + server.requests[0].decode()


ASKING: dict[str, Asking] = {
    "conversations_history": lambda client: client.find("#reports", "m1", SINCE, THREAD),
    "conversations_list": lambda client: client.find("#reports", "m1", SINCE),
    "conversations_replies": lambda client: client.uploaded("#reports", THREAD, ["report.html"], SINCE),
    "files_delete": lambda client: client.delete_file("#reports", "F1"),
}


@pytest.mark.parametrize("method", ASKING)
@pytest.mark.parametrize(
    ("given", "kind"),
    [
        pytest.param(refusal("missing_scope", needed="channels:history"), VendorRefused, id="scope"),
        pytest.param(refusal("ratelimited"), VendorUnavailable, id="too many"),
        pytest.param(reply(b"<html>", "502 No"), VendorUnavailable, id="web page"),
    ],
)
async def test_what_slack_does_not_let_us_see_is_said(method: str, given: bytes, kind: type[VendorError]) -> None:
    async with slack(**{method: given}) as (client, _):
        with pytest.raises(kind):
            await ASKING[method](client)


@pytest.mark.parametrize("method", ["conversations_history", "conversations_list", "conversations_replies"])
@pytest.mark.parametrize("body", [{}, {"messages": 5}, {"messages": [5]}, {"channels": [5]}, {"channels": "x"}])
async def test_nonsense_is_unavailable(method: str, body: Body) -> None:
    async with slack(**{method: said(**body)}) as (client, _):
        with pytest.raises(VendorUnavailable):
            await ASKING[method](client)
