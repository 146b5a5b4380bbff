"""From what was seen to the verdict, as one check of one project goes."""

import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest

from tests.domain.makers import (
    NEW,
    NOW,
    OLD,
    STATUS_BAD,
    STATUS_FINE,
    WINDOW,
    at,
    delivery,
    deployment,
    endpoint,
    issue,
    pipeline,
    probe,
)
from watchkeeper.domain.blame import Fault
from watchkeeper.domain.builds import BuildReport, WorkflowStatus
from watchkeeper.domain.delivery import AliasJob, AliasRequest, RollingRelease, ServingState
from watchkeeper.domain.endpoints import EndpointReport, ProbeFailure
from watchkeeper.domain.errors import ErrorCount, ErrorReport, SentryRelease, SessionReading
from watchkeeper.domain.health import CheckType, HealthCheck
from watchkeeper.domain.limits import HealthLimits
from watchkeeper.domain.past import Past
from watchkeeper.domain.project_health import (
    Observed,
    conclude_health,
    is_live,
    judge_parts,
    merge_error_reports,
    misconfigured,
)
from watchkeeper.domain.verdicts import Component, Gap, Missing, Verdict

LIMITS = HealthLimits()


def spans(*counts: tuple[str, int, int], **other: Any) -> ErrorReport:
    return ErrorReport(spans=tuple(ErrorCount(*count) for count in counts), **other)


def seen(**other: Any) -> Observed:
    values: dict[str, Any] = {
        "errors": spans((NEW, 1, 400), (OLD, 2, 900)),
        "delivery": delivery(deployment(OLD, 60), deployment(NEW, 20)),
        "builds": BuildReport((pipeline(1, WorkflowStatus.SUCCESS),)),
        "endpoints": EndpointReport((probe(0), probe(0.1))),
        "platform": STATUS_FINE,
    }
    return Observed(**(values | other))


def check(
    observed: Observed, past: Past | None = None, earlier: tuple[ErrorCount, ...] = (), now_after: float = 0
) -> HealthCheck:
    now = NOW + timedelta(minutes=now_after)
    parts = judge_parts(observed, past or Past(), [endpoint()], LIMITS, WINDOW, now)
    return conclude_health("shop", parts, earlier, LIMITS, WINDOW, CheckType.FULL)


def test_a_calm_project() -> None:
    found = check(seen())
    assert (found.verdict, found.score, found.coverage, found.release) == (Verdict.HEALTHY, 99, 1, NEW)
    assert found.blame.fault is Fault.NONE


def test_a_bad_release_is_named_with_its_numbers() -> None:
    found = check(seen(errors=spans((NEW, 40, 300), (OLD, 2, 900))))
    assert found.verdict is Verdict.WARNING  # 3.5 % of all, at least 2.6 %
    found = check(seen(errors=spans((NEW, 90, 300), (OLD, 2, 900))))
    assert found.verdict is Verdict.CRITICAL
    assert (found.blame.fault, found.blame.release) == (Fault.RELEASE, NEW)
    assert found.reasons[0] == "7.7 % of 1,200 requests fail (92; at least 6.3 %), limit 5 %"
    assert found.reasons[1].startswith("release 3f2c1ab fails 90 of 300 requests, the one before it (77aa001) 2 of 900")


def test_a_bad_release_is_named_when_the_one_before_has_no_traffic_left() -> None:
    found = check(seen(errors=spans((NEW, 90, 300))), earlier=(ErrorCount(OLD, 20, 9_000),))
    assert (found.blame.fault, found.blame.release) == (Fault.RELEASE, NEW)


def test_short_names_of_sentry_are_joined() -> None:
    report = spans(
        (f"web@2.0.0+{NEW[:7]}", 90, 300),
        (f"web@1.9.0+{OLD[:7]}", 2, 900),
        releases=(SentryRelease(f"web@2.0.0+{NEW[:7]}", ("shop-web",), at(21)),),
    )
    assert check(seen(errors=report)).blame.release == NEW


def test_after_a_rollback_the_project_is_in_custody_and_the_old_release_is_acquitted() -> None:
    waits = deployment("c" * 40, 3, serving=ServingState.STAGED)
    rolled_back = delivery(
        deployment(OLD, 60),
        deployment(NEW, 20),
        waits,
        serving="dpl_77aa001",
        auto_assigns_domains=False,
        last_alias_request=AliasRequest("rollback", "dpl_3f2c1ab", "dpl_77aa001", AliasJob.SUCCEEDED, at(5)),
    )
    found = check(seen(errors=spans((NEW, 40, 60), (OLD, 1, 400)), delivery=rolled_back))
    assert (found.release, found.in_custody) == (OLD, True)
    assert found.blame.release == NEW
    assert found.blame.reason.endswith("does not serve production any more, so going back does not help")
    assert any("did not go live" in reason for reason in found.reasons)


def test_a_rolling_release_that_fails() -> None:
    rolling = RollingRelease("active", "dpl_77aa001", "dpl_3f2c1ab", 5)
    canary = deployment(NEW, 20, serving=ServingState.ROLLING)
    report = delivery(deployment(OLD, 60), canary, serving="dpl_77aa001", rolling_release=rolling)
    found = check(seen(errors=spans((NEW, 20, 50), (OLD, 1, 950)), delivery=report))
    assert (found.verdict, found.blame.release, found.release) == (Verdict.WARNING, NEW, NEW)
    found = check(seen(errors=spans((NEW, 1, 100), (OLD, 90, 900)), delivery=report))
    assert "the one that is rolling out (3f2c1ab)" in found.blame.reason


def test_an_incident_of_the_platform() -> None:
    down = EndpointReport(tuple(probe(n, ProbeFailure.CONNECT) for n in (0, 1, 2)))
    found = check(seen(endpoints=down, platform=STATUS_BAD))
    assert (found.verdict, found.blame.fault) == (Verdict.CRITICAL, Fault.PLATFORM)


def test_our_own_connectivity() -> None:
    offline = EndpointReport((probe(0, ProbeFailure.DNS),), online=False)
    gone = Missing(Gap.UNAVAILABLE, "no answer")
    found = check(seen(errors=gone, delivery=gone, builds=gone, platform=gone, endpoints=offline))
    assert (found.verdict, found.score, found.coverage) == (Verdict.UNKNOWN, None, 0)
    assert found.blame.fault is Fault.US
    assert found.reasons[0].startswith("our own connectivity is down")


def test_a_quiet_night() -> None:
    found = check(seen(errors=ErrorReport()))
    assert found.verdict is Verdict.UNKNOWN
    assert found.coverage == pytest.approx(0.6)
    assert found.reasons[0].startswith("errors unknown: not enough evidence")


def test_sessions_are_the_difference_to_an_earlier_reading() -> None:
    hour = NOW - timedelta(minutes=30)
    first = SessionReading(hour, at(15), (ErrorCount(NEW, 1, 100),))
    last = SessionReading(hour, at(0), (ErrorCount(NEW, 1, 200),))
    found = check(seen(errors=ErrorReport(readings=(last,))), Past(readings=(first,)))
    assert found.components[Component.ERRORS].reasons == ("none of 100 sessions failed",)


def test_a_past_window_is_not_judged_by_what_came_later() -> None:
    observed = seen(
        delivery=delivery(deployment(NEW, -30), deployment(OLD, 60)),
        builds=BuildReport((pipeline(1, WorkflowStatus.SUCCESS), pipeline(9, WorkflowStatus.FAILED, minutes=-20))),
    )
    found = check(observed, now_after=60)
    assert found.release == OLD
    assert found.components[Component.BUILDS].verdict is Verdict.HEALTHY


@pytest.mark.parametrize(("minutes", "live"), [(0, True), (4.9, True), (5, False)])
def test_when_what_is_live_stands_for_the_window(*, minutes: float, live: bool) -> None:
    assert is_live(WINDOW, NOW + timedelta(minutes=minutes)) is live


def test_a_broken_configuration_is_unknown_with_its_mistake() -> None:
    found = misconfigured("shop", "projects[0].sentry: expected a slug", WINDOW, CheckType.FULL)
    assert (found.verdict, found.score) == (Verdict.UNKNOWN, None)
    assert "projects[0].sentry: expected a slug" in found.reasons[0]


def test_trouble_is_bad_errors() -> None:
    def troubled(report: ErrorReport) -> bool:
        return judge_parts(seen(errors=report), Past(), [endpoint()], LIMITS, WINDOW, NOW).is_troubled

    assert not troubled(spans((NEW, 1, 400)))
    assert not troubled(ErrorReport())
    assert troubled(spans((NEW, 90, 300)))


def test_what_was_measured() -> None:
    parts = judge_parts(seen(), Past(), [endpoint()], LIMITS, WINDOW, NOW)
    metrics = {value.metric for value in parts.observations("shop", WINDOW)}
    assert metrics >= {"requests", "failed_requests", "availability/home", "latency_ms/home"}
    gone = Missing(Gap.UNAVAILABLE, "no answer")
    parts = judge_parts(Observed(gone, gone, gone, gone, gone), Past(), [endpoint()], LIMITS, WINDOW, NOW)
    assert parts.observations("shop", WINDOW) == ()


def test_several_sentry_projects_are_one() -> None:
    hour = NOW - timedelta(minutes=30)
    web = spans((NEW, 1, 10), crash_free_rate=0.9, issues=(issue("1"),), warnings=("a",), url="u")
    api = spans((NEW, 2, 20), crash_free_rate=0.8, issues=(issue("2"),), warnings=("a",))
    read = ErrorReport(readings=(SessionReading(hour, NOW, (ErrorCount(NEW, 1, 5),)),) * 2)
    merged = merge_error_reports([web, api, read])
    assert isinstance(merged, ErrorReport)
    assert merged.spans == (ErrorCount(NEW, 3, 30),)
    assert (merged.crash_free_rate, len(merged.issues), merged.warnings, merged.url) == (0.8, 2, ("a",), "u")
    assert merged.readings == (SessionReading(hour, NOW, (ErrorCount(NEW, 2, 10),)),)


def test_one_sentry_project_that_is_missing_leaves_the_sum_unknown() -> None:
    gone = Missing(Gap.UNAVAILABLE, "no answer")
    assert merge_error_reports([spans((NEW, 1, 10)), gone]) == gone
    assert merge_error_reports([spans((NEW, 1, 10))]) == spans((NEW, 1, 10))


def test_judging_does_not_load_statistics_that_it_does_not_need() -> None:
    """They take most of a second to load."""
    code = "import sys, watchkeeper.domain.project_health; print('scipy' in sys.modules, 'numpy' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", "False"]
