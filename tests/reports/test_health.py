import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from reports.health import CUSTODY, check_details, check_message, check_table, history_table, summary
from reports.slack import SlackMessage
from watchkeeper.domain.health import Blame, CheckType, Fault, HealthCheck
from watchkeeper.domain.verdicts import Component, Evidence, Gap, Judgement, Verdict, unknown
from watchkeeper.domain.windows import Window

SHA = "1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d"
WINDOW = Window(datetime(2026, 3, 1, 14, 15, tzinfo=UTC), datetime(2026, 3, 1, 14, 30, tzinfo=UTC))
HOSTILE = "<!channel> <b>|x|</b> `a` [c](https://evil.test)\n# d & </script>"

WELL = HealthCheck(
    project="shop",
    window=WINDOW,
    check_type=CheckType.FULL,
    verdict=Verdict.HEALTHY,
    score=97.0,
    coverage=1.0,
    reasons=("2 of 1,204 requests failed (0.17 %)",),
    release=SHA,
)
FAILING = replace(
    WELL,
    verdict=Verdict.CRITICAL,
    score=38.0,
    coverage=0.85,
    reasons=("117 of 1,204 requests failed (9.7 %)", "checkout answered 500 three times in a row"),
    components={
        Component.ERRORS: Judgement(
            Verdict.CRITICAL,
            ("117 of 1,204 requests failed (9.7 %)",),
            12.0,
            (Evidence("failed requests", 117, "", "https://sentry.test/shop"), Evidence("p", 0.00123)),
        ),
        Component.DELIVERY: Judgement(Verdict.HEALTHY, ("the newest build is live",), 100.0),
        Component.BUILDS: unknown(Gap.REFUSED, "CircleCI: does not accept the token (401)"),
    },
    blame=Blame(Fault.RELEASE, "it fails 12 times as often as the one before it", SHA),
)


def words(message: SlackMessage) -> str:
    texts = [block["text"] if "text" in block else block["elements"] for block in message.blocks]
    flat = [text for item in texts for text in (item if isinstance(item, list) else [item])]
    return "\n".join(text["text"] for text in flat)


def test_a_critical_project_reads_like_a_calm_colleague_wrote_it() -> None:
    links = {"Prefect run": "http://127.0.0.1:4200/runs/1", "Sentry": "https://sentry.test/shop"}
    message = check_message(FAILING, Verdict.HEALTHY, "Shop", links)
    assert words(message).splitlines() == [
        "🔴 *Shop* is critical",
        "117 of 1,204 requests failed (9.7 %).",
        "• Checkout answered 500 three times in a row.",
        "*Release `1a2b3c4`* looks like the cause. It fails 12 times as often as the one before it.",
        "<https://sentry.test/shop|failed requests> 117 · p 0.00123",
        "2026-03-01 14:15 to 14:30 UTC · release `1a2b3c4` · score 38 of 100 over the 85% that is known",
        "Not known: builds (CircleCI: does not accept the token (401))",
        "<http://127.0.0.1:4200/runs/1|Prefect run> · <https://sentry.test/shop|Sentry>",
    ]
    assert message.text == "🔴 Shop is critical: 117 of 1,204 requests failed (9.7 %)."


def test_healthy_again_says_what_has_ended() -> None:
    later = replace(WELL, window=Window(WINDOW.end, WINDOW.end + timedelta(minutes=15)))
    shown = words(check_message(later, Verdict.CRITICAL, "Shop", {}, before=FAILING)).splitlines()
    assert shown[0] == "🟢 *Shop* is healthy again"
    assert shown[1] == "This has ended (2026-03-01 14:15 to 14:30 UTC): 117 of 1,204 requests failed (9.7 %)."
    assert shown[2] == "Now: 2 of 1,204 requests failed (0.17 %)."
    assert len(shown) == 4


def test_healthy_again_without_the_check_before_says_what_it_was() -> None:
    assert "It was critical until 14:15 UTC." in words(check_message(WELL, Verdict.CRITICAL, "Shop", {}))


@pytest.mark.parametrize(
    ("verdict", "previous", "headline"),
    [
        (Verdict.HEALTHY, None, "🟢 *Shop* is healthy"),
        (Verdict.HEALTHY, Verdict.WARNING, "🟢 *Shop* is healthy again"),
        (Verdict.HEALTHY, Verdict.UNKNOWN, "🟢 *Shop* can be judged again, and is healthy"),
        (Verdict.WARNING, None, "🟡 *Shop* needs a look"),
        (Verdict.WARNING, Verdict.CRITICAL, "🟡 *Shop* is no longer critical, but not well yet"),
        (Verdict.CRITICAL, Verdict.WARNING, "🔴 *Shop* is critical"),
        (Verdict.CRITICAL, Verdict.CRITICAL, "🔴 *Shop* is critical"),
        (Verdict.UNKNOWN, Verdict.HEALTHY, "⚪ *Shop* cannot be judged right now"),
    ],
)
def test_the_headline_names_the_change(verdict: Verdict, previous: Verdict | None, headline: str) -> None:
    message = check_message(replace(WELL, verdict=verdict), previous, "Shop", {})
    assert words(message).splitlines()[0] == headline


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (Fault.PLATFORM, "*The platform* has trouble of its own. The status page says so."),
        (Fault.US, "*Our own connection* is down. The status page says so."),
        (Fault.UNKNOWN, "The cause is not clear. The status page says so."),
    ],
)
def test_whose_fault_it_is_stands_in_a_sentence(fault: Fault, says: str) -> None:
    check = replace(FAILING, blame=Blame(fault, "the status page says so"))
    assert says in words(check_message(check, None, "Shop", {})).splitlines()


def test_custody_is_told() -> None:
    assert CUSTODY in words(check_message(replace(WELL, in_custody=True), None, "Shop", {}))
    assert CUSTODY in check_details(replace(WELL, in_custody=True), "Shop")


def test_silence_has_no_score() -> None:
    reason = "Sentry: there is no token"
    blind = replace(WELL, verdict=Verdict.UNKNOWN, score=None, coverage=0.0, reasons=(reason,), release="")
    shown = words(check_message(blind, None, "Shop", {}))
    assert "Sentry: there is no token." in shown
    assert "no score: nothing is known" in shown
    assert "release" not in shown


HOSTILE_CHECK = replace(
    FAILING,
    reasons=(HOSTILE, HOSTILE),
    release=HOSTILE,
    components={
        Component.ERRORS: Judgement(Verdict.CRITICAL, (HOSTILE,), 1.0, (Evidence(HOSTILE, HOSTILE, HOSTILE, HOSTILE),)),
        Component.BUILDS: unknown(Gap.UNAVAILABLE, HOSTILE),
    },
    blame=Blame(Fault.RELEASE, HOSTILE, HOSTILE),
)


def test_hostile_text_pages_nobody() -> None:
    message = check_message(HOSTILE_CHECK, None, HOSTILE, {HOSTILE: "https://a.test/<!here>"})
    for text in (message.text, words(message)):
        assert "<!" not in text
        assert re.findall(r"<(?!https://a\.test/)", text) == []


def test_hostile_text_is_no_markup_in_artifacts() -> None:
    history = history_table([HOSTILE_CHECK], HOSTILE)
    table = check_table([HOSTILE_CHECK], {"shop": HOSTILE})
    for shown in (history, table, check_details(HOSTILE_CHECK, HOSTILE)):
        assert "<" not in re.sub(r"\\.", "", shown)
        assert "https://evil" not in shown
    assert len(table.splitlines()) == 3
    assert re.sub(r"\\.", "", table.splitlines()[2]).count("|") == 8


def test_the_longest_texts_stay_within_what_slack_takes() -> None:
    long = "x" * 10_000
    check = replace(FAILING, reasons=(long,) * 50, blame=Blame(Fault.RELEASE, "y" * 10_000, SHA))
    message = check_message(check, None, long, {long: "https://a.test"})
    assert all(len(block["text"]["text"]) <= 3000 for block in message.blocks if "text" in block)
    assert "… and 46 more" in words(message)


def test_the_table_has_the_worst_first_and_links_that_work() -> None:
    portal = replace(WELL, project="portal", score=None, verdict=Verdict.UNKNOWN, coverage=0.0, release="")
    rows = check_table([WELL, portal, replace(FAILING, project="api")], {"api": "Public API"}).splitlines()
    assert rows[0] == "| Project | Verdict | Score | Known | Release | Why | Links |"
    assert rows[2] == (
        "| Public API | 🔴 critical | 38 | 85% | `1a2b3c4` | 117 of 1,204 requests failed (9.7 %) "
        "| [details](/artifacts/key/health-api) · [errors](https://sentry.test/shop) |"
    )
    assert rows[3].startswith("| portal | ⚪ unknown | – | 0% | – |")
    assert rows[4].startswith("| shop | 🟢 healthy | 97 | 100% |")


def test_the_summary_names_only_those_that_are_not_well() -> None:
    assert summary([WELL, replace(FAILING, project="api"), WELL]) == "api critical, 2 of 3 healthy"


def test_the_history_has_the_newest_first_and_a_day_at_most() -> None:
    quarter = timedelta(minutes=15)
    history = [
        replace(WELL, window=Window(WINDOW.start + n * quarter, WINDOW.end + n * quarter), score=float(n % 100))
        for n in range(100)
    ]
    rows = history_table(history, "Shop").splitlines()
    assert rows[0] == "### How Shop got here"
    assert rows[4].startswith("| 2026-03-02 15:15 | 🟢 healthy | 99 |")
    assert rows[-1] == "… and 4 older ones"
    assert "first check" in history_table([], "Shop")


def test_the_details_hold_every_component_with_its_evidence() -> None:
    shown = check_details(FAILING, "Shop")
    assert shown.startswith(
        "## 🔴 Shop: critical\n\n2026-03-01 14:15 to 14:30 UTC · release `1a2b3c4` · score 38 of 100"
    )
    assert "**Whose fault: release.** It fails 12 times as often as the one before it." in shown
    assert "### 🔴 Errors: critical, 12 of 100\n\n- 117 of 1,204 requests failed (9.7 %)." in shown
    assert "- [failed requests](https://sentry.test/shop): 117" in shown
    assert "### ⚪ Builds: unknown\n\n- CircleCI: does not accept the token (401)." in shown
