"""A digest as an issue of Jira and as a comment on it, in the Atlassian Document Format.

Text from outside is put into text nodes, where nothing of it means anything.

Source: https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from reports.alert_texts import MOST_DETAILS
from reports.alert_words import actions, carer, cut, headline, line_words, news, standing
from reports.text import is_web_url, one_line, sentence
from watchkeeper.clients.jira import LABEL, LONGEST_SUMMARY, Document, IssueDraft
from watchkeeper.domain.alert_channels import ChannelConfig
from watchkeeper.domain.alert_digests import Digest, Line
from watchkeeper.domain.alert_tickets import FIRES_AGAIN
from watchkeeper.domain.alert_values import Severity
from watchkeeper.domain.redaction import redacted
from watchkeeper.domain.text import is_unseen

PRIORITIES: Final[Mapping[Severity, str]] = {
    Severity.CRITICAL: "Highest",
    Severity.WARNING: "Medium",
    Severity.INFO: "Low",
}
LONGEST_TEXT: Final = 1000  # of one node
LONGEST_DOCUMENT: Final = 32_000  # Jira takes 32,767 characters of it, markup included
_TEST: Final = "This is a test of Watchkeeper: nothing is wrong."
_CLOSING: Final = "Closing this issue resolves the alerts in Watchkeeper as well."

Node = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Size:
    """How much is said of each alert: how many details, with links or without, so many characters of a text."""

    details: int
    has_links: bool
    text: int


_SIZES: Final = (
    _Size(MOST_DETAILS, has_links=True, text=LONGEST_TEXT),
    _Size(1, has_links=True, text=500),
    _Size(0, has_links=False, text=300),
)  # the first that Jira has room for


def issue_draft(channel: ChannelConfig, digest: Digest) -> IssueDraft:
    """Return the issue of a group; all digests of the group have the same mark."""
    summary = headline(digest)
    return IssueDraft(
        project=channel.project,
        issue_type=channel.issue_type,
        mark=f"{LABEL}-{sha256(digest.key.encode(errors='replace')).hexdigest()[:16]}",
        summary=summary if len(summary) <= LONGEST_SUMMARY else f"{summary[: LONGEST_SUMMARY - 1]}…",
        description=_description(digest),
        priority=PRIORITIES[digest.severity],
    )


def issue_comment(digest: Digest, people: Mapping[str, str], remark: str = "") -> Document:
    """Return what a digest adds to the issue of its group: its news, and the alerts where there are new ones.

    Args:
        people: account ids by name; those who are addressed are mentioned, so that Jira tells them.
        remark: one more sentence at the end.
    """
    called: list[Node] = []
    for name in digest.people:
        called += [_mention(name, people[name]) if name in people else _text(name), _text(" ")]
    remarks = [_paragraph(_text(remark))] if remark else []

    def comment(size: _Size) -> Document:
        alerts = [_alerts(digest, size)] if digest.reason in FIRES_AGAIN else []
        return _document(_paragraph(*called, _text(news(digest))), *alerts, *remarks)

    return _fitting(comment)


def is_milder(priority: str, wanted: str) -> bool:
    """Return whether a priority is one of ours and below the wanted one; what people have chosen stays."""
    ours = list(PRIORITIES.values())
    return priority in ours and wanted in ours and ours.index(priority) > ours.index(wanted)


def _description(digest: Digest) -> Document:
    commands = [_paragraph(_text(f"{each.label}: "), _code(each.command)) for each in actions(digest)]
    release = [_paragraph(_text("Release "), _code(digest.release))] if digest.release else []
    closing = _TEST if digest.is_test else _CLOSING
    state = _paragraph(_text(_state(digest)))
    return _fitting(
        lambda size: _document(state, _alerts(digest, size), *release, *commands, _paragraph(_text(closing)))
    )


def _fitting(write: Callable[[_Size], Document]) -> Document:
    """Return the longest document that Jira takes."""
    documents = (write(size) for size in _SIZES)
    return next((each for each in documents if _length(each) <= LONGEST_DOCUMENT), write(_SIZES[-1]))


def _length(document: Document) -> int:
    """Return how many characters Jira counts, which are those of UTF-16."""
    return len(json.dumps(document, ensure_ascii=False).encode("utf-16-le", "replace")) // 2


def _state(digest: Digest) -> str:
    return " ".join(f"{words}." for words in (standing(digest), carer(digest)) if words)


def _alerts(digest: Digest, size: _Size) -> Node:
    items = [{"type": "listItem", "content": _alert(line, digest, size)} for line in digest.lines]
    more = digest.firing + digest.resolved - len(digest.lines)
    if more > 0:
        items.append({"type": "listItem", "content": [_paragraph(_text(f"… and {more:,} more"))]})
    return {"type": "bulletList", "content": items} if items else _paragraph()


def _alert(line: Line, digest: Digest, size: _Size) -> list[Node]:
    words = cut(line_words(line, digest), size.text)
    head = _paragraph(_text(f"{line.severity.value}, {line.status.value}: ", "strong"), _text(words))
    said = (cut(sentence(one_line(detail)), size.text) for detail in line.details[: size.details])
    details = [_paragraph(_text(detail)) for detail in said]
    links: list[Node] = []
    for label, url in (("Look closer", line.url), ("What to do", line.runbook)):
        if size.has_links and is_web_url(url) and url.isprintable():
            links += [_link(label, url), _text("  ")]
    return [head, *details, *([_paragraph(*links)] if links else [])]


def _document(*content: Node) -> Document:
    return {"type": "doc", "version": 1, "content": list(content)}


def _paragraph(*content: Node) -> Node:
    """Return a paragraph; empty texts, which Jira refuses, are left out."""
    return {"type": "paragraph", "content": [each for each in content if each.get("text") != ""]}


def _text(text: str, *marks: str) -> Node:
    printable = "".join(" " if is_unseen(character) else character for character in redacted(text))
    shown = printable if len(printable) <= LONGEST_TEXT else f"{printable[: LONGEST_TEXT - 1]}…"
    return {"type": "text", "text": shown, **({"marks": [{"type": mark} for mark in marks]} if marks else {})}


def _code(text: str) -> Node:
    return _text(one_line(text), "code")


def _link(label: str, url: str) -> Node:
    return {"type": "text", "text": label, "marks": [{"type": "link", "attrs": {"href": url}}]}


def _mention(name: str, account: str) -> Node:
    return {"type": "mention", "attrs": {"id": account, "text": f"@{one_line(name)}"}}
