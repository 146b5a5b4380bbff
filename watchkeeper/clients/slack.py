"""Slack, through slack-sdk: messages and files by bot token, or by an incoming webhook that can only post messages.

Source: https://docs.slack.dev/reference/methods/chat.postMessage, chat.update, conversations.history,
conversations.replies, https://docs.slack.dev/messaging/working-with-files and
https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

import httpx

from watchkeeper.clients.slack_errors import VENDOR, MessageGone, failure, translated
from watchkeeper.clients.vendor_errors import MissingCredential, VendorRefused, VendorUnavailable

if TYPE_CHECKING:
    from slack_sdk.web.async_slack_response import AsyncSlackResponse

    from watchkeeper.clients.slack_web import SlackWeb

Blocks = Sequence[dict[str, Any]]
LARGEST_FILE: Final = 20_000_000  # bytes
_PAGE: Final = 200  # what Slack advises at most
_CHANNELS: Final = 1000
_MAX_PAGES: Final = 50  # of a channel, a thread or the list of channels
_CLOCKS_DIFFER: Final = timedelta(minutes=2)
_MARKED: Final = "watchkeeper_message"


@dataclass(frozen=True, slots=True)
class SlackFile:
    """A file as people get it. `alt`: what a picture shows, in words."""

    name: str
    content: bytes
    title: str
    alt: str = ""


class SlackClient:
    """Posts and edits messages. With both secrets the bot token is used: only it can edit.

    Args:
        webhook_url: secret, and bound to its own channel.

    Raises:
        MissingCredential: neither secret is there, or the one that is cannot be one.
        VendorRefused: `base_url` is no http(s) URL.
    """

    request_seconds: ClassVar[int] = 15
    upload_seconds: ClassVar[int] = 30

    def __init__(self, bot_token: str = "", webhook_url: str = "", base_url: str = "https://slack.com/api/") -> None:
        if not bot_token and not webhook_url:
            raise MissingCredential(
                VENDOR,
                "there is no SLACK_BOT_TOKEN or SLACK_WEBHOOK_URL in the block Watchkeeper Slack: put one there",
            )
        if bot_token and not (bot_token.isascii() and bot_token.isprintable() and " " not in bot_token):
            raise MissingCredential(VENDOR, "the bot token in the block Watchkeeper Slack has characters that none has")
        if not bot_token and not _is_web_url(webhook_url):
            raise MissingCredential(VENDOR, "the webhook URL in the block Watchkeeper Slack is no http(s) URL")
        if not _is_web_url(base_url):
            raise VendorRefused(VENDOR, "the base URL in the block Watchkeeper Slack is no http(s) URL")
        self._bot_token = bot_token
        self._webhook_url = webhook_url
        self._base_url = f"{base_url.rstrip('/')}/"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing stays open: slack-sdk opens a session for each call."""

    @property
    def is_webhook(self) -> bool:
        """Return whether it can post and nothing else."""
        return not self._bot_token

    async def post(  # noqa: PLR0913 - all but three by name
        self,
        channel: str,
        text: str,
        blocks: Blocks = (),
        thread: str = "",
        mark: str = "",
        *,
        attachments: Blocks = (),
        is_broadcast: bool = False,
    ) -> str:
        """Post a message and return what to name it by later; "" where it cannot be edited.

        Args:
            channel: `#name` or id; a webhook posts to its own channel whatever this says.
            text: what notifications show, and all that screen readers read.
            thread: what `post` returned for the message to answer to.
            mark: what `find` finds it by; people do not see it.
            attachments: more blocks, with a bar of a colour beside them.
            is_broadcast: whether an answer in a thread is shown in the channel, too, and notifies everybody there.
        """
        content = {"text": text, "blocks": list(blocks), **_attached(attachments)}
        if self.is_webhook:
            await self._post_to_webhook(channel, content)
            return ""
        arguments: dict[str, Any] = {"channel": channel, "unfurl_links": False, "unfurl_media": False, **content}
        if mark:
            arguments["metadata"] = {"event_type": _MARKED, "event_payload": {"mark": mark}}
        if thread:
            arguments["thread_ts"] = _Reference.parse(thread, channel).ts
            arguments |= {"reply_broadcast": True} if is_broadcast else {}
        return await self._call("chat.postMessage", channel, arguments)

    async def update(  # noqa: PLR0913 - all but four by name
        self,
        channel: str,
        message: str,
        text: str,
        blocks: Blocks = (),
        mark: str = "",
        *,
        attachments: Blocks | None = None,
    ) -> str:
        """Edit a message, or post a new one where it is gone or cannot be edited; returns what to name it by.

        Args:
            message: what `post` or `update` returned.
            mark: as in `post`, where a new one is posted.
            attachments: as in `post`; None leaves those that are there, an empty list takes them away.
        """
        if self.is_webhook or not message:
            return await self.post(channel, text, blocks, mark=mark, attachments=attachments or ())
        known = _Reference.parse(message, channel)
        arguments: dict[str, Any] = {"channel": known.channel, "ts": known.ts, "text": text, "blocks": list(blocks)}
        if attachments is not None:
            arguments["attachments"] = list(attachments)
        try:
            return await self._call("chat.update", channel, arguments)
        except MessageGone:
            return await self.post(channel, text, blocks, mark=mark, attachments=attachments or ())

    async def find(self, channel: str, mark: str, since: datetime, known: str = "") -> str:
        """Return the message with this mark that was posted since then; "" when there is none.

        Needs the scope channels:history (groups:history for private channels), and channels:read without `known`.

        Args:
            known: any message that was posted to the channel before, which tells its id.
        """
        place = _Reference.parse(known, "").channel or await self._channel_id(channel)
        if not place:
            return ""
        oldest = f"{(since - _CLOCKS_DIFFER).timestamp():.6f}"
        asked = {"channel": place, "oldest": oldest, "include_all_metadata": True}
        async with translated(channel):
            pages = await self._pages("conversations.history", asked, _PAGE)
            stamps = [str(message["ts"]) for page in pages for message in page["messages"] if _mark_of(message) == mark]
            return str(_Reference(place, min(stamps, key=float))) if stamps else ""

    async def upload(self, channel: str, files: Sequence[SlackFile], thread: str) -> tuple[str, ...]:
        """Put files into the thread of a message and return their ids. Needs the scope files:write.

        Raises:
            VendorRefused: one of them is bigger than 20 MB; nothing was uploaded then.
        """
        for file in files:
            if len(file.content) > LARGEST_FILE:
                size, most = len(file.content) / 1e6, LARGEST_FILE // 1_000_000
                raise VendorRefused(VENDOR, f"takes files of {most} MB at most, and {file.name} has {size:.1f} MB")
        place = _Reference.parse(thread, channel)
        async with translated(channel, needs="files:write"):
            answer = await self._web(self.upload_seconds).files_upload_v2(
                file_uploads=[_upload(file) for file in files], channel=place.channel, thread_ts=place.ts
            )
            return tuple(str(file["id"]) for file in answer["files"])

    async def uploaded(self, channel: str, thread: str, names: Collection[str], since: datetime) -> tuple[str, ...]:
        """Return the ids of files with these names that a thread got since then, give or take what clocks differ by.

        The scopes are those of `find`.
        """
        place, oldest = _Reference.parse(thread, channel), (since - _CLOCKS_DIFFER).timestamp()
        async with translated(channel):
            asked = {"channel": place.channel, "ts": place.ts, "oldest": f"{oldest:.6f}"}
            pages = await self._pages("conversations.replies", asked, _PAGE)
            # Every page may begin with the message that was answered, however old that is.
            recent = [message for page in pages for message in page["messages"] if float(message["ts"]) >= oldest]
            files = [file for message in recent for file in message.get("files", ())]
            return tuple(dict.fromkeys(str(file["id"]) for file in files if file.get("name") in names))

    async def delete_file(self, channel: str, file: str) -> None:
        """Delete a file that the app has uploaded; one that is gone already is fine. Needs the scope files:write."""
        try:
            async with translated(channel, needs="files:write"):
                await self._web().files_delete(file=file)
        except MessageGone:
            return

    async def _channel_id(self, channel: str) -> str:
        """Return the id of a channel; "" when the app sees none of that name."""
        if not channel.startswith("#"):
            return channel
        asked = {"exclude_archived": True, "types": "public_channel,private_channel"}
        async with translated(channel):
            pages = await self._pages("conversations.list", asked, _CHANNELS)
            return next(
                (str(each["id"]) for page in pages for each in page["channels"] if each["name"] == channel[1:]), ""
            )

    async def _pages(self, method: str, asked: Mapping[str, Any], size: int) -> list["AsyncSlackResponse"]:
        """Return all pages: Slack may put fewer than `size` on one, and the end is where there is no cursor.

        Raises:
            VendorUnavailable: it has no end, so that nobody can say that something is not there.
        """
        pages: list[AsyncSlackResponse] = []
        cursors = [""]
        while len(pages) < _MAX_PAGES:
            params = {**asked, "limit": size, **({"cursor": cursors[-1]} if cursors[-1] else {})}
            pages.append(await self._web().api_call(method, http_verb="GET", params=params))
            cursor = str((pages[-1].get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                return pages
            if cursor in cursors:
                break
            cursors.append(cursor)
        raise VendorUnavailable(VENDOR, f"the pages of {method} have no end: {len(pages)} were read")

    async def _call(self, method: str, channel: str, arguments: dict[str, Any]) -> str:
        async with translated(channel):
            answer = await self._web().api_call(method, json=arguments)
            found, ts = answer.get("channel"), answer.get("ts")
        return str(_Reference(str(found or channel), str(ts))) if ts else ""

    def _web(self, seconds: int = 0) -> "SlackWeb":
        from watchkeeper.clients.slack_web import SlackWeb  # noqa: PLC0415 - a fifth of a second, for those who post

        return SlackWeb(self._bot_token, self._base_url, seconds or self.request_seconds)

    async def _post_to_webhook(self, channel: str, content: Mapping[str, Any]) -> None:
        from watchkeeper.clients.slack_web import slack_webhook  # noqa: PLC0415 - see above

        client = slack_webhook(self._webhook_url, self.request_seconds)
        async with translated(channel):
            answer = await client.send(**content, unfurl_links=False, unfurl_media=False)
        if answer.status_code != httpx.codes.OK or answer.body != "ok":
            raise failure(answer.status_code, {"error": answer.body}, answer.headers, channel)


@dataclass(frozen=True, slots=True)
class _Reference:
    """Names a message. Editing wants the channel's id, which only the answer to posting tells: a name is refused."""

    channel: str
    ts: str

    @classmethod
    def parse(cls, text: str, channel: str) -> Self:
        known, _, ts = text.rpartition(":")
        return cls(known or channel, ts)

    def __str__(self) -> str:
        return f"{self.channel}:{self.ts}"


def _attached(attachments: Blocks) -> dict[str, Any]:
    return {"attachments": list(attachments)} if attachments else {}


def _upload(file: SlackFile) -> dict[str, Any]:
    described = {"alt_txt": file.alt} if file.alt else {}
    return {"filename": file.name, "content": file.content, "title": file.title, **described}


def _mark_of(message: Mapping[str, Any]) -> object:
    metadata = message.get("metadata") or {}
    return metadata.get("event_payload", {}).get("mark") if metadata.get("event_type") == _MARKED else None


def _is_web_url(text: str) -> bool:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        return False
    return url.scheme in {"http", "https"} and bool(url.host)
