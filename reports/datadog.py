"""A digest as an event of Datadog, within its limits whatever the text is."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Final

from reports.alert_texts import plain_lines
from reports.alert_words import headline
from reports.text import is_web_url, one_line
from watchkeeper.clients.datadog import (
    LONGEST_KEY,
    LONGEST_MESSAGE,
    LONGEST_TAG,
    LONGEST_TITLE,
    LONGEST_URL,
    MOST_LINKS,
    DatadogEvent,
)
from watchkeeper.domain.alert_digests import Digest
from watchkeeper.domain.alert_metrics import WATCH
from watchkeeper.domain.alert_values import Severity

PRIORITIES: Final[Mapping[Severity, int]] = {Severity.CRITICAL: 1, Severity.WARNING: 3, Severity.INFO: 5}
_INVISIBLE: Final = "\u200b"
_LONGEST_LINK_TITLE: Final = 300
ROOM: Final = 1000  # characters of a message that are left to those who are addressed


def datadog_event(digest: Digest, people: Mapping[str, str]) -> DatadogEvent:
    """Return the event that tells a digest; when that was is in its text.

    Args:
        people: how Datadog mentions them, as `ada@acme.example`, by name; those who are addressed are notified.
    """
    called = [f"@{people[name]}" for name in digest.people if name in people]
    lines = [f"at {digest.at:%Y-%m-%d %H:%M} UTC", *(one_line(line) for line in plain_lines(digest))]
    text = _cut("\n".join(map(harmless, lines)), LONGEST_MESSAGE - ROOM)
    return DatadogEvent(
        title=_cut(harmless(headline(digest)), LONGEST_TITLE),
        message="\n".join([text, *([_cut(" ".join(called), ROOM - 1)] if called else [])]),
        key=digest.key if len(digest.key) <= LONGEST_KEY else sha256(digest.key.encode(errors="replace")).hexdigest(),
        status="ok" if digest.is_resolved else "error" if digest.severity is Severity.CRITICAL else "warn",
        priority=PRIORITIES[digest.severity],
        tags=tuple(_tags(digest)),
        links=_links(digest),
        details={
            "group": digest.group,
            "reason": digest.reason.value,
            "firing": digest.firing,
            "resolved": digest.resolved,
            "seconds": (digest.at - digest.started_at) // timedelta(seconds=1),
        },
    )


def harmless(text: str) -> str:
    """Return text in which nobody is mentioned and nothing is Markdown: Datadog notifies whoever stands behind an @."""
    return text.replace("@", f"@{_INVISIBLE}").replace("%%%", f"%{_INVISIBLE}%{_INVISIBLE}%")


def _tags(digest: Digest) -> Iterator[str]:
    yield "source:watchkeeper"
    yield f"project:{one_line(digest.project) or WATCH}"[:LONGEST_TAG]
    yield f"severity:{digest.severity.value}"
    for rule in dict.fromkeys(line.rule for line in digest.lines):
        yield f"rule:{one_line(rule)}"[:LONGEST_TAG]
    if digest.release:
        yield f"version:{one_line(digest.release)}"[:LONGEST_TAG]
    if digest.is_test:
        yield "test:true"


def _links(digest: Digest) -> tuple[tuple[str, str, str], ...]:
    found: dict[str, tuple[str, str, str]] = {}
    for line in digest.lines:
        for kind, label, url in (("resource", "Look closer", line.url), ("runbook", "What to do", line.runbook)):
            if is_web_url(url) and url.isprintable() and len(url) <= LONGEST_URL:
                found.setdefault(url, (kind, f"{label} · {one_line(line.rule)}"[:_LONGEST_LINK_TITLE], url))
    return tuple(found.values())[:MOST_LINKS]


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
