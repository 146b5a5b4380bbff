"""An endpoint is down when enough probes say so and our own line works; up again when enough probes say that."""

from datetime import timedelta
from typing import Any

import pytest

from tests.domain.alert_fact_makers import check, facts, made, value
from tests.domain.makers import MINUTES, NOW, at, endpoint, probe
from watchkeeper.domain.blame import Blame, Fault
from watchkeeper.domain.endpoints import DOWN, Probe, ProbeFailure
from watchkeeper.domain.verdicts import Component, Finding, Gap, Verdict, conclude, unknown

BAD, GONE = ProbeFailure.STATUS, ProbeFailure.CONNECT


def probes(course: str) -> tuple[Probe, ...]:
    """Return probes three minutes apart, the last one now: `.` right, `x` a wrong answer, `o` no answer at all."""
    kinds: dict[str, dict[str, Any]] = {".": {}, "x": {"failure": BAD, "status": 503}, "o": {"failure": GONE}}
    minutes = [3.0 * back for back in reversed(range(len(course)))]
    return tuple(probe(age, **kinds[letter]) for age, letter in zip(minutes, course, strict=True))


@pytest.mark.parametrize(
    ("course", "expected"),
    [
        pytest.param("....", 0, id="right"),
        pytest.param(".", 0, id="right once, and never wrong"),
        pytest.param("..x", None, id="one is no proof"),
        pytest.param("..xx", None, id="two are no proof"),
        pytest.param(".xxx", 1, id="three in a row"),
        pytest.param("xxx.", None, id="one right answer is not enough to be up"),
        pytest.param("xxx..", 0, id="two are"),
        pytest.param("xxx.x", 1, id="a right answer in between does not count"),
        pytest.param("x.x.x.x.", None, id="now this, now that"),
        pytest.param("", None, id="nobody has asked"),
    ],
)
def test_down(course: str, expected: float | None) -> None:
    assert value("endpoint_down", facts(probes=probes(course))) == expected


def test_an_old_probe_tells_nothing_of_now() -> None:
    assert value("endpoint_down", facts(probes=probes(".xxx")), NOW + 36 * MINUTES) is None


def test_it_says_why() -> None:
    (down,) = made("endpoint_down", facts(probes=probes("xxx")))
    assert down.details == ("home is down: the answer was status",)
    assert down.url == endpoint().url


OFFLINE = check(
    components={Component.ENDPOINTS: unknown(Gap.OFFLINE, "our own line")}, blame=Blame(Fault.US, "our own line")
)
SEEN = check(
    Verdict.CRITICAL, {Component.ENDPOINTS: conclude([Finding(Verdict.CRITICAL, f"home{DOWN}10:20: refused", 0)])}
)


@pytest.mark.parametrize(
    ("answered", "last", "expected"),
    [
        pytest.param((), check(), None, id="nothing answers us: it may be our own line"),
        pytest.param((at(0),), check(), 1, id="something else answers us"),
        pytest.param((at(4),), check(), None, id="something answered us before that"),
        pytest.param((), SEEN, 1, id="the check has made sure of our line"),
        pytest.param((), OFFLINE, None, id="the check says that our line is down"),
    ],
)
def test_no_answer_at_all_may_be_our_own_line(answered, last, expected) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    assert value("endpoint_down", facts(probes=probes("ooo"), answered=answered, checks=(last,))) == expected


def test_an_endpoint_that_nobody_has_asked_has_a_signal_all_the_same() -> None:
    both = facts(probes=probes("..."), endpoints=(endpoint(), endpoint("api")))
    assert [(dict(s.labels)["endpoint"], s.value) for s in made("endpoint_down", both)] == [("home", 0), ("api", None)]
    assert made("endpoint_down", facts(endpoints=())) == ()


@pytest.mark.parametrize(
    ("own", "times", "ms"),
    [(None, 2.0, 3000.0), (6000.0, 0.5, 3000.0)],
    ids=["the limit of the project", "a limit of its own"],
)
def test_slowness_is_measured_by_the_limit_of_the_endpoint(own: float | None, times: float, ms: float) -> None:
    slow = (probe(3, total_ms=3000.0), probe(0, total_ms=3000.0))
    of = facts(probes=slow, endpoints=(endpoint(latency_warning_ms=own),))
    assert value("endpoint_slowness", of) == times
    assert value("endpoint_latency", of) == ms


def test_one_slow_answer_is_no_slow_endpoint() -> None:
    assert value("endpoint_slowness", facts(probes=(probe(0, total_ms=9000.0),))) is None


@pytest.mark.parametrize(
    ("days", "told"),
    [(5, "the certificate of home expires on 2026-09-27"), (-1, "the certificate of home expired on 2026-09-21")],
)
def test_certificates(days: float, told: str) -> None:
    seen = facts(probes=(probe(0, certificate_expires_at=NOW + timedelta(days=days)),))
    (signal,) = made("certificate", seen)
    assert signal.value == days
    assert signal.details[0].startswith(told)


def test_without_tls_there_is_no_certificate_and_without_an_answer_none_is_known() -> None:
    assert made("certificate", facts(probes=probes(".."))) == ()
    assert value("certificate", facts(probes=probes("ooo"))) is None
