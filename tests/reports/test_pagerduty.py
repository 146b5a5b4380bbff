"""A digest as PagerDuty's event."""

import json
from dataclasses import replace

import pytest

from reports.pagerduty import pagerduty_event
from tests.domain.alert_digest_makers import NOW, digest_of, hostile_digest, line_of
from watchkeeper.clients.pagerduty import EventAction
from watchkeeper.domain.alert_groups import Reason
from watchkeeper.domain.alert_values import Severity


@pytest.mark.parametrize(
    ("reason", "action"),
    [
        (Reason.FIRST, EventAction.TRIGGER),
        (Reason.NEW_IN_GROUP, EventAction.TRIGGER),
        (Reason.SOME_RESOLVED, EventAction.TRIGGER),
        (Reason.REMINDER, EventAction.TRIGGER),
        (Reason.ESCALATION, EventAction.TRIGGER),
        (Reason.FLAPPING, EventAction.TRIGGER),
        (Reason.ACKNOWLEDGED, EventAction.ACKNOWLEDGE),
        (Reason.ALL_RESOLVED, EventAction.RESOLVE),
    ],
)
def test_a_reason_is_an_action_under_one_key(reason: Reason, action: EventAction) -> None:
    event = pagerduty_event(digest_of(reason))
    assert (event.action, event.dedup_key) == (action, "shop|release:1a2b3c4#7")


def test_a_storm_is_acknowledged_there_when_somebody_is_on_all_of_it() -> None:
    part = digest_of(Reason.ACKNOWLEDGED, announced="Ann", group=0, storm=3)
    assert pagerduty_event(part).action is EventAction.TRIGGER
    assert pagerduty_event(replace(part, acknowledged_by="Ann, Ben")).action is EventAction.ACKNOWLEDGE


@pytest.mark.parametrize("severity", Severity)
def test_a_severity_keeps_its_name(severity: Severity) -> None:
    assert pagerduty_event(digest_of(severity=severity)).severity == severity.value


def test_an_event_says_what_where_and_since_when() -> None:
    event = pagerduty_event(digest_of(lines=(line_of(), line_of(2, rule="endpoint-down", url=""))))
    assert (event.summary, event.source, event.component) == ("Shop: error rate 31 %", "Shop", "shop")
    assert (event.kind, event.group) == ("error-rate-critical, endpoint-down", "release:1a2b3c4")
    assert event.at is not None
    assert event.at < NOW
    assert [text for _, text in event.links] == [
        "Look closer · error-rate-critical",
        "What to do · error-rate-critical",
    ], "one link for each address"
    assert "watchkeeper alerts ack 7" in json.dumps(event.details)


def test_several_projects_at_once_come_from_the_watch_itself() -> None:
    assert pagerduty_event(digest_of(project="", project_name="")).source == "Watchkeeper"


def test_hostile_text_stays_within_the_limits() -> None:
    event = pagerduty_event(hostile_digest())
    assert (len(event.summary), len(event.dedup_key)) == (500, 255)
    assert max(map(len, (event.source, event.group, event.kind))) <= 255
    assert len(json.dumps(event.details, ensure_ascii=False).encode()) < 300_000, "512 KB for the whole event"
    assert all(href.startswith("https://") for href, _ in event.links)
    assert not set("\x00\u202e\n") & set(event.summary)
