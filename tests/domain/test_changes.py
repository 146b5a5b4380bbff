import pytest

from tests.domain.makers import WINDOW, judged, missing, parts
from watchkeeper.domain.blame import Blame, Fault
from watchkeeper.domain.changes import ChangeReason, decide_change, is_blind
from watchkeeper.domain.health import CheckType, HealthCheck, check_health
from watchkeeper.domain.limits import HealthLimits
from watchkeeper.domain.verdicts import Gap, Verdict

H, W, C, U = Verdict.HEALTHY, Verdict.WARNING, Verdict.CRITICAL, Verdict.UNKNOWN


def check(kind: str) -> HealthCheck:
    components = {
        "healthy": parts(),
        "warning": parts(errors=judged(W, reason="slow burn")),
        "critical": parts(errors=judged(C, reason="9.7 % fail")),
        "quiet": parts(errors=missing(Gap.NO_EVIDENCE)),
        "blind": parts(errors=missing(Gap.UNAVAILABLE, "Sentry did not answer")),
        "builds blind": parts(builds=missing(Gap.UNAVAILABLE)),
        "quiet, builds blind": parts(errors=missing(Gap.NO_EVIDENCE), builds=missing(Gap.UNAVAILABLE)),
    }[kind]
    return check_health(
        "shop", WINDOW, CheckType.FULL, components, HealthLimits(), Blame(Fault.NONE, "nothing is wrong")
    )


@pytest.mark.parametrize(
    ("kind", "told", "reason"),
    [
        pytest.param("healthy", None, ChangeReason.FIRST, id="the first verdict is told"),
        pytest.param("blind", None, ChangeReason.FIRST, id="also when it is that nobody can see"),
        pytest.param("quiet", None, None, id="but not want of evidence"),
        pytest.param("healthy", H, None, id="nothing new"),
        pytest.param("critical", C, None, id="nothing new that is bad"),
        pytest.param("warning", H, ChangeReason.WORSE, id="worse"),
        pytest.param("critical", W, ChangeReason.WORSE, id="worse still"),
        pytest.param("warning", C, ChangeReason.BETTER, id="better, not well"),
        pytest.param("healthy", C, ChangeReason.RECOVERED, id="well again"),
        pytest.param("quiet", C, None, id="a quiet night does not end a trouble"),
        pytest.param("quiet", H, None, id="a quiet night is no news"),
        pytest.param("blind", H, ChangeReason.BLIND, id="blind"),
        pytest.param("blind", U, None, id="still blind"),
        pytest.param("healthy", U, ChangeReason.SEEING, id="seeing again, all well"),
        pytest.param("critical", U, ChangeReason.SEEING, id="seeing again, and what we see is bad"),
        pytest.param("builds blind", H, None, id="blind for what is not vital"),
        pytest.param("quiet, builds blind", H, None, id="quiet, and blind for what is not vital"),
    ],
)
def test_what_is_told(kind: str, told: Verdict | None, reason: ChangeReason | None) -> None:
    change = decide_change(check(kind), told, in_maintenance=False)
    assert (change.reason if change else None) is reason
    if change:
        assert (change.project, change.verdict, change.previous) == ("shop", check(kind).verdict, told)


@pytest.mark.parametrize(
    ("kind", "told", "reason"),
    [
        pytest.param("critical", H, None, id="bad news is kept"),
        pytest.param("healthy", None, None, id="the first verdict is kept"),
        pytest.param("blind", H, None, id="blindness is kept"),
        pytest.param("warning", C, None, id="half of good news is kept"),
        pytest.param("healthy", C, ChangeReason.RECOVERED, id="good news about what was told before gets through"),
    ],
)
def test_what_is_told_in_maintenance(kind: str, told: Verdict | None, reason: ChangeReason | None) -> None:
    change = decide_change(check(kind), told, in_maintenance=True)
    assert (change.reason if change else None) is reason


@pytest.mark.parametrize(
    ("kind", "told", "sentence"),
    [
        ("healthy", None, "shop is healthy: it is healthy"),
        ("critical", H, "shop became critical, it was healthy: 9.7 % fail"),
        ("warning", C, "shop is only warning now, it was critical: slow burn"),
        ("healthy", W, "shop is healthy again, it was warning: it is healthy"),
        ("blind", H, "shop cannot be seen, it was healthy: errors unknown: Sentry did not answer"),
        ("critical", U, "shop can be seen again and is critical: 9.7 % fail"),
    ],
)
def test_a_change_is_a_sentence(kind: str, told: Verdict | None, sentence: str) -> None:
    change = decide_change(check(kind), told, in_maintenance=False)
    assert change is not None
    assert change.sentence == sentence


def test_blind_is_not_quiet() -> None:
    assert is_blind(check("blind"))
    assert not is_blind(check("quiet"))
    assert not is_blind(check("builds blind"))


def test_a_story_is_told_once_a_change() -> None:
    story = ["healthy", "healthy", "quiet", "critical", "critical", "quiet", "critical", "healthy", "blind", "healthy"]
    told: Verdict | None = None
    sentences = []
    for kind in story:
        change = decide_change(check(kind), told, in_maintenance=False)
        if change:
            told = change.verdict
            sentences.append(change.reason)
    assert sentences == ["first", "worse", "recovered", "blind", "seeing"]
