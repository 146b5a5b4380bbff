from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.makers import NEW, WINDOW, judged, missing, parts
from watchkeeper.domain.blame import Blame, Fault
from watchkeeper.domain.health import CUSTODY, NOTHING_VITAL, CheckType, HealthCheck, asked_components, check_health
from watchkeeper.domain.limits import HealthLimits
from watchkeeper.domain.verdicts import Component, Gap, Judgement, Verdict, worst

LIMITS = HealthLimits()
NOBODY = Blame(Fault.NONE, "nothing is wrong")
UNSURE = Blame(Fault.UNKNOWN, "no numbers")
GUILTY = Blame(Fault.RELEASE, "release 3f2c1ab fails 40 of 300 requests", NEW)
BAD, WARNED = judged(Verdict.CRITICAL), judged(Verdict.WARNING)


def check(
    components: dict[Component, Judgement],
    blame: Blame = NOBODY,
    limits: HealthLimits = LIMITS,
    in_custody: bool = False,  # noqa: FBT001
) -> HealthCheck:
    return check_health("shop", WINDOW, CheckType.FULL, components, limits, blame, NEW, in_custody)


@pytest.mark.parametrize(
    ("components", "verdict", "score", "coverage"),
    [
        pytest.param(parts(), Verdict.HEALTHY, 100, 1, id="all well"),
        pytest.param(parts(errors=judged(score=70)), Verdict.HEALTHY, 88, 1, id="weighted mean"),
        pytest.param(parts(builds=WARNED), Verdict.WARNING, 69, 1, id="one warning caps at 69"),
        pytest.param(parts(builds=BAD), Verdict.CRITICAL, 49, 1, id="one critical caps at 49"),
        pytest.param(parts(builds=WARNED, errors=BAD), Verdict.CRITICAL, 49, 1, id="the worst counts"),
        pytest.param(dict.fromkeys(Component, BAD), Verdict.CRITICAL, 20, 1, id="all critical"),
        pytest.param(parts(errors=missing()), Verdict.UNKNOWN, 100, 0.6, id="no traffic at night is not health"),
        pytest.param(parts(errors=missing(Gap.UNAVAILABLE)), Verdict.UNKNOWN, 100, 0.6, id="Sentry is down"),
        pytest.param(parts(endpoints=missing(Gap.OFFLINE)), Verdict.UNKNOWN, 100, 0.75, id="we are offline"),
        pytest.param(parts(builds=missing(Gap.UNAVAILABLE)), Verdict.HEALTHY, 100, 0.85, id="CircleCI is down"),
        pytest.param(parts(delivery=missing(Gap.REFUSED)), Verdict.HEALTHY, 100, 0.8, id="Vercel refuses"),
        pytest.param(
            parts(errors=missing(Gap.NOT_CONFIGURED)), Verdict.HEALTHY, 100, 0.6, id="a project without Sentry"
        ),
        pytest.param(
            parts(errors=missing(), endpoints=missing()), Verdict.UNKNOWN, 100, 0.35, id="builds alone are not health"
        ),
        pytest.param(
            parts(errors=missing(Gap.NOT_CONFIGURED), endpoints=missing(Gap.NOT_CONFIGURED)),
            Verdict.UNKNOWN,
            100,
            0.35,
            id="nothing vital is configured",
        ),
        pytest.param(
            parts(errors=missing(Gap.UNAVAILABLE), endpoints=BAD),
            Verdict.CRITICAL,
            49,
            0.6,
            id="known to be bad stays bad",
        ),
        pytest.param(parts(errors=missing(), delivery=WARNED), Verdict.WARNING, 69, 0.6, id="a known warning stays"),
        pytest.param(dict.fromkeys(Component, missing()), Verdict.UNKNOWN, None, 0, id="nothing is known"),
        pytest.param({}, Verdict.UNKNOWN, None, 0, id="nothing was looked at"),
    ],
)
def test_check_health(
    components: dict[Component, Judgement], verdict: Verdict, score: float | None, coverage: float
) -> None:
    found = check(components)
    assert (found.verdict, found.score) == (verdict, score)
    assert found.coverage == pytest.approx(coverage)


@pytest.mark.parametrize(
    ("check_type", "asked"),
    [
        (CheckType.FULL, set(Component)),
        (CheckType.ERROR_RATES, {Component.ERRORS}),
        (CheckType.ENDPOINTS_ONLY, {Component.ENDPOINTS}),
    ],
)
def test_what_a_check_asks(check_type: CheckType, asked: set[Component]) -> None:
    assert asked_components(check_type) == asked
    components = {c: judged() if c in asked else missing(Gap.NOT_ASKED) for c in Component}
    found = check_health("shop", WINDOW, check_type, components, LIMITS, NOBODY)
    assert found.verdict is Verdict.HEALTHY
    assert found.coverage == pytest.approx(sum(LIMITS.weights[c] for c in asked))
    assert not any("unknown" in reason for reason in found.reasons)


def test_the_value_carries_what_it_was_made_of() -> None:
    found = check(parts(errors=BAD), GUILTY, in_custody=True)
    assert (found.project, found.window, found.check_type) == ("shop", WINDOW, CheckType.FULL)
    assert (found.blame, found.release, found.in_custody) == (GUILTY, NEW, True)
    assert found.components == parts(errors=BAD)


# ------------------------------------------------------------------ reasons


def test_what_is_bad_comes_first_with_whose_fault_it_is() -> None:
    errors = Judgement(Verdict.CRITICAL, ("9.7 % fail", "a note"), 20)
    found = check(parts(errors=errors, builds=judged(Verdict.WARNING, reason="main is broken")), GUILTY)
    assert found.reasons == ("9.7 % fail", GUILTY.reason, "a note", "main is broken")


def test_the_critical_comes_before_the_weighty() -> None:
    found = check(
        parts(errors=judged(Verdict.WARNING, reason="slow burn"), builds=judged(Verdict.CRITICAL, reason="red"))
    )
    assert found.reasons[0] == "red"


def test_a_fault_that_is_not_known_is_said_last() -> None:
    found = check(parts(endpoints=judged(Verdict.CRITICAL, reason="home is down"), builds=missing(Gap.REFUSED)), UNSURE)
    assert found.reasons == (
        "home is down",
        "whose fault it is, is not known: no numbers",
        "builds unknown: missing: refused",
    )


def test_what_is_not_known_comes_first_when_the_verdict_is_unknown() -> None:
    found = check(parts(errors=missing(reason="not enough evidence: 7 more requests needed")))
    assert found.reasons[0] == "errors unknown: not enough evidence: 7 more requests needed"


def test_a_blind_part_is_named_although_the_project_is_healthy() -> None:
    found = check(parts(builds=missing(Gap.NO_CREDENTIAL, "set CIRCLE_TOKEN")))
    assert found.verdict is Verdict.HEALTHY
    assert "builds unknown: set CIRCLE_TOKEN" in found.reasons


def test_blind_vital_parts_are_named_before_others() -> None:
    components = parts(errors=missing(), endpoints=missing(Gap.UNAVAILABLE), builds=missing(Gap.REFUSED))
    assert [reason.split()[0] for reason in check(components).reasons[:3]] == ["endpoints", "errors", "builds"]


def test_nothing_vital_is_said() -> None:
    components = parts(errors=missing(Gap.NOT_CONFIGURED), endpoints=missing(Gap.NOT_CONFIGURED))
    assert check(components).reasons[0] == NOTHING_VITAL


def test_our_own_connectivity_is_said() -> None:
    us = Blame(Fault.US, "our own connectivity is down")
    assert check(parts(endpoints=missing(Gap.OFFLINE)), us).reasons[0] == us.reason


def test_a_healthy_project_says_what_is_well_the_weightiest_first() -> None:
    found = check(parts(errors=judged(reason="none of 412 requests failed"), builds=judged(reason="main passes")))
    assert (found.reasons[0], found.reasons[-1]) == ("none of 412 requests failed", "main passes")


@pytest.mark.parametrize("components", [parts(), parts(errors=BAD), parts(errors=missing()), {}])
def test_custody_is_always_said(components: dict[Component, Judgement]) -> None:
    assert CUSTODY in check(components, in_custody=True).reasons[:2]
    assert CUSTODY not in check(components).reasons


# ------------------------------------------------------------------ limits and weights of one's own


def test_a_score_below_ones_own_limit_is_a_verdict_too() -> None:
    found = check(parts(errors=judged(score=85)), limits=replace(LIMITS, warning_score=90))
    assert (found.verdict, found.score) == (Verdict.WARNING, 69)
    assert found.reasons[0] == "errors: a score of 85 is below 90"
    found = check(parts(errors=judged(score=72)), limits=replace(LIMITS, warning_score=90, critical_score=75))
    assert found.verdict is Verdict.CRITICAL
    assert found.reasons[0] == "errors: a score of 72 is below 75"


def test_a_part_without_weight_counts_for_nothing_and_is_shown() -> None:
    weights = {Component.ERRORS: 0.6, Component.ENDPOINTS: 0.4, Component.BUILDS: 0.0}
    found = check(parts(builds=BAD, delivery=BAD), limits=replace(LIMITS, weights=weights))
    assert (found.verdict, found.score, found.coverage) == (Verdict.HEALTHY, 100, 1)
    assert Component.BUILDS in found.components


def test_no_weights_at_all_are_not_health() -> None:
    found = check(parts(), limits=replace(LIMITS, weights={}))
    assert (found.verdict, found.score, found.coverage) == (Verdict.UNKNOWN, None, 0)


# ------------------------------------------------------------------ properties

BANDS = {Verdict.HEALTHY: (70, 100), Verdict.WARNING: (50, 69), Verdict.CRITICAL: (0, 49)}
known = st.sampled_from(list(BANDS)).flatmap(
    lambda verdict: st.integers(*BANDS[verdict]).map(lambda score: judged(verdict, score))
)
gaps = st.sampled_from(Gap).map(missing)
mixed = st.dictionaries(st.sampled_from(Component), known | gaps)
all_known = st.fixed_dictionaries(dict.fromkeys(Component, known))
limits = st.tuples(st.integers(1, 100), st.integers(1, 100)).map(
    lambda pair: replace(LIMITS, warning_score=float(max(pair)), critical_score=float(min(pair)))
)


@given(mixed, limits)
def test_the_score_is_within_0_and_100_and_agrees_with_the_verdict(
    components: dict[Component, Judgement], own: HealthLimits
) -> None:
    found = check(components, limits=own)
    if found.score is None:
        assert found.verdict is Verdict.UNKNOWN
        assert found.coverage == 0
        return
    assert 0 <= found.score <= 100
    assert (found.score < own.critical_score) is (found.verdict is Verdict.CRITICAL)
    assert (found.score < own.warning_score) is (found.verdict in {Verdict.CRITICAL, Verdict.WARNING})


@given(mixed)
def test_the_verdict_is_never_better_than_its_worst_part(components: dict[Component, Judgement]) -> None:
    worst_part = worst(judgement.verdict for judgement in components.values())
    if worst_part in {Verdict.WARNING, Verdict.CRITICAL}:
        assert check(components).verdict is worst_part


@given(mixed)
def test_the_unknown_never_becomes_healthy(components: dict[Component, Judgement]) -> None:
    if check(components).verdict is Verdict.HEALTHY:
        vital = [components[c] for c in (Component.ERRORS, Component.ENDPOINTS) if c in components]
        assert any(judgement.verdict is Verdict.HEALTHY for judgement in vital)
        assert all(judgement.gap is None or judgement.gap.is_meant for judgement in vital)


@given(all_known, st.sampled_from(Component), st.sampled_from([g for g in Gap if not g.is_meant]))
def test_losing_sight_never_makes_an_unhealthy_vital_part_look_healthy(
    components: dict[Component, Judgement], lost: Component, gap: Gap
) -> None:
    after = check({**components, lost: missing(gap)})
    assert lost not in {Component.ERRORS, Component.ENDPOINTS} or after.verdict is not Verdict.HEALTHY
    assert after.coverage < 1
    assert any(reason.startswith(f"{lost} unknown") for reason in after.reasons)


@given(all_known, st.sampled_from(Component), known)
def test_a_worse_part_never_raises_the_score(
    components: dict[Component, Judgement], place: Component, other: Judgement
) -> None:
    better, worse = sorted([components[place], other], key=lambda j: j.score or 0, reverse=True)
    high, low = check({**components, place: better}).score, check({**components, place: worse}).score
    assert high is not None
    assert low is not None
    assert low <= high


@given(mixed)
def test_the_order_of_parts_does_not_matter(components: dict[Component, Judgement]) -> None:
    assert check(dict(reversed(components.items()))) == check(components)


@given(mixed)
def test_there_is_always_a_reason(components: dict[Component, Judgement]) -> None:
    assert check(components, UNSURE).reasons
