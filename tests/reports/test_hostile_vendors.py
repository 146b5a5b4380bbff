"""What Sentry says of an error goes through our own code to all who read of it; the title is as bad as can be."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO

import httpx
import pytest

from deployments.command import CarefulConsole
from reports import terminal
from reports.alert_texts import markdown_text, plain_text
from reports.alerts import alert_message
from reports.health import check_details, check_table
from reports.period_message import report_message, report_text
from reports.period_report import render_report
from tests.clients.sentry_answers import issue
from tests.clients.test_sentry_history import NOW, Sentry, histories
from tests.domain.alert_digest_makers import digest_of, line_of
from tests.reports.hostile import HOSTILE, TOKEN, assert_harmless, texts_of
from tests.reports.period_makers import period_report
from tests.reports.test_health import WELL
from watchkeeper.clients.sentry import SentryClient
from watchkeeper.clients.vendor_errors import VendorRefused
from watchkeeper.domain.history import ErrorHistory
from watchkeeper.domain.issues import Issue, issue_findings
from watchkeeper.domain.period_reports import IssueLine
from watchkeeper.domain.verdicts import Component, Judgement, Verdict
from watchkeeper.domain.windows import Window

TITLES = {
    "hostile": HOSTILE,
    "100 kB": HOSTILE * 200,
    "100 kB of what cannot be seen": "\u200b\u202e" * 50_000,
    "100 kB without a space": "x" * 100_000,
    "100 kB of marks": "<&>`*_|" * 15_000,
    "only escapes": "\x1b[2J" * 100,
    "empty": "",
    "a token": f"Unauthorized: Bearer {TOKEN} eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl https://u:passw0rd@db.example/x",
}
LARGEST_PAGE, LARGEST_TEXT = 400_000, 30_000


async def issues_of(title: str) -> tuple[Issue, ...]:
    told = issue(title=title, culprit=title, shortId=title[:200] or "S", permalink=f"https://x.example/{title[:99]}")
    sentry = Sentry(issues={"": [told], "is:resolved": []})
    found = (await histories(sentry))["shop-web"]
    assert isinstance(found, ErrorHistory)
    return found.issues


@pytest.mark.parametrize("title", TITLES)
async def test_a_title_does_no_harm_on_its_way_to_people(title: str) -> None:
    (found,) = await issues_of(TITLES[title])
    assert len(found.title) <= 1_000
    shown = {**of_health(found), **of_report(found), **of_alert(found)}
    for sink, text in shown.items():
        assert_harmless(text)
        for token in ("passw0rd", "eyJzdWIiOiIx"):
            assert token not in text, sink
        assert "<!channel>" not in text or sink.startswith(("terminal", "plain")), sink
        assert len(text) < (LARGEST_PAGE if sink == "page" else LARGEST_TEXT), sink


def of_health(found: Issue) -> Mapping[str, str]:
    window = Window(datetime(2026, 3, 1, 11, 45, tzinfo=UTC), NOW)
    reasons = tuple(each.reason for each in issue_findings([found], window, 100))
    judged = Judgement(Verdict.WARNING, reasons, 65.0)
    check = replace(WELL, reasons=reasons, components={Component.ERRORS: judged})
    screen = CarefulConsole(file=StringIO(), width=4_000)
    screen.print(terminal.check_table([check], {}))
    assert isinstance(screen.file, StringIO)
    return {
        "terminal": screen.file.getvalue(),
        "artifact": "\n".join([check_table([check], {}), check_details(check, "Shop")]),
    }


def of_report(found: Issue) -> Mapping[str, str]:
    line = IssueLine(
        "new", found.level, found.short_id, found.title, found.culprit, found.count, found.users,
        found.first_seen, found.last_seen, found.url,
    )  # fmt: skip
    whole = period_report()
    first, *others = whole.projects
    report = replace(whole, projects=(replace(first, issues=(line,), reasons=(found.title,)), *others))
    message = report_message(report, "")
    return {
        "page": render_report(report),
        "slack": "\n".join(texts_of([message.text, message.blocks, list(message.attachments)])),
        "plain": report_text(report, "").text,
    }


def of_alert(found: Issue) -> Mapping[str, str]:
    digest = digest_of(
        title=found.title, lines=(line_of(summary=found.title, details=(found.culprit,), url=found.url),)
    )
    message = alert_message(digest, {}, {})
    return {
        "slack alert": "\n".join(texts_of([message.text, message.blocks, list(message.attachments)])),
        "plain alert": plain_text(digest),
        "markdown alert": markdown_text(digest),
    }


async def test_a_refusal_that_quotes_the_token_shows_it_nowhere() -> None:
    refusal = httpx.Response(
        401, json={"detail": f"Invalid token {TOKEN}: \x1b[31m\u202e Authorization: Bearer {TOKEN}"}
    )
    async with SentryClient(TOKEN, transport=httpx.MockTransport(lambda _: refusal)) as client:
        window = Window(datetime(2026, 3, 1, 11, 45, tzinfo=UTC), NOW)
        with pytest.raises(VendorRefused) as caught:
            await client.error_reports("acme", "production", ["shop-web"], window, NOW)
    missing = caught.value.missing()
    assert "401" in missing.reason
    judged = Judgement(Verdict.UNKNOWN, (missing.reason,), None, gap=missing.gap)
    check = replace(WELL, reasons=(missing.reason,), components={Component.ERRORS: judged})
    for text in (check_table([check], {}), check_details(check, "Shop"), str(terminal.checks_as_json([check]))):
        assert_harmless(text)
