"""A digest as plain text, as Markdown and as data."""

import json
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from jsonschema import Draft202012Validator

from reports.alert_payload import alert_payload
from reports.alert_texts import github_text, markdown_text, plain_lines, plain_title
from tests.domain.alert_digest_makers import digest_of, hostile_digest, line_of
from watchkeeper.domain.alert_groups import Reason

SCHEMA = Draft202012Validator(
    json.loads(Path("docs/webhook.schema.json").read_text()), format_checker=Draft202012Validator.FORMAT_CHECKER
)


def test_what_the_summary_says_is_not_said_again() -> None:
    told = "18.8 % of 1,494 requests fail"
    found = plain_lines(digest_of(lines=(line_of(summary=f"{told}, limit 10 %", details=(told, "since 12:00")),)))
    assert sum(told in line for line in found) == 1
    assert "   Since 12:00." in found


def test_plain_text_says_all_that_matters() -> None:
    digest = digest_of(Reason.ESCALATION, people=("Ann", "Bob"), firing=9)
    assert plain_title(digest) == "🔴 Shop: error rate 31 %"
    assert plain_lines(digest)[:7] == (
        "Ann, Bob. Please have a look: nobody has taken it on for 10 min.",
        "🔴 Error rate 31 %.",
        "   412 of 1,330 requests failed.",
        "   Look closer: https://sentry.acme.example/shop",
        "   What to do: https://acme.example/runbooks#errors",
        "… and 8 more.",
        "9 firing (1 critical), since 2026-03-02 09:50 UTC.",
    )
    assert "Take it on: watchkeeper alerts ack 7 --as NAME" in plain_lines(digest)


def test_markdown_links_and_lists() -> None:
    text = markdown_text(digest_of())
    assert text.startswith(
        "**🔴 Shop: error rate 31 %**\n\nBegan 10 min ago.\n\n- 🔴 Error rate 31 %.\n  - 412 of 1,330"
    )
    assert (
        "[Look closer](https://sentry.acme.example/shop) · [What to do](https://acme.example/runbooks#errors)" in text
    )


def test_on_github_nobody_is_called_by_text_from_outside() -> None:
    text = github_text(digest_of(lines=(line_of(summary="@acme/all look at #12"),)))
    assert "@acme" not in text
    assert "#12" not in text
    assert "@\u2060acme/all look at \\#\u206012" in text


@pytest.mark.parametrize("reason", Reason)
def test_hostile_text_is_lines_and_nothing_else(reason: Reason) -> None:
    digest = hostile_digest(reason)
    for text in (plain_title(digest), *plain_lines(digest), *markdown_text(digest).split("\n")):
        assert not set("\x00\u202e\ud800\n") & set(text)
    assert "](javascript" not in markdown_text(digest)


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("is_hostile", [False, True])
def test_the_payload_keeps_to_its_schema(reason: Reason, *, is_hostile: bool) -> None:
    digest = hostile_digest(reason) if is_hostile else digest_of(reason, people=("Ann",), is_test=True)
    payload = json.loads(orjson.dumps(alert_payload(digest, "hook")))
    assert [error.message for error in SCHEMA.iter_errors(payload)] == []
    assert len(orjson.dumps(payload)) < 500_000


def test_actions_have_stable_ids() -> None:
    actions = alert_payload(digest_of(), "hook")["actions"]
    assert [action["id"] for action in actions] == ["acknowledge", "silence", "rollback"]
    assert alert_payload(replace(digest_of(), is_test=True), "hook")["actions"] == []


def test_a_storm_is_acknowledged_and_kept_quiet_as_one() -> None:
    actions = alert_payload(digest_of(group=0, storm=12, project=""), "hook")["actions"]
    assert [(action["id"], action["command"]) for action in actions] == [
        ("acknowledge", "watchkeeper alerts ack --storm 12 --as NAME"),
        ("silence", "watchkeeper alerts silence --storm 12 --for 1h --as NAME --comment WHY"),
    ]


def test_what_is_kept_quiet_is_only_a_number() -> None:
    assert "silenced" not in "".join(plain_lines(digest_of()))
    shown = "".join(plain_lines(digest_of(firing=3, counts=(("critical", 3),), quiet=2)))
    assert "3 firing (3 critical), 2 more silenced or acknowledged, since" in shown
