from datetime import timedelta
from typing import Any

import pytest

from tests.domain.report_makers import NOW, calendar, cost, endpoint_line, figure, figures, report
from watchkeeper.domain.blame import Fault
from watchkeeper.domain.limits import HealthLimits
from watchkeeper.domain.outages import Outage
from watchkeeper.domain.period_reports import Coverage, IssueLine, Objective, ReleaseLine, ReportPeriod
from watchkeeper.domain.report_verdicts import critical_time, judge_period
from watchkeeper.domain.verdicts import Verdict

DAILY, MONTHLY = calendar(), calendar(ReportPeriod.MONTHLY)
START = DAILY.window.start
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
MISSED = Objective("Availability", 0.999, 0.99, 990, 1_000, -9.0)


def judged(**other: Any) -> tuple[Verdict, list[str]]:
    return judge_period(report(**other), HealthLimits(), DAILY)


def incident(start: float, minutes: float | None) -> Outage:
    begun = START + start * HOUR
    ended = None if minutes is None else begun + minutes * MINUTE
    return Outage("shop", begun, ended, Fault.UNKNOWN, "", "everything fails")


def failures(bad: int, total: int, low: float) -> dict[str, Any]:
    return figures(figure("failures", bad / total, numerator=bad, denominator=total, sample=total, interval=(low, 1)))


def release_line(outcome: str) -> ReleaseLine:
    return ReleaseLine("bbbbbbb", "b" * 40, START, outcome, 3, 100)


def fatal(kind: str) -> IssueLine:
    return IssueLine(kind, "fatal", "SHOP-1", "boom", "pay", 9, 3, START, START, "")


@pytest.mark.parametrize(
    ("other", "verdict", "reason"),
    [
        pytest.param({}, Verdict.HEALTHY, "it was never critical", id="nothing bad"),
        pytest.param({"incidents": (incident(1, 29),)}, Verdict.WARNING, "critical for 29 min: everything", id="short"),
        pytest.param(
            {"incidents": (incident(1, 30),)}, Verdict.CRITICAL, "critical for 30 min: every", id="half an hour"
        ),
        pytest.param(
            {"incidents": (incident(1, 15), incident(5, 15))},
            Verdict.CRITICAL,
            "30 min in 2 incidents",
            id="in two parts",
        ),
        pytest.param({"incidents": (incident(23.9, None),)}, Verdict.CRITICAL, "and it is not over", id="it lasts"),
        pytest.param(
            {"incidents": (incident(-5, 310),)},
            Verdict.WARNING,
            "critical for 10 min",
            id="only what lies in the window",
        ),
        pytest.param(
            {"figures": failures(80, 1_000, 0.06)},
            Verdict.CRITICAL,
            "8 % of 1,000 failed",
            id="above the critical limit",
        ),
        pytest.param(
            {"figures": failures(40, 1_000, 0.03)}, Verdict.WARNING, "limit 2.5 %", id="above the warning limit"
        ),
        pytest.param({"figures": failures(40, 1_000, 0.02)}, Verdict.HEALTHY, "4 % of 1,000", id="perhaps by chance"),
        pytest.param({"figures": failures(2, 20, 0.03)}, Verdict.HEALTHY, "never", id="two failures prove nothing"),
        pytest.param({"figures": failures(4, 9, 0.2)}, Verdict.HEALTHY, "never", id="nine requests prove nothing"),
        pytest.param(
            {"objectives": (MISSED,)},
            Verdict.WARNING,
            "Availability was 99 % instead of the 99.9 %",
            id="a promise broken",
        ),
        pytest.param(
            {"objectives": (Objective("Availability", 0.999, None, 0, 0, None),)}, Verdict.HEALTHY, "", id="not known"
        ),
        pytest.param(
            {"score": 69.0}, Verdict.WARNING, "the health score was 69 in the mean, below 70", id="a low score"
        ),
        pytest.param({"score": 49.0}, Verdict.CRITICAL, "below 50", id="a very low score"),
        pytest.param({"score": None}, Verdict.HEALTHY, "", id="no score"),
        pytest.param(
            {"endpoints": (endpoint_line(certificate_days=20.0),)}, Verdict.WARNING, "ends in 20 days", id="certificate"
        ),
        pytest.param(
            {"endpoints": (endpoint_line(certificate_days=2.0),)},
            Verdict.CRITICAL,
            "ends in 2 days",
            id="all but ended",
        ),
        pytest.param(
            {"endpoints": (endpoint_line(p95_ms=1_800.0, is_slow=True),)},
            Verdict.WARNING,
            "home took 1,800 ms for 5 % of its answers or longer, limit 1,500 ms",
            id="slow",
        ),
        pytest.param(
            {"releases": (release_line("rolled back"), release_line("well")), "calendar": {START.date(): (5, 1)}},
            Verdict.WARNING,
            "1 of 5 releases failed: bbbbbbb (rolled back)",
            id="a release failed",
        ),
        pytest.param(
            {"releases": (release_line("well"),), "calendar": {START.date(): (1, 0)}},
            Verdict.HEALTHY,
            "1 release went live, none failed",
            id="releases that did well",
        ),
        pytest.param(
            {"custody_since": NOW - 5 * HOUR, "waiting": 3},
            Verdict.WARNING,
            "held at an earlier release for 5 h: 3 newer builds did not go live",
            id="custody",
        ),
        pytest.param({"custody_since": NOW - 5 * HOUR}, Verdict.WARNING, "release for 5 h", id="custody, nobody waits"),
        pytest.param({"issues": (fatal("new"),)}, Verdict.WARNING, "1 fatal issue appeared or came back", id="fatal"),
        pytest.param({"issues": (fatal("top"),)}, Verdict.HEALTHY, "", id="an old fatal issue is no news"),
        pytest.param(
            {"broken_since": NOW - 20 * HOUR}, Verdict.WARNING, "default branch was broken at the end", id="branch"
        ),
        pytest.param(
            {"cost": cost(actual=22.0, variance=0.53, verdict=Verdict.CRITICAL)},
            Verdict.WARNING,
            "it cost 22.00 USD, 53 % more than the 14.40 USD expected",
            id="money breaks nothing",
        ),
        pytest.param({"cost": cost()}, Verdict.HEALTHY, "", id="as expected"),
        pytest.param({"cost": cost(variance=None, verdict=Verdict.UNKNOWN)}, Verdict.HEALTHY, "", id="cost unknown"),
    ],
)
def test_how_a_period_was(other: dict[str, Any], verdict: Verdict, reason: str) -> None:
    found, reasons = judged(**other)
    assert found is verdict
    assert any(reason in each for each in reasons)


@pytest.mark.parametrize(
    ("hours", "verdict", "reason"),
    [
        pytest.param({"sentry": (24, 24)}, Verdict.HEALTHY, "never", id="errors are enough"),
        pytest.param({"sentry": (12, 24)}, Verdict.HEALTHY, "never", id="half the hours"),
        pytest.param(
            {"sentry": (11, 24)}, Verdict.UNKNOWN, "too little is known of sentry (11 of 24 hours)", id="less"
        ),
        pytest.param(
            {"sentry": (24, 24), "endpoints": (0, 24)}, Verdict.UNKNOWN, "endpoints (0 of 24", id="one of two"
        ),
        pytest.param({"circleci": (24, 24)}, Verdict.UNKNOWN, "neither errors nor endpoints", id="nothing vital"),
        pytest.param({}, Verdict.UNKNOWN, "neither errors nor endpoints", id="nothing at all"),
    ],
)
def test_silence_is_no_health(hours: dict[str, tuple[int, int]], verdict: Verdict, reason: str) -> None:
    found, reasons = judged(coverage=Coverage(hours, ()))
    assert found is verdict
    assert reason in reasons[0]


def test_what_nobody_had_begun_to_watch_is_said() -> None:
    found, reasons = judged(coverage=Coverage({"sentry": (24, 24), "endpoints": (0, 24)}, (), ("endpoints",)))
    assert (found, reasons[-1]) == (Verdict.HEALTHY, "endpoints were not watched yet")
    assert judged(coverage=Coverage({"endpoints": (0, 24)}, (), ("endpoints",)))[0] is Verdict.UNKNOWN


def test_why_little_is_known_is_said() -> None:
    _, reasons = judged(coverage=Coverage({"sentry": (0, 24)}, ("sentry: the token was refused (24 hours)",)))
    assert reasons == ["too little is known of sentry (0 of 24 hours: the token was refused)"]


def test_what_is_bad_is_bad_whatever_is_not_known() -> None:
    found, reasons = judged(coverage=Coverage({"sentry": (0, 24)}, ()), incidents=(incident(1, 10),))
    assert found is Verdict.WARNING
    assert len(reasons) == 2


def test_an_overspent_month_is_critical() -> None:
    found, reasons = judge_period(report(objectives=(MISSED,)), HealthLimits(), MONTHLY)
    assert found is Verdict.CRITICAL
    assert reasons[0].endswith("the error budget is overspent")


def test_the_weightiest_reason_comes_first() -> None:
    _, reasons = judged(
        incidents=(incident(1, 10),), score=40.0, endpoints=(endpoint_line(p95_ms=1_800.0, is_slow=True),)
    )
    assert "score" in reasons[0]
    assert "10 min" in reasons[1]


def test_what_went_well_is_told_with_its_numbers() -> None:
    known = figures(
        figure("failures", 0.003, numerator=3, denominator=1_000, sample=1_000, interval=(0.001, 0.008)),
        figure("availability", 0.9995, sample=2_000),
    )
    _, reasons = judged(figures=known)
    assert reasons == ["it was never critical", "0.3 % of 1,000 failed", "99.95 % of 2,000 probes were answered"]


def test_a_rate_without_a_number_says_nothing() -> None:
    assert judged(figures=figures(figure("failures", None), figure("availability", None)))[0] is Verdict.HEALTHY


def test_time_outside_of_the_window_is_not_counted() -> None:
    known = report(incidents=(incident(-1, 90), incident(23.5, None)))
    assert critical_time(known, DAILY.window, NOW) == timedelta(minutes=60)
    assert critical_time(report(incidents=(incident(30, 10),)), DAILY.window, NOW) == timedelta(0)
