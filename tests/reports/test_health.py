import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from reports.health import CUSTODY, check_details, check_table, history_table, summary
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


def test_custody_is_told() -> None:
    assert CUSTODY in check_details(replace(WELL, in_custody=True), "Shop")


def test_silence_has_no_score() -> None:
    reason = "Sentry: there is no token"
    blind = replace(WELL, verdict=Verdict.UNKNOWN, score=None, coverage=0.0, reasons=(reason,), release="")
    shown = check_details(blind, "Shop")
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


def test_hostile_text_is_no_markup_in_artifacts() -> None:
    history = history_table([HOSTILE_CHECK], HOSTILE)
    table = check_table([HOSTILE_CHECK], {"shop": HOSTILE})
    for shown in (history, table, check_details(HOSTILE_CHECK, HOSTILE)):
        assert "<" not in re.sub(r"\\.", "", shown)
        assert "https://evil" not in shown
    assert len(table.splitlines()) == 3
    assert re.sub(r"\\.", "", table.splitlines()[2]).count("|") == 8


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
