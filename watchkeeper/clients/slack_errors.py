"""What Slack's error codes mean to a person; Source: https://docs.slack.dev/reference/methods/chat.postMessage."""

import re
from collections.abc import Mapping
from typing import Final

TRANSIENT: Final = frozenset(
    {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
)
GONE: Final = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
_CODE: Final = re.compile(r"[a-z0-9_:.,-]{1,80}")
_BLOCK: Final = "the block Watchkeeper Slack"
_TOKEN: Final = f"does not accept the token ({{code}}): put a valid bot token into {_BLOCK}"
_MEANINGS: Final[Mapping[str, str]] = {
    "not_in_channel": "the app is not in channel {channel}: invite it there with /invite",
    "channel_not_found": "does not know channel {channel}, or hides it: check the name, and invite the app there",
    "is_archived": "channel {channel} is archived: name another one in the configuration",
    "channel_is_archived": "channel {channel} is archived: name another one in the configuration",
    "missing_scope": "the token lacks the scope {needed}: add it to the Slack app and install the app again",
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
