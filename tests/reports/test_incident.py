from datetime import UTC, datetime, timedelta

import html5lib
import pytest

from reports.incident import incident_markdown, incident_page
from tests.domain.test_incidents import SHA
from watchkeeper.domain.alert_values import Severity
from watchkeeper.domain.blame import Blame, Fault
from watchkeeper.domain.health import CheckType, HealthCheck
from watchkeeper.domain.incidents import Entry, EntryKind, Incident, IncidentStatus
from watchkeeper.domain.post_incident import PostIncident, draft_report
from watchkeeper.domain.verdicts import Component, Evidence, Judgement, Verdict
from watchkeeper.domain.windows import Window

NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOSTILE = "<script>alert(1)</script> <!channel> | [x](javascript:1)"


def check(minute: int, verdict: Verdict, failed: int) -> HealthCheck:
    window = Window(NOON + minute * MINUTE, NOON + (minute + 15) * MINUTE)
    evidence = (Evidence("failed requests", failed), Evidence("requests", 1_000))
    score = {Verdict.CRITICAL: 31.0, Verdict.HEALTHY: 100.0}[verdict]
    errors = Judgement(verdict, ("a reason",), score, evidence)
    bad = verdict is Verdict.CRITICAL
    blame = Blame(Fault.RELEASE, "31 % failed, 0.4 % before it", SHA) if bad else Blame(Fault.NONE, "nothing is wrong")
    return HealthCheck(
        "shop", window, CheckType.FULL, verdict, score, 1.0, ("a reason",), {Component.ERRORS: errors}, blame, SHA
    )


def draft(*, is_over: bool = True, title: str = "Shop: 31 % of requests failed") -> PostIncident:
    incident = Incident(
        "shop",
        "errors",
        title,
        Severity.CRITICAL,
        NOON,
        NOON + 5 * MINUTE,
        status=IncidentStatus.RESOLVED if is_over else IncidentStatus.OPEN,
        release=SHA,
        owner="Ada" if is_over else "",
        acknowledged_at=NOON + 9 * MINUTE if is_over else None,
        mitigated_at=NOON + 30 * MINUTE if is_over else None,
        resolved_at=NOON + 40 * MINUTE if is_over else None,
        number=12,
    )
    entries = [
        Entry(NOON + 9 * MINUTE, EntryKind.ACKNOWLEDGED, "Ada has taken it on", "Ada"),
        Entry(NOON + 5 * MINUTE, EntryKind.OPENED, title),
        Entry(NOON + 20 * MINUTE, EntryKind.NOTE, HOSTILE, "Grace"),
    ]
    checks = [check(0, Verdict.CRITICAL, 310), check(15, Verdict.CRITICAL, 300), check(30, Verdict.HEALTHY, 2)]
    return draft_report(incident, "Shop", entries, checks, NOON + 60 * MINUTE)


def test_the_draft_says_what_is_known_in_sentences() -> None:
    report = draft()
    assert report.impact == (
        "It lasted 40 min, from 2026-11-16 12:00 UTC on.",
        "2 of 3 health checks found it critical.",
        "The lowest health score was 31.",
        "612 of 3,000 requests failed (20.4 %).",
    )
    assert [(phase.name, phase.length) for phase in report.phases] == [
        ("Detection", 5 * MINUTE),
        ("Acknowledgement", 4 * MINUTE),
        ("Mitigation", 25 * MINUTE),
        ("Resolution", 35 * MINUTE),
    ]
    assert report.cause[:2] == ("It is laid on release 1a2b3c4.", "31 % failed, 0.4 % before it")
    assert [entry.actor for entry in report.done] == ["Ada", "Grace"]
    assert [entry.kind for entry in report.timeline] == [EntryKind.OPENED, EntryKind.ACKNOWLEDGED, EntryKind.NOTE]


def test_one_that_lasts_and_that_nobody_took_on_asks_why() -> None:
    report = draft(is_over=False)
    assert report.impact[0] == "It lasts for 60 min, from 2026-11-16 12:00 UTC on."
    assert [phase.length for phase in report.phases][1:] == [None, None, None]
    assert any("Nobody took it on" in question for question in report.questions)
    assert any("not taken back" in question for question in report.questions)


def test_without_a_check_nothing_is_made_up() -> None:
    report = draft_report(draft().incident, "Shop", [], [], NOON + 60 * MINUTE)
    assert "No health check has looked" in report.impact[1]
    assert report.cause == ("It is laid on release 1a2b3c4.",)


@pytest.mark.parametrize("is_over", [True, False], ids=["over", "lasting"])
def test_the_page_is_valid_and_escapes_what_comes_from_outside(*, is_over: bool) -> None:
    page = incident_page(draft(is_over=is_over, title=HOSTILE))
    html5lib.HTMLParser(strict=True).parse(page)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "Incident 12" in page


def test_markdown_escapes_what_comes_from_outside() -> None:
    text = incident_markdown(draft(title=HOSTILE))
    assert text.startswith("# Incident 12: \\<script\\>")
    assert "<!channel>" not in text
    assert "| Detection | 2026-11-16 12:00:00 | 5 min | until the incident was opened |" in text
    assert "1. What would have found it sooner?" in text
