"""Slack as the company's clients meet it. Source: Slack's Web API pages and its OpenAPI document of 2021."""

from collections.abc import Awaitable, Callable
from email import message_from_bytes
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchkeeper.sandbox.manners import Gate, Manners, answer, bearer
from watchkeeper.sandbox.slack_blocks import problem
from watchkeeper.sandbox.slack_space import BOT_ID, TEAM_ID, USER_ID, Channel, Post, Space
from watchkeeper.sandbox.world import World

TOKEN = "sandbox-slack-token"  # noqa: S105  (it opens a make-believe house)
WEBHOOK_SECRET = "T0000ACME/B000WATCH/make-believe"  # noqa: S105  (as above)
Method = Callable[[dict[str, Any], Request], dict[str, Any]]
Endpoint = Callable[[Request], Awaitable[Response]]

LONGEST_TEXT = 40_000
LARGEST_FILE = 20_000_000

MANNERS = Manners(
    vendor="slack",
    limited={"ok": False, "error": "ratelimited"},
    down={"ok": False, "error": "service_unavailable"},
)


class RefusedError(Exception):
    """Slack's answer `ok: false`, with the error's name."""


class Slack:
    """The calls of Slack, answered from the space that the page shows."""

    def __init__(self, world: World, space: Space) -> None:
        self._world, self._space = world, space

    def routes(self) -> list[Route]:
        names = {
            "auth.test": self.auth_test,
            "chat.postMessage": self.post_message,
            "chat.update": self.update,
            "conversations.list": self.conversations,
            "users.lookupByEmail": self.lookup,
            "files.getUploadURLExternal": self.upload_url,
            "files.completeUploadExternal": self.complete_upload,
        }
        routes = [Route(f"/api/{name}", self._method(call), methods=["GET", "POST"]) for name, call in names.items()]
        return [
            *routes,
            Route("/api/{method}", self._method(_unknown_method), methods=["GET", "POST"]),
            Route("/services/{secret:path}", self.webhook, methods=["POST"]),
            Route("/upload/{file}", self.upload, methods=["POST", "PUT"]),
        ]

    def _method(self, call: Method) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            arguments = await _arguments(request)
            shown = bearer(request.headers) or arguments.get("token", "")
            if shown != TOKEN:
                return answer({"ok": False, "error": "invalid_auth" if shown else "not_authed"})
            try:
                return answer({"ok": True, **call(arguments, request)})
            except RefusedError as error:
                code, *messages = error.args
                more = {"response_metadata": {"messages": messages}} if messages else {}
                return answer({"ok": False, "error": code, **more})

        return endpoint

    def auth_test(self, _: dict[str, Any], request: Request) -> dict[str, Any]:
        url = f"{request.url.scheme}://{request.url.netloc}/slack"
        return {
            "url": url, "team": "Acme", "user": "watchkeeper", "team_id": TEAM_ID, "user_id": USER_ID, "bot_id": BOT_ID,
            "is_enterprise_install": False,
        }  # fmt: skip

    def post_message(self, arguments: dict[str, Any], _: Request) -> dict[str, Any]:
        channel = self._channel(arguments)
        blocks, text = _content(arguments)
        thread = arguments.get("thread_ts", "")
        post = self._space.post(channel, text, blocks, self._world.now(), thread)
        return {"channel": channel.id, "ts": post.ts, "message": _message(post)}

    def update(self, arguments: dict[str, Any], _: Request) -> dict[str, Any]:
        channel = self._channel(arguments, by_id=True)
        post = self._space.find(channel, arguments.get("ts", ""))
        if post is None:
            raise RefusedError("message_not_found")
        blocks, text = _content(arguments)
        self._space.edit(post, text, blocks, self._world.now())
        return {"channel": channel.id, "ts": post.ts, "text": post.text, "message": _message(post)}

    def conversations(self, arguments: dict[str, Any], _: Request) -> dict[str, Any]:
        limit, first = int(arguments.get("limit") or 100), int(arguments.get("cursor") or 0)
        channels = list(self._space.channels.values())
        following = str(first + limit) if first + limit < len(channels) else ""
        bodies = [_channel_body(channel) for channel in channels[first : first + limit]]
        return {"channels": bodies, "response_metadata": {"next_cursor": following}}

    def lookup(self, _: dict[str, Any], __: Request) -> dict[str, Any]:
        raise RefusedError("users_not_found")

    def upload_url(self, arguments: dict[str, Any], request: Request) -> dict[str, Any]:
        name, length = arguments.get("filename", ""), str(arguments.get("length", ""))
        if not name or not length.isdigit():
            raise RefusedError("invalid_arguments")
        if int(length) > LARGEST_FILE:
            raise RefusedError("file_too_large")
        file = self._space.plan_file(name)
        return {"upload_url": f"{request.url.scheme}://{request.url.netloc}/slack/upload/{file.id}", "file_id": file.id}

    async def upload(self, request: Request) -> Response:
        file = self._space.files.get(request.path_params["file"])
        if file is None:
            return Response("no such upload", 404)
        file.content = _file_of(await request.body(), request.headers.get("content-type", ""))
        return Response(f"OK - {len(file.content)}")

    def complete_upload(self, arguments: dict[str, Any], _: Request) -> dict[str, Any]:
        listed = arguments.get("files", [])
        listed = orjson.loads(listed) if isinstance(listed, str) else listed
        files = [self._space.files.get(entry.get("id", "")) for entry in listed]
        if not files or any(file is None or file.content is None for file in files):
            raise RefusedError("file_not_found")
        known = [file for file in files if file is not None]
        for file, entry in zip(known, listed, strict=True):
            file.title = entry.get("title", "") or file.name
        if arguments.get("channel_id"):
            channel = self._channel({"channel": arguments["channel_id"]}, by_id=True)
            text, thread = arguments.get("initial_comment", ""), arguments.get("thread_ts", "")
            self._space.post(channel, text, [], self._world.now(), thread).files = known
        return {"files": [{"id": file.id, "title": file.title, "name": file.name} for file in known]}

    async def webhook(self, request: Request) -> Response:
        if request.path_params["secret"] != WEBHOOK_SECRET:
            return Response("no_service", 404)
        try:
            blocks, text = _content(await _arguments(request))
        except (RefusedError, orjson.JSONDecodeError) as error:
            return Response(str(error) if isinstance(error, RefusedError) else "invalid_payload", 400)
        self._space.post(self._space.channels["releases"], text, blocks, self._world.now(), "")
        return Response("ok")

    def _channel(self, arguments: dict[str, Any], *, by_id: bool = False) -> Channel:
        channel = self._space.channel(str(arguments.get("channel", "")), by_id=by_id)
        if channel is None:
            raise RefusedError("channel_not_found")
        if not channel.is_member:
            raise RefusedError("not_in_channel")
        return channel


def _file_of(body: bytes, content_type: str) -> bytes:
    """Return the file of an upload: the raw body, or the first part of a form."""
    if not content_type.startswith("multipart/"):
        return body
    form = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    parts = form.get_payload()
    first = parts[0] if isinstance(parts, list) and parts else None
    content = first.get_payload(decode=True) if isinstance(first, Message) else None
    return content if isinstance(content, bytes) else b""


def _unknown_method(_: dict[str, Any], __: Request) -> dict[str, Any]:
    raise RefusedError("unknown_method")


async def _arguments(request: Request) -> dict[str, Any]:
    """Return the arguments of a call, from query, form or JSON."""
    found: dict[str, Any] = dict(request.query_params)
    body = await request.body()
    if request.headers.get("content-type", "").startswith("application/json"):
        decoded = orjson.loads(body or b"{}")
        found |= decoded if isinstance(decoded, dict) else {}
    else:
        found |= dict(parse_qsl(body.decode(errors="replace")))
    if isinstance(found.get("payload"), str):
        found |= orjson.loads(found["payload"])
    return found


def _content(arguments: dict[str, Any]) -> tuple[list[dict[str, Any]], str]:
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
    if not text and not blocks:
        raise RefusedError("no_text")
    if len(text) > LONGEST_TEXT:
        raise RefusedError("msg_too_long")
    return blocks, text


def _message(post: Post) -> dict[str, Any]:
    body: dict[str, Any] = {
        "type": "message", "subtype": "bot_message", "text": post.text, "ts": post.ts, "team": TEAM_ID, "user": USER_ID,
        "bot_id": BOT_ID,
    }  # fmt: skip
    if post.blocks:
        body["blocks"] = post.blocks
    if post.thread_ts:
        body["thread_ts"] = post.thread_ts
    if post.edited_at is not None:
        body["edited"] = {"user": USER_ID, "ts": f"{post.edited_at:.6f}"}
    return body


def _channel_body(channel: Channel) -> dict[str, Any]:
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


def create(world: World, space: Space) -> Gate:
    return Gate(Starlette(routes=Slack(world, space).routes()), world, MANNERS)
