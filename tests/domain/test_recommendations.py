from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.domain.report_makers import cost, earlier, endpoint_line, figure, figures, report
from watchkeeper.domain.blame import Fault
from watchkeeper.domain.metrics import Better
from watchkeeper.domain.outages import Outage
from watchkeeper.domain.period_reports import (
    Area,
    BuildLine,
    Coverage,
    FlakyTestLine,
    IssueLine,
    Objective,
    ProjectReport,
    Recommendation,
    ReleaseLine,
    WorkflowLine,
)
from watchkeeper.domain.recommendations import MEASURES, MOST, done_recommendations, recommend
from watchkeeper.domain.trends import Trend, trend_of
from watchkeeper.domain.verdicts import Verdict

AT = datetime(2026, 11, 16, 10, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
BAD = "b" * 40


def grown(now: float, before: float, *, significant: bool | None = True) -> Trend:
    return trend_of(now, before, Better.LESS, is_significant=significant)


def workflow_line(**other: Any) -> WorkflowLine:
    values: dict[str, Any] = {"name": "build", "runs": 70, "passed": 69, "p95_s": 400.0, "queue_s": 10.0, "reruns": 1,
                              "credits": 5_000.0, "credits_before": 5_000.0}  # fmt: skip
    return WorkflowLine(**(values | other))


def issue_line(**other: Any) -> IssueLine:
    values: dict[str, Any] = {"kind": "new", "level": "error", "short_id": "SHOP-1", "title": "boom", "culprit": "pay",
                              "events": 231, "users": 70, "first_seen": AT, "last_seen": AT,
                              "url": "https://sentry.example/1"}  # fmt: skip
    return IssueLine(**(values | other))


def release_line(outcome: str = "well", total: int = 1_000, failures: int = 3, name: str = "aaaaaaa") -> ReleaseLine:
    return ReleaseLine(name, name, AT, outcome, failures, total, "it fails 12 %" if outcome != "well" else "")


def flaky(name: str = "basket", times: int = 9, minutes: float = 74) -> FlakyTestLine:
    return FlakyTestLine(name, "e2e", times, minutes * MINUTE, "https://circleci.example")


def budget(left: float, bad: int = 20) -> Objective:
    return Objective("Availability", 0.999, 1 - bad / 10_000, 10_000 - bad, 10_000, left)


DEAR = cost(actual=61.2, expected=40.0, variance=0.53, verdict=Verdict.CRITICAL)
COUNTED = figures(
    figure("failures", 0.01, numerator=2_400, denominator=240_000, sample=240_000, url="https://s.example")
)
LASTING = Outage("shop", AT, None, Fault.RELEASE, BAD, "it fails")

# What makes each rule speak: (rule, subject, severity), what stands in the evidence, and what in the effect.
SPEAKING: list[Any] = [
    pytest.param(
        {"custody_since": AT, "waiting": 4}, ("custody", "", "critical"), "4 finished builds", "go live", id="custody"
    ),
    pytest.param(
        {"custody_since": AT}, ("custody", "", "warning"), "no finished build did", "next push", id="custody alone"
    ),
    pytest.param(
        {"incidents": (LASTING,), "figures": COUNTED},
        ("lasting_incident", BAD, "critical"),
        "Since 2026-11-16 10:00 UTC: it fails",
        "About 100 failures an hour less",
        id="an incident that lasts",
    ),
    pytest.param(
        {"incidents": (replace(LASTING, fault=Fault.UNKNOWN, release=""),)},
        ("lasting_incident", "", "critical"),
        "Since",
        "1 of 1 open",
        id="one of nobody",
    ),
    pytest.param(
        {"endpoints": (endpoint_line(certificate_days=9.4), endpoint_line(name="api", certificate_days=9.1))},
        ("certificate", "api", "warning"),
        "It ends in 9 days",
        "2 endpoints in 9 days",
        id="one certificate of two endpoints",
    ),
    pytest.param(
        {"endpoints": (endpoint_line(certificate_days=-1.0),)},
        ("certificate", "home", "critical"),
        "It ended 1 days ago",
        "1 endpoint",
        id="a certificate that has ended",
    ),
    pytest.param(
        {"endpoints": (endpoint_line(p95_ms=1_800.0, is_slow=True),)},
        ("slow_endpoint", "home", "warning"),
        "5 % of 1,440 probes took 1,800 ms or longer, limit 1,500 ms.",
        "300 ms sooner, about 72 times",
        id="slow",
    ),
    pytest.param(
        {"endpoints": (endpoint_line(p95_ms=1_800.0, is_slow=True, trend=grown(1_800, 900)),)},
        ("slow_endpoint", "home", "warning"),
        "900 ms in the period before (2 times as much, more than chance)",
        "900 ms sooner",
        id="slow, and slower than before",
    ),
    pytest.param(
        {"endpoints": (endpoint_line(p95_ms=600.0, trend=grown(600, 400)),)},
        ("slow_endpoint", "home", "info"),
        "50 % more",
        "200 ms sooner",
        id="slower than before",
    ),
    pytest.param(
        {"objectives": (budget(-1.0),)},
        ("error_budget", "Availability", "warning"),
        "99.8 % instead of the 99.9 % promised; 20 failures, 10 allowed",
        "With 10 fewer failures",
        id="an overspent budget",
    ),
    pytest.param(
        {"objectives": (budget(0.2, bad=8),)},
        ("error_budget", "Availability", "info"),
        "20 % of the error budget is left: 8 of 10 failures",
        "2 more failures are left",
        id="a budget nearly spent",
    ),
    pytest.param(
        {
            "calendar": {AT.date(): (8, 2)},
            "releases": (release_line(), release_line("failed"), release_line("rolled back", name="ccccccc")),
        },
        ("failed_releases", "", "warning"),
        "2 of 8 releases failed (25 %)",
        "0.8 failed releases fewer",
        id="releases that fail often",
    ),
    pytest.param(
        {"releases": (release_line("rolled back", 700, 84), release_line())},
        ("failed_release", "aaaaaaa", "warning"),
        "84 of 700 of what it served failed (12 %): it fails 12 %.",
        "without 84 failures in 700",
        id="the newest release failed",
    ),
    pytest.param(
        {"issues": (issue_line(), issue_line(short_id="SHOP-2", kind="top", events=149))},
        ("top_issue", "SHOP-1", "warning"),
        "231 of 380 events since it was first seen (60.8 %), 70 people",
        "Up to 60.8 %",
        id="one issue makes most of it",
    ),
    pytest.param(
        {"issues": (issue_line(kind="regressed", events=40, users=1),)},
        ("regressed_issue", "SHOP-1", "warning"),
        "40 events since it was first seen, 1 person, last seen 2026-11-16 10:00 UTC",
        "Ends an error met by 1 person",
        id="an issue that came back",
    ),
    pytest.param(
        {"releases": (release_line(), release_line(total=0), release_line(total=0)), "figures": COUNTED},
        ("unseen_releases", "", "info"),
        "2 of 3 releases had no request under their name, of 240,000",
        "66.7 % of the releases",
        id="releases that nobody counts",
    ),
    pytest.param(
        {"coverage": Coverage({"sentry": (6, 24)}, ("sentry: the token was refused (18 hours)",))},
        ("unseen_hours", "sentry", "warning"),
        "6 of 24 hours are known; sentry: the token was refused (18 hours)",
        "18 more hours",
        id="a source that cannot be read",
    ),
    pytest.param(
        {"coverage": Coverage({"vercel": (20, 24), "endpoints": (0, 24)}, ())},
        ("unseen_hours", "vercel", "info"),
        "20 of 24 hours are known.",
        "4 more hours",
        id="some hours",
    ),
    pytest.param(
        {"flaky_tests": (flaky(),)},
        ("flaky_test", "basket", "warning"),
        "9 times in 14 days; 74 min of runs",
        "About 74 min",
        id="a flaky test",
    ),
    pytest.param(
        {"flaky_tests": (replace(flaky(times=3, minutes=2), job="", name="x" * 200),)},
        ("flaky_test", "x" * 200, "info"),
        "3 times",
        "3 false alarms",
        id="a cheap flaky test with a long name",
    ),
    pytest.param(
        {"workflows": (workflow_line(trend=grown(512, 363)),)},
        ("slower_build", "build", "info"),
        "p95 of 70 runs is 8 min after 6 min (41 % more, more than chance)",
        "Up to 2 min less to wait a run, 2 h in such a period",
        id="builds take longer",
    ),
    pytest.param(
        {"workflows": (workflow_line(queue_s=180.0),)},
        ("build_queue", "build", "info"),
        "5 % of 70 runs waited 3 min or longer for a machine",
        "up to 3 min sooner",
        id="builds wait",
    ),
    pytest.param(
        {
            "cost": DEAR,
            "workflows": (workflow_line(), workflow_line(name="nightly", credits=96_500.0, credits_before=12_000.0)),
            "figures": figures(figure("credits", 102_000.0)),
        },
        ("cost_spike", "nightly", "warning"),
        "61.20 USD, 53 % more than the 40.00 USD expected; it used 96,500 of 102,000 credits, 12,000 a week before.",
        "About 21.20 USD a day less",
        id="a workflow makes the cost",
    ),
    pytest.param(
        {"cost": DEAR, "workflows": (workflow_line(credits=5_100.0), workflow_line(credits_before=None))},
        ("cost_spike", "", "warning"),
        "53 % more than the 40.00 USD expected.",
        "21.20 USD",
        id="nobody knows what makes the cost",
    ),
    pytest.param(
        {
            "workflows": (workflow_line(runs=40, passed=40, reruns=6),),
            "figures": figures(figure("build_time_p50_s", 300.0)),
        },
        ("reruns", "", "info"),
        "6 of 40 runs (15 %)",
        "About 30 min of builds",
        id="builds are run again",
    ),
    pytest.param(
        {"workflows": (workflow_line(runs=40, passed=40, reruns=6),)},
        ("reruns", "", "info"),
        "6 of 40 runs",
        "6 runs saved",
        id="of unknown length",
    ),
    pytest.param(
        {"figures": figures(figure("branch_recovery_s", 7_200.0, sample=2))},
        ("branch_recovery", "", "info"),
        "broken 2 times, for 2 h in the median",
        "4 h in which nobody",
        id="the branch is mended slowly",
    ),
    pytest.param(
        {"broken_since": AT, "builds": (BuildLine("build", 1831, "", AT, ("e2e",), "", "https://c.example"),)},
        ("broken_branch", "", "warning"),
        "Broken since 2026-11-16 10:00 UTC; build 1831 in e2e failed",
        "1 failed build",
        id="the branch is broken",
    ),
    pytest.param(
        {"broken_since": AT},
        ("broken_branch", "", "warning"),
        "its last build failed",
        "1 failed build",
        id="the branch is broken, nobody knows why",
    ),
    pytest.param(
        {
            "figures": figures(figure("builds", 0.75, sample=100, interval=(0.66, 0.82))),
            "workflows": (workflow_line(runs=40, passed=40), workflow_line(name="e2e", runs=60, passed=35)),
        },
        ("failing_builds", "e2e", "info"),
        "25 of its 60 runs failed; 75 % of all 100 builds passed",
        "15 builds more would pass",
        id="builds fail",
    ),
]

SILENT: list[Any] = [
    pytest.param({}, id="all is well"),
    pytest.param({"incidents": (replace(LASTING, ended_at=AT + HOUR),)}, id="an incident that is over"),
    pytest.param({"endpoints": (endpoint_line(certificate_days=21.0),)}, id="three weeks of certificate"),
    pytest.param({"endpoints": (endpoint_line(p95_ms=600.0, trend=grown(600, 400, significant=False)),)}, id="chance"),
    pytest.param({"endpoints": (endpoint_line(p95_ms=250.0, trend=grown(250, 100)),)}, id="slower, and still quick"),
    pytest.param({"endpoints": (endpoint_line(p95_ms=None),)}, id="an endpoint without latency"),
    pytest.param({"objectives": (budget(0.25),)}, id="a quarter of the budget left"),
    pytest.param({"objectives": (budget(None),)}, id="a budget that is not known"),  # type: ignore[arg-type]
    pytest.param({"calendar": {AT.date(): (8, 1)}, "releases": (release_line(),)}, id="one of eight releases failed"),
    pytest.param({"calendar": {AT.date(): (20, 3)}, "releases": (release_line(),)}, id="15 % of many failed"),
    pytest.param({"releases": (release_line(), release_line("failed"))}, id="the newest release did well"),
    pytest.param({"releases": (release_line("failed", total=0),)}, id="nobody knows how much failed"),
    pytest.param({"issues": (issue_line(events=49, kind="top"),)}, id="49 events"),
    pytest.param({"issues": (issue_line(level="warning"),)}, id="a warning"),
    pytest.param({"issues": (issue_line(kind="top"),)}, id="an old issue, and no other"),
    pytest.param(
        {"issues": (issue_line(kind="top", events=100),), "areas": (Area("culprit", "x", 401, 9, 1.0),)},
        id="one of many",
    ),
    pytest.param({"issues": (issue_line(kind="regressed", events=4),)}, id="four events"),
    pytest.param({"releases": (release_line(total=0), release_line()), "figures": COUNTED}, id="one release unseen"),
    pytest.param({"releases": (release_line(total=0),) * 3}, id="without sentry nobody counts"),
    pytest.param(
        {"coverage": Coverage({"sentry": (22, 24), "vercel": (2, 8)}, ())}, id="nearly every hour, or too few"
    ),
    pytest.param({"coverage": Coverage({"endpoints": (0, 24)}, ())}, id="a watch that has not begun"),
    pytest.param({"flaky_tests": (flaky(times=2, minutes=9),)}, id="twice in two weeks"),
    pytest.param({"workflows": (workflow_line(trend=grown(512, 363), runs=4),)}, id="four runs"),
    pytest.param({"workflows": (workflow_line(trend=grown(512, 363, significant=False)),)}, id="longer by chance"),
    pytest.param({"workflows": (workflow_line(trend=grown(400, 363)),)}, id="a little longer"),
    pytest.param({"workflows": (workflow_line(trend=trend_of(None, 4, Better.LESS)),)}, id="not known before"),
    pytest.param({"workflows": (workflow_line(queue_s=59.0),)}, id="a short queue"),
    pytest.param({"workflows": (workflow_line(queue_s=100.0, p95_s=900.0),)}, id="short beside the build"),
    pytest.param({"workflows": (workflow_line(queue_s=None), workflow_line(p95_s=None))}, id="no queue known"),
    pytest.param({"cost": cost()}, id="cost as expected"),
    pytest.param({"cost": cost(variance=None, verdict=Verdict.UNKNOWN)}, id="cost that cannot be compared"),
    pytest.param({"workflows": (workflow_line(reruns=6),)}, id="few reruns"),
    pytest.param({"figures": figures(figure("branch_recovery_s", 3_599.0, sample=1))}, id="mended within the hour"),
    pytest.param({"figures": figures(figure("branch_recovery_s", None))}, id="never broken"),
    pytest.param({"figures": figures(figure("builds", 0.75, sample=19, interval=(0.5, 0.8)))}, id="19 builds"),
    pytest.param({"figures": figures(figure("builds", 0.75, sample=90, interval=(0.7, 0.8)))}, id="no workflow known"),
    pytest.param(
        {"figures": figures(figure("builds", 0.88, sample=90, interval=(0.8, 0.93))), "workflows": (workflow_line(),)},
        id="perhaps by chance",
    ),
]


def only(found: tuple[Recommendation, ...], rule: str) -> Recommendation:
    (given,) = [each for each in found if each.rule == rule]
    return given


@pytest.mark.parametrize(("known", "expected", "evidence", "effect"), SPEAKING)
def test_a_rule_speaks_with_its_numbers(
    known: Mapping[str, Any], expected: tuple[str, str, str], evidence: str, effect: str
) -> None:
    given = only(recommend(report(**known), (), days=7 if "objectives" in known else 1), expected[0])
    assert (given.rule, given.subject, given.severity) == expected
    assert evidence in given.evidence
    assert effect in given.effect
    assert given.follow_up == ""


@pytest.mark.parametrize(("known", "expected", "evidence", "effect"), SPEAKING)
def test_nothing_is_given_without_numbers(
    known: Mapping[str, Any], expected: tuple[str, str, str], evidence: str, effect: str
) -> None:
    for given in recommend(report(**known), (), days=7):
        assert any(letter.isdigit() for letter in given.evidence)
        assert any(letter.isdigit() for letter in given.effect) or given.rule == "custody"
        assert given.rule in MEASURES
        assert given.sentence[0].isupper()
        assert len(given.sentence) < 250


@pytest.mark.parametrize("known", SILENT)
def test_a_rule_keeps_silent(known: Mapping[str, Any]) -> None:
    assert recommend(report(**known), (), days=7) == ()


def test_one_bad_day_says_nothing_of_a_budget() -> None:
    assert recommend(report(objectives=(budget(-1.0),)), (), days=1) == ()


def test_the_gravest_and_largest_come_first_and_there_is_an_end() -> None:
    many = report(
        flaky_tests=tuple(flaky(f"test {n}", times=3 + n, minutes=5 * n) for n in range(5)),
        endpoints=tuple(endpoint_line(name=f"e{n}", certificate_days=2.0 + n) for n in range(6)),
        custody_since=AT,
        waiting=1,
    )
    found = recommend(many, ())
    assert len(found) == MOST
    assert [given.severity for given in found] == ["critical"] * 2 + ["warning"] * 5 + ["info"]
    assert list(found) == sorted(found, key=lambda given: -given.weight)


def test_a_hostile_title_is_cut_and_stays_one_line() -> None:
    title = "<script>\n\u202e" + "x" * 500
    given = only(recommend(report(issues=(issue_line(title=title),)), ()), "top_issue")
    assert given.sentence.isprintable()
    assert given.sentence.endswith("…")
    assert "without a title" in only(recommend(report(issues=(issue_line(title=" "),)), ()), "top_issue").sentence


# --- what was said before


@pytest.mark.parametrize(
    ("before", "told"),
    [
        pytest.param(148, "Given in the report before, at 2 h: 74 min now, 50 % less. It helps.", id="better"),
        pytest.param(
            37, "Given in the report before, at 37 min: 74 min now, 2 times as much. It has got worse.", id="worse"
        ),
        pytest.param(75, "Given in the report before, at 75 min: nothing has moved.", id="as it was"),
        pytest.param(0, "Given in the report before, at 0 s: 74 min now. It has got worse.", id="from nothing"),
    ],
)
def test_what_was_given_before_says_whether_it_helped(before: float, told: str) -> None:
    known = report(flaky_tests=(flaky(),))
    (given,) = recommend(known, ())
    (again,) = recommend(known, (earlier(given, before),))
    assert again.follow_up == told


def test_only_the_same_thing_of_the_same_project_was_given_before() -> None:
    known = report(flaky_tests=(flaky(),))
    (given,) = recommend(known, ())
    others = (replace(given, project="api"), replace(given, subject="other"), replace(given, rule="reruns"))
    assert recommend(known, others)[0].follow_up == ""


def test_numbers_are_told_in_their_unit() -> None:
    spent = report(objectives=(budget(-1.0),))
    (given,) = recommend(spent, (), days=7)
    assert "at -300 %: -100 % now" in recommend(spent, (earlier(given, -3.0),), days=7)[0].follow_up
    dear = report(cost=DEAR)
    (given,) = recommend(dear, ())
    (given,) = recommend(report(endpoints=(endpoint_line(certificate_days=9.0),)), ())
    ending = report(endpoints=(endpoint_line(certificate_days=9.0),))
    assert (
        "at 12 days: 9 days now, 25 % less. It has got worse." in recommend(ending, (earlier(given, 12),))[0].follow_up
    )
    (given,) = recommend(dear, ())
    assert "at 30.00 USD: 61.20 USD now" in recommend(dear, (earlier(given, 30.0),))[0].follow_up


def test_what_is_done_is_said() -> None:
    (given,) = recommend(report(flaky_tests=(flaky(),)), ())
    done = done_recommendations(report(), (given,))
    assert done == ("No longer needed: Mend or quarantine the test basket in e2e (it was 74 min in the report before)",)


def test_a_longer_period_is_held_against_the_one_before() -> None:
    line = workflow_line(name="nightly", credits=96_500.0, credits_before=12_000.0)
    (given,) = recommend(report(cost=DEAR, workflows=(line,)), (), days=7)
    assert given.evidence.endswith("12,000 in the period before.")
    assert given.effect == "About 3.03 USD a day less."


def test_nothing_is_done_that_cannot_be_known_or_is_still_true() -> None:
    known = report(flaky_tests=(flaky(),))
    (given,) = recommend(known, ())
    blind = report(coverage=Coverage({"circleci": (0, 24)}, ()))
    others = (replace(given, project="api"), replace(given, rule="of a version to come"))
    assert done_recommendations(blind, (given,)) == ()
    assert done_recommendations(known, (given,)) == ()
    assert done_recommendations(report(), others) == ()


def test_a_budget_that_is_still_overspent_is_not_done() -> None:
    spent = report(objectives=(budget(-1.0),))
    given = recommend(spent, (), days=7)
    assert done_recommendations(spent, given, days=7) == ()
    assert len(done_recommendations(report(), given, days=7)) == 1


def test_money_without_a_cost_has_no_currency() -> None:
    (given,) = recommend(report(cost=DEAR), ())
    told: ProjectReport = report(cost=None)
    assert done_recommendations(told, (given,))[0].endswith("(it was 61.2 in the report before)")
