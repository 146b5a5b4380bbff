"""Slack, through slack-sdk: messages by bot token, or by an incoming webhook that can only post.

Source: https://docs.slack.dev/reference/methods/chat.postMessage, chat.update and
https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
"""

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

import httpx

from watchkeeper.clients.base import MissingCredential, VendorError, VendorRefused, VendorUnavailable
from watchkeeper.clients.rate_limits import NO_LIMITS, pause_asked
from watchkeeper.clients.slack_errors import GONE, TRANSIENT, code_in, explain

if TYPE_CHECKING:
    from slack_sdk.web.async_client import AsyncWebClient

_VENDOR: Final = "Slack"
# The library's own would write webhook URLs and whole messages at level DEBUG.
_QUIET: Final = logging.getLogger("watchkeeper.clients.slack.sdk")
_QUIET.setLevel(logging.WARNING)

Blocks = Sequence[dict[str, Any]]


class SlackClient:
    """Posts and edits messages. With both secrets the bot token is used: only it can edit.

    Args:
        webhook_url: secret, and bound to its own channel.

    Raises:
        MissingCredential: neither secret is there, or the one that is cannot be one.
        VendorRefused: `base_url` is no http(s) URL.
    """

    request_seconds: ClassVar[int] = 15

    def __init__(self, bot_token: str = "", webhook_url: str = "", base_url: str = "https://slack.com/api/") -> None:
        if not bot_token and not webhook_url:
            raise MissingCredential(
                _VENDOR,
                "there is no SLACK_BOT_TOKEN or SLACK_WEBHOOK_URL in the block Watchkeeper Slack: put one there",
            )
        if bot_token and not (bot_token.isascii() and bot_token.isprintable() and " " not in bot_token):
            raise MissingCredential(
                _VENDOR, "the bot token in the block Watchkeeper Slack has characters that none has"
            )
        if not bot_token and not _is_web_url(webhook_url):
            raise MissingCredential(_VENDOR, "the webhook URL in the block Watchkeeper Slack is no http(s) URL")
        if not _is_web_url(base_url):
            raise VendorRefused(_VENDOR, "the base URL in the block Watchkeeper Slack is no http(s) URL")
        self._bot_token = bot_token
        self._webhook_url = webhook_url
        self._base_url = base_url

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing stays open: slack-sdk opens a session for each call."""

    async def post(self, channel: str, text: str, blocks: Blocks = (), thread: str = "") -> str:
        """Post a message and return what to name it by later; "" where it cannot be edited.

        Args:
            channel: `#name` or id; a webhook posts to its own channel whatever this says.
            text: what notifications show, and all that screen readers read.
            thread: what `post` returned for the message to answer to.
        """
        if not self._bot_token:
            await self._post_to_webhook(channel, text, blocks)
            return ""
        arguments = {"channel": channel, "unfurl_links": False, "unfurl_media": False}
        if thread:
            arguments["thread_ts"] = _Reference.parse(thread, channel).ts
        return await self._call("chat.postMessage", channel, {**arguments, "text": text, "blocks": list(blocks)})

    async def update(self, channel: str, message: str, text: str, blocks: Blocks = ()) -> str:
        """Edit a message, or post a new one where it is gone or cannot be edited; returns what to name it by.

        Args:
            message: what `post` or `update` returned.
        """
        if not self._bot_token or not message:
            return await self.post(channel, text, blocks)
        known = _Reference.parse(message, channel)
        arguments = {"channel": known.channel, "ts": known.ts, "text": text, "blocks": list(blocks)}
        try:
            return await self._call("chat.update", channel, arguments)
        except _MessageGone:
            return await self.post(channel, text, blocks)

    async def _call(self, method: str, channel: str, arguments: dict[str, Any]) -> str:
        async with _translated(channel):
            answer = await self._web().api_call(method, json=arguments)
            found, ts = answer.get("channel"), answer.get("ts")
        return str(_Reference(str(found or channel), str(ts))) if ts else ""

    def _web(self) -> "AsyncWebClient":
        from slack_sdk.web.async_client import AsyncWebClient  # noqa: PLC0415 - a fifth of a second, for those who post

        # No retries of its own: the task asks again, and only it.
        return AsyncWebClient(
            self._bot_token, base_url=self._base_url, timeout=self.request_seconds, retry_handlers=[], logger=_QUIET
        )

    async def _post_to_webhook(self, channel: str, text: str, blocks: Blocks) -> None:
        from slack_sdk.webhook.async_client import AsyncWebhookClient  # noqa: PLC0415 - see above

        client = AsyncWebhookClient(self._webhook_url, timeout=self.request_seconds, retry_handlers=[], logger=_QUIET)
        async with _translated(channel):
            answer = await client.send(text=text, blocks=list(blocks), unfurl_links=False, unfurl_media=False)
        if answer.status_code != httpx.codes.OK or answer.body != "ok":
            raise _failure(answer.status_code, {"error": answer.body}, answer.headers, channel)


class _MessageGone(VendorRefused):
    """The message to edit is not there, or may not be edited any more."""


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


@asynccontextmanager
async def _translated(channel: str) -> AsyncIterator[None]:
    """Turn every error of the library into one of ours, not chained: the library's quote URLs, which may be secret."""
    from aiohttp import ClientError  # noqa: PLC0415 - see above
    from slack_sdk.errors import SlackApiError, SlackClientError  # noqa: PLC0415 - see above

    try:
        yield
    except SlackApiError as error:
        response = error.response
        # Where the body was no JSON it is aiohttp's own response, which has `status` and no data.
        status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0))
        data = getattr(response, "data", None)
        raise _failure(status, data if isinstance(data, dict) else {}, response.headers, channel) from None
    except TimeoutError:
        raise VendorUnavailable(_VENDOR, "no full answer in time") from None
    except (ClientError, OSError) as error:
        raise VendorUnavailable(_VENDOR, f"cannot be reached ({type(error).__name__})") from None
    except (SlackClientError, ValueError, LookupError, AttributeError, RecursionError):
        # An answer of another shape than slack-sdk expects makes it stumble in its own code.
        raise VendorUnavailable(_VENDOR, "answered with something that is not Slack's API") from None


def _failure(status: int, data: Mapping[str, Any], headers: Mapping[str, str], channel: str) -> VendorError:
    code = code_in(data.get("error"))
    if status == httpx.codes.TOO_MANY_REQUESTS or code in TRANSIENT:
        pause = pause_asked(headers, NO_LIMITS, datetime.now(UTC))
        wait = "" if pause is None else f", and asks to wait {pause.total_seconds():.0f} s"
        return VendorUnavailable(_VENDOR, f"cannot take the message now ({status}){wait}", pause)
    if code in GONE:
        return _MessageGone(_VENDOR, explain(code, channel), status)
    if status >= httpx.codes.INTERNAL_SERVER_ERROR or (status < httpx.codes.BAD_REQUEST and not code):
        return VendorUnavailable(_VENDOR, f"answered with status {status} and no word of its API")
    return VendorRefused(_VENDOR, explain(code or str(status), channel, code_in(data.get("needed"))), status)


def _is_web_url(text: str) -> bool:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        return False
    return url.scheme in {"http", "https"} and bool(url.host)
