from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.makers import NOW, at, endpoint, probe
from watchkeeper.domain.endpoints import (
    Endpoint,
    EndpointReport,
    Probe,
    ProbeFailure,
    down_endpoints,
    endpoint_states,
    judge_endpoints,
)
from watchkeeper.domain.limits import EndpointLimits
from watchkeeper.domain.verdicts import Gap, Judgement, Missing, Verdict

LIMITS = EndpointLimits()
DAY = timedelta(days=1)


def story(text: str, name: str = "home") -> list[Probe]:
    """Return one probe a minute up to now: `.` is right, `x` a failure."""
    failures = {".": None, "x": ProbeFailure.STATUS}
    return [probe(len(text) - n - 1, failures[mark], name) for n, mark in enumerate(text)]


def judge(*probes: Probe, earlier: list[Probe] | None = None, endpoints: tuple[Endpoint, ...] = ()) -> Judgement:
    return judge_endpoints(EndpointReport(probes), endpoints or (endpoint(),), earlier or [], LIMITS, NOW)


@pytest.mark.parametrize(
    ("text", "down"),
    [
        pytest.param(".", False, id="up"),
        pytest.param("xx", False, id="two failures are not confirmed"),
        pytest.param("xxx", True, id="three in a row"),
        pytest.param("xx.x.xx", False, id="never three in a row"),
        pytest.param("xxx.", True, id="one success is no recovery"),
        pytest.param("xxx..", False, id="two are"),
        pytest.param("xxx.x.x.", True, id="never two successes in a row"),
        pytest.param("xxx..xx", False, id="up again, and failing unconfirmed"),
        pytest.param("....xxx", True, id="after a good while"),
    ],
)
def test_down_after_three_failures_up_after_two_successes(text: str, *, down: bool) -> None:
    assert (down_endpoints(story(text), LIMITS) == frozenset({"home"})) is down


def test_down_since_the_first_failure_of_the_row() -> None:
    state = endpoint_states(story(".x.xxxx."), LIMITS)["home"]
    assert (state.down, state.since, state.in_a_row) == (True, at(4), 1)


def test_endpoints_do_not_mix() -> None:
    mixed = story("xx.", "a") + story("xxx", "b") + story("xx", "c")
    assert down_endpoints(mixed, LIMITS) == frozenset({"b"})


def test_a_working_endpoint_is_healthy() -> None:
    judgement = judge(*story("..."))
    assert (judgement.verdict, judgement.score) == (Verdict.HEALTHY, 100)
    assert judgement.reasons == ("home answers in 120 ms",)


def test_a_confirmed_failure_is_critical_and_says_why() -> None:
    judgement = judge(*story("xxx"), earlier=[probe(60)])
    assert (judgement.verdict, judgement.score) == (Verdict.CRITICAL, 0)
    assert judgement.reasons[0] == "home is down since 2026-09-22 10:28 UTC: the answer was status"


def test_an_endpoint_that_recovers_is_down_until_it_is_confirmed() -> None:
    earlier = [p for p in story("xxx..") if not p.ok]
    assert judge(probe(1), probe(0), earlier=earlier).verdict is Verdict.HEALTHY
    judgement = judge(probe(0), earlier=earlier)
    assert judgement.verdict is Verdict.CRITICAL
    assert judgement.reasons[0].endswith("it answered again 1 of the 2 times needed")


def test_an_unconfirmed_failure_of_an_endpoint_that_was_up_is_a_note() -> None:
    judgement = judge(*story("xx"), earlier=[probe(20)])
    assert (judgement.verdict, judgement.score) == (Verdict.HEALTHY, 70)
    assert judgement.reasons[0].startswith("not enough evidence: home failed 2 times")


def test_an_unconfirmed_failure_without_any_success_is_not_health() -> None:
    judgement = judge(*story("x"))
    assert (judgement.verdict, judgement.gap) == (Verdict.UNKNOWN, Gap.NO_EVIDENCE)
    assert judgement.reasons[0].startswith("not enough evidence: home failed once, which is not confirmed yet")


def test_one_of_several_down_is_critical_and_less_bad_than_all() -> None:
    endpoints = endpoint("a"), endpoint("b")
    one = judge(*story("xxx", "a"), *story("...", "b"), endpoints=endpoints)
    both = judge(*story("xxx", "a"), *story("xxx", "b"), endpoints=endpoints)
    assert (one.verdict, one.score) == (Verdict.CRITICAL, 24)
    assert (both.verdict, both.score) == (Verdict.CRITICAL, 0)


def test_probes_kept_since_do_not_change_the_past() -> None:
    assert (
        judge(probe(5), probe(4), earlier=[probe(-n, ProbeFailure.DNS) for n in (1, 2, 3)]).verdict is Verdict.HEALTHY
    )


def test_a_probe_that_was_kept_and_reported_counts_once() -> None:
    failed = story("xx")
    assert judge(*failed, earlier=[probe(20), *failed]).verdict is Verdict.HEALTHY


def test_an_endpoint_that_was_not_probed_is_not_health() -> None:
    judgement = judge(*story("..", "a"), endpoints=(endpoint("a"), endpoint("b")))
    assert (judgement.verdict, judgement.gap) == (Verdict.UNKNOWN, Gap.UNAVAILABLE)
    assert judgement.reasons == ("b could not be probed",)


def test_an_endpoint_that_was_not_probed_does_not_hide_one_that_is_down() -> None:
    judgement = judge(*story("xxx", "a"), endpoints=(endpoint("a"), endpoint("b")))
    assert judgement.verdict is Verdict.CRITICAL
    assert "b could not be probed" in judgement.reasons


def test_a_probe_of_an_endpoint_that_is_no_more_configured_counts_for_nothing() -> None:
    assert judge(*story(".."), *story("xxx", "gone")).verdict is Verdict.HEALTHY


def test_nothing_configured_is_meant() -> None:
    assert judge_endpoints(EndpointReport(()), (), [], LIMITS, NOW).gap is Gap.NOT_CONFIGURED


def test_without_connectivity_of_our_own_nothing_is_judged() -> None:
    judgement = judge_endpoints(EndpointReport(tuple(story("xxx")), online=False), [endpoint()], [], LIMITS, NOW)
    assert (judgement.verdict, judgement.gap) == (Verdict.UNKNOWN, Gap.OFFLINE)


def test_a_missing_report_keeps_its_gap() -> None:
    judgement = judge_endpoints(Missing(Gap.NOT_ASKED, "not asked"), [endpoint()], [], LIMITS, NOW)
    assert (judgement.gap, judgement.reasons) == (Gap.NOT_ASKED, ("not asked",))


@pytest.mark.parametrize(
    ("latency", "verdict", "score"),
    [
        pytest.param(750, Verdict.HEALTHY, 100, id="half of the limit"),
        pytest.param(1_500, Verdict.HEALTHY, 70, id="at the limit"),
        pytest.param(1_501, Verdict.WARNING, 69, id="above it"),
        pytest.param(5_000, Verdict.WARNING, 50, id="at the critical limit"),
        pytest.param(5_001, Verdict.CRITICAL, 49, id="above that"),
        pytest.param(60_000, Verdict.CRITICAL, 0, id="without end"),
    ],
)
def test_latency_limits(latency: float, verdict: Verdict, score: float) -> None:
    judgement = judge(probe(1, total_ms=latency), probe(0, total_ms=latency))
    assert (judgement.verdict, judgement.score) == (verdict, score)


def test_a_slow_endpoint_says_its_limit() -> None:
    judgement = judge(probe(1, total_ms=1_900), probe(0, total_ms=1_900))
    assert judgement.reasons == ("home answers in 1,900 ms, limit 1,500 ms",)


def test_one_slow_answer_is_no_slow_endpoint() -> None:
    assert judge(probe(0, total_ms=9_000)).verdict is Verdict.HEALTHY
    assert judge(probe(0, total_ms=9_000), earlier=[probe(15)]).verdict is Verdict.HEALTHY


def test_an_endpoint_has_limits_of_its_own() -> None:
    slow = endpoint(latency_warning_ms=3_000, latency_critical_ms=4_000)
    probes = [probe(n, total_ms=2_000) for n in (0, 1)]
    assert judge(*probes, endpoints=(slow,)).verdict is Verdict.HEALTHY


def test_an_answer_without_its_time_is_an_answer() -> None:
    assert judge(probe(0, total_ms=None)).reasons == ("home answers",)


@pytest.mark.parametrize(
    ("left", "verdict"),
    [
        pytest.param(timedelta(days=21), Verdict.HEALTHY, id="at the limit"),
        pytest.param(timedelta(days=21, seconds=-1), Verdict.WARNING, id="below it"),
        pytest.param(timedelta(days=3), Verdict.WARNING, id="at the critical limit"),
        pytest.param(timedelta(days=3, seconds=-1), Verdict.CRITICAL, id="below that"),
        pytest.param(timedelta(), Verdict.CRITICAL, id="over"),
        pytest.param(-5 * DAY, Verdict.CRITICAL, id="long over"),
    ],
)
def test_certificate_limits(left: timedelta, verdict: Verdict) -> None:
    assert judge(probe(1), probe(0, certificate_expires_at=NOW + left)).verdict is verdict


def test_a_certificate_that_expires_is_named() -> None:
    judgement = judge(probe(0, certificate_expires_at=NOW + 9 * DAY))
    assert judgement.reasons[0] == "the certificate of home expires in 9 days, on 2026-10-01 10:30 UTC"


def test_the_evidence_of_an_endpoint() -> None:
    facts = {f.name: f for f in judge(*story(".."), probe(0, certificate_expires_at=NOW + 90 * DAY)).evidence}
    assert (facts["home: right answers"].value, facts["home: right answers"].url) == (
        "3 of 3",
        "https://shop.example/home",
    )
    assert (facts["home: latency, median"].value, facts["home: latency, median"].unit) == (120, "ms")
    assert (facts["home: last status"].value, facts["home: certificate holds"].value) == (200, 90)


marks = st.text(".x", min_size=1, max_size=12)


@given(marks, marks, st.randoms())
def test_the_order_of_probes_does_not_matter(a: str, b: str, chance: object) -> None:
    endpoints = endpoint("a"), endpoint("b")
    probes = story(a, "a") + story(b, "b")
    usual = judge(*probes, endpoints=endpoints)
    chance.shuffle(probes)  # type: ignore[attr-defined]
    assert judge(*probes, endpoints=endpoints[::-1]) == usual


@given(marks, st.integers(0, 11))
def test_one_more_failure_never_raises_the_score(text: str, place: int) -> None:
    place %= len(text)
    before = judge(probe(20), *story(text))
    after = judge(probe(20), *story(f"{text[:place]}x{text[place + 1 :]}"))
    assert before.score is not None
    assert after.score is not None
    assert after.score <= before.score
