from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.makers import NEW, NOW, OLD, STATUS_BAD, STATUS_FINE, at, delivery, deployment
from watchkeeper.domain.delivery import (
    AliasJob,
    AliasRequest,
    DeliveryReport,
    DeploymentState,
    PlatformStatus,
    RollingRelease,
    ServingState,
    VercelDeployment,
    judge_delivery,
    waiting_deployments,
    with_earlier,
)
from watchkeeper.domain.limits import DeliveryLimits
from watchkeeper.domain.verdicts import Gap, Judgement, Missing, Verdict

LIMITS = DeliveryLimits()
STATES = {
    ".": DeploymentState.READY,
    "x": DeploymentState.ERROR,
    "c": DeploymentState.CANCELED,
    "d": DeploymentState.DELETED,
    "b": DeploymentState.BUILDING,
    "?": DeploymentState.UNKNOWN,
}


def builds(text: str) -> list[VercelDeployment]:
    """Return production builds, the last mark the newest, ten minutes apart."""
    ages = range(10 * len(text), 0, -10)
    return [
        deployment(f"{age:07x}", age, state=STATES[mark], id=f"dpl_{age}") for age, mark in zip(ages, text, strict=True)
    ]


def judge(report: DeliveryReport | Missing, status: PlatformStatus | Missing = STATUS_FINE) -> Judgement:
    return judge_delivery(report, status, LIMITS, NOW)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        pytest.param(".", Verdict.HEALTHY, id="ready"),
        pytest.param("x.", Verdict.HEALTHY, id="mended"),
        pytest.param(".x", Verdict.WARNING, id="the newest failed"),
        pytest.param(".xx", Verdict.WARNING, id="two in a row"),
        pytest.param(".xxx", Verdict.CRITICAL, id="three in a row"),
        pytest.param(".xcxdx", Verdict.CRITICAL, id="canceled ones do not interrupt"),
        pytest.param(".xx.x", Verdict.WARNING, id="a success does"),
        pytest.param(".b", Verdict.HEALTHY, id="a build is running"),
        pytest.param(".xb", Verdict.WARNING, id="a build is running after a failure"),
        pytest.param(".?", Verdict.HEALTHY, id="a state we do not know says nothing"),
    ],
)
def test_production_builds(text: str, verdict: Verdict) -> None:
    assert judge(delivery(*builds(text))).verdict is verdict


def test_a_failure_says_which_and_why() -> None:
    judgement = judge(delivery(deployment(OLD, 60), deployment(state=DeploymentState.ERROR, error="exit code 1")))
    assert judgement.reasons[0] == "the newest production build, 3f2c1ab, failed: exit code 1"


@pytest.mark.parametrize(
    ("minutes", "newer", "verdict"),
    [
        pytest.param(45, False, Verdict.HEALTHY, id="at the limit"),
        pytest.param(46, False, Verdict.WARNING, id="above it"),
        pytest.param(5_000, True, Verdict.HEALTHY, id="a newer one got through"),
        pytest.param(-3, False, Verdict.HEALTHY, id="made in the future, by a clock that is off"),
    ],
)
def test_stuck_builds(minutes: float, *, newer: bool, verdict: Verdict) -> None:
    stuck = deployment(NEW, minutes, state=DeploymentState.QUEUED)
    rest = [deployment(OLD, 6_000), *([deployment("b" * 40, 1)] if newer else [])]
    judgement = judge(delivery(stuck, *rest))
    assert judgement.verdict is verdict
    if verdict is Verdict.WARNING:
        assert judgement.reasons[0] == "the production build 3f2c1ab is queued for 46 min, limit 45 min"


CUSTODY: dict[str, Any] = {
    "serving": f"dpl_{OLD[:7]}",
    "auto_assigns_domains": False,
    "last_alias_request": AliasRequest("rollback", f"dpl_{NEW[:7]}", f"dpl_{OLD[:7]}", AliasJob.SUCCEEDED, at(9)),
}


def test_custody_itself_is_no_trouble() -> None:
    assert judge(delivery(deployment(OLD, 60), deployment(NEW, 20), **CUSTODY)).verdict is Verdict.HEALTHY


def test_a_build_that_does_not_go_live_in_custody_is() -> None:
    waiting = deployment("c" * 40, 5, serving=ServingState.STAGED)
    report = delivery(deployment(OLD, 60), deployment(NEW, 20), waiting, **CUSTODY)
    assert waiting_deployments(report) == (waiting,)
    judgement = judge(report)
    assert judgement.verdict is Verdict.WARNING
    assert judgement.reasons[0].startswith("1 newer production build did not go live, the newest is ccccccc")


def test_staged_builds_by_choice_are_a_note() -> None:
    waiting = deployment("c" * 40, 5, serving=ServingState.STAGED)
    assert judge(delivery(deployment(), waiting, auto_assigns_domains=False)).verdict is Verdict.HEALTHY


@pytest.mark.parametrize(
    ("job", "minutes", "verdict"),
    [
        (AliasJob.SUCCEEDED, 500, Verdict.HEALTHY),
        (AliasJob.SKIPPED, 500, Verdict.HEALTHY),
        (AliasJob.UNKNOWN, 500, Verdict.HEALTHY),
        (AliasJob.FAILED, 5, Verdict.WARNING),
        (AliasJob.IN_PROGRESS, 45, Verdict.HEALTHY),
        (AliasJob.PENDING, 46, Verdict.WARNING),
    ],
)
def test_moves_of_the_domains(job: AliasJob, minutes: float, verdict: Verdict) -> None:
    request = AliasRequest("promote", "a", "b", job, at(minutes))
    assert judge(delivery(deployment(), last_alias_request=request)).verdict is verdict


@pytest.mark.parametrize(
    ("state", "percent", "note"),
    [
        ("active", 25.0, "3f2c1ab is rolling out: 25 % of the visitors get it"),
        ("active", None, "3f2c1ab is rolling out: a share of the visitors get it"),
        ("aborted", 25.0, "the rolling release of 3f2c1ab was aborted"),
        ("complete", 100.0, ""),
    ],
)
def test_a_rolling_release_is_a_note(state: str, percent: float | None, note: str) -> None:
    rolling = RollingRelease(state, f"dpl_{OLD[:7]}", f"dpl_{NEW[:7]}", percent)
    judgement = judge(delivery(deployment(OLD, 60), deployment(), rolling_release=rolling))
    assert judgement.verdict is Verdict.HEALTHY
    assert [reason for reason in judgement.reasons if "roll" in reason] == ([note] if note else [])


@pytest.mark.parametrize(
    ("indicator", "verdict"),
    [
        ("none", Verdict.HEALTHY),
        ("unknown", Verdict.HEALTHY),
        ("maintenance", Verdict.HEALTHY),
        ("minor", Verdict.HEALTHY),
        ("major", Verdict.WARNING),
        ("critical", Verdict.WARNING),
    ],
)
def test_the_platforms_own_word(indicator: str, verdict: Verdict) -> None:
    assert judge(delivery(deployment()), PlatformStatus(indicator, "some words")).verdict is verdict


def test_an_incident_of_the_platform_is_named() -> None:
    reasons = judge(delivery(deployment()), STATUS_BAD).reasons
    assert reasons[0] == "Vercel's status page says major: Elevated errors in the edge network"


def test_a_status_page_that_does_not_answer_is_a_note() -> None:
    judgement = judge(delivery(deployment()), Missing(Gap.UNAVAILABLE, "it did not answer"))
    assert judgement.verdict is Verdict.HEALTHY
    assert "Vercel's status page is not known: it did not answer" in judgement.reasons
    assert judge(delivery(deployment()), Missing(Gap.NOT_ASKED, "x")) == judge(
        delivery(deployment()), Missing(Gap.NOT_ASKED, "y")
    )


def test_a_missing_report_keeps_its_gap() -> None:
    assert judge(Missing(Gap.REFUSED, "the token lacks a scope")).gap is Gap.REFUSED


def test_no_deployment_yet_is_not_health() -> None:
    judgement = judge(delivery(serving=None))
    assert (judgement.verdict, judgement.gap) == (Verdict.UNKNOWN, Gap.NO_EVIDENCE)
    assert judge(delivery(serving=None), STATUS_BAD).verdict is Verdict.WARNING


def test_builds_that_serve_nothing_are_trouble() -> None:
    assert judge(delivery(deployment(), serving=None)).verdict is Verdict.WARNING


def test_what_serves_without_builds_in_sight_is_known() -> None:
    judgement = judge(delivery())
    assert judgement.verdict is Verdict.HEALTHY
    assert judgement.reasons == ("dpl_3f2c1ab serves production",)


def test_warnings_of_the_reading_are_notes() -> None:
    report = DeliveryReport(delivery().production, (deployment(),), ("Only 5 pages were read.",))
    assert "Only 5 pages were read." in judge(report).reasons


def test_the_evidence_of_delivery() -> None:
    facts = {fact.name: fact for fact in judge(delivery(deployment())).evidence}
    assert facts["serves production"].value == "dpl_3f2c1ab"
    assert facts["serves production"].url == "https://vercel.example/3f2c1ab"
    assert (facts["build time of 3f2c1ab"].value, facts["build time of 3f2c1ab"].unit) == (120.0, "s")
    assert facts["Vercel's status page"].url == "https://status.example"


def test_build_time_of_clocks_that_run_backwards_is_not_known() -> None:
    odd = deployment(building_at=NOW, ready_at=NOW - timedelta(seconds=1))
    assert odd.build_time is None
    assert deployment(building_at=None).build_time is None


@given(st.text("".join(STATES), min_size=1, max_size=8), st.randoms())
def test_the_order_of_deployments_does_not_matter(text: str, chance: object) -> None:
    shuffled = builds(text)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert judge(delivery(*shuffled)) == judge(delivery(*builds(text)))


@given(st.text(".x", min_size=1, max_size=8), st.integers(0, 7))
def test_one_more_failed_build_never_raises_the_score(text: str, place: int) -> None:
    place %= len(text)
    before = judge(delivery(*builds(text)))
    after = judge(delivery(*builds(f"{text[:place]}x{text[place + 1 :]}")))
    assert before.score is not None
    assert after.score is not None
    assert after.score <= before.score


def test_what_was_read_before_fills_what_is_read_now() -> None:
    since = NOW - timedelta(hours=12)
    old = deployment(OLD, 13 * 60, inspector_url="https://vercel.example/old")
    gone = deployment(NEW, 60)
    joined = with_earlier(delivery(replace(old, inspector_url="")), [old, gone], since)
    assert isinstance(joined, DeliveryReport)
    assert joined.deployments == (old,), "what the vendor does not name any more is gone"
    missing = Missing(Gap.UNAVAILABLE, "down")
    assert with_earlier(missing, [old], since) is missing
