"""Slack messages: Block Kit pieces that take any text from outside and stay within Slack's limits.

Source: https://docs.slack.dev/reference/block-kit/blocks and https://docs.slack.dev/messaging/formatting-message-text
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from reports.text import is_web_url, one_line

MOST_BLOCKS: Final = 50
MOST_TEXT: Final = 3000
MOST_FALLBACK: Final = 4000
_URL_SAFE: Final = "%/:=&?~#+!$,;'@()*[]"
_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}

Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SlackMessage:
    """A message as Slack takes it.

    Attributes:
        text: what notifications and screen readers give.
        attachments: more blocks, with a bar of a colour beside them.
    """

    text: str
    blocks: list[Block]
    attachments: tuple[Block, ...] = ()


def slack_message(text: str, blocks: Sequence[Block]) -> SlackMessage:
    """Return the message with as many blocks as Slack takes, saying how many were left out.

    Args:
        text: mrkdwn; whatever is from outside went through `escape`.
    """
    kept = list(blocks)
    if len(kept) > MOST_BLOCKS:
        left_out = len(kept) - (MOST_BLOCKS - 1)
        kept = [*kept[: MOST_BLOCKS - 1], context([f"… and {left_out} more that Slack has no room for"])]
    return SlackMessage(_cut(text, MOST_FALLBACK), kept)


def colored(blocks: Sequence[Block], color: str) -> Block:
    """Return blocks as an attachment with a bar of that colour, such as `#2eb67d`."""
    return {"color": color, "blocks": list(blocks[:MOST_BLOCKS])}


def escape(text: str, most: int = MOST_TEXT) -> str:
    """Return text from outside as one line of mrkdwn that names nobody, links nowhere and is at most `most` long."""
    parts: list[str] = []
    size = 0
    for character in one_line(text):
        part = _ENTITIES.get(character, character)
        if size + len(part) > most - 1:
            return "".join(parts) + "…"
        parts.append(part)
        size += len(part)
    return "".join(parts)


def link(url: str, label: str) -> str:
    """Return `label`, escaped here, as a link; without the link where `url` is no http(s) URL."""
    shown = escape(label, 150).replace("|", "/")
    return f"<{quote(url, safe=_URL_SAFE).replace('&', '&amp;')}|{shown}>" if is_web_url(url) else shown


def links_line(links: Mapping[str, str]) -> list[Block]:
    """Return a line of links, by label; nothing without a usable one.

    They are links and not buttons: Slack marks a clicked button with a warning where no one answers its event.
    """
    usable = [link(url, label) for label, url in links.items() if is_web_url(url)]
    return [section(" · ".join(usable))] if usable else []


def section(text: str) -> Block:
    return {"type": "section", "text": _mrkdwn(text)}


def context(texts: Iterable[str]) -> Block:
    """Return small print; Slack takes ten texts at most."""
    return {"type": "context", "elements": [_mrkdwn(text) for text in list(texts)[:10]]}


def bullets(lines: Sequence[str], most: int) -> str:
    """Return at most `most` lines as a list, with the number of those left out."""
    shown = [f"• {line}" for line in lines[:most]]
    if len(lines) > most:
        shown.append(f"• … and {len(lines) - most} more")
    return "\n".join(shown)


def _mrkdwn(text: str) -> Block:
    # `verbatim` keeps Slack from making links and mentions out of what only looks like them.
    return {"type": "mrkdwn", "text": _cut(text, MOST_TEXT), "verbatim": True}


def _cut(text: str, most: int) -> str:
    """Return whole lines of `text` up to `most` characters: a line that is cut could end within a link."""
    if len(text) <= most:
        return text
    kept = text[: most - 2].rpartition("\n")[0]
    return f"{kept}\n…" if kept else "…"
