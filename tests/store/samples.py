"""Values to be stored, with every field set to something that would show if it got lost."""

from datetime import UTC, datetime, timedelta

from watchkeeper.domain.builds import Job, Pipeline, Workflow, WorkflowStatus
from watchkeeper.domain.delivery import DeploymentState, ServingState, VercelDeployment
from watchkeeper.domain.endpoints import Probe, ProbeFailure
from watchkeeper.domain.health import Blame, CheckType, Fault, HealthCheck
from watchkeeper.domain.observations import Observation
from watchkeeper.domain.verdicts import Component, Evidence, Gap, Judgement, Verdict, unknown
from watchkeeper.domain.windows import Window

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
WINDOW = Window(NOON, NOON + QUARTER)
SHA = "3f2c1ab" + "0" * 33


def check(
    project: str = "shop",
    window: Window = WINDOW,
    verdict: Verdict = Verdict.WARNING,
    score: float | None = 69.0,
    check_type: CheckType = CheckType.FULL,
) -> HealthCheck:
    errors = Judgement(
        Verdict.WARNING,
        ("3.1 % of requests failed", "2 new issues"),
        69.0,
        (Evidence("failures", 31, "requests", "https://sentry.example/q"), Evidence("error rate", 3.1, "%")),
    )
    return HealthCheck(
        project=project,
        window=window,
        check_type=check_type,
        verdict=verdict,
        score=score,
        coverage=0.85,
        reasons=("3.1 % of requests failed",),
        components={Component.ERRORS: errors, Component.BUILDS: unknown(Gap.UNAVAILABLE, "CircleCI does not answer")},
        blame=Blame(Fault.RELEASE, "fails 4 times as often as the one before", SHA),
        release=SHA,
        in_custody=True,
    )


def probe(at: datetime = NOON, endpoint: str = "home", failure: ProbeFailure | None = ProbeFailure.STATUS) -> Probe:
    return Probe(
        endpoint=endpoint,
        at=at,
        failure=failure,
        detail="answered 503, expected 200",
        status=503,
        dns_ms=1.5,
        connect_ms=2.5,
        tls_ms=3.5,
        first_byte_ms=40.25,
        total_ms=44.0,
        certificate_expires_at=NOON + timedelta(days=90),
        redirected_to="https://shop.example/elsewhere",
    )


def deployment(id: str = "dpl_1", created_at: datetime = NOON) -> VercelDeployment:  # noqa: A002
    return VercelDeployment(
        id=id,
        project_id="prj_shop",
        project_name="shop",
        url="shop-1.vercel.app",
        target="production",
        state=DeploymentState.READY,
        serving=ServingState.PROMOTED,
        created_at=created_at,
        building_at=created_at + timedelta(seconds=2),
        ready_at=created_at + timedelta(seconds=62),
        sha=SHA,
        branch="main",
        is_rollback_candidate=True,
        error="none",
        inspector_url="https://vercel.example/1",
    )


def workflow(id: str = "w1", status: WorkflowStatus = WorkflowStatus.SUCCESS) -> Workflow:  # noqa: A002
    job = Job("j1", "test", "success", "build", NOON, NOON + timedelta(minutes=3))
    approval = Job("j2", "hold", "on_hold", "approval")
    return Workflow(
        id, "build-and-test", status, NOON, NOON + timedelta(minutes=4), (job, approval), "https://ci.example/w1"
    )


def pipeline(
    id: str = "p1",  # noqa: A002
    workflows: tuple[Workflow, ...] = (workflow(),),
    created_at: datetime = NOON,
) -> Pipeline:
    return Pipeline(
        id=id,
        number=41,
        project="gh/acme/shop",
        branch="main",
        sha=SHA,
        state="created",
        created_at=created_at,
        errors=("none",),
        workflows=workflows,
        url="https://ci.example/p1",
    )


def observation(
    window: Window = WINDOW, value: float = 0.031, project: str = "shop", release: str = SHA
) -> Observation:
    return Observation(project, "sentry", "error_rate", window, value, 1000, release)


def quarter(number: int, start: datetime = NOON) -> Window:
    """Return the window of a quarter of an hour that begins `number` quarters after `start`."""
    return Window(start + number * QUARTER, start + (number + 1) * QUARTER)
