import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.domain.verdicts import Finding, Gap, Judgement, Verdict, conclude, falling, unknown, whole, worst


@pytest.mark.parametrize(
    ("verdict", "reasons", "score", "gap"),
    [
        pytest.param(Verdict.UNKNOWN, ("x",), None, None, id="unknown without a gap"),
        pytest.param(Verdict.UNKNOWN, ("x",), 50.0, Gap.REFUSED, id="unknown with a score"),
        pytest.param(Verdict.HEALTHY, ("x",), None, None, id="known without a score"),
        pytest.param(Verdict.HEALTHY, ("x",), 100.0, Gap.REFUSED, id="known with a gap"),
        pytest.param(Verdict.HEALTHY, (), 100.0, None, id="no reason"),
    ],
)
def test_what_is_no_judgement(verdict: Verdict, reasons: tuple[str, ...], score: float | None, gap: Gap | None) -> None:
    with pytest.raises(ValueError, match=r"unknown verdict has a gap|without a reason"):
        Judgement(verdict, reasons, score, (), gap)


def test_the_worst_of_what_is_known() -> None:
    assert worst([Verdict.HEALTHY, Verdict.CRITICAL, Verdict.WARNING]) is Verdict.CRITICAL
    assert worst([Verdict.UNKNOWN, Verdict.HEALTHY]) is Verdict.HEALTHY
    assert worst([]) is Verdict.UNKNOWN


def test_gaps_are_blind_or_meant_or_want_of_evidence() -> None:
    assert {gap for gap in Gap if gap.is_blind} == {Gap.NO_CREDENTIAL, Gap.REFUSED, Gap.UNAVAILABLE, Gap.OFFLINE}
    assert {gap for gap in Gap if gap.is_meant} == {Gap.NOT_ASKED, Gap.NOT_CONFIGURED}


@pytest.mark.parametrize(("score", "points"), [(69.99, 69), (70, 70), (99.9999999999, 100), (0.3 + 0.6 + 0.1, 1)])
def test_points_are_rounded_down_but_not_by_float_dust(score: float, points: float) -> None:
    assert whole(score) == points


@pytest.mark.parametrize(
    ("verdict", "score", "points"),
    [
        (Verdict.HEALTHY, 30, 70),
        (Verdict.WARNING, 95, 69),
        (Verdict.WARNING, 10, 50),
        (Verdict.CRITICAL, 95, 49),
        (Verdict.CRITICAL, -5, 0),
    ],
)
def test_a_score_is_brought_into_the_band_of_its_verdict(verdict: Verdict, score: float, points: float) -> None:
    assert Finding(verdict, "x", score).points == points


def test_the_worst_finding_makes_the_judgement_and_no_reason_is_told_twice() -> None:
    judgement = conclude(
        [
            Finding(Verdict.HEALTHY, "a note"),
            Finding(Verdict.WARNING, "slow", 55),
            Finding(Verdict.CRITICAL, "down", 20),
            Finding(Verdict.WARNING, "slow", 55),
            Finding(Verdict.CRITICAL, "worse", 10),
        ]
    )
    assert judgement == Judgement(Verdict.CRITICAL, ("worse", "down", "slow", "a note"), 10)


def test_unknown_has_one_reason() -> None:
    assert unknown(Gap.REFUSED, "no").reasons == ("no",)


LINE = ((0.0, 100.0), (10.0, 70.0), (10.0, 50.0), (20.0, 0.0))


@pytest.mark.parametrize(
    ("value", "score"), [(-5, 115), (0, 100), (5, 85), (10, 70), (10.0001, 49.9995), (15, 25), (20, 0), (99, 0)]
)
def test_falling(value: float, score: float) -> None:
    assert falling(value, LINE) == pytest.approx(score)


@given(st.floats(0, 100), st.floats(0, 100))
def test_falling_never_rises(a: float, b: float) -> None:
    assert falling(max(a, b), LINE) <= falling(min(a, b), LINE)
