"""Slack as the company's clients meet it. Source: Slack's Web API pages and its OpenAPI document of 2021."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchkeeper.sandbox.manners import Gate, Manners, answer, bearer
from watchkeeper.sandbox.slack_arguments import (
    MissingScopeError,
    RefusedError,
    arguments_of,
    attachments_of,
    content_of,
    decoded,
    file_of,
)
from watchkeeper.sandbox.slack_shapes import channel_body, message_body
from watchkeeper.sandbox.slack_space import BOT_ID, NO_FILES, NO_SCOPE, TEAM_ID, USER_ID, Channel, Post, Space
from watchkeeper.sandbox.world import World

TOKEN = "sandbox-slack-token"  # noqa: S105  (it opens a make-believe house)
NARROW_TOKEN = "sandbox-slack-narrow-token"  # noqa: S105  (it opens the front door alone)
WEBHOOK_SECRET = "T0000ACME/B000WATCH/make-believe"  # noqa: S105  (as above)
METHODS = ["GET", "POST"]
Method = Callable[[dict[str, Any], Request], dict[str, Any]]
Endpoint = Callable[[Request], Awaitable[Response]]

# What each call needs. A token that may do everything, and one that may only write messages.
SCOPES = {
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "chat.delete": "chat:write",
    "conversations.list": "channels:read",
    "conversations.info": "channels:read",
    "conversations.history": "channels:history",
    "conversations.replies": "channels:history",
    "users.lookupByEmail": "users:read.email",
    "files.getUploadURLExternal": "files:write",
    "files.completeUploadExternal": "files:write",
    "files.delete": "files:write",
}
GRANTED = {TOKEN: frozenset(SCOPES.values()), NARROW_TOKEN: frozenset({"chat:write"})}
LONGEST_PAGE = 999
LARGEST_FILE = 20_000_000

MANNERS = Manners(
    vendor="slack",
    limited={"ok": False, "error": "ratelimited"},
    down={"ok": False, "error": "service_unavailable"},
)


class Slack:
    """The calls of Slack, answered from the space that the page shows."""

    def __init__(self, world: World, space: Space) -> None:
        self._world, self._space = world, space

    def routes(self) -> list[Route]:
        names = {
            "auth.test": self.auth_test,
            "chat.postMessage": self.post_message,
            "chat.update": self.update,
            "chat.delete": self.delete,
            "chat.getPermalink": self.permalink,
            "conversations.list": self.conversations,
            "conversations.info": self.conversation,
            "conversations.history": self.history,
            "conversations.replies": self.replies,
            "users.lookupByEmail": self.lookup,
            "files.getUploadURLExternal": self.upload_url,
            "files.completeUploadExternal": self.complete_upload,
            "files.delete": self.delete_file,
        }
        routes = [Route(f"/api/{name}", self._method(name, call), methods=METHODS) for name, call in names.items()]
        return [
            *routes,
            Route("/api/{method}", self._method("", _unknown_method), methods=METHODS),
            Route("/services/{secret:path}", self.webhook, methods=["POST"]),
            Route("/upload/{file}", self.upload, methods=["POST", "PUT"]),
        ]

    def _method(self, name: str, call: Method) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            arguments = await arguments_of(request)
            shown = bearer(request.headers) or arguments.get("token", "")
            if shown not in GRANTED:
                return answer({"ok": False, "error": "invalid_auth" if shown else "not_authed"})
            try:
                self._demand_scope(name, shown, arguments)
                return answer({"ok": True, **call(arguments, request)})
            except MissingScopeError as error:
                return answer(
                    {"ok": False, "error": "missing_scope", "needed": error.needed, "provided": error.granted}
                )
            except RefusedError as error:
                code, *messages = error.args
                more = {"response_metadata": {"messages": messages}} if messages else {}
                return answer({"ok": False, "error": code, **more})

        return endpoint

    def _demand_scope(self, name: str, token: str, arguments: dict[str, Any]) -> None:
        """Refuse a call for which the token has no scope; in some channels none, or none for files, counts."""
        channel = self._space.channel(str(arguments.get("channel") or arguments.get("channel_id") or ""))
        needed, lacks = SCOPES.get(name, ""), channel.name if channel else ""
        lacking = lacks.startswith(NO_SCOPE) or (lacks.startswith(NO_FILES) and needed == "files:write")
        if needed and (lacking or needed not in GRANTED[token]):
            raise MissingScopeError(needed, ",".join(sorted(GRANTED[token] - {needed})))

    def auth_test(self, _: dict[str, Any], request: Request) -> dict[str, Any]:
        url = f"{request.url.scheme}://{request.url.netloc}/slack"
        return {
            "url": url, "team": "Acme", "user": "watchkeeper", "team_id": TEAM_ID, "user_id": USER_ID, "bot_id": BOT_ID,
            "is_enterprise_install": False,
        }  # fmt: skip

    def post_message(self, arguments: dict[str, Any], _: Request) -> dict[str, Any]:
        channel = self._channel(arguments)
        blocks, text = content_of(arguments)
        attachments, thread = attachments_of(arguments), arguments.get("thread_ts", "")
        post = self._space.post(channel, text, blocks, self._world.now(), thread)
        post.attachments = attachments or []
        post.is_broadcast = bool(thread) and str(arguments.get("reply_broadcast", "")).lower() in {"1", "true"}
        post.metadata = decoded(arguments.get("metadata"), "invalid_metadata_format")
        return {"channel": channel.id, "ts": post.ts, "message": message_body(post)}

    def update(self, arguments: dict[str, Any], _: Request) -> dict[str, Any]:
        channel = self._channel(arguments, by_id=True)
        post = self._post(channel, arguments)
        blocks, text = content_of(arguments)
        attachments = attachments_of(arguments)
        self._space.edit(post, text, blocks, self._world.now())
        post.attachments = post.attachments if attachments is None else attachments
        if arguments.get("metadata"):
            post.metadata = decoded(arguments["metadata"], "invalid_metadata_format")
        return {"channel": channel.id, "ts": post.ts, "text": post.text, "message": message_body(post)}

    def delete(self, arguments: dict[str, Any], _: Request) -> dict[str, Any]:
        channel = self._channel(arguments, by_id=True)
        post = self._post(channel, arguments)
        channel.posts.remove(post)
        return {"channel": channel.id, "ts": post.ts}

    def permalink(self, arguments: dict[str, Any], request: Request) -> dict[str, Any]:
        channel = self._channel({"channel": arguments.get("channel")}, by_id=True)
        post = self._post(channel, {"ts": arguments.get("message_ts")})
        base = f"{request.url.scheme}://{request.url.netloc}/slack"
        return {"channel": channel.id, "permalink": f"{base}?channel={channel.name}#p{post.ts}"}

    def history(self, arguments: dict[str, Any], _: Request) -> dict[str, Any]:
        """Return what stands in a channel, newest first, without the answers in threads that are shown only there."""
        channel = self._channel(arguments, by_id=True)
        roots = [post for post in channel.posts if post.thread_ts in {"", post.ts} or post.is_broadcast]
        return self._messages(channel, _between(roots, arguments)[::-1], arguments)

    def replies(self, arguments: dict[str, Any], _: Request) -> dict[str, Any]:
        """Return a thread, oldest first, beginning with what was answered."""
        channel, ts = self._channel(arguments, by_id=True), str(arguments.get("ts", ""))
        thread = self._space.thread(channel, ts)
        if not thread or thread[0].ts != ts:
            raise RefusedError("thread_not_found")
        return self._messages(channel, [thread[0], *_between(thread[1:], arguments)], arguments)

    def _messages(self, channel: Channel, posts: list[Post], arguments: dict[str, Any]) -> dict[str, Any]:
        size, first = min(int(arguments.get("limit") or 100), LONGEST_PAGE), int(arguments.get("cursor") or 0)
        with_metadata = str(arguments.get("include_all_metadata", "")).lower() in {"1", "true"}
        bodies = [
            message_body(post, self._space.thread(channel, post.ts)[1:], with_metadata=with_metadata)
            for post in posts[first : first + size]
        ]
        has_more = len(posts) > first + size
        more = {"response_metadata": {"next_cursor": str(first + size)}} if has_more else {}
        return {"messages": bodies, "has_more": has_more, **more}

    def conversation(self, arguments: dict[str, Any], _: Request) -> dict[str, Any]:
        channel = self._space.channel(str(arguments.get("channel", "")), by_id=True)
        if channel is None:
            raise RefusedError("channel_not_found")
        return {"channel": channel_body(channel)}

    def conversations(self, arguments: dict[str, Any], _: Request) -> dict[str, Any]:
        limit, first = int(arguments.get("limit") or 100), int(arguments.get("cursor") or 0)
        channels = list(self._space.channels.values())
        following = str(first + limit) if first + limit < len(channels) else ""
        bodies = [channel_body(channel) for channel in channels[first : first + limit]]
        return {"channels": bodies, "response_metadata": {"next_cursor": following}}

    def lookup(self, _: dict[str, Any], __: Request) -> dict[str, Any]:
        raise RefusedError("users_not_found")

    def upload_url(self, arguments: dict[str, Any], request: Request) -> dict[str, Any]:
        name, length = arguments.get("filename", ""), str(arguments.get("length", ""))
        if not name or not length.isdigit():
            raise RefusedError("invalid_arguments")
        if int(length) > LARGEST_FILE:
            raise RefusedError("file_too_large")
        file = self._space.plan_file(name, str(arguments.get("alt_txt", "")))
        return {"upload_url": f"{request.url.scheme}://{request.url.netloc}/slack/upload/{file.id}", "file_id": file.id}

    async def upload(self, request: Request) -> Response:
        file = self._space.files.get(request.path_params["file"])
        if file is None:
            return Response("no such upload", 404)
        file.content = file_of(await request.body(), request.headers.get("content-type", ""))
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

    def delete_file(self, arguments: dict[str, Any], _: Request) -> dict[str, Any]:
        file = self._space.files.get(str(arguments.get("file", "")))
        if file is None:
            raise RefusedError("file_not_found")
        self._space.take_away(file)
        return {}

    async def webhook(self, request: Request) -> Response:
        if request.path_params["secret"] != WEBHOOK_SECRET:
            return Response("no_service", 404)
        try:
            arguments = await arguments_of(request)
            blocks, text = content_of(arguments)
            attachments = attachments_of(arguments) or []
        except (RefusedError, orjson.JSONDecodeError) as error:
            return Response(str(error) if isinstance(error, RefusedError) else "invalid_payload", 400)
        post = self._space.post(self._space.channels["releases"], text, blocks, self._world.now(), "")
        post.attachments = attachments
        return Response("ok")

    def _post(self, channel: Channel, arguments: dict[str, Any]) -> Post:
        post = self._space.find(channel, str(arguments.get("ts", "")))
        if post is None:
            raise RefusedError("message_not_found")
        return post

    def _channel(self, arguments: dict[str, Any], *, by_id: bool = False) -> Channel:
        channel = self._space.channel(str(arguments.get("channel", "")), by_id=by_id)
        if channel is None:
            raise RefusedError("channel_not_found")
        if not channel.is_member:
            raise RefusedError("not_in_channel")
        return channel


def _between(posts: list[Post], arguments: dict[str, Any]) -> list[Post]:
    """Return the posts after `oldest` and before `latest`; they themselves belong to it when `inclusive` is said."""
    inclusive = str(arguments.get("inclusive", "")).lower() in {"1", "true"}
    oldest, latest = str(arguments.get("oldest") or "0"), str(arguments.get("latest") or "9" * 10)
    bounds = {oldest, latest} if inclusive else set()
    return [post for post in posts if float(oldest) < float(post.ts) < float(latest) or post.ts in bounds]


def _unknown_method(_: dict[str, Any], __: Request) -> dict[str, Any]:
    raise RefusedError("unknown_method")


def create(world: World, space: Space) -> Gate:
    return Gate(Starlette(routes=Slack(world, space).routes()), world, MANNERS)
