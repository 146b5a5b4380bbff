"""Signals of the latest health check say what it says, and nothing once it is too old."""

from datetime import timedelta
from itertools import pairwise

import pytest

from tests.domain.alert_fact_makers import check, facts, judged, made, value
from tests.domain.makers import MINUTES, NEW, NOW, WINDOW, sample
from watchkeeper.domain.alert_facts import STALE
from watchkeeper.domain.blame import Blame, Fault
from watchkeeper.domain.error_rates import wilson_interval
from watchkeeper.domain.errors import Denominator, judge_errors
from watchkeeper.domain.limits import ErrorLimits
from watchkeeper.domain.verdicts import Component, Gap, Missing, Verdict, unknown

GUILTY = Blame(Fault.RELEASE, "release 3f2c1ab fails more", NEW)
PLATFORM = Blame(Fault.PLATFORM, "Vercel's status page says major: edge")


def with_errors(failures: int, total: int, denominator: Denominator = Denominator.SPANS):  # type: ignore[no-untyped-def] # noqa: ANN201
    judgement = judge_errors(sample((NEW, failures, total), denominator=denominator), (), ErrorLimits(), WINDOW)
    return facts(checks=(check(Verdict.CRITICAL, {Component.ERRORS: judgement}, GUILTY),))


@pytest.mark.parametrize("denominator", Denominator)
def test_the_error_rate_is_what_is_sure_of_it(denominator: Denominator) -> None:
    (rate,) = made("error_rate", with_errors(62, 200, denominator))
    assert rate.value == pytest.approx(100 * wilson_interval(62, 200)[0])
    assert rate.sample == 200
    assert rate.details[0] == f"31 % of 200 {denominator.noun}s fail (62; at least 25 %)"
    assert (rate.release, rate.cause, rate.at) == (NEW, f"release:{NEW}", NOW)


@pytest.mark.parametrize(
    ("failures", "total", "expected"),
    [
        pytest.param(2, 11, 0, id="two of eleven are a suspicion, no proof"),
        pytest.param(0, 50, 0, id="none"),
        pytest.param(3, 10, 10.78, id="three of ten are proof"),
    ],
)
def test_too_few_failures_prove_nothing(failures: int, total: int, expected: float) -> None:
    assert value("error_rate", with_errors(failures, total)) == pytest.approx(expected, abs=0.01)


def test_no_traffic_is_no_error_rate() -> None:
    judgement = judge_errors(Missing(Gap.NO_EVIDENCE, "no request"), (), ErrorLimits(), WINDOW)
    assert value("error_rate", facts(checks=(check(components={Component.ERRORS: judgement}),))) is None
    assert made("error_rate", facts(components=frozenset({Component.BUILDS}))) == ()


NAMES = ("error_rate", "score", "critical_for", "blind", "platform_incident")


@pytest.mark.parametrize("name", NAMES)
def test_a_check_tells_of_now_until_it_is_too_old(name: str) -> None:
    of = facts(checks=(check(Verdict.CRITICAL, {part: judged(Verdict.CRITICAL) for part in Component}),))
    if name != "error_rate":
        assert all(signal.value is not None for signal in made(name, of, NOW + STALE))
    assert all(signal.value is None for signal in made(name, of, NOW + STALE + timedelta(seconds=1)))
    assert all(signal.value is None for signal in made(name, facts(checks=())))


@pytest.mark.parametrize(
    ("blame", "bad", "cause"),
    [
        (GUILTY, Component.ERRORS, f"release:{NEW}"),
        (PLATFORM, Component.ENDPOINTS, "platform:vercel"),
        (Blame(Fault.US, "offline"), Component.ENDPOINTS, "us"),
        (Blame(Fault.UNKNOWN, "who knows"), Component.ENDPOINTS, "endpoints"),
        (Blame(Fault.UNKNOWN, "who knows"), Component.BUILDS, "builds"),
    ],
)
def test_the_score_is_laid_on_what_brought_it_down(blame: Blame, bad: Component, cause: str) -> None:
    parts = {part: judged(Verdict.CRITICAL if part is bad else Verdict.HEALTHY) for part in Component}
    (score,) = made("score", facts(checks=(check(Verdict.CRITICAL, parts, blame),)))
    assert (score.value, score.cause) == (20, cause)


def test_an_unknown_score_is_not_known() -> None:
    assert value("score", facts(checks=(check(Verdict.UNKNOWN),))) is None


@pytest.mark.parametrize(
    ("verdicts", "minutes"),
    [
        ("h", 0),
        ("c", 0),
        ("ccccc", 60),
        ("hcc", 15),
        ("chc", 0),
        ("ccw", 0),
        ("ccu", None),
    ],
)
def test_how_long_it_is_critical(verdicts: str, minutes: float | None) -> None:
    letters = {"h": Verdict.HEALTHY, "w": Verdict.WARNING, "c": Verdict.CRITICAL, "u": Verdict.UNKNOWN}
    ends = [NOW - 15 * MINUTES * back for back in reversed(range(len(verdicts)))]
    checks = tuple(check(letters[v], end=end) for v, end in zip(verdicts, ends, strict=True))
    assert all(a.window.end < b.window.end for a, b in pairwise(checks))
    assert value("critical_for", facts(checks=checks)) == minutes


def test_blind_is_what_could_be_seen_and_was_not() -> None:
    parts = {
        Component.ERRORS: unknown(Gap.NO_EVIDENCE, "no traffic"),
        Component.ENDPOINTS: unknown(Gap.OFFLINE, "our own line"),
        Component.DELIVERY: unknown(Gap.NO_CREDENTIAL, "no token"),
        Component.BUILDS: judged(Verdict.CRITICAL),
    }
    found = {
        dict(s.labels)["component"]: (s.value, s.cause) for s in made("blind", facts(checks=(check(components=parts),)))
    }
    assert found == {"errors": (0, "watch"), "endpoints": (1, "us"), "delivery": (1, "watch"), "builds": (0, "watch")}


def test_an_incident_of_the_platform_is_a_signal_of_its_own() -> None:
    (signal,) = made("platform_incident", facts(checks=(check(Verdict.WARNING, blame=PLATFORM),)))
    assert (signal.value, signal.cause, signal.details[0]) == (1, "platform:vercel", PLATFORM.reason)
    assert value("platform_incident", facts()) == 0
