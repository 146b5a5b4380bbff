"""One hostile text in every field that people and vendors fill, and every place where it is shown."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any, Final

import pytest
from rich.console import RenderableType

from deployments import command
from reports import alert_terminal, incident_terminal, markdown, rollback_terminal, slack, terminal
from reports.alert_payload import alert_payload
from reports.alert_texts import github_text, markdown_text, plain_text, plain_title
from reports.alerts import alert_message, change_message
from reports.configuration import mistakes_message
from reports.datadog import datadog_event
from reports.health import check_details, check_table, history_table
from reports.incident import incident_markdown, incident_page
from reports.jira import issue_comment, issue_draft
from reports.pagerduty import pagerduty_event
from reports.pages import environment
from reports.period_message import report_message, report_text
from reports.period_report import render_report
from reports.proposals import Prepared, proposal_message
from reports.rollback import approval_text, issue_text, issue_title, plan_text, pull_request_comment
from reports.rollback_messages import news_message, reminder_message, rollback_message, steps_message
from reports.slack import SlackMessage
from tests.domain.alert_digest_makers import digest_of, line_of
from tests.domain.rollback_makers import NOW, evidence, plan, rollback
from tests.reports import odd_reports
from tests.reports.hostile import HOSTILE, assert_harmless, assert_harmless_json, texts_of
from tests.reports.test_health import HOSTILE_CHECK
from tests.reports.test_incident import draft
from watchkeeper.clients import console
from watchkeeper.domain.alert_channels import ChannelConfig
from watchkeeper.domain.alert_groups import Group, Reason
from watchkeeper.domain.alert_policy import ChannelKind, Matcher, Silence
from watchkeeper.domain.alert_values import Alert, AlertStatus, Severity
from watchkeeper.domain.approvals import Answer
from watchkeeper.domain.blame import Blame, Fault
from watchkeeper.domain.circuits import Circuit
from watchkeeper.domain.incidents import Entry, EntryKind
from watchkeeper.domain.rollback import Mark, Point, Rollback, RollbackState
from watchkeeper.domain.text import safe_json
from watchkeeper.domain.verdicts import Component, Evidence, Judgement, Verdict
from watchkeeper.store.rollbacks import StoredAnswer, TimelineEntry

LINKS: Final = {HOSTILE: "https://ok.example/", "bad": "javascript:alert(1)", "worse": f"https://x.example/{HOSTILE}"}
NOON: Final = datetime(2026, 3, 2, 12, tzinfo=UTC)
LINE: Final = line_of(
    summary=HOSTILE, details=(HOSTILE, HOSTILE), url=f"https://x.example/\x1b{HOSTILE}", runbook=HOSTILE, rule=HOSTILE
)
DIGESTS: Final = [
    digest_of(
        reason, key=HOSTILE, title=HOSTILE, project=HOSTILE, project_name=HOSTILE, cause=HOSTILE, release=HOSTILE,
        lines=(LINE,), people=(HOSTILE,), acknowledged_by=by, assigned_to=to,
    )
    for reason in Reason
    for by, to in ((HOSTILE, ""), ("", HOSTILE))
]  # fmt: skip
PEOPLE: Final = {HOSTILE: "U1"}
CHANNEL: Final = ChannelConfig(HOSTILE, ChannelKind.JIRA, "default", project="OPS")
ALERT: Final = Alert(
    HOSTILE, HOSTILE, Severity.CRITICAL, AlertStatus.FIRING, NOON, NOON, HOSTILE, cause=HOSTILE, details=(HOSTILE,),
    release=HOSTILE, runbook=HOSTILE, resolved_by=HOSTILE, id=41,
)  # fmt: skip
GROUP: Final = Group(HOSTILE, HOSTILE, HOSTILE, NOON, NOON, id=12, acknowledged_by=HOSTILE, assigned_to=HOSTILE)
SILENCE: Final = Silence((Matcher(HOSTILE, HOSTILE),), NOON, NOON + timedelta(hours=1), HOSTILE, HOSTILE)
ENTRIES: Final = [
    TimelineEntry(NOW, HOSTILE, RollbackState.PLANNED, RollbackState.AWAITING_APPROVAL, HOSTILE),
]
ANSWERS: Final = [StoredAnswer(Answer(HOSTILE, HOSTILE, NOW, HOSTILE, HOSTILE), is_accepted=False, reason=HOSTILE)]
INCIDENT: Final = replace(draft(title=HOSTILE).incident, project=HOSTILE, owner=HOSTILE, cause=HOSTILE, release=HOSTILE)
TIMELINE: Final = [Entry(NOON, EntryKind.NOTE, HOSTILE, HOSTILE)]
CHECK: Final = replace(
    HOSTILE_CHECK,
    reasons=(HOSTILE,),
    release=HOSTILE,
    blame=Blame(Fault.RELEASE, HOSTILE, HOSTILE),
    components={
        Component.ERRORS: Judgement(Verdict.CRITICAL, (HOSTILE,), 1.0, (Evidence(HOSTILE, HOSTILE, HOSTILE, HOSTILE),))
    },
)


def hostile_rollback(state: RollbackState = RollbackState.AWAITING_APPROVAL) -> Rollback:
    points = (Point(HOSTILE, Mark.BLOCKS, HOSTILE, LINKS["worse"]), Point(HOSTILE, Mark.WARNING, HOSTILE))
    return rollback(
        state, project=HOSTILE, requested_by=HOSTILE, reason=HOSTILE, error=HOSTILE, approvers=(HOSTILE,),
        plan=plan(*points, summary=HOSTILE, alternative=HOSTILE), to_sha="", to_deployment=HOSTILE,
        target_asked=HOSTILE, two_person=True,
        evidence=evidence(fault_reason=HOSTILE, reasons=(HOSTILE,), fault_release=HOSTILE, noun=HOSTILE),
    )  # fmt: skip


def in_terminal(*what: RenderableType) -> str:
    careful = command.CarefulConsole(file=StringIO(), width=4000)
    for each in what:
        careful.print(each)
    assert isinstance(careful.file, StringIO)
    return careful.file.getvalue()


def lines_in_terminal(digest: Any) -> str:
    return "\n".join((plain_title(digest), plain_text(digest)))


def texts(value: object) -> str:
    return "\n".join(texts_of(value))


def of_slack(messages: Sequence[SlackMessage | None]) -> str:
    return texts([[each.text, each.blocks, list(each.attachments)] for each in messages if each])


def of_rollback() -> list[SlackMessage]:
    return [
        *(rollback_message(hostile_rollback(state), HOSTILE, LINKS) for state in RollbackState),
        steps_message(ENTRIES),
        reminder_message(hostile_rollback()),
        news_message(hostile_rollback(), HOSTILE),
    ]


PROPOSAL: Final = {"reason": HOSTILE, "summary": HOSTILE, "warnings": [HOSTILE], "since": "2026-03-01T12:00:00+00:00"}
REPORT: Final = odd_reports.hostile_report(text=HOSTILE)
HANDED_OVER: Final[dict[str, Callable[[], str]]] = {
    "Slack: alerts": lambda: of_slack([alert_message(each, {}, {}) for each in DIGESTS]),
    "Slack: changes": lambda: of_slack([change_message(each, {}, is_loud=True) for each in DIGESTS]),
    "Slack: rollbacks": lambda: of_slack(of_rollback()),
    "Slack: proposals": lambda: of_slack([proposal_message(PROPOSAL, HOSTILE, Prepared(HOSTILE, LINKS["worse"]))]),
    "Slack: reports": lambda: of_slack([report_message(REPORT, LINKS["worse"])]),
    "Slack: configuration": lambda: of_slack([mistakes_message(HOSTILE.replace("\n", " "))]),
    "Slack: links": lambda: "\n".join(slack.link(url, label) for label, url in LINKS.items()),
    "Apprise: alerts": lambda: "\n".join(map(lines_in_terminal, DIGESTS)),
    "Apprise: alerts as Markdown": lambda: "\n".join(map(markdown_text, DIGESTS)),
    "Apprise: reports": lambda: texts([getattr(report_text(REPORT, ""), name) for name in ("title", "text")]),
    "PagerDuty": lambda: texts([vars_of(pagerduty_event(each)) for each in DIGESTS]),
    "Jira: issues": lambda: texts([[i.summary, i.description] for i in (issue_draft(CHANNEL, d) for d in DIGESTS)]),
    "Jira: comments": lambda: texts([issue_comment(each, {}, HOSTILE) for each in DIGESTS]),
    "artifacts: health": lambda: "\n".join(
        [history_table([CHECK], HOSTILE), check_table([CHECK], {CHECK.project: HOSTILE}), check_details(CHECK, HOSTILE)]
    ),
    "artifacts: rollbacks": lambda: "\n".join(
        [plan_text(hostile_rollback(), HOSTILE), approval_text(hostile_rollback(), HOSTILE)]
    ),
    "artifacts: links": lambda: "\n".join(markdown.link(url, label) for label, url in LINKS.items()),
    "pages: incident": lambda: incident_page(draft(title=HOSTILE)),
    "incident as Markdown": lambda: incident_markdown(draft(title=HOSTILE)),
    "pages: report": lambda: render_report(REPORT),
    "pages: what no template escapes": lambda: environment().from_string("<p>{{ it }}</p>").render(it=HOSTILE),
}


@pytest.mark.parametrize("sink", HANDED_OVER)
def test_hostile_text_does_no_harm(sink: str) -> None:
    shown = HANDED_OVER[sink]()
    assert "override" in shown or "links" in sink, "the text itself is there"
    assert_harmless(shown.replace("\n", " ") if sink == "pages: what no template escapes" else shown)
    if sink.startswith("Slack"):
        assert "<!" not in shown
        assert "<@U1" not in shown
    if sink.startswith("pages"):
        assert "<script" not in shown
        assert 'href="javascript' not in shown


def vars_of(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in type(value).__slots__}


def test_at_github_nothing_but_our_own_joiners_is_unseen() -> None:
    written = [github_text(each) for each in DIGESTS]
    written += [
        issue_text(hostile_rollback(), ENTRIES, ANSWERS, LINKS),
        pull_request_comment(hostile_rollback(RollbackState.SUCCEEDED), HOSTILE, LINKS),
    ]
    assert_harmless(issue_title(hostile_rollback(), HOSTILE))  # a title mentions nobody
    for shown in written:
        assert_harmless(shown, ours="\u2060\u200b")
        assert "@here" not in re.sub(r"`[^`]*`", "", shown), "nobody is mentioned; within code nobody would be"


def test_at_datadog_nothing_but_our_own_spaces_is_unseen() -> None:
    for each in DIGESTS:
        event = datadog_event(each, {})
        assert_harmless(
            texts([event.title, event.message, list(event.tags), list(map(list, event.links))]), ours="\u200b"
        )
        assert "@here" not in event.title + event.message


TERMINALS: Final[dict[str, Callable[[], RenderableType]]] = {
    "health": lambda: terminal.check_table([CHECK], {CHECK.project: HOSTILE}),
    "alerts": lambda: alert_terminal.alert_table([ALERT], {41: GROUP}, {HOSTILE: HOSTILE}, NOON),
    "why": lambda: alert_terminal.why_view(ALERT, [HOSTILE], {HOSTILE: HOSTILE}),
    "silences": lambda: alert_terminal.silence_table([SILENCE], NOON),
    "channels": lambda: alert_terminal.channel_table(
        [replace(CHANNEL, url=HOSTILE)], {HOSTILE: [HOSTILE]}, {HOSTILE: Circuit(3, NOON, NOON, HOSTILE)}
    ),
    "incidents": lambda: incident_terminal.incident_table([INCIDENT], NOON),
    "incident": lambda: incident_terminal.incident_view(INCIDENT, TIMELINE, NOON),
    "rollbacks": lambda: rollback_terminal.rollback_table([hostile_rollback()]),
    "rollback": lambda: rollback_terminal.rollback_view(hostile_rollback(), ENTRIES, ANSWERS),
    "step": lambda: rollback_terminal.entry_line(ENTRIES[0]),
}


@pytest.mark.parametrize("sink", TERMINALS)
def test_hostile_text_does_nothing_to_a_terminal(sink: str) -> None:
    shown = in_terminal(TERMINALS[sink]())
    assert_harmless(shown)
    assert "[red]red[/red] :boom:" in shown, "nothing of it is markup"


def test_the_last_guard_of_the_terminal_shows_what_nobody_has_escaped() -> None:
    shown = in_terminal("\x1b[2J\u202e\u200b\x9b [red]x[/red] :boom:\tok\nnext")
    assert shown.startswith("\N{REPLACEMENT CHARACTER}[2J")
    assert not any(c in shown for c in "\x1b\u202e\u200b\x9b")
    assert "[red]x[/red] :boom:" in shown
    assert shown.endswith("ok\nnext\n")


JSONS: Final[dict[str, Callable[[], object]]] = {
    "health": lambda: terminal.checks_as_json([CHECK]),
    "alert": lambda: alert_terminal.alert_as_json(ALERT, GROUP, [HOSTILE]),
    "silence": lambda: alert_terminal.silence_as_json(SILENCE),
    "incident": lambda: incident_terminal.incident_as_json(INCIDENT, TIMELINE),
    "rollback": lambda: rollback_terminal.rollback_as_json(hostile_rollback(), ENTRIES, ANSWERS),
}


@pytest.mark.parametrize("sink", JSONS)
def test_json_in_a_terminal_has_everything_and_does_no_harm(
    sink: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command.print_json(JSONS[sink]())
    written = capsys.readouterr().out
    assert_harmless_json(written)
    assert "\\u202eoverride" in written


@pytest.mark.parametrize("number", range(len(DIGESTS)))
def test_what_machines_are_told_is_escaped_and_whole(number: int) -> None:
    payload = alert_payload(DIGESTS[number], HOSTILE)
    written = safe_json(payload)
    assert_harmless_json(written)
    assert "\n" not in written
    assert "\u202eoverride" in payload["alerts"][0]["summary"], "machines get the text as it came"


def test_the_console_prints_no_escapes(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_lines(HOSTILE, (HOSTILE,), "bold")
    shown = capsys.readouterr().out
    assert_harmless(shown)
    assert len(shown.splitlines()) == 2
