"""Threads, files, metadata, and the channels in which not everything is allowed."""

from datetime import UTC, datetime
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.sandbox.clock import Clock
from tests.sandbox.serving import serving
from tests.sandbox.visitor import Visitor
from watchkeeper.clients.slack import SlackClient, SlackFile
from watchkeeper.sandbox.app import create_app
from watchkeeper.sandbox.slack import NARROW_TOKEN, TOKEN
from watchkeeper.sandbox.world import World

PNG = b"\x89PNG\r\n\x1a\n"


async def _call(visitor: Visitor, method: str, **arguments: object) -> Any:
    return (await visitor.ask("POST", f"/slack/api/{method}", json=arguments)).json()


async def _post(visitor: Visitor, **message: object) -> Any:
    body = await _call(visitor, "chat.postMessage", **{"channel": "#reports", "text": "The day", **message})
    assert body["ok"], body
    return body


async def _upload(visitor: Visitor, name: str, content: bytes, channel: str, thread: str) -> Any:
    file = await _call(visitor, "files.getUploadURLExternal", filename=name, length=len(content), alt_txt="The score")
    assert (await visitor.http.post(file["upload_url"], content=content)).status_code == 200
    listed = [{"id": file["file_id"], "title": name.title()}]
    return await _call(visitor, "files.completeUploadExternal", files=listed, channel_id=channel, thread_ts=thread)


async def test_a_thread_shows_the_picture_and_a_link_to_the_page(visitor: Visitor) -> None:
    root = await _post(visitor)
    for name, content in (("day.png", PNG), ("day.html", b"<h1>The day</h1>")):
        assert (await _upload(visitor, name, content, root["channel"], root["ts"]))["ok"] is True
    page = (await visitor.http.get("/slack", params={"channel": "reports"})).text
    assert '<img src="slack/files/F00000001" alt="The score">' in page
    assert "Day.Html" in page
    opened = await visitor.http.get("/slack/files/F00000002")
    assert (opened.text, opened.headers["content-type"]) == ("<h1>The day</h1>", "text/html; charset=utf-8")
    thread = (await _call(visitor, "conversations.replies", channel=root["channel"], ts=root["ts"]))["messages"]
    assert [[file["name"] for file in message.get("files", [])] for message in thread] == [
        [],
        ["day.png"],
        ["day.html"],
    ]
    assert thread[0]["reply_count"] == 2


async def test_an_answer_may_be_shown_in_the_channel_too(visitor: Visitor) -> None:
    root = await _post(visitor)
    await _post(visitor, text="quiet", thread_ts=root["ts"])
    await _post(visitor, text="loud", thread_ts=root["ts"], reply_broadcast=True)
    shown = (await _call(visitor, "conversations.history", channel=root["channel"]))["messages"]
    assert [(message["text"], message["subtype"]) for message in shown] == [
        ("loud", "thread_broadcast"),
        ("The day", "bot_message"),
    ]
    page = (await visitor.http.get("/slack", params={"channel": "reports"})).text
    assert f'replied to a thread: <a href="#p{root["ts"]}">The day</a>' in page
    assert page.count("<div>loud</div>") == 2


async def test_attachments_have_a_bar_and_stay_until_they_are_replaced(visitor: Visitor) -> None:
    block = {"type": "section", "text": {"type": "mrkdwn", "text": "*31 %* failed"}}
    root = await _post(visitor, attachments=[{"color": "#e01e5a", "blocks": [block]}])
    place = {"channel": root["channel"], "ts": root["ts"], "text": "The day"}
    page = (await visitor.http.get("/slack", params={"channel": "reports"})).text
    assert '<div class="attachment" style="border-color:#e01e5a">' in page
    assert "<b>31 %</b> failed" in page
    assert "attachments" in (await _call(visitor, "chat.update", **place))["message"]
    assert "attachments" not in (await _call(visitor, "chat.update", **place, attachments=[]))["message"]


@pytest.mark.parametrize(
    ("attachments", "error"),
    [
        ([{"color": "red; background: url(x)"}], "invalid_attachments"),
        ([{"blocks": [{"type": "nothing"}]}], "invalid_attachments"),
        (["text"], "invalid_attachments"),
        ("{not json", "invalid_attachments"),
        ([{"color": "good"}] * 101, "too_many_attachments"),
    ],
)
async def test_attachments_that_slack_does_not_take_are_refused(
    attachments: object, error: str, visitor: Visitor
) -> None:
    answer = await _call(visitor, "chat.postMessage", channel="#reports", text="x", attachments=attachments)
    assert (answer["ok"], answer["error"]) == (False, error)


async def test_a_file_that_is_deleted_takes_its_message_with_it(visitor: Visitor) -> None:
    root = await _post(visitor)
    await _upload(visitor, "day.png", PNG, root["channel"], root["ts"])
    assert (await _call(visitor, "files.delete", file="F00000001"))["ok"] is True
    assert (await _call(visitor, "files.delete", file="F00000001"))["error"] == "file_not_found"
    thread = await _call(visitor, "conversations.replies", channel=root["channel"], ts=root["ts"])
    assert len(thread["messages"]) == 1


async def test_history_is_read_newest_first_with_what_was_noted_beside_it(visitor: Visitor, clock: Clock) -> None:
    noted = {"event_type": "report", "event_payload": {"key": "daily"}}
    first = await _post(visitor, metadata=noted)
    clock.advance(60)
    second = await _post(visitor, text="The week")
    await _post(visitor, text="an answer", thread_ts=first["ts"])
    channel = first["channel"]
    found = await _call(visitor, "conversations.history", channel=channel, include_all_metadata=True)
    assert [message["text"] for message in found["messages"]] == ["The week", "The day"]
    assert found["messages"][1]["metadata"] == noted
    plain = await _call(visitor, "conversations.history", channel=channel)
    assert "metadata" not in plain["messages"][1]
    after = await _call(visitor, "conversations.history", channel=channel, oldest=first["ts"])
    assert [message["ts"] for message in after["messages"]] == [second["ts"]]
    both = await _call(visitor, "conversations.history", channel=channel, oldest=first["ts"], inclusive=True)
    assert len(both["messages"]) == 2


async def test_history_comes_in_pages(visitor: Visitor) -> None:
    for number in range(5):
        channel = (await _post(visitor, text=str(number)))["channel"]
    texts, cursor = [], ""
    for _ in range(3):
        page = await _call(visitor, "conversations.history", channel=channel, limit=2, cursor=cursor)
        texts += [message["text"] for message in page["messages"]]
        cursor = page.get("response_metadata", {}).get("next_cursor", "")
    assert (texts, cursor, page["has_more"]) == (["4", "3", "2", "1", "0"], "", False)


async def test_a_thread_comes_in_pages_oldest_first(visitor: Visitor) -> None:
    root = await _post(visitor, text="0")
    for number in range(1, 5):
        await _post(visitor, text=str(number), thread_ts=root["ts"])
    asked = {"channel": root["channel"], "ts": root["ts"], "limit": 2}
    texts, cursors, cursor = [], [], ""
    for _ in range(3):
        page = await _call(visitor, "conversations.replies", **asked, cursor=cursor)
        texts.append([message["text"] for message in page["messages"]])
        cursor = page.get("response_metadata", {}).get("next_cursor", "")
        cursors.append(bool(cursor))
    assert texts == [["0", "1"], ["2", "3"], ["4"]]
    assert (cursors, page["has_more"]) == ([True, True, False], False)


async def test_a_file_far_down_a_thread_is_seen() -> None:
    """What our client would upload twice if it read the first page alone."""
    async with (
        serving(create_app(world=World(clock=Clock()))) as url,
        SlackClient(TOKEN, base_url=f"{url}/slack/api/") as client,
    ):
        root = await client.post("#reports", "The day")
        for number in range(205):
            await client.post("#reports", str(number), thread=root)
        ids = await client.upload("#reports", [SlackFile("day.html", b"<h1>", "The day")], root)
        since = datetime.fromtimestamp(float(root.partition(":")[2]), UTC)
        assert await client.uploaded("#reports", root, ["day.html"], since) == ids


async def test_what_is_not_there_is_named(visitor: Visitor) -> None:
    root = await _post(visitor)
    channel = root["channel"]
    assert (await _call(visitor, "conversations.replies", channel=channel, ts="1.0"))["error"] == "thread_not_found"
    assert (await _call(visitor, "conversations.history", channel="C1"))["error"] == "channel_not_found"
    assert (await _call(visitor, "chat.delete", channel=channel, ts="1.0"))["error"] == "message_not_found"
    link = (await _call(visitor, "chat.getPermalink", channel=channel, message_ts=root["ts"]))["permalink"]
    assert link.endswith(f"/slack?channel=reports#p{root['ts']}")
    assert (await _call(visitor, "chat.delete", channel=channel, ts=root["ts"]))["ok"] is True
    assert (await _call(visitor, "chat.postMessage", channel="#reports", text="x", metadata="{"))["error"] == (
        "invalid_metadata_format"
    )


@pytest.mark.parametrize(
    ("channel", "refusal"),
    [
        ("#private-board", {"error": "not_in_channel"}),
        ("#nowhere", {"error": "channel_not_found"}),
        ("#noscope", {"error": "missing_scope", "needed": "chat:write"}),
    ],
)
async def test_a_channel_that_makes_trouble(channel: str, refusal: dict[str, str], visitor: Visitor) -> None:
    answer = await _call(visitor, "chat.postMessage", channel=channel, text="The day")
    assert refusal.items() <= answer.items()


async def test_where_files_are_not_allowed_the_message_stands_alone(visitor: Visitor) -> None:
    root = await _post(visitor, channel="#nofiles")
    answer = await _upload(visitor, "day.png", PNG, root["channel"], root["ts"])
    assert (answer["error"], answer["needed"]) == ("missing_scope", "files:write")
    assert "files:write" not in answer["provided"]
    assert "chat:write" in answer["provided"]


async def test_a_narrow_token_may_write_messages_alone() -> None:
    async with serving(create_app(world=World(clock=Clock()))) as url:
        client = AsyncWebClient(NARROW_TOKEN, base_url=f"{url}/slack/api/")
        posted = await client.chat_postMessage(channel="#reports", text="The day")
        with pytest.raises(SlackApiError, match="missing_scope") as refused:
            await client.files_upload_v2(channel=str(posted["channel"]), filename="day.html", content="<h1>")
        assert refused.value.response["needed"] == "files:write"
