from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.domain.makers import NEW, NOW, OLD, WINDOW, at, deployment, pipeline, probe, sample, workflow
from watchkeeper.domain.builds import WorkflowStatus
from watchkeeper.domain.endpoints import ProbeFailure
from watchkeeper.domain.errors import Denominator, ErrorCount, ErrorSample
from watchkeeper.domain.observations import Observation, counts_before, observations_of
from watchkeeper.domain.verdicts import Gap, Missing
from watchkeeper.domain.windows import Window


def values(found: tuple[Observation, ...]) -> dict[str, tuple[float, int]]:
    return {f"{o.source} {o.metric} {o.release[:7]}".strip(): (o.value, o.sample_size) for o in found}


def test_errors_by_release() -> None:
    found = observations_of("shop", WINDOW, sample=sample((NEW, 4, 40), (OLD, 1, 60), crash_free_rate=0.99))
    assert values(found) == {
        "sentry crash_free_rate": (0.99, 0),
        "sentry failed_requests 3f2c1ab": (4, 40),
        "sentry failed_requests 77aa001": (1, 60),
        "sentry requests 3f2c1ab": (40, 40),
        "sentry requests 77aa001": (60, 60),
    }
    assert {o.project for o in found} == {"shop"}


def test_sessions_keep_the_window_that_was_measured() -> None:
    hour = Window(NOW - timedelta(minutes=30), NOW)
    counted = ErrorSample(hour, Denominator.SESSIONS, (ErrorCount(NEW, 1, 9),))
    found = observations_of("shop", WINDOW, sample=counted)
    assert [(o.metric, o.window) for o in found] == [("failed_sessions", hour), ("sessions", hour)]


def test_endpoints_by_the_probes_of_the_check() -> None:
    probes = [
        probe(15, total_ms=100),
        probe(10, total_ms=300),
        probe(5, ProbeFailure.TIMEOUT),
        probe(1, None, "checkout"),
        probe(-1, total_ms=500),
    ]
    assert values(observations_of("shop", WINDOW, probes=probes)) == {
        "endpoints availability/checkout": (1, 1),
        "endpoints availability/home": (3 / 4, 4),
        "endpoints latency_ms/checkout": (120, 1),
        "endpoints latency_ms/home": (300, 3),
    }


def test_an_endpoint_that_never_answers_has_no_latency() -> None:
    found = observations_of("shop", WINDOW, probes=[probe(5, ProbeFailure.DNS)])
    assert values(found) == {"endpoints availability/home": (0, 1)}


def test_builds_that_became_ready_in_the_window() -> None:
    deployments = [deployment(NEW, 5), deployment(OLD, 8, building_at=at(10)), deployment("b" * 40, 60)]
    found = observations_of("shop", WINDOW, deployments=[*deployments, deployment("c" * 40, 5, ready_at=None)])
    assert values(found) == {"vercel build_time_s": (180, 2)}


def test_workflows_that_stopped_in_the_window() -> None:
    found = observations_of(
        "shop",
        WINDOW,
        pipelines=[
            pipeline(1, workflows=(workflow(WorkflowStatus.SUCCESS, 20), workflow(WorkflowStatus.FAILED, 15))),
            pipeline(2, workflows=(workflow(WorkflowStatus.CANCELED, 20), workflow(WorkflowStatus.RUNNING, 20))),
            pipeline(3, workflows=(workflow(WorkflowStatus.SUCCESS, 60),)),
            pipeline(4, workflows=Missing(Gap.UNAVAILABLE, "x")),
        ],
    )
    assert values(found) == {"circleci workflow_success/build": (0.5, 2), "circleci workflow_time_s/build": (600, 2)}


def test_what_is_missing_is_not_observed() -> None:
    assert observations_of("shop", WINDOW, sample=Missing(Gap.UNAVAILABLE, "x")) == ()


def earlier(minutes: int, failures: int, total: int, release: str = OLD, length: int = 15) -> list[Observation]:
    end = NOW - timedelta(minutes=minutes)
    window = Window(end - timedelta(minutes=length), end)
    return list(
        observations_of(
            "shop", window, sample=ErrorSample(window, Denominator.SPANS, (ErrorCount(release, failures, total),))
        )
    )


def test_what_releases_did_before() -> None:
    kept = [*earlier(15, 1, 100), *earlier(30, 2, 200), *earlier(30, 7, 70, NEW), *earlier(0, 50, 100)]
    assert counts_before(kept, Denominator.SPANS, WINDOW.start) == (ErrorCount(NEW, 7, 70), ErrorCount(OLD, 3, 300))
    assert counts_before(kept, Denominator.SESSIONS, WINDOW.start) == ()


def test_windows_that_overlap_count_once() -> None:
    kept = [*earlier(15, 1, 100), *earlier(20, 5, 100), *earlier(30, 2, 200)]
    assert counts_before(kept, Denominator.SPANS, WINDOW.start) == (ErrorCount(OLD, 3, 300),)


@given(st.permutations([*earlier(15, 1, 100), *earlier(20, 5, 100), *earlier(30, 2, 200)]))
def test_the_order_of_observations_does_not_matter(kept: list[Observation]) -> None:
    assert counts_before(kept, Denominator.SPANS, WINDOW.start) == (ErrorCount(OLD, 3, 300),)
