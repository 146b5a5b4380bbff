"""A digest as Datadog's event."""

import pytest

from reports.datadog import datadog_event
from tests.domain.alert_digest_makers import digest_of, hostile_digest, line_of
from watchkeeper.domain.alert_groups import Reason
from watchkeeper.domain.alert_values import Severity


@pytest.mark.parametrize(
    ("reason", "severity", "status", "priority"),
    [
        (Reason.FIRST, Severity.CRITICAL, "error", 1),
        (Reason.FIRST, Severity.WARNING, "warn", 3),
        (Reason.FIRST, Severity.INFO, "warn", 5),
        (Reason.ALL_RESOLVED, Severity.CRITICAL, "ok", 1),
    ],
)
def test_status_and_priority(reason: Reason, severity: Severity, status: str, priority: int) -> None:
    event = datadog_event(digest_of(reason, severity=severity), {})
    assert (event.status, event.priority) == (status, priority)


def test_an_event_says_what_where_and_when() -> None:
    event = datadog_event(digest_of(lines=(line_of(), line_of(2, rule="endpoint-down"))), {})
    assert event.title == "Shop: error rate 31 %"
    assert "at 2026-03-02 10:00 UTC\nBegan 10 min ago." in event.message
    assert event.key == "shop|release:1a2b3c4#7"
    assert event.tags == (
        "source:watchkeeper",
        "project:shop",
        "severity:critical",
        "rule:error-rate-critical",
        "rule:endpoint-down",
        "version:1a2b3c4d5e6f",
    )
    assert [kind for kind, _, _ in event.links] == ["resource", "runbook"]


def test_only_those_who_are_addressed_are_mentioned() -> None:
    digest = digest_of(Reason.ESCALATION, title="mail @all %%% now", people=("Ada", "Bob"))
    event = datadog_event(digest, {"Ada": "ada@acme.example", "Chen": "chen@acme.example"})
    assert event.title == "mail @\u200ball %\u200b%\u200b% now"
    assert event.message.endswith("\n@ada@acme.example")
    assert "chen" not in event.message


def test_hostile_text_stays_within_the_limits() -> None:
    event = datadog_event(hostile_digest(), {})
    assert (len(event.title), len(event.key)) == (500, 64)
    assert 1000 < len(event.message) <= 4000
    assert "@all" not in event.message
    assert "%%%" not in event.message
    assert all(url.startswith("https://") and len(title) <= 300 for _, title, url in event.links)
    assert all(0 < len(tag) <= 200 for tag in event.tags)
    event.message.encode()
