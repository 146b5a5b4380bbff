from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.makers import NEW, NOW, OLD, WINDOW, at, issue, sample
from watchkeeper.domain.errors import (
    Denominator,
    ErrorCount,
    ErrorReport,
    ErrorSample,
    Issue,
    SessionReading,
    error_sample,
    judge_errors,
)
from watchkeeper.domain.limits import ErrorLimits
from watchkeeper.domain.verdicts import Gap, Judgement, Missing, Verdict

LIMITS = ErrorLimits()
HOUR = NOW - timedelta(minutes=30)


def judge(*counts: tuple[str, int, int], issues: tuple[Issue, ...] = (), limits: ErrorLimits = LIMITS) -> Judgement:
    return judge_errors(sample(*counts), issues, limits, WINDOW)


@pytest.mark.parametrize(
    ("failures", "total", "verdict"),
    [
        pytest.param(0, 0, Verdict.UNKNOWN, id="no traffic is not health"),
        pytest.param(9, 9, Verdict.UNKNOWN, id="one request short of enough"),
        pytest.param(0, 10, Verdict.HEALTHY, id="just enough"),
        pytest.param(1, 11, Verdict.HEALTHY, id="one failure of few is no rate"),
        pytest.param(2, 11, Verdict.HEALTHY, id="two of eleven are a suspicion, no proof"),
        pytest.param(3, 11, Verdict.CRITICAL, id="three of eleven are a proof"),
        pytest.param(25, 1_000, Verdict.HEALTHY, id="2.5 %, at the limit"),
        pytest.param(34, 1_000, Verdict.HEALTHY, id="3.4 % may still be 2.5 %"),
        pytest.param(35, 1_000, Verdict.WARNING, id="3.5 % is above it"),
        pytest.param(50, 1_000, Verdict.WARNING, id="5 %, at the critical limit"),
        pytest.param(63, 1_000, Verdict.WARNING, id="6.3 % may still be 5 %"),
        pytest.param(64, 1_000, Verdict.CRITICAL, id="6.4 % is above it"),
        pytest.param(1_000, 1_000, Verdict.CRITICAL, id="everything fails"),
        pytest.param(10**7, 4 * 10**8, Verdict.HEALTHY, id="2.5 % of very many"),
        pytest.param(10**7 + 10**5, 4 * 10**8, Verdict.WARNING, id="just above, of very many"),
    ],
)
def test_the_lower_bound_must_cross_the_limit(failures: int, total: int, verdict: Verdict) -> None:
    assert judge((NEW, failures, total)).verdict is verdict


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ([(NEW, 40, 412)], "9.7 % of 412 requests fail (40; at least 7.2 %), limit 5 %"),
        ([(NEW, 37, 1000)], "3.7 % of 1,000 requests fail (37; at least 2.7 %), limit 2.5 %"),
        ([(NEW, 1, 412)], "0.2 % of 412 requests fail (1; at least 0.04 %), limit 2.5 %"),
        ([(NEW, 0, 412)], "none of 412 requests failed"),
        ([(NEW, 200, 412)], "far above the limit 5 %: an emergency"),
        ([(NEW, 2, 11)], "a suspicion, no proof, with fewer than 3 failures"),
        ([(NEW, 1, 3)], "not enough evidence: 7 more requests needed (1 of 3 failed)."),
        ([(NEW, 0, 9)], "not enough evidence: 1 more request needed"),
        ([], "not enough evidence: 10 more requests needed (none came)."),
    ],
)
def test_reasons_are_sentences_with_numbers(counts: list[tuple[str, int, int]], reason: str) -> None:
    assert reason in judge(*counts).reasons[0]


def test_sessions_are_called_sessions() -> None:
    judgement = judge_errors(sample((NEW, 0, 4), denominator=Denominator.SESSIONS), (), LIMITS, WINDOW)
    assert "6 more sessions needed" in judgement.reasons[0]


def test_too_few_requests_are_a_gap_of_evidence_with_what_there_is() -> None:
    judgement = judge((NEW, 1, 3))
    assert judgement.gap is Gap.NO_EVIDENCE
    assert ("failed requests", 1) in [(fact.name, fact.value) for fact in judgement.evidence]


def test_the_evidence_names_numbers_units_and_links() -> None:
    judgement = judge_errors(
        sample((NEW, 38, 300), (OLD, 2, 112), crash_free_rate=0.9876, url="https://sentry.example/x"),
        (),
        LIMITS,
        WINDOW,
    )
    facts = {fact.name: fact for fact in judgement.evidence}
    assert (facts["failed requests"].value, facts["requests"].value) == (40, 412)
    assert facts["requests"].url == "https://sentry.example/x"
    assert (facts["failure rate"].value, facts["failure rate"].unit) == (9.709, "%")
    assert facts["failure rate, at least"].value == pytest.approx(7.21, abs=0.01)
    assert facts["counted against"].value == "spans"
    assert facts["counted"].value == "from 2026-09-22 10:15 to 2026-09-22 10:30 UTC"
    assert facts["sessions without a crash"].value == 98.76
    assert facts["release 3f2c1ab"].value == "38 of 300 requests failed"


@pytest.mark.parametrize(
    ("canary", "base", "verdict"),
    [
        pytest.param((NEW, 20, 50), (OLD, 1, 950), Verdict.WARNING, id="a canary that fails among many that do not"),
        pytest.param((NEW, 2, 50), (OLD, 1, 950), Verdict.HEALTHY, id="two failures prove nothing"),
        pytest.param((NEW, 9, 9), (OLD, 0, 400), Verdict.HEALTHY, id="too few requests to judge it alone"),
        pytest.param((NEW, 10, 19), (OLD, 0, 981), Verdict.HEALTHY, id="too small a share, as of old tabs"),
        pytest.param(("", 20, 50), (OLD, 1, 950), Verdict.HEALTHY, id="failures without a release name"),
    ],
)
def test_a_rolling_release_is_judged_for_itself(
    canary: tuple[str, int, int], base: tuple[str, int, int], verdict: Verdict
) -> None:
    assert judge(canary, base).verdict is verdict


def test_a_canary_is_named() -> None:
    assert judge((NEW, 20, 50), (OLD, 1, 950)).reasons[0].startswith("release 3f2c1ab fails 20 of 50 requests")


def test_a_grave_new_issue_warns_although_the_rate_is_fine() -> None:
    judgement = judge((NEW, 1, 412), issues=(issue(count=7),))
    assert judgement.verdict is Verdict.WARNING
    assert "new issue: SHOP-1" in judgement.reasons[0]


def test_a_curiosity_is_a_note() -> None:
    judgement = judge((NEW, 1, 412), issues=(issue(),))
    assert judgement.verdict is Verdict.HEALTHY
    assert any("SHOP-1" in reason for reason in judgement.reasons)


def test_a_grave_new_issue_is_told_although_the_rate_is_unknown() -> None:
    judgement = judge((NEW, 1, 3), issues=(issue(count=7),))
    assert judgement.verdict is Verdict.WARNING
    assert judgement.reasons[-1].startswith("the failure rate is unknown: not enough evidence")


def test_a_curiosity_does_not_make_the_unknown_known() -> None:
    judgement = judge((NEW, 1, 3), issues=(issue(),))
    assert judgement.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("gap", [Gap.NO_CREDENTIAL, Gap.REFUSED, Gap.UNAVAILABLE, Gap.NOT_ASKED, Gap.NOT_CONFIGURED])
def test_a_missing_sample_keeps_its_gap_and_reason(gap: Gap) -> None:
    judgement = judge_errors(Missing(gap, "the way out"), (), LIMITS, WINDOW)
    assert (judgement.verdict, judgement.gap, judgement.reasons) == (Verdict.UNKNOWN, gap, ("the way out",))


# ------------------------------------------------------------------ where the sample comes from


def reading(taken_at: float, failures: int, total: int) -> SessionReading:
    return SessionReading(HOUR, at(taken_at), (ErrorCount(NEW, failures, total),))


def taken(report: ErrorReport, *earlier: SessionReading) -> ErrorSample:
    found = error_sample(report, earlier, WINDOW)
    assert isinstance(found, ErrorSample)
    return found


def test_spans_come_first() -> None:
    report = ErrorReport(spans=(ErrorCount(NEW, 1, 20),), readings=(reading(0, 9, 90),), crash_free_rate=0.9, url="u")
    found = taken(report)
    assert (found.denominator, found.failures, found.total) == (Denominator.SPANS, 1, 20)
    assert (found.window, found.note, found.crash_free_rate, found.url) == (WINDOW, "", 0.9, "u")


@pytest.mark.parametrize("spans", [(), (ErrorCount(NEW, 0, 0),)])
def test_else_sessions_as_the_difference_of_two_readings(spans: tuple[ErrorCount, ...]) -> None:
    found = taken(ErrorReport(spans=spans, readings=(reading(0, 4, 160),)), reading(15, 1, 100))
    assert (found.denominator, found.failures, found.total) == (Denominator.SESSIONS, 3, 60)
    assert (found.window, found.note) == (WINDOW, "")


def test_a_widened_window_is_said() -> None:
    found = taken(ErrorReport(readings=(reading(-1, 4, 160),)))
    assert found.window.start == HOUR
    assert found.note.startswith("Sessions were counted from 2026-09-22 10:00 to 2026-09-22 10:31 UTC")
    assert found.note in judge_errors(found, (), LIMITS, WINDOW).reasons


def test_an_hour_that_was_counted_anew_is_said() -> None:
    found = taken(ErrorReport(readings=(reading(0, 1, 90),)), reading(15, 1, 100))
    assert (found.failures, found.total) == (1, 90)
    assert "counted an hour anew" in found.note


def test_what_could_not_be_read_is_said() -> None:
    found = taken(ErrorReport(spans=(ErrorCount(NEW, 1, 20),), warnings=("Only 10 pages of issues were read.",)))
    assert found.note == "Only 10 pages of issues were read."


def test_neither_spans_nor_sessions_is_no_evidence() -> None:
    found = error_sample(ErrorReport(warnings=("The plan has no spans.",)), [reading(15, 1, 100)], WINDOW)
    assert isinstance(found, Missing)
    assert found.gap is Gap.NO_EVIDENCE
    assert found.reason.startswith("not enough evidence: Sentry has no request and no session")
    assert found.reason.endswith("The plan has no spans.")


# ------------------------------------------------------------------ properties

counts = st.integers(1, 10**5).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
samples = st.lists(st.tuples(st.sampled_from(["", NEW, OLD, "web@1.2.3"]), counts), min_size=1, max_size=5)


def score(judgement: Judgement) -> float:
    assert judgement.score is not None
    return judgement.score


@given(counts)
def test_more_failures_never_raise_the_score(count: tuple[int, int]) -> None:
    failures, total = count
    fewer, more = judge((NEW, failures, total)), judge((NEW, min(failures + 1, total), total))
    assert (fewer.verdict is Verdict.UNKNOWN) == (more.verdict is Verdict.UNKNOWN) == (total < LIMITS.min_total)
    if fewer.score is not None:
        assert score(more) <= fewer.score


@given(samples, st.integers(0, 4))
def test_more_failures_of_one_release_never_raise_the_score(
    found: list[tuple[str, tuple[int, int]]], place: int
) -> None:
    before = [(release, failures, total) for release, (failures, total) in found]
    release, failures, total = before[place % len(before)]
    after = [*before]
    after[place % len(before)] = (release, min(total, failures + 1 + failures // 3), total)
    fewer, more = judge(*before), judge(*after)
    if fewer.score is not None:
        assert score(more) <= fewer.score


@given(st.permutations([(NEW, 20, 50), (OLD, 1, 950), ("", 3, 40)]), st.permutations([issue(str(n)) for n in range(5)]))
def test_the_order_of_releases_and_issues_does_not_matter(
    counted: list[tuple[str, int, int]], issues: list[Issue]
) -> None:
    usual = judge((NEW, 20, 50), (OLD, 1, 950), ("", 3, 40), issues=tuple(issue(str(n)) for n in range(5)))
    assert judge(*counted, issues=tuple(issues)) == usual


BANDS = {Verdict.HEALTHY: (70, 100), Verdict.WARNING: (50, 69), Verdict.CRITICAL: (0, 49)}
shares = st.floats(0, 1)


@given(samples, st.tuples(shares, shares, shares))
def test_score_and_verdict_agree_with_any_limits(
    found: list[tuple[str, tuple[int, int]]], limits: tuple[float, float, float]
) -> None:
    counted = [(release, failures, total) for release, (failures, total) in found]
    warning, critical, emergency = sorted(limits)
    judgement = judge(*counted, limits=ErrorLimits(warning, critical, emergency))
    if judgement.score is not None:
        low, high = BANDS[judgement.verdict]
        assert low <= judgement.score <= high
