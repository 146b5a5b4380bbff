"""A way back as people read it: in Slack, in Prefect's user interface, at GitHub."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.rollback import approval_text, github, issue_text, issue_title, plan_text, pull_request_comment
from reports.rollback_messages import news_message, reminder_message, rollback_message, steps_message
from reports.rollback_words import evidence_sentences, evidence_title, headline, runbook, sign, step_words
from tests.domain.rollback_makers import NOW, evidence, plan, rollback
from watchkeeper.domain.approvals import Answer
from watchkeeper.domain.blame import Fault
from watchkeeper.domain.rollback import Mark, Outcome, Point, Rollback, RollbackKind, RollbackState, Way
from watchkeeper.domain.rollback_questions import plan_digest
from watchkeeper.domain.verdicts import Verdict
from watchkeeper.store.rollbacks import StoredAnswer, TimelineEntry

HOSTILE = "<!channel> <b>x</b> [a](javascript:x) `code` | @ada #12 https://evil.test *bold*\n# title"
LINKS = {"Prefect run": "http://127.0.0.1:4200/runs/1", "bad": "javascript:alert(1)"}
POINTS = (
    Point("target", Mark.OK, "it is there"),
    Point("environment variables", Mark.WARNING, "PAYMENT_PROVIDER was changed since"),
    Point("database migrations", Mark.BLOCKS, "db/migrations/1.sql", may_force=True, is_forced=True),
)


REQUESTED, APPROVED = RollbackState.REQUESTED, RollbackState.APPROVED


def text_of(message: Any) -> str:
    shown = [block["text"]["text"] for block in message.blocks if "text" in block]
    shown += [part["text"] for block in message.blocks if "elements" in block for part in block["elements"]]
    return "\n".join(shown)


def entry(sentence: str, before: RollbackState = RollbackState.PLANNED, **other: Any) -> TimelineEntry:
    values: dict[str, Any] = {"at": NOW, "actor": "watchkeeper", "after": RollbackState.AWAITING_APPROVAL, **other}
    return TimelineEntry(before=before, sentence=sentence, **values)


HEADLINES = [
    (rollback(), "✋", "roll back to bbbbbbb? A YES is waited for until"),
    (rollback(round=2), "✋", "asked again: "),
    (rollback(RollbackState.PLANNED, dry_run=True), "📋", "the plan, and nothing is changed"),
    (rollback(RollbackState.REQUESTED, way=None, to_sha="", to_deployment=""), "🕓", "the last known good release"),
    (rollback(RollbackState.EXECUTING), "⏳", "production is being moved"),
    (rollback(RollbackState.VERIFYING), "🔎", "it is measured whether that helps"),
    (rollback(RollbackState.SUCCEEDED, outcome=Outcome.CURED), "🟢", "rolled back to bbbbbbb. It has helped"),
    (rollback(RollbackState.SUCCEEDED, outcome=Outcome.NOT_CURED), "🔴", "It has NOT helped: somebody must look now"),
    (rollback(RollbackState.SUCCEEDED, outcome=Outcome.NOT_ENOUGH_EVIDENCE), "🟡", "cannot be told yet"),
    (rollback(RollbackState.DECLINED), "✖️", "declined"),
    (rollback(RollbackState.EXPIRED), "⌛", "nobody has answered in time"),
    (rollback(RollbackState.REFUSED), "⛔", "refused"),
    (rollback(RollbackState.FAILED), "🔴", "failed"),
    (rollback(RollbackState.UNDONE), "↩️", "taken back"),
    (rollback(kind=RollbackKind.PROMOTE), "✋", "promote bbbbbbb?"),
    (rollback(kind=RollbackKind.UNDO), "✋", "take the rollback back, to bbbbbbb?"),
    (rollback(way=Way.ROLLING_RELEASE), "✋", "abort the rolling release, back to bbbbbbb?"),
    (rollback(way=Way.PERCENTAGE, plan=plan(percentage=0.0)), "✋", "set the share of visitors to 0 %?"),
]


@pytest.mark.parametrize(("state", "mark", "words"), HEADLINES, ids=[words for _, _, words in HEADLINES])
def test_the_headline_says_where_it_stands(state: Rollback, mark: str, words: str) -> None:
    state = replace(state, to_sha="b" * 40) if state.to_sha else state
    assert sign(state) == mark
    assert words in headline(state)


def test_every_state_has_a_headline_and_a_message() -> None:
    for state in RollbackState:
        message = rollback_message(rollback(state), "Shop", LINKS)
        assert message.text
        assert headline(rollback(state)) in text_of(message).replace("&amp;", "&")
        assert runbook(rollback(state)) in text_of(message)


def test_the_evidence_stands_in_numbers() -> None:
    numbers, since, fault = evidence_sentences(evidence())
    assert "40 of 300 requests (13.3 %)" in numbers
    assert "2 of 900 requests (0.2 %)" in numbers
    assert "60 times as often" in numbers
    assert "less than one in 10,000" in numbers
    assert since.startswith("Production has been critical since ")
    assert fault.startswith("The fault lies with release ")


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"before": None, "p_value": None, "ratio": None}, "how the release before did is not known"),
        ({"this": None}, "Production has been critical since"),
        ({"since": None, "verdict": Verdict.HEALTHY, "fault": Fault.NONE}, "Nothing is wrong by the newest check"),
        ({"fault": Fault.PLATFORM}, "The fault lies with the platform"),
        ({"fault": Fault.UNKNOWN}, "Whose fault it is, is not clear"),
        ({"p_value": 0.03}, "with a probability of 0.03"),
    ],
)
def test_what_is_not_known_of_the_evidence_is_said(other: dict[str, Any], words: str) -> None:
    assert words in " ".join(evidence_sentences(evidence(**other)))


def test_evidence_that_could_not_be_read_is_said() -> None:
    assert evidence_sentences(None) == ["What speaks for it could not be read."]


def test_what_the_numbers_say_is_not_said_again() -> None:
    shown = evidence_sentences(evidence(fault_reason="release aaaaaaa fails 40 of 300 requests, the one before it 2"))
    assert shown[-1].count(".") == 1
    other = evidence_sentences(evidence(fault_reason="home is down since it went live"))
    assert other[-1].endswith("Home is down since it went live.")


def test_what_is_promoted_is_not_spoken_for() -> None:
    assert evidence_title(rollback()) == "What speaks for it"
    assert evidence_title(rollback(kind=RollbackKind.PROMOTE)) == "How production does now"


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (entry("a YES is asked for"), "awaiting approval: A YES is asked for."),
        (entry("it fails", actor="Ada", before=REQUESTED, after=REQUESTED), "requested: It fails. (Ada)"),
        (entry("Ada approved it (by cli)", actor="Ada", after=APPROVED), "approved: Ada approved it (by cli)."),
        (entry("its run has ended", before=APPROVED, after=APPROVED), "Its run has ended."),
        (entry("", after=APPROVED), "approved"),
    ],
    ids=["a step", "the first one", "by whom it says", "a note", "without words"],
)
def test_a_step_says_what_it_has_come_to_and_by_whom(step: TimelineEntry, told: str) -> None:
    assert step_words(step) == told


def test_who_may_answer_and_how_stands_in_the_question() -> None:
    asked = rollback(approvers=("Björn", "Chen"), two_person=True, plan=plan(*POINTS))
    shown = text_of(rollback_message(asked, "Shop", LINKS))
    assert "May answer: Björn, Chen; Ada, who asked for it, not alone" in shown
    assert f"`watchkeeper rollback approve 7 --as NAME --plan {plan_digest(asked)}`" in shown
    assert "`watchkeeper rollback decline 7 --as NAME`" in shown
    assert "⛔ database migrations (forced): db/migrations/1.sql" in shown
    assert "new builds do not go live" in shown
    assert "javascript" not in shown
    form = approval_text(asked, "Shop")
    assert "May answer: Björn, Chen" in form
    assert "**YES** or **NO**" in form


def test_a_refused_plan_says_what_to_do_instead() -> None:
    blocked = plan(Point("target", Mark.BLOCKS, "it is gone"), alternative="push a fix")
    refused = rollback(RollbackState.REFUSED, plan=blocked, error="target: it is gone")
    assert "Push a fix." in text_of(rollback_message(refused, "Shop", {}))
    assert "Push a fix" in plan_text(refused, "Shop")
    assert "new builds do not go live" not in text_of(rollback_message(refused, "Shop", {}))


def test_the_whole_plan_stands_in_the_artifact() -> None:
    shown = plan_text(rollback(plan=plan(*POINTS)), "Shop")
    assert "| serves now |" in shown
    assert "| would serve |" in shown
    for point in POINTS:
        assert point.name in shown
    assert "⛔ forced" in shown
    assert shown.index("database migrations") < shown.index("environment variables") < shown.index("It is there")
    share = plan_text(rollback(way=Way.PERCENTAGE, plan=plan(percentage=0.0, percentage_now=50.0)), "Shop")
    assert "| now | 50 % |" in share
    assert "The newest check" not in plan_text(rollback(plan=None, error="no block"), "Shop")


def test_the_incident_has_its_story_and_its_answers() -> None:
    answers = [
        StoredAnswer(Answer("yes", "Chen", NOW, "", "ui"), is_accepted=False, reason="YES is expected"),
        StoredAnswer(Answer("YES", "Björn", NOW, "go", "cli"), is_accepted=True, reason=""),
    ]
    steps = [entry("a YES is asked for"), entry("", after=RollbackState.APPROVED), entry("done", actor="Björn")]
    done = rollback(RollbackState.SUCCEEDED, outcome=Outcome.CURED, moved_at=NOW, plan=plan(*POINTS))
    shown = issue_text(done, steps, answers, LINKS)
    assert "Björn said YES by cli: go" in shown
    assert "Chen said yes by ui (did not count: YES is expected)" in shown
    assert shown.count("UTC · ") == 4
    assert "[Prefect run](http://127.0.0.1:4200/runs/1)" in shown
    assert issue_title(done, "Shop") == f"Shop: roll back to {done.to_sha[:7]} (rollback 7)"
    assert done.from_sha[:7] in pull_request_comment(done, "Shop", LINKS)


def test_steps_reminders_and_news_are_short() -> None:
    steps = [entry("a YES is asked for"), entry("said YES", actor="Björn", after=RollbackState.APPROVED)]
    shown = text_of(steps_message(steps))
    assert "awaiting approval: A YES is asked for." in shown
    assert "approved: Said YES. (Björn)" in shown
    assert "Still waiting for a YES or a NO until" in reminder_message(rollback()).text
    assert "looked at once more" in news_message(rollback(), "production has recovered").text
    assert "looked at once more" not in news_message(rollback(RollbackState.EXECUTING), "x").text
    many = text_of(steps_message([entry(f"step {number}") for number in range(50)]))
    assert "and 30 more" in many


def hostile() -> Rollback:
    point = Point(HOSTILE, Mark.BLOCKS, HOSTILE, "javascript:x")
    bad = plan(point, summary=HOSTILE, alternative=HOSTILE)
    proof = evidence(fault_reason=HOSTILE, reasons=(HOSTILE,), fault_release=HOSTILE)
    return rollback(
        requested_by=HOSTILE, reason=HOSTILE, error=HOSTILE, plan=bad, evidence=proof, approvers=(HOSTILE,),
        to_sha="", to_deployment=HOSTILE, target_asked=HOSTILE,
    )  # fmt: skip


def test_text_from_outside_names_nobody_and_runs_nowhere() -> None:
    steps = [entry(HOSTILE, actor=HOSTILE)]
    slack = [
        rollback_message(hostile(), HOSTILE, {HOSTILE: "javascript:x"}),
        steps_message(steps),
        reminder_message(hostile()),
        news_message(hostile(), HOSTILE),
    ]
    for message in slack:
        assert "<!channel>" not in message.text + text_of(message)
        assert "<b>" not in message.text + text_of(message)
    answers = [StoredAnswer(Answer(HOSTILE, HOSTILE, NOW, HOSTILE, HOSTILE), is_accepted=False, reason=HOSTILE)]
    at_github = [
        issue_text(hostile(), steps, answers, {HOSTILE: "javascript:x"}),
        pull_request_comment(hostile(), HOSTILE, {}),
    ]
    for text in [plan_text(hostile(), HOSTILE), approval_text(hostile(), HOSTILE), *at_github]:
        assert "<b>" not in text
        assert re.search(r"(?<!\\)\]\(javascript", text) is None
        assert "\n# title" not in text
    for text in at_github:
        assert "@ada" not in text
        assert "#12" not in text


@given(st.text(max_size=300))
def test_github_links_to_nobody(text: str) -> None:
    shown = github(text)
    assert "\n" not in shown
    assert "@" not in shown.replace("@\u200b", "")
    assert "#" not in shown.replace("#\u200b", "")


def test_custody_is_said_until_it_has_ended() -> None:
    done = rollback(RollbackState.SUCCEEDED, outcome=Outcome.CURED, moved_at=NOW)
    assert "until somebody promotes one" in text_of(rollback_message(done, "Shop", {}))
    ended = replace(done, custody_ended_at=NOW + timedelta(hours=1))
    assert "until somebody promotes one" not in text_of(rollback_message(ended, "Shop", {}))
    forth = replace(done, kind=RollbackKind.PROMOTE)
    assert "until somebody promotes one" not in text_of(rollback_message(forth, "Shop", {}))
