"""Values to judge: everything well, unless a test says otherwise."""

from datetime import UTC, datetime, timedelta
from typing import Any

from watchkeeper.domain.builds import Pipeline, Workflow, WorkflowStatus
from watchkeeper.domain.delivery import (
    DeliveryReport,
    DeploymentState,
    PlatformStatus,
    Production,
    ServingState,
    VercelDeployment,
)
from watchkeeper.domain.endpoints import Endpoint, Probe, ProbeFailure
from watchkeeper.domain.errors import Denominator, ErrorCount, ErrorSample, Issue, IssueLevel
from watchkeeper.domain.releases import Release
from watchkeeper.domain.verdicts import Component, Gap, Judgement, Verdict, unknown
from watchkeeper.domain.windows import Window

NOW = datetime(2026, 9, 22, 10, 30, tzinfo=UTC)
MINUTES = timedelta(minutes=1)
WINDOW = Window(NOW - 15 * MINUTES, NOW)
NEW, OLD = "3f2c1ab" + "0" * 33, "77aa001" + "1" * 33


def at(minutes: float) -> datetime:
    """Return the moment so many minutes before the window's end."""
    return NOW - minutes * MINUTES


def sample(*counts: tuple[str, int, int], denominator: Denominator = Denominator.SPANS, **other: Any) -> ErrorSample:
    return ErrorSample(WINDOW, denominator, tuple(ErrorCount(*count) for count in counts), **other)


def issue(id_: str = "1", **other: Any) -> Issue:
    values: dict[str, Any] = {
        "short_id": f"SHOP-{id_}",
        "project": "shop-web",
        "title": "TypeError: x is undefined",
        "culprit": "checkout",
        "level": IssueLevel.ERROR,
        "status": "unresolved",
        "substatus": "new",
        "count": 1,
        "users": 1,
        "first_seen": at(5),
        "last_seen": at(1),
        "url": f"https://sentry.example/issues/{id_}",
    }
    return Issue(id_, **(values | other))


def endpoint(name: str = "home", **other: Any) -> Endpoint:
    return Endpoint(name, f"https://shop.example/{name}", **other)


def probe(minutes: float = 0, failure: ProbeFailure | None = None, name: str = "home", **other: Any) -> Probe:
    values = {"total_ms": 120.0, "status": 200} if failure is None else {"detail": f"the answer was {failure}"}
    return Probe(name, at(minutes), failure, **(values | other))


def deployment(sha: str = NEW, minutes: float = 20, **other: Any) -> VercelDeployment:
    values: dict[str, Any] = {
        "id": f"dpl_{sha[:7]}",
        "project_id": "prj_shop",
        "project_name": "shop",
        "url": "shop.example",
        "target": "production",
        "state": DeploymentState.READY,
        "serving": ServingState.PROMOTED,
        "created_at": at(minutes),
        "building_at": at(minutes),
        "ready_at": at(minutes - 2),
        "sha": sha,
        "inspector_url": f"https://vercel.example/{sha[:7]}",
    }
    return VercelDeployment(**(values | other))


def production(serving: str | None = f"dpl_{NEW[:7]}", **other: Any) -> Production:
    values: dict[str, Any] = {"auto_assigns_domains": True}
    return Production("prj_shop", "shop", serving, **(values | other))


def delivery(*deployments: VercelDeployment, **other: Any) -> DeliveryReport:
    return DeliveryReport(production(**other), deployments)


STATUS_FINE = PlatformStatus("none", "All Systems Operational", (), "https://status.example")
STATUS_BAD = PlatformStatus("major", "Partial outage", ("Elevated errors in the edge network",))


def workflow(status: WorkflowStatus = WorkflowStatus.SUCCESS, minutes: float = 30, **other: Any) -> Workflow:
    stopped = at(minutes - 10) if status.is_final else None
    values: dict[str, Any] = {"id": f"w{minutes}", "name": "build", "stopped_at": stopped}
    return Workflow(status=status, created_at=at(minutes), **(values | other))


def pipeline(
    number: int, *statuses: WorkflowStatus, minutes: float | None = None, sha: str = NEW, **other: Any
) -> Pipeline:
    """Return a pipeline; the higher its number the younger it is."""
    age = 1_000 - number * 10 if minutes is None else minutes
    workflows = tuple(workflow(s, age, id=f"w{n}", name=f"build-{n}") for n, s in enumerate(statuses))
    values: dict[str, Any] = {"branch": "main", "sha": sha, "state": "created", "workflows": workflows}
    return Pipeline(id=f"p{number}", number=number, project="gh/acme/shop", created_at=at(age), **(values | other))


def release(sha: str = NEW, minutes: float = 20, **other: Any) -> Release:
    values: dict[str, Any] = {
        "vercel_deployments": (f"dpl_{sha[:7]}",),
        "sentry_versions": (sha,),
        "live_at": at(minutes),
    }
    return Release(sha, at(minutes + 5), **(values | other))


def judged(verdict: Verdict = Verdict.HEALTHY, score: float | None = None, reason: str = "") -> Judgement:
    usual = {Verdict.HEALTHY: 100.0, Verdict.WARNING: 60.0, Verdict.CRITICAL: 20.0}
    return Judgement(verdict, (reason or f"it is {verdict}",), usual[verdict] if score is None else score)


def missing(gap: Gap = Gap.NO_EVIDENCE, reason: str = "") -> Judgement:
    return unknown(gap, reason or f"missing: {gap}")


def parts(**judgements: Judgement) -> dict[Component, Judgement]:
    """Return all four components, healthy where nothing else is said."""
    return {component: judgements.get(component.value, judged()) for component in Component}
