from datetime import timedelta
from typing import Any

import pytest

from tests.domain.makers import MINUTES, NEW, NOW, OLD, at, probe, production
from tests.domain.rollback_makers import SERVING, TARGET, evidence, plan, rollback
from watchkeeper.domain.endpoints import Probe, ProbeFailure
from watchkeeper.domain.error_rates import ErrorCount
from watchkeeper.domain.limits import HealthLimits
from watchkeeper.domain.production import RollingRelease
from watchkeeper.domain.rollback import Outcome, Rollback, RollbackState, Way
from watchkeeper.domain.rollback_verification import Measured, Verification, endpoints_that_fail, verify
from watchkeeper.domain.verdicts import Gap, Missing

LOST = Missing(Gap.UNAVAILABLE, "it does not answer")
DOWN = ProbeFailure.STATUS
BY_ENDPOINTS = evidence(this=ErrorCount(NEW, 0, 40), is_worse=False)


def moved(**other: Any) -> Rollback:
    """Return a rollback that moved production fifteen minutes ago, because 40 of 300 requests failed."""
    return rollback(RollbackState.VERIFYING, moved_at=at(15), **other)


def look(of: Rollback | None = None, failures: int = 0, total: int = 300, **other: Any) -> Verification:
    values: dict[str, Any] = {
        "production": production(TARGET.deployment),
        "errors": ErrorCount(OLD, failures, total),
        "probes": (probe(2), probe(1)),
    }
    return verify(of or moved(), Measured(NOW, **(values | other)), HealthLimits())


def test_all_is_well_again() -> None:
    found = look(failures=1)
    assert found == Verification(
        Outcome.CURED,
        (
            "1 of 300 requests fail since, 40 of 300 did before",
            "1 endpoint answers as expected",
            "measured over 15 min since 2026-09-22 10:15 UTC",
        ),
        is_over=True,
    )


@pytest.mark.parametrize(
    ("serving", "other", "reason"),
    [
        (SERVING.deployment, {}, "dpl_3f2c1ab serves production, not dpl_77aa001"),
        (None, {}, "nothing serves production, not dpl_77aa001"),
        ("dpl_x", {}, "dpl_x serves production, not dpl_77aa001"),
        (
            TARGET.deployment,
            {"rolling_release": RollingRelease("active", TARGET.deployment, "x", 5.0)},
            "a rolling release is under way, so not all visitors get dpl_77aa001",
        ),
    ],
)
def test_production_is_elsewhere_whatever_the_vendor_says(serving: str | None, other: Any, reason: str) -> None:
    found = look(production=production(serving, **other))
    assert (found.outcome, found.reasons) == (Outcome.NOT_MOVED, (reason,))


@pytest.mark.parametrize(
    ("minutes", "is_over"),
    [
        pytest.param(14, False, id="not yet"),
        pytest.param(15, True, id="in time"),
        pytest.param(60 * 24, True, id="the clock has jumped on"),
        pytest.param(-0.1, False, id="the clock of another machine is a little behind"),
        pytest.param(-90, True, id="the clock was put back: nobody waits until it is there again"),
    ],
)
def test_it_comes_to_an_end_by_every_clock(minutes: float, *, is_over: bool) -> None:
    found = look(rollback(RollbackState.VERIFYING, moved_at=at(minutes), verify_for=15 * MINUTES))
    assert found.is_over is is_over
    if minutes < -1:
        assert found.outcome is Outcome.NOT_ENOUGH_EVIDENCE
        assert found.reasons[-1].startswith("the clock was put back by 90 min since production moved at ")


def test_where_production_is_must_be_known_to_call_it_cured() -> None:
    found = look(production=LOST)
    assert found.outcome is Outcome.NOT_ENOUGH_EVIDENCE
    assert found.reasons[0] == "where production is could not be read: it does not answer"
    assert look(production=LOST, failures=40).outcome is Outcome.NOT_CURED


@pytest.mark.parametrize(
    ("failures", "total", "outcome"),
    [
        pytest.param(0, 9, Outcome.NOT_ENOUGH_EVIDENCE, id="too few requests"),
        pytest.param(0, 10, Outcome.NOT_ENOUGH_EVIDENCE, id="ten say nothing against one in eight"),
        pytest.param(0, 21, Outcome.NOT_ENOUGH_EVIDENCE, id="just too few"),
        pytest.param(0, 22, Outcome.CURED, id="just enough"),
        pytest.param(6, 200, Outcome.CURED, id="much better, not yet perfect"),
        pytest.param(2, 20, Outcome.NOT_ENOUGH_EVIDENCE, id="two failures prove nothing"),
        pytest.param(3, 20, Outcome.NOT_CURED, id="as often as before"),
        pytest.param(40, 300, Outcome.NOT_CURED, id="just as before"),
        pytest.param(14, 300, Outcome.NOT_CURED, id="better, but still above the limit"),
    ],
)
def test_errors_against_the_evidence(failures: int, total: int, outcome: Outcome) -> None:
    assert look(failures=failures, total=total).outcome is outcome


@pytest.mark.parametrize(
    ("failures", "total", "outcome"),
    [(0, 10, Outcome.CURED), (1, 200, Outcome.CURED), (1, 20, Outcome.NOT_ENOUGH_EVIDENCE), (9, 60, Outcome.NOT_CURED)],
)
def test_errors_without_evidence_to_hold_them_against(failures: int, total: int, outcome: Outcome) -> None:
    assert look(moved(evidence=None), failures, total, probes=()).outcome is outcome


@pytest.mark.parametrize(
    ("probes", "outcome"),
    [
        pytest.param((probe(2), probe(1)), Outcome.CURED, id="it answers"),
        pytest.param((probe(1),), Outcome.NOT_ENOUGH_EVIDENCE, id="once is not enough"),
        pytest.param((probe(2, DOWN), probe(1)), Outcome.NOT_ENOUGH_EVIDENCE, id="just back"),
        pytest.param((probe(2), probe(1, DOWN)), Outcome.NOT_CURED, id="gone again"),
        pytest.param((probe(20, DOWN), probe(2), probe(1)), Outcome.CURED, id="before the move it was down"),
        pytest.param((probe(16), probe(20)), Outcome.NOT_ENOUGH_EVIDENCE, id="only before the move"),
        pytest.param((probe(1, DOWN, "b"), probe(2), probe(1)), Outcome.NOT_CURED, id="one of two"),
        pytest.param(LOST, Outcome.NOT_ENOUGH_EVIDENCE, id="not probed"),
    ],
)
def test_where_endpoints_were_the_trouble_they_decide(probes: tuple[Probe, ...] | Missing, outcome: Outcome) -> None:
    found = look(moved(evidence=BY_ENDPOINTS), total=4, probes=probes)
    assert found.outcome is outcome


@pytest.mark.parametrize("probes", [(probe(1),), LOST])
def test_where_errors_were_the_trouble_they_decide(probes: tuple[Probe, ...] | Missing) -> None:
    assert look(probes=probes).outcome is Outcome.CURED
    assert look(probes=probes, total=5).outcome is Outcome.NOT_ENOUGH_EVIDENCE
    assert look(probes=(probe(1, DOWN),)).outcome is Outcome.NOT_CURED


def test_errors_that_cannot_be_counted_are_no_cure() -> None:
    found = look(errors=LOST)
    assert found.outcome is Outcome.NOT_ENOUGH_EVIDENCE
    assert "errors could not be counted: it does not answer" in found.reasons
    assert look(moved(evidence=None), errors=LOST).outcome is Outcome.NOT_ENOUGH_EVIDENCE
    assert look(moved(evidence=evidence(this=None)), errors=LOST).outcome is Outcome.NOT_ENOUGH_EVIDENCE
    assert look(moved(evidence=BY_ENDPOINTS), errors=LOST).outcome is Outcome.CURED


@pytest.mark.parametrize(("seconds", "is_over"), [(0, True), (1, False)])
def test_it_is_over_when_the_time_is(seconds: int, is_over: bool) -> None:  # noqa: FBT001
    assert look(moved(verify_for=15 * MINUTES + timedelta(seconds=seconds))).is_over is is_over


@pytest.mark.parametrize(
    ("value", "outcome"),
    [(0.0, Outcome.CURED), (100.0, Outcome.NOT_MOVED), (None, Outcome.NOT_MOVED), (LOST, Outcome.NOT_ENOUGH_EVIDENCE)],
)
def test_a_percentage_is_where_it_was_set(value: float | Missing | None, outcome: Outcome) -> None:
    share = moved(way=Way.PERCENTAGE, plan=plan(way=Way.PERCENTAGE, percentage=0.0, percentage_now=100.0))
    assert look(share, percentage=value, production=LOST).outcome is outcome


def test_which_endpoints_fail() -> None:
    probes = [probe(3, DOWN, "a"), probe(1, None, "a"), probe(1, DOWN, "b"), probe(9, None, "b")]
    assert endpoints_that_fail(probes) == ("b",)
