"""Slack's objects. Source: Slack's Web API pages and its OpenAPI document of 2021."""

from collections.abc import Sequence
from typing import Any

from watchkeeper.sandbox.slack_space import BOT_ID, TEAM_ID, USER_ID, Channel, File, Post


def message_body(post: Post, answers: Sequence[Post] = (), *, with_metadata: bool = False) -> dict[str, Any]:
    """Return a message; `answers` are those of its thread."""
    body: dict[str, Any] = {
        "type": "message", "subtype": "bot_message", "text": post.text, "ts": post.ts, "team": TEAM_ID, "user": USER_ID,
        "bot_id": BOT_ID,
    }  # fmt: skip
    if post.blocks:
        body["blocks"] = post.blocks
    if post.attachments:
        body["attachments"] = [
            {"id": number, "fallback": "[no preview available]", **each}
            for number, each in enumerate(post.attachments, 1)
        ]
    if post.files:
        body["files"] = [file_body(file) for file in post.files]
    if answers:
        body |= {"thread_ts": post.ts, "reply_count": len(answers), "latest_reply": answers[-1].ts}
    if post.thread_ts:
        body["thread_ts"] = post.thread_ts
    if post.is_broadcast:
        body["subtype"] = "thread_broadcast"
    if post.edited_at is not None:
        body["edited"] = {"user": USER_ID, "ts": f"{post.edited_at:.6f}"}
    if with_metadata and post.metadata is not None:
        body["metadata"] = post.metadata
    return body


def file_body(file: File) -> dict[str, Any]:
    return {"id": file.id, "title": file.title or file.name, "name": file.name, "size": len(file.content or b"")}


def channel_body(channel: Channel) -> dict[str, Any]:
    no = dict.fromkeys(
        ("is_archived", "is_general", "is_group", "is_im", "is_mpim", "is_org_shared", "is_private", "is_shared"), False
    )
    empty = {"value": "", "creator": USER_ID, "last_set": 1_736_931_600}
    return {
        **no,
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": True,
        "is_member": channel.is_member,
        "created": 1_736_931_600,
        "creator": USER_ID,
        "topic": {**empty, "value": channel.topic},
        "purpose": empty,
        "previous_names": [],
        "priority": 0,
        "num_members": 6,
        "unlinked": 0,
    }
