"""No message is longer than its vendor takes, whatever is told; the limits are those of the vendors' documents."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import pytest

from reports.alert_payload import alert_payload
from reports.alert_texts import github_text
from reports.alert_words import actions, headline
from reports.alerts import alert_message, change_message
from reports.datadog import datadog_event
from reports.jira import issue_comment, issue_draft
from reports.pagerduty import pagerduty_event
from tests.domain.alert_digest_makers import digest_of, hostile_digest, line_of
from watchkeeper.clients.github_issues import IssueText, written
from watchkeeper.domain.alert_channels import ChannelConfig
from watchkeeper.domain.alert_digests import Digest, plain_digest
from watchkeeper.domain.alert_groups import Reason
from watchkeeper.domain.alert_policy import ChannelKind

LONG: Final = {
    "words": "error " * 4000,
    "no spaces": "x" * 20_000,
    "all escaped by slack": "<&>" * 7000,
    "all escaped by markdown": "*_`#|[]" * 3000,
    "four bytes": "🔥" * 20_000,
    "many lines": "a\n" * 10_000,
    "quotes": '"\\' * 10_000,
    "empty": "",
    "blank": " \t\u200b",
}
PEOPLE: Final = {f"person {number}": f"U{number:08}" for number in range(200)}


def digest_with(text: str, reason: Reason) -> Digest:
    url = f"https://shop.example/{'u' * 1400}"
    lines = tuple(
        line_of(number, summary=text, details=(text,) * 40, url=f"{url}{number}", runbook=f"{url}r", rule=text or "r")
        for number in range(5)
    )
    return digest_of(
        reason,
        key="k" * 255,
        title=text,
        project_name=text,
        cause=text,
        release=text,
        acknowledged_by=text,
        assigned_to=text,
        people=tuple(PEOPLE),
        lines=lines,
        firing=900,
    )


def cases() -> Iterator[Any]:
    for name, text in LONG.items():
        for reason in (Reason.FIRST, Reason.ESCALATION, Reason.ALL_RESOLVED):
            yield pytest.param(digest_with(text, reason), id=f"{name}, {reason}")
        yield pytest.param(plain_digest(digest_with(text, Reason.NEW_IN_GROUP)), id=f"{name}, plain")
    yield pytest.param(hostile_digest(), id="hostile")


every_digest = pytest.mark.parametrize("digest", list(cases()))


@every_digest
def test_slack(digest: Digest) -> None:
    """Source: https://docs.slack.dev/reference/block-kit/blocks/section-block (3,000 characters, never none),
    https://docs.slack.dev/reference/block-kit/blocks (50 blocks), https://docs.slack.dev/reference/methods/chat.postMessage
    (4,000 characters of text are shown well, 40,000 at most; 16,000 of JSON in `attachments`).
    """
    messages = [alert_message(digest, PEOPLE, {action.id: "https://p.example" for action in actions(digest)})]
    messages += [found for loud in (True, False) if (found := change_message(digest, PEOPLE, is_loud=loud))]
    for message in messages:
        blocks = [message.blocks, *(attachment["blocks"] for attachment in message.attachments)]
        assert 0 < len(message.text) <= 4000
        assert all(len(several) <= 50 for several in blocks)
        for text in texts_of(blocks):
            assert 0 < len(text) <= 3000
        for element in (each for several in blocks for block in several for each in [block.get("elements", [])]):
            assert len(element) <= 10


def texts_of(found: object) -> Iterator[str]:
    """Yield the text of each text object of Block Kit."""
    match found:
        case {"type": "mrkdwn" | "plain_text", "text": str(text)}:
            yield text
        case dict():
            for inner in found.values():
                yield from texts_of(inner)
        case list():
            for inner in found:
                yield from texts_of(inner)


@every_digest
def test_pagerduty(digest: Digest) -> None:
    """Source: https://developer.pagerduty.com/docs/send-alert-event: summary 1,024 characters, event 512 KB."""
    event = pagerduty_event(digest)
    assert 0 < len(event.dedup_key) <= 255
    assert len(event.summary) <= 1024
    assert event.summary or event.action != "trigger", "a trigger needs a summary"
    size = len(json.dumps([event.summary, dict(event.details), event.links, event.source, event.kind]))
    assert size + 10_000 <= 512 * 1024


@every_digest
def test_jira(digest: Digest) -> None:
    """Source: https://confluence.atlassian.com/jirakb/1283688644.html: 32,767 characters; a summary 255, never none."""
    draft = issue_draft(ChannelConfig("tickets", ChannelKind.JIRA, project="OPS"), digest)
    assert 0 < len(draft.summary) <= 255
    assert "\n" not in draft.summary
    for document in (draft.description, issue_comment(digest, PEOPLE, remark="It was moved.")):
        assert len(json.dumps(document, ensure_ascii=False).encode("utf-16-le")) // 2 <= 32_767


@every_digest
def test_datadog(digest: Digest) -> None:
    """Source: https://docs.datadoghq.com/api/latest/events/#post-an-event: 500 and 4,000 characters, a key 100."""
    event = datadog_event(digest, PEOPLE)
    assert 0 < len(event.title) <= 500
    assert 0 < len(event.message) <= 4000
    assert 0 < len(event.key) <= 100
    assert all(len(tag) <= 200 for tag in event.tags)


@every_digest
def test_github(digest: Digest) -> None:
    """GitHub answers 422 "body is too long (maximum is 65536 characters)", "title is too long (maximum is 256)"."""
    issue = written(IssueText("mark", headline(digest), github_text(digest)))
    assert len(str(issue["body"])) <= 65_536
    assert str(issue["body"]).endswith("<!-- watchkeeper: mark -->")
    assert 0 < len(str(issue["title"]).strip()) <= 256


@every_digest
def test_webhook(digest: Digest) -> None:
    """Our own limit, so that a receiver can have one: 256 KB."""
    assert len(json.dumps(alert_payload(digest, "hook"), ensure_ascii=False).encode()) <= 256 * 1024


def test_a_plain_digest_is_one_short_message() -> None:
    plain = plain_digest(replace(hostile_digest(), title="Bücher: error rate 31 % 🔥" + "x" * 900))
    assert plain.title.startswith("Bucher: error rate 31 %")
    assert len(plain.title) <= 200
    assert plain.title.isascii()
    assert [(line.details, line.url) for line in plain.lines] == [((), "")]
