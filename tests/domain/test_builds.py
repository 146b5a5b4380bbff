from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.makers import NOW, at, pipeline, workflow
from watchkeeper.domain.builds import (
    BuildReport,
    Job,
    Outcome,
    Pipeline,
    WorkflowStatus,
    judge_builds,
    last_runs,
    outcome,
)
from watchkeeper.domain.limits import BuildLimits
from watchkeeper.domain.verdicts import Gap, Judgement, Missing, Verdict

LIMITS = BuildLimits()
S = WorkflowStatus
STATES = {
    ".": S.SUCCESS,
    "x": S.FAILED,
    "r": S.RUNNING,
    "h": S.ON_HOLD,
    "c": S.CANCELED,
    "n": S.NOT_RUN,
    "?": S.UNKNOWN,
}


def pipelines(text: str) -> list[Pipeline]:
    """Return pipelines of one workflow each, the last mark the newest."""
    return [pipeline(100 - len(text) + n, STATES[mark]) for n, mark in enumerate(text, 1)]


def judge(*found: Pipeline, warnings: tuple[str, ...] = ()) -> Judgement:
    return judge_builds(BuildReport(found, warnings), LIMITS, NOW)


@pytest.mark.parametrize(
    ("statuses", "ended"),
    [
        ([S.SUCCESS], Outcome.PASSED),
        ([S.SUCCESS, S.NOT_RUN], Outcome.PASSED),
        ([S.SUCCESS, S.FAILED], Outcome.FAILED),
        ([S.SUCCESS, S.RUNNING], Outcome.UNFINISHED),
        ([S.FAILED, S.RUNNING], Outcome.FAILED),
        ([S.FAILING], Outcome.FAILED),
        ([S.UNAUTHORIZED], Outcome.FAILED),
        ([S.ON_HOLD], Outcome.UNFINISHED),
        ([S.CANCELED, S.SUCCESS], Outcome.NOTHING),
        ([S.UNKNOWN, S.SUCCESS], Outcome.UNKNOWN),
        ([], Outcome.UNFINISHED),
    ],
)
def test_the_outcome_of_a_pipeline(statuses: list[S], ended: Outcome) -> None:
    assert outcome(pipeline(1, *statuses)) is ended


def test_of_a_workflow_that_was_run_again_the_last_run_counts() -> None:
    runs = workflow(S.FAILED, 50, id="a"), workflow(S.SUCCESS, 20, id="b")
    again = pipeline(1, workflows=runs)
    assert [run.id for run in last_runs(again)] == ["b"]
    assert outcome(again) is Outcome.PASSED


def test_a_refused_configuration_is_a_failure() -> None:
    judgement = judge(pipeline(7, state="errored", errors=("Unknown orb",)))
    assert judgement.verdict is Verdict.WARNING
    assert judgement.reasons[0].endswith(
        "#7 (3f2c1ab) of the default branch failed: its configuration was refused: Unknown orb"
    )
    assert judge(pipeline(7, state="errored")).reasons[0].endswith("of the default branch failed")


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        pytest.param(".", Verdict.HEALTHY, id="passed"),
        pytest.param("x.", Verdict.HEALTHY, id="mended"),
        pytest.param(".x", Verdict.WARNING, id="broken"),
        pytest.param(".xxxx", Verdict.WARNING, id="four in a row"),
        pytest.param(".xxxxx", Verdict.CRITICAL, id="five in a row"),
        pytest.param(".xxxxcx", Verdict.CRITICAL, id="a canceled one does not interrupt"),
        pytest.param("xxx.xx", Verdict.WARNING, id="a success does"),
        pytest.param(".r", Verdict.HEALTHY, id="a build is running"),
        pytest.param(".xr", Verdict.WARNING, id="running after a failure"),
        pytest.param("", Verdict.UNKNOWN, id="none"),
        pytest.param("r", Verdict.UNKNOWN, id="none has finished yet"),
        pytest.param("cc", Verdict.UNKNOWN, id="all canceled"),
        pytest.param(".?", Verdict.UNKNOWN, id="the newest is in a state we do not know"),
        pytest.param("?.", Verdict.HEALTHY, id="an older one is"),
        pytest.param("x?", Verdict.WARNING, id="what is known to be broken stays so"),
    ],
)
def test_the_default_branch(text: str, verdict: Verdict) -> None:
    assert judge(*pipelines(text)).verdict is verdict


def test_the_newest_pipeline_not_read_is_not_health() -> None:
    unread = pipeline(101, workflows=Missing(Gap.UNAVAILABLE, "CircleCI did not answer"))
    judgement = judge(*pipelines("."), unread)
    assert (judgement.verdict, judgement.gap) == (Verdict.UNKNOWN, Gap.UNAVAILABLE)
    assert judgement.reasons[0] == "pipeline #101 (3f2c1ab) is not known: CircleCI did not answer"
    assert not unread.is_final


def test_a_row_of_failures_says_how_many_and_where() -> None:
    job = Job("j", "unit tests", "failed", "build")
    broken = pipeline(99, workflows=(workflow(S.FAILED, 10, jobs=(job, Job("k", "lint", "success", "build"))),))
    reasons = judge(pipeline(98, S.FAILED), broken).reasons
    assert reasons[0] == "the last 2 pipelines of the default branch failed, for 20 min: #99 (3f2c1ab) in unit tests"


def test_a_failure_without_its_jobs_names_the_workflow() -> None:
    assert judge(*pipelines(".x")).reasons[0] == "pipeline #100 (3f2c1ab) of the default branch failed in build-0"


def running(age: float, *jobs: Job, status: S = S.RUNNING) -> Pipeline:
    return pipeline(200, workflows=(workflow(status, age, jobs=jobs),), minutes=age)


QUEUED = Job("j", "build", "queued", "build")


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        pytest.param(running(15, QUEUED), "", id="queued, at the limit"),
        pytest.param(
            running(16, QUEUED), "build of #200 (3f2c1ab) waits for a machine for 16 min, limit 15 min", id="q"
        ),
        pytest.param(
            running(60, QUEUED, Job("k", "lint", "success", "build", at(60), at(5))), "", id="queued since a moment"
        ),
        pytest.param(running(120), "", id="running, at the limit"),
        pytest.param(running(121), "build of #200 (3f2c1ab) is running for 2 h, limit 2 h", id="running too long"),
        pytest.param(running(121, QUEUED, status=S.FAILING), "waits for a machine", id="failing, and queued"),
        pytest.param(running(1440, status=S.ON_HOLD), "", id="on hold, at the limit"),
        pytest.param(
            running(1441, status=S.ON_HOLD), "waits for an approval for 24 h, limit 24 h", id="on hold too long"
        ),
        pytest.param(running(-5), "", id="begun in the future, by a clock that is off"),
    ],
)
def test_work_that_does_not_get_on(found: Pipeline, reason: str) -> None:
    judgement = judge(pipeline(1, S.SUCCESS, minutes=3_000), found)
    warned = [r for r in judgement.reasons if " for " in r and "limit" in r]
    assert bool(warned) is bool(reason)
    if reason:
        assert judgement.verdict is Verdict.WARNING or found.workflows[0].status is S.FAILING  # type: ignore[index]
        assert reason in warned[0]


def test_an_approval_that_a_newer_pipeline_made_pointless_is_no_trouble() -> None:
    old = pipeline(1, S.ON_HOLD, minutes=9_000)
    assert judge(old, pipeline(2, S.SUCCESS, minutes=5)).verdict is Verdict.HEALTHY


def test_a_missing_report_keeps_its_gap() -> None:
    assert judge_builds(Missing(Gap.NOT_CONFIGURED, "no CircleCI"), LIMITS, NOW).gap is Gap.NOT_CONFIGURED


def test_warnings_of_the_reading_are_notes() -> None:
    assert "Only 300 were read." in judge(*pipelines("."), warnings=("Only 300 were read.",)).reasons


def test_a_pipeline_without_a_commit_has_a_number() -> None:
    assert judge(pipeline(9, S.SUCCESS, minutes=30, sha="")).reasons[0] == "pipeline #9, 30 min ago, passed"


def test_what_is_final_is_not_asked_again() -> None:
    assert pipeline(1, S.SUCCESS, S.FAILED).is_final
    assert pipeline(1, state="errored").is_final
    assert not pipeline(1, S.SUCCESS, S.ON_HOLD).is_final
    assert not pipeline(1).is_final
    assert workflow(S.SUCCESS, 30).duration == timedelta(minutes=10)
    assert workflow(S.RUNNING, 30).duration is None


@pytest.mark.parametrize("status", [S.TERMINATED_UNKNOWN, S.NEEDS_SETUP])
def test_an_end_that_nobody_knows_is_final_and_neither_a_success_nor_a_failure(status: S) -> None:
    ended = pipeline(1, status, S.SUCCESS)
    assert (ended.is_final, outcome(ended)) == (True, Outcome.UNKNOWN)
    assert judge(ended).verdict is Verdict.UNKNOWN


def test_a_status_that_is_not_known_has_ended_when_it_has_stopped() -> None:
    stopped = workflow(S.UNKNOWN, 30, stopped_at=at(20))
    assert (stopped.is_final, replace(stopped, stopped_at=None).is_final) == (True, False)


def test_moments_that_contradict_give_no_duration() -> None:
    done = workflow(S.SUCCESS, 30)
    assert replace(done, stopped_at=done.created_at - timedelta(minutes=1)).duration is None


@given(st.text("".join(STATES), min_size=1, max_size=8), st.randoms())
def test_the_order_of_pipelines_does_not_matter(text: str, chance: object) -> None:
    shuffled = pipelines(text)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert judge(*shuffled) == judge(*pipelines(text))


@given(st.text(".x", min_size=1, max_size=8), st.integers(0, 7))
def test_one_more_failed_pipeline_never_raises_the_score(text: str, place: int) -> None:
    place %= len(text)
    before, after = judge(*pipelines(text)), judge(*pipelines(f"{text[:place]}x{text[place + 1 :]}"))
    assert before.score is not None
    assert after.score is not None
    assert after.score <= before.score


@given(st.text("x?", max_size=4).map(lambda t: f".{t}?"))
def test_the_unknown_never_becomes_healthy(text: str) -> None:
    assert judge(*pipelines(text)).verdict is not Verdict.HEALTHY
