"""What serves production, and what was built for it (source: Vercel)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from watchkeeper.domain.verdicts import Missing


class DeploymentState(StrEnum):
    QUEUED = "queued"
    INITIALIZING = "initializing"
    BUILDING = "building"
    READY = "ready"
    ERROR = "error"
    CANCELED = "canceled"
    DELETED = "deleted"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"

    @property
    def is_final(self) -> bool:
        """True when the build has come to an end."""
        return self in {self.READY, self.ERROR, self.CANCELED, self.DELETED}


class ServingState(StrEnum):
    """Whether a ready deployment serves production, or has done so."""

    STAGED = "staged"
    ROLLING = "rolling"
    PROMOTED = "promoted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class VercelDeployment:
    """One build of a project, with where it stands.

    Attributes:
        target: production, staging, or "" for a preview.
        sha: the full commit SHA; "" when it was not built from a commit.
    """

    id: str
    project_id: str
    project_name: str
    url: str
    target: str
    state: DeploymentState
    serving: ServingState
    created_at: datetime
    building_at: datetime | None = None
    ready_at: datetime | None = None
    sha: str = ""
    branch: str = ""
    is_rollback_candidate: bool | None = None
    error: str = ""
    inspector_url: str = ""

    @property
    def build_time(self) -> timedelta | None:
        if self.building_at is None or self.ready_at is None or self.ready_at < self.building_at:
            return None
        return self.ready_at - self.building_at


class AliasJob(StrEnum):
    PENDING = "pending"
    IN_PROGRESS = "in-progress"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class AliasRequest:
    """The last move of the production domains. `kind` is promote, rollback or unknown."""

    kind: str
    from_deployment: str
    to_deployment: str
    job: AliasJob
    requested_at: datetime


@dataclass(frozen=True, slots=True)
class RollingRelease:
    """A release that is given to a growing share of the visitors.

    Attributes:
        state: active, complete, aborted or unknown.
        canary_percent: share of the visitors that get the canary now, 0..100.
        is_paused: it stays at this share until somebody goes on with it.
    """

    state: str
    base_deployment: str
    canary_deployment: str
    canary_percent: float | None
    started_at: datetime | None = None
    is_paused: bool = False


@dataclass(frozen=True, slots=True)
class Production:
    """What serves production now.

    Attributes:
        deployment: id of the serving deployment; None when there is none.
        auto_assigns_domains: False in custody: after a rollback, later pushes build but do not go live. None: not said.
    """

    project_id: str
    project_name: str
    deployment: str | None
    auto_assigns_domains: bool | None
    last_alias_request: AliasRequest | None = None
    rolling_release: RollingRelease | None = None

    @property
    def in_custody(self) -> bool:
        """True after a rollback that nobody has ended by promoting a deployment."""
        request = self.last_alias_request
        return self.auto_assigns_domains is False and request is not None and request.kind == "rollback"


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """Everything read about the delivery of one project: `deployments` are production's, newest first."""

    production: Production
    deployments: tuple[VercelDeployment, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlatformStatus:
    """The vendor's own word about its platform. `indicator`: none, minor, major, critical, maintenance or unknown."""

    indicator: str
    description: str
    incidents: tuple[str, ...] = ()
    url: str = ""

    @property
    def is_severe(self) -> bool:
        return self.indicator in {"major", "critical"}


def with_earlier(
    report: DeliveryReport | Missing, earlier: Sequence[VercelDeployment], since: datetime
) -> DeliveryReport | Missing:
    """Return a report of the time from `since` on with what was read before of the time before."""
    if isinstance(report, Missing):
        return report
    known = {deployment.id: deployment for deployment in earlier if deployment.created_at < since}
    read = {deployment.id: _filled(deployment, known.get(deployment.id)) for deployment in report.deployments}
    return replace(report, deployments=tuple(newest_first(list((known | read).values()))))


def _filled(deployment: VercelDeployment, known: VercelDeployment | None) -> VercelDeployment:
    """Return the deployment with what the vendor leaves out where it names only what serves production."""
    if known is None:
        return deployment
    return replace(
        deployment,
        inspector_url=deployment.inspector_url or known.inspector_url,
        branch=deployment.branch or known.branch,
        building_at=deployment.building_at or known.building_at,
        ready_at=deployment.ready_at or known.ready_at,
    )


def newest_first(deployments: Sequence[VercelDeployment]) -> list[VercelDeployment]:
    return sorted(deployments, key=lambda d: (d.created_at, d.id), reverse=True)


def waiting_deployments(report: DeliveryReport) -> tuple[VercelDeployment, ...]:
    """Return the finished builds newer than what serves, newest first: in custody they do not go live."""
    serving = next((d for d in report.deployments if d.id == report.production.deployment), None)
    if serving is None:
        return ()
    staged = {ServingState.STAGED, ServingState.UNKNOWN}
    newer = [d for d in newest_first(report.deployments) if d.created_at > serving.created_at]
    return tuple(d for d in newer if d.state is DeploymentState.READY and d.serving in staged)
