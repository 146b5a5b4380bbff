"""A digest as an event of PagerDuty, within its limits whatever the text is."""

from typing import Final

from reports.alert_texts import plain_lines
from reports.alert_words import headline, is_partly_acknowledged
from reports.text import is_web_url, one_line
from watchkeeper.clients.pagerduty import LONGEST_KEY, LONGEST_SUMMARY, EventAction, PagerDutyEvent
from watchkeeper.domain.alert_digests import Digest
from watchkeeper.domain.alert_groups import Reason

MOST_LINKS: Final = 20
MOST_LINES: Final = 60
LONGEST_LINE: Final = 1000  # 60 of them stay far below the 512 KB of an event
_SEPARATOR: Final = " · "


def pagerduty_event(digest: Digest) -> PagerDutyEvent:
    """Return the event that tells a digest. PagerDuty joins those of one key: it calls nobody twice."""
    key = one_line(digest.key)[:LONGEST_KEY]
    if digest.is_resolved:
        return PagerDutyEvent(EventAction.RESOLVE, key)
    if digest.reason is Reason.ACKNOWLEDGED and not is_partly_acknowledged(digest):
        return PagerDutyEvent(EventAction.ACKNOWLEDGE, key)
    rules = dict.fromkeys(one_line(line.rule) for line in digest.lines)
    return PagerDutyEvent(
        EventAction.TRIGGER,
        key,
        summary=_cut(headline(digest), LONGEST_SUMMARY),
        source=_cut(one_line(digest.project_name or digest.project), 255) or "Watchkeeper",
        severity=digest.severity.value,
        at=digest.started_at,
        component=_cut(one_line(digest.project), 255),
        group=_cut(one_line(digest.cause), 255),
        kind=_cut(", ".join(rules), 255),
        details=_details(digest),
        links=_links(digest),
    )


def _details(digest: Digest) -> dict[str, object]:
    """Return what PagerDuty shows as a table."""
    lines = [_cut(one_line(line), LONGEST_LINE) for line in plain_lines(digest)[:MOST_LINES]]
    details: dict[str, object] = {"what": lines, "firing": digest.firing, "resolved": digest.resolved}
    if digest.release:
        details["release"] = one_line(digest.release)[:LONGEST_LINE]
    if digest.incident:
        details["incident"] = digest.incident
    return details


def _links(digest: Digest) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for line in digest.lines:
        for label, url in (("Look closer", line.url), ("What to do", line.runbook)):
            if is_web_url(url) and url.isprintable():
                found.setdefault(url, _cut(f"{label}{_SEPARATOR}{one_line(line.rule)}", 255))
    return tuple(found.items())[:MOST_LINKS]


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
