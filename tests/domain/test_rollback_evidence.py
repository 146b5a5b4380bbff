from dataclasses import replace
from typing import Any

import pytest

from tests.domain.makers import NEW, NOW, OLD, at, judged
from tests.domain.rollback_makers import evidence
from watchkeeper.domain.blame import Blame, Fault
from watchkeeper.domain.error_rates import ErrorCount
from watchkeeper.domain.health import CheckType, HealthCheck
from watchkeeper.domain.rollback_evidence import has_changed, weigh_evidence
from watchkeeper.domain.verdicts import Component, Gap, Missing, Verdict
from watchkeeper.domain.windows import Window

LOST = Missing(Gap.UNAVAILABLE, "Sentry does not answer")
GUILTY = Blame(Fault.RELEASE, "it fails more", NEW)


def check(verdict: Verdict = Verdict.CRITICAL, minutes: float = 0, **other: Any) -> HealthCheck:
    values: dict[str, Any] = {"components": {Component.ERRORS: judged()}, "blame": GUILTY, "release": NEW}
    window = Window(at(minutes + 15), at(minutes))
    score = None if verdict is Verdict.UNKNOWN else 30.0
    return HealthCheck("shop", window, CheckType.FULL, verdict, score, 1.0, (f"it is {verdict}",), **(values | other))


def test_the_case_for_going_back() -> None:
    history = [check(Verdict.HEALTHY, 60), check(Verdict.WARNING, 30), check(Verdict.UNKNOWN, 15), check()]
    found = weigh_evidence(history[-1], ErrorCount(NEW, 40, 300), ErrorCount(OLD, 2, 900), history, NOW, url="u")
    assert (found.at, found.serving, found.verdict, found.fault, found.url) == (
        NOW,
        NEW,
        Verdict.CRITICAL,
        Fault.RELEASE,
        "u",
    )
    assert found.is_worse
    assert found.p_value is not None
    assert found.p_value < 0.0001
    assert found.ratio == pytest.approx(60)
    assert found.since == at(45)
    compared, told = found.reasons
    assert compared.startswith(
        "release 3f2c1ab fails 40 of 300 requests, the one before it (77aa001) 2 of 900: 60 times"
    )
    assert told == "it is critical"


@pytest.mark.parametrize(
    ("verdicts", "since"),
    [
        ((), None),
        ((Verdict.HEALTHY,), None),
        ((Verdict.CRITICAL, Verdict.HEALTHY), None),
        ((Verdict.HEALTHY, Verdict.CRITICAL), 15),
        ((Verdict.CRITICAL, Verdict.UNKNOWN, Verdict.CRITICAL), 45),
        ((Verdict.UNKNOWN,), None),
        ((Verdict.UNKNOWN, Verdict.WARNING), 15),
    ],
)
def test_since_when(verdicts: tuple[Verdict, ...], since: int | None) -> None:
    history = [check(verdict, 15 * place) for place, verdict in reversed(list(enumerate(reversed(verdicts))))]
    found = weigh_evidence(check(), LOST, LOST, history, NOW)
    assert found.since == (None if since is None else at(since))


def test_what_cannot_be_had_is_said() -> None:
    found = weigh_evidence(None, LOST, Missing(Gap.NO_EVIDENCE, "there is no release before"), [], NOW)
    assert (found.verdict, found.fault, found.score, found.serving) == (Verdict.UNKNOWN, Fault.UNKNOWN, None, "")
    assert (found.this, found.p_value, found.is_worse) == (None, None, False)
    assert found.reasons == (
        "Sentry does not answer",
        "there is no release before",
        "no health check tells how production is",
    )


def test_a_release_before_without_requests_is_no_test() -> None:
    found = weigh_evidence(check(), ErrorCount(NEW, 40, 300), ErrorCount(OLD, 0, 0), [], NOW, noun="session")
    assert (found.p_value, found.ratio, found.is_worse, found.noun) == (None, None, False, "session")
    assert "none to compare with" in found.reasons[0]


def test_without_a_check_the_counted_release_is_the_one_that_serves() -> None:
    assert weigh_evidence(None, ErrorCount(NEW, 1, 2), LOST, [], NOW).serving == NEW


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        pytest.param({}, "", id="as it was"),
        pytest.param({"this": ErrorCount(NEW, 90, 700), "score": 20.0}, "", id="worse"),
        pytest.param({"serving": NEW[:7]}, "", id="the same release by a short name"),
        pytest.param({"serving": ""}, "", id="nobody knows what serves"),
        pytest.param({"verdict": Verdict.UNKNOWN, "fault": Fault.UNKNOWN}, "", id="nobody can see"),
        pytest.param({"verdict": Verdict.WARNING}, "", id="only a warning now"),
        pytest.param({"is_worse": False, "this": None}, "", id="not counted any more"),
        pytest.param({"is_worse": False, "this": ErrorCount(NEW, 0, 9)}, "", id="too few to acquit it"),
        pytest.param({"verdict": Verdict.HEALTHY}, "production has recovered: it was critical", id="recovered"),
        pytest.param({"serving": "abcdef0"}, "another release serves now: abcdef0, it was 3f2c1ab", id="newer"),
        pytest.param({"fault": Fault.PLATFORM, "fault_reason": "Vercel is down"}, "Vercel is down", id="the platform"),
        pytest.param({"fault": Fault.US}, "the fault does not lie with release 3f2c1ab any more", id="us"),
        pytest.param({"fault_release": OLD}, "the fault does not lie with release 3f2c1ab", id="another release"),
        pytest.param({"is_worse": False}, "does not fail more than the one before it any more", id="acquitted"),
    ],
)
def test_the_second_look(other: dict[str, Any], reason: str) -> None:
    look = has_changed(evidence(), evidence(**other))
    assert look.must_confirm_again is bool(reason)
    assert reason in " ".join(look.reasons)
    assert not look.is_blocked


def test_what_was_never_bad_cannot_recover() -> None:
    healthy = evidence(verdict=Verdict.HEALTHY, fault=Fault.NONE, is_worse=False)
    assert not has_changed(healthy, replace(healthy, fault=Fault.PLATFORM)).must_confirm_again
