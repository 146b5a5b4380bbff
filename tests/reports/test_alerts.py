"""A digest in Slack: what it says, how it looks, who is called, and that hostile text does nothing."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from reports.alerts import SEEN_FOR, alert_message, change_message, is_loud
from reports.slack import MOST_BLOCKS, MOST_TEXT
from tests.domain.alert_digest_makers import NOW, digest_of, hostile_digest, line_of
from watchkeeper.domain.alert_digests import Digest
from watchkeeper.domain.alert_groups import Reason
from watchkeeper.domain.alert_values import AlertStatus, Severity

ANN = {"Ann": "U0123ABCD"}
TWO = digest_of(
    title="Shop: error rate 31 % and 1 more",
    firing=2,
    counts=(("critical", 1), ("warning", 1)),
    lines=(line_of(), line_of(2, severity=Severity.WARNING, summary="Shop: orders are slow", details=())),
)


def texts(digest: Digest, forms: dict[str, str] | None = None) -> list[str]:
    message = alert_message(digest, ANN, forms or {})
    (attachment,) = message.attachments
    return [
        text["text"]
        for block in (*message.blocks, *attachment["blocks"])
        for text in ([block["text"]] if "text" in block else block["elements"])
    ]


def changed(digest: Digest, *, loud: bool = False) -> str:
    message = change_message(digest, ANN, is_loud=loud)
    assert message is not None
    return str(message.blocks[0]["text"]["text"])


def test_one_alert_reads_as_a_headline_its_evidence_and_what_can_be_done() -> None:
    assert "\n--\n".join(texts(digest_of())) == (
        "🔴 *Shop: error rate 31 %*\n--\n"
        "412 of 1,330 requests failed.\n"
        "<https://sentry.acme.example/shop|Look closer> · <https://acme.example/runbooks#errors|What to do>\n--\n"
        "Since 2026-03-02 09:50 UTC\n--\n"
        "Nobody is on it yet\n--\n"
        "Take it on: `watchkeeper alerts ack 7 --as NAME`\n"
        "Quiet for an hour: "
        "`watchkeeper alerts silence project=shop cause=release:1a2b3c4 --for 1h --as NAME --comment WHY`\n"
        "Prepare a way back: "
        "`watchkeeper rollback start shop --no-dry-run --reason 'release 1a2b3c4 is bad: proposed by the watch'`"
    )


def test_several_alerts_are_listed_without_the_name_that_the_headline_has() -> None:
    shown = texts(TWO)
    assert shown[1].startswith("🔴 Error rate 31 %.\n412 of 1,330")
    assert shown[2].startswith("🟠 Orders are slow.\n")
    assert texts(replace(TWO, firing=99))[3] == "… and 97 more"


def test_a_runbook_that_is_a_file_is_named() -> None:
    shown = texts(digest_of(lines=(line_of(runbook="docs/runbooks/alerts.md#error-rate", url=""),)))
    assert shown[1].endswith("What to do: `docs/runbooks/alerts.md#error-rate`")


def test_a_form_makes_the_label_a_link() -> None:
    last = texts(digest_of(), {"acknowledge": "https://prefect.acme.example/run?parameters=%7B%7D"})[-1]
    assert last.startswith("<https://prefect.acme.example/run?parameters=%7B%7D|Take it on>: `watchkeeper alerts ack 7")


@pytest.mark.parametrize(
    ("digest", "sign", "color"),
    [
        (digest_of(), "🔴", "#e01e5a"),
        (digest_of(severity=Severity.WARNING), "🟠", "#ecb22e"),
        (digest_of(severity=Severity.INFO), "🔵", "#36c5f0"),
        (digest_of(Reason.ALL_RESOLVED), "🟢", "#2eb67d"),
    ],
)
def test_sign_and_colour_tell_the_state(digest: Digest, sign: str, color: str) -> None:
    message = alert_message(digest, {}, {})
    assert (message.text[0], message.attachments[0]["color"]) == (sign, color)


def test_what_is_over_asks_nobody_for_anything() -> None:
    shown = texts(digest_of(Reason.ALL_RESOLVED, people=("Ann",)))
    assert shown[-1] == "1 alert resolved after 10 min, at 2026-03-02 10:00 UTC"


def test_what_is_over_is_struck_out_without_its_evidence() -> None:
    ended = NOW - timedelta(minutes=4)
    lines = tuple(line_of(n, status=AlertStatus.RESOLVED, resolved_at=ended) for n in (1, 2))
    shown = texts(digest_of(Reason.ALL_RESOLVED, resolved=2, lines=lines))
    assert shown[1:3] == ["🟢 ~Error rate 31 %.~"] * 2
    assert shown[-1] == "2 alerts resolved after 6 min, at 2026-03-02 09:56 UTC", "not when it was told"


def test_who_is_on_it_is_said_and_the_offer_to_take_it_on_is_gone() -> None:
    shown = texts(digest_of(Reason.ACKNOWLEDGED, acknowledged_by="Ann"))
    assert "Ann is on it" in shown
    assert "alerts ack" not in shown[-1]


def test_many_projects_at_once_offer_nothing_that_would_hit_only_one() -> None:
    shown = "\n".join(texts(digest_of(project="", project_name="", group=0)))
    assert "watchkeeper" not in shown


def test_a_test_says_that_it_is_one() -> None:
    message = alert_message(digest_of(is_test=True), {}, {})
    assert message.text == "🔴 Test: Shop: error rate 31 %"
    assert "watchkeeper alerts" not in json.dumps(message.attachments)


@pytest.mark.parametrize(
    ("digest", "says"),
    [
        (replace(TWO, reason=Reason.NEW_IN_GROUP), "🔴 New: Error rate 31 %. 2 firing now."),
        (
            replace(
                TWO,
                reason=Reason.SOME_RESOLVED,
                lines=(line_of(), line_of(2, summary="Shop: orders are slow", status=AlertStatus.RESOLVED)),
                firing=1,
                resolved=1,
            ),
            "🟢 Resolved: Orders are slow. 1 still firing.",
        ),
        (digest_of(Reason.ALL_RESOLVED), "🟢 Resolved after 10 min."),
        (digest_of(Reason.REMINDER), "⏰ Still so after 10 min. Nobody is on it yet."),
        (
            digest_of(Reason.ESCALATION, people=("Ann", "Bob <!here>")),
            "📣 <@U0123ABCD>, Bob &lt;!here&gt;: please have a look: nobody has taken it on for 10 min.",
        ),
        (digest_of(Reason.FLAPPING), "🔁 It comes and goes too often to be told each time."),
        (
            digest_of(Reason.ACKNOWLEDGED, acknowledged_by="Ann"),
            "👀 Ann is on it. No reminders until it changes.",
        ),
        (
            digest_of(Reason.ACKNOWLEDGED, acknowledged_by="Ann in pager", announced="Ann in pager", assigned_to="Ben"),
            "👀 Ann in pager is on it. No reminders until it changes.",
        ),
        (
            digest_of(Reason.ACKNOWLEDGED, announced="Ann in pager", group=0, storm=3),
            "👀 Ann in pager is on a part of it. No reminders until it changes.",
        ),
        (
            replace(TWO, reason=Reason.NEW_IN_GROUP, acknowledged_by="Ann in pager", announced="Ann in pager"),
            "🔴 New: Error rate 31 %. 2 firing now. Ann in pager is on it.",
        ),
        (
            replace(TWO, reason=Reason.NEW_IN_GROUP, overridden="Ann in pager", people=("Ann",)),
            "🔴 New: Error rate 31 %. 2 firing now. Something critical is new: the acknowledgement of Ann in pager is",
        ),
    ],
)
def test_each_change_is_a_sentence_in_the_thread(digest: Digest, says: str) -> None:
    assert changed(digest).startswith(says)


def test_what_is_seen_without_its_thread_repeats_the_headline() -> None:
    assert changed(digest_of(Reason.REMINDER), loud=True).startswith("⏰ *Shop: error rate 31 %*\nStill so")


def test_a_headline_that_says_it_is_over_says_all() -> None:
    over = digest_of(Reason.ALL_RESOLVED, title="Shop: resolved after 10 min: error rate 31 %")
    assert changed(over, loud=True) == "🟢 *Shop: resolved after 10 min: error rate 31 %*"


def test_a_long_sha_is_shortened_in_what_is_typed() -> None:
    assert "'cause=~release:1a2b3c4d5e6f.*'" in texts(digest_of(cause="release:1a2b3c4d5e6f" + "0" * 28))[-1]


def test_a_first_message_has_more_in_its_thread_only_where_there_is_more() -> None:
    assert change_message(digest_of(), {}, is_loud=False) is None
    long = digest_of(lines=(line_of(details=tuple(f"reason {n}" for n in range(5))),))
    assert changed(long) == "*Error rate 31 %.*\n• Reason 3.\n• Reason 4."


@pytest.mark.parametrize(
    ("reason", "severity", "age", "loud"),
    [
        (Reason.ESCALATION, Severity.INFO, timedelta(0), True),
        (Reason.REMINDER, Severity.INFO, timedelta(0), True),
        (Reason.NEW_IN_GROUP, Severity.CRITICAL, timedelta(0), True),
        (Reason.NEW_IN_GROUP, Severity.WARNING, SEEN_FOR, False),
        (Reason.NEW_IN_GROUP, Severity.WARNING, SEEN_FOR + timedelta(seconds=1), True),
        (Reason.ALL_RESOLVED, Severity.CRITICAL, timedelta(0), True),
        (Reason.ALL_RESOLVED, Severity.WARNING, SEEN_FOR, False),
        (Reason.SOME_RESOLVED, Severity.CRITICAL, timedelta(days=1), False),
        (Reason.ACKNOWLEDGED, Severity.CRITICAL, timedelta(days=1), False),
    ],
)
def test_what_an_edit_would_hide_is_shown_in_the_channel(
    reason: Reason, severity: Severity, age: timedelta, *, loud: bool
) -> None:
    assert is_loud(digest_of(reason, severity=severity), NOW - age) is loud


@pytest.mark.parametrize("handle", ["S0123ABCD", "U1", "<!channel>", "here", ""])
def test_only_ids_of_slack_call_somebody(handle: str) -> None:
    message = change_message(digest_of(Reason.ESCALATION, people=("Ann",)), {"Ann": handle}, is_loud=False)
    assert message is not None
    assert message.text.startswith("📣 <!subteam^S0123ABCD>:" if handle == "S0123ABCD" else "📣 Ann:")


@pytest.mark.parametrize("reason", Reason)
def test_hostile_text_stays_text_within_the_limits(reason: Reason) -> None:
    digest = hostile_digest(reason)
    message = alert_message(digest, {}, {})
    answer = change_message(digest, {}, is_loud=True)
    blocks = [*message.blocks, *message.attachments[0]["blocks"], *(answer.blocks if answer else [])]
    shown = [text for block in blocks for text in ([block["text"]] if "text" in block else block["elements"])]
    assert len(blocks) <= MOST_BLOCKS
    assert max(len(text["text"]) for text in shown) <= MOST_TEXT
    whole = "".join(text["text"] for text in shown) + message.text
    assert "<!channel>" not in whole
    assert "javascript:" not in whole.replace("`javascript:alert(1)`", "")
    assert not set("\x00\u202e\ud800") & set(whole)
