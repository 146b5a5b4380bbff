from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.domain.report_makers import calendar, cost, figure, figures, report
from watchkeeper.domain.blame import Fault
from watchkeeper.domain.metrics import Better
from watchkeeper.domain.outages import Outage
from watchkeeper.domain.period_reports import IssueLine, ProjectReport, ReleaseLine
from watchkeeper.domain.report_words import better_sentences, headline, sentences
from watchkeeper.domain.trends import Direction, Trend, trend_of
from watchkeeper.domain.verdicts import Verdict

DAILY = calendar()
START = DAILY.window.start
MINUTE = timedelta(minutes=1)
BAD = "b" * 40


def named(name: str, verdict: Verdict, **other: Any) -> ProjectReport:
    return replace(report(**other), slug=name.lower(), name=name, verdict=verdict)


def incident(minutes: int, release: str = "") -> Outage:
    fault = Fault.RELEASE if release else Fault.UNKNOWN
    return Outage("shop", START, START + minutes * MINUTE, fault, release, "everything fails")


WELL, WARNED, CRITICAL, UNKNOWN = Verdict.HEALTHY, Verdict.WARNING, Verdict.CRITICAL, Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("projects", "expected"),
    [
        pytest.param([named("Shop", WELL)], "Shop was healthy", id="one"),
        pytest.param([named("Shop", WELL), named("Api", WELL)], "Both projects were healthy", id="both"),
        pytest.param([named(name, WELL) for name in "ABC"], "All 3 projects were healthy", id="all"),
        pytest.param(
            [named("Shop", WELL), named("Api", UNKNOWN)],
            "Shop was healthy; too little is known of Api",
            id="one unknown",
        ),
        pytest.param(
            [named("Shop", WELL), named("Web", WELL), named("Api", UNKNOWN)],
            "Shop and Web were healthy; too little is known of Api",
            id="two of three",
        ),
        pytest.param([named("Api", UNKNOWN)], "Too little is known of Api to call anything well", id="unknown"),
        pytest.param(
            [named("Shop", WARNED), named("Api", WELL)],
            "Shop needs a look; nothing was critical for long",
            id="one warned",
        ),
        pytest.param(
            [named("Shop", WARNED), named("Api", WARNED)],
            "Shop and Api need a look; nothing was critical for long",
            id="two warned",
        ),
        pytest.param(
            [named("Shop", CRITICAL, incidents=(incident(47, BAD),)), named("Api", WARNED), named("Web", UNKNOWN)],
            "Shop was critical for 47 min because of release bbbbbbb; Api needs a look; too little is known of Web",
            id="because of a release",
        ),
        pytest.param(
            [
                named("Shop", CRITICAL, incidents=(incident(30),)),
                named("Api", CRITICAL, incidents=(incident(50),)),
                named("Web", CRITICAL),
                *(named(name, WARNED) for name in "ABCDE"),
            ],
            "Api was critical for 50 min, and so were Shop and Web; A, B, C and 2 more need a look",
            id="the longest first, and many are counted",
        ),
        pytest.param(
            [named("Shop", CRITICAL, incidents=(incident(30),)), named("Api", CRITICAL)],
            "Shop was critical for 30 min, and so was Api",
            id="two",
        ),
        pytest.param([named("Shop", CRITICAL)], "Shop was critical", id="without an incident"),
        pytest.param([named("A", CRITICAL), named("B", CRITICAL)], "A and B were critical", id="two without one"),
        pytest.param([named("Shop", UNKNOWN, is_empty=True)], "Nothing is known of this period", id="empty"),
        pytest.param([], "Nothing is known of this period", id="no project"),
    ],
)
def test_one_sentence_for_all(projects: list[ProjectReport], expected: str) -> None:
    assert headline(projects, DAILY) == expected


def rate(bad: int, total: int, trend: Trend | None = None) -> dict[str, Any]:
    held = {"previous": trend} if trend else {}
    return figures(figure("failures", bad / total, numerator=bad, denominator=total, trends=held))


WORSE = trend_of(0.02, 0.01, Better.LESS, is_significant=True)
BETTER = trend_of(0.01, 0.02, Better.LESS, is_significant=True)
ROSE = Trend(Direction.UP, 0.0002, 0.996, 0.9962, is_significant=True, good=True)
CHANCE = trend_of(0.02, 0.01, Better.LESS, is_significant=False)


@pytest.mark.parametrize(
    ("projects", "expected"),
    [
        pytest.param([report()], "There was no incident", id="nothing"),
        pytest.param(
            [report(incidents=(incident(20), incident(10, BAD)), figures=rate(10, 1_000))],
            "2 incidents, 30 min in all (1 laid on no release); 1 % of 1,000 requests or sessions failed",
            id="incidents and a rate",
        ),
        pytest.param(
            [report(figures=rate(10, 1_000, WORSE))],
            "There was no incident; 1 % of 1,000 requests or sessions failed, more than before",
            id="one is worse",
        ),
        pytest.param(
            [report(figures=rate(10, 1_000, BETTER))],
            "There was no incident; 1 % of 1,000 requests or sessions failed, less than before",
            id="one is better",
        ),
        pytest.param(
            [report(figures=rate(10, 1_000, t)) for t in (WORSE, WORSE, BETTER, CHANCE)],
            "There was no incident; 1 % of 4,000 requests or sessions failed, more than before in 2 and less in 1 of "
            "4 projects",
            id="several",
        ),
    ],
)
def test_how_production_did(projects: list[ProjectReport], expected: str) -> None:
    assert sentences(projects, DAILY)[0] == expected


def release_line(name: str, outcome: str) -> ReleaseLine:
    return ReleaseLine(name, name, START, outcome, 0, 0)


def test_what_was_delivered() -> None:
    lines = (release_line("bbbbbbb", "rolled back"), release_line("ccccccc", "well"))
    shop = named("Shop", WELL, figures=figures(figure("builds", 0.95, numerator=38, denominator=40)), releases=lines,
                 calendar={START.date(): (2, 1)}, broken_since=START)  # fmt: skip
    assert sentences([shop, report()], DAILY)[1] == (
        "2 releases went live, 1 failed (bbbbbbb of Shop); 95 % of 40 builds passed; "
        "the default branch of Shop was left broken"
    )
    none = report(figures=figures(figure("releases", 0.0)))
    assert sentences([none], DAILY)[1] == "no release went live"


@pytest.mark.parametrize(
    ("costs", "expected"),
    [
        pytest.param([cost()], "14.40 USD spent, as expected", id="as expected"),
        pytest.param([cost(actual=20.0, variance=0.39)], "20.00 USD spent, 39 % more than expected", id="more"),
        pytest.param(
            [cost(actual=36.0, variance=1.5)], "36.00 USD spent, 2.5 times as much as expected", id="many times"
        ),
        pytest.param([cost(actual=7.2), cost(actual=7.2)], "14.40 USD spent, 50 % less than expected", id="two, less"),
        pytest.param([cost(variance=None)], "14.40 USD spent", id="nothing to compare with"),
        pytest.param([cost(), cost(variance=None)], "28.80 USD spent", id="one of two cannot be compared"),
        pytest.param(
            [cost(currency="EUR"), cost(variance=None)],
            "14.40 EUR spent, as expected; 14.40 USD spent",
            id="two currencies",
        ),
        pytest.param([cost(actual=None)], "", id="not known"),
    ],
)
def test_what_it_cost(costs: list[Any], expected: str) -> None:
    found = sentences([report(cost=each) for each in costs], DAILY)
    assert (found[1] if len(found) > 1 else "") == expected


def test_what_is_new() -> None:
    fatal = IssueLine("new", "fatal", "SHOP-1", "boom", "pay", 9, 3, START, START, "")
    known = report(figures=figures(figure("new_issues", 4.0), figure("regressed_issues", 1.0)), issues=(fatal,))
    assert sentences([known], DAILY)[-1] == "4 new issues (1 fatal); 1 issue came back"
    quiet = report(figures=figures(figure("new_issues", 0.0), figure("regressed_issues", None)))
    assert sentences([quiet], DAILY)[-1] == "no new issue"


def test_nothing_is_said_of_what_is_not_known() -> None:
    assert sentences([report(is_empty=True)], DAILY) == ()
    assert sentences([named("Shop", UNKNOWN)], DAILY) == ("No incident is known",)


def test_only_what_is_more_than_chance_got_better() -> None:
    def held(name: str, now: float, before: float, better: Better, *, significant: bool | None = True) -> Any:
        trend = trend_of(now, before, better, is_significant=significant)
        return figure(name, now, unit="ms", trends={"previous": trend})

    known = figures(
        held("latency", 80, 100, Better.LESS),
        held("queue", 10, 100, Better.LESS),
        held("worse", 200, 100, Better.LESS),
        held("chance", 80, 100, Better.LESS, significant=False),
        held("untested", 80, 100, Better.LESS, significant=None),
        held("first", 80, 0, Better.MORE),
        replace(held("share", 0.9962, 0.996, Better.MORE), unit="%", trends={"previous": ROSE}),
        figure("alone", 3.0),
    )
    assert better_sentences(report(figures=known)) == (
        "queue: 10 ms after 100 ms, 90 % less",
        "latency: 80 ms after 100 ms, 20 % less",
        "share: 99.62 % after 99.6 %",
    )
