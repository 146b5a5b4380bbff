"""What Slack's errors mean to a person; Source: https://docs.slack.dev/reference/methods/chat.postMessage."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from watchkeeper.clients.rate_limits import NO_LIMITS, pause_asked
from watchkeeper.clients.vendor_errors import MessageUnfit, VendorError, VendorRefused, VendorUnavailable

VENDOR: Final = "Slack"

TRANSIENT: Final = frozenset(
    {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
)
_TRANSIENT_STATUSES: Final = frozenset({408, 425, 429})
GONE: Final = frozenset(
    {"message_not_found", "cant_update_message", "edit_window_closed", "file_not_found", "file_deleted"}
)
UNFIT: Final = frozenset(
    {
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_attachments",
        "invalid_metadata_format",
        "invalid_metadata_schema",
        "invalid_payload",
        "metadata_too_large",
        "msg_blocks_too_long",
        "msg_too_long",
        "no_text",
        "too_many_attachments",
    }
)
_UNFIT_STATUSES: Final = frozenset({httpx.codes.BAD_REQUEST, 413, 422})  # without a word about anything else
_CODE: Final = re.compile(r"[a-z0-9_:.,-]{1,80}")
_BLOCK: Final = "the block Watchkeeper Slack"
_TOKEN: Final = f"does not accept the token ({{code}}): put a valid bot token into {_BLOCK}"
_MEANINGS: Final[Mapping[str, str]] = {
    "not_in_channel": "the app is not in channel {channel}: invite it there with /invite",
    "channel_not_found": "does not know channel {channel}, or hides it: check the name, and invite the app there",
    "is_archived": "channel {channel} is archived: name another one in the configuration",
    "channel_is_archived": "channel {channel} is archived: name another one in the configuration",
    "missing_scope": "for {channel} the token lacks the scope {needed}: add it to the Slack app and install it again",
    "not_allowed_token_type": f"the token is of another kind: put the app's bot token into {_BLOCK}",
    "invalid_auth": _TOKEN,
    "not_authed": _TOKEN,
    "account_inactive": _TOKEN,
    "token_revoked": _TOKEN,
    "token_expired": _TOKEN,
    "invalid_token": f"does not accept the webhook URL ({{code}}): put a valid one into {_BLOCK}",
    "no_service": f"the webhook was removed or switched off: put a valid URL into {_BLOCK}",
    "no_active_hooks": f"the webhook was removed or switched off: put a valid URL into {_BLOCK}",
    "action_prohibited": "an administrator of the workspace does not let the app post to {channel}",
    "restricted_action": "an administrator of the workspace does not let the app post to {channel}",
}


class MessageGone(VendorRefused):
    """The message or file is not there, or may not be edited any more."""


@asynccontextmanager
async def translated(channel: str, needs: str = "chat:write") -> AsyncIterator[None]:
    """Turn every error of the library into one of ours, not chained: the library's quote URLs, which may be secret.

    Args:
        needs: the scope to name where Slack does not.
    """
    from aiohttp import ClientConnectorError, ClientError  # noqa: PLC0415 - a fifth of a second, for those who post
    from slack_sdk.errors import SlackApiError, SlackClientError  # noqa: PLC0415 - as above

    try:
        yield
    except SlackApiError as error:
        response = error.response
        # Where the body was no JSON it is aiohttp's own response, which has `status` and no data.
        status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0))
        data = getattr(response, "data", None)
        raise failure(status, data if isinstance(data, dict) else {}, response.headers, channel, needs) from None
    except TimeoutError:
        raise VendorUnavailable(VENDOR, "no full answer in time", has_reached=True) from None
    except (ClientError, OSError) as error:
        has_reached = not isinstance(error, ClientConnectorError)
        words = f"cannot be reached ({type(error).__name__})"
        raise VendorUnavailable(VENDOR, words, has_reached=has_reached) from None
    except (SlackClientError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        # An answer of another shape than slack-sdk expects makes it stumble in its own code.
        raise VendorUnavailable(VENDOR, "answered with something that is not Slack's API", has_reached=True) from None


def failure(
    status: int, data: Mapping[str, Any], headers: Mapping[str, str], channel: str, needs: str = ""
) -> VendorError:
    code = code_in(data.get("error"))
    if status in _TRANSIENT_STATUSES or code in TRANSIENT:
        pause = pause_asked(headers, NO_LIMITS, datetime.now(UTC))
        wait = "" if pause is None else f", and asks to wait {pause.total_seconds():.0f} s"
        return VendorUnavailable(VENDOR, f"cannot take the message now ({status}){wait}", pause)
    if code in GONE:
        return MessageGone(VENDOR, explain(code, channel), status)
    if code in UNFIT or (status in _UNFIT_STATUSES and code not in _MEANINGS):
        return MessageUnfit(VENDOR, explain(code or str(status), channel), status)
    if status >= httpx.codes.INTERNAL_SERVER_ERROR or (status < httpx.codes.BAD_REQUEST and not code):
        return VendorUnavailable(VENDOR, f"answered with status {status} and no word of its API", has_reached=True)
    return VendorRefused(VENDOR, explain(code or str(status), channel, code_in(data.get("needed")) or needs), status)


def explain(code: str, channel: str, needed: str = "") -> str:
    """Return what `code` means and what to do.

    Args:
        needed: the scope that Slack says is missing.
    """
    meaning = _MEANINGS.get(code, "refused the message ({code})")
    return meaning.format(code=code, channel=channel, needed=needed or "chat:write")


def code_in(text: object) -> str:
    """Return the code that an answer gives as its error or scope; "" when what is there is none."""
    return text if isinstance(text, str) and _CODE.fullmatch(text) else ""
