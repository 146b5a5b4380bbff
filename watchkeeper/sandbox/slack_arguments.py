"""What a caller of Slack says, and how Slack says no."""

import re
from email import message_from_bytes
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request

from watchkeeper.sandbox.slack_blocks import problem

LONGEST_TEXT, MOST_ATTACHMENTS = 40_000, 100
_COLOR = re.compile(r"#[0-9a-fA-F]{6}|good|warning|danger")


class RefusedError(Exception):
    """Slack's answer `ok: false`, with the error's name."""


class MissingScopeError(RefusedError):
    """The token may not do this; `granted` is what it may do."""

    def __init__(self, needed: str, granted: str) -> None:
        super().__init__("missing_scope")
        self.needed, self.granted = needed, granted


async def arguments_of(request: Request) -> dict[str, Any]:
    """Return the arguments of a call, from query, form or JSON."""
    found: dict[str, Any] = dict(request.query_params)
    body = await request.body()
    if request.headers.get("content-type", "").startswith("application/json"):
        said = orjson.loads(body or b"{}")
        found |= said if isinstance(said, dict) else {}
    else:
        found |= dict(parse_qsl(body.decode(errors="replace")))
    if isinstance(found.get("payload"), str):
        found |= orjson.loads(found["payload"])
    return found


def content_of(arguments: dict[str, Any]) -> tuple[list[dict[str, Any]], str]:
    """Return blocks and text of a message, refused as Slack refuses them."""
    blocks = arguments.get("blocks") or []
    if isinstance(blocks, str):
        try:
            blocks = orjson.loads(blocks)
        except orjson.JSONDecodeError as error:
            raise RefusedError("invalid_blocks_format") from error
    text = str(arguments.get("text") or "")
    if not isinstance(blocks, list):
        raise RefusedError("invalid_blocks_format")
    if reason := problem(blocks):
        raise RefusedError("invalid_blocks", f"[ERROR] {reason}")
    if not text and not blocks and not arguments.get("attachments"):
        raise RefusedError("no_text")
    if len(text) > LONGEST_TEXT:
        raise RefusedError("msg_too_long")
    return blocks, text


def attachments_of(arguments: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Return the attachments of a message; None when the call says nothing of them.

    Of what an attachment may hold, only blocks and a colour are known here.
    """
    found = arguments.get("attachments")
    if isinstance(found, str):
        try:
            found = orjson.loads(found)
        except orjson.JSONDecodeError as error:
            raise RefusedError("invalid_attachments") from error
    if found is None:
        return None
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise RefusedError("invalid_attachments")
    if len(found) > MOST_ATTACHMENTS:
        raise RefusedError("too_many_attachments")
    for place, each in enumerate(found):
        reason = problem(each.get("blocks") or []) or _colour_problem(each)
        if reason:
            raise RefusedError("invalid_attachments", f"[ERROR] {reason} [json-pointer:/attachments/{place}]")
    return found


def _colour_problem(attachment: dict[str, Any]) -> str:
    return "" if _COLOR.fullmatch(str(attachment.get("color", "good"))) else "invalid color"


def decoded(value: object, refusal: str) -> dict[str, Any] | None:
    """Return an object that may have come as text; None for nothing."""
    try:
        found = orjson.loads(value) if isinstance(value, str) and value else value or None
    except orjson.JSONDecodeError as error:
        raise RefusedError(refusal) from error
    if found is not None and not isinstance(found, dict):
        raise RefusedError(refusal)
    return found


def file_of(body: bytes, content_type: str) -> bytes:
    """Return the file of an upload: the raw body, or the first part of a form."""
    if not content_type.startswith("multipart/"):
        return body
    form = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    parts = form.get_payload()
    first = parts[0] if isinstance(parts, list) and parts else None
    content = first.get_payload(decode=True) if isinstance(first, Message) else None
    return content if isinstance(content, bytes) else b""
