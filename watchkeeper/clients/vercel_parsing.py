"""Vercel's JSON, read into values of ours. Times are epoch milliseconds; the id of a deployment is `uid` or `id`."""

from typing import Final

from watchkeeper.clients.parsing import Record
from watchkeeper.domain.delivery import (
    AliasJob,
    AliasRequest,
    DeploymentState,
    PlatformStatus,
    Production,
    RollingRelease,
    ServingState,
    VercelDeployment,
)
from watchkeeper.domain.redaction import shortened

_GIT_HOSTS: Final = ("github", "gitlab", "bitbucket")
_INDICATORS: Final = frozenset({"none", "minor", "major", "critical", "maintenance"})
_ALIAS_KINDS: Final = frozenset({"promote", "rollback"})
_ROLLING_STATES: Final = frozenset({"active", "complete", "aborted"})
_LONGEST_TEXT: Final = 300


def read_production(project: Record, rolling: RollingRelease | None) -> Production:
    """Return what serves production of `project`, an entry of the projects' list."""
    return Production(
        project_id=project.text("id"),
        project_name=project.text("name", ""),
        deployment=project.text("targets.production.id", "") or None,
        auto_assigns_domains=project.flag("autoAssignCustomDomains"),
        last_alias_request=_alias_request(project.record("lastAliasRequest")),
        rolling_release=rolling,
    )


def read_serving_deployment(project: Record) -> VercelDeployment | None:
    """Return the deployment that serves production as the project itself describes it; None when there is none."""
    raw = project.record("targets").record("production")
    if not raw.text("id", ""):
        return None
    return _deployment(raw, raw.text("id"), project.text("id"), target="production")


def read_deployment(raw: Record, project: str = "") -> VercelDeployment:
    """Return an entry of the deployments' list.

    Args:
        project: id of the project that the list is of, which its entries may leave out; "" for a list of several.
    """
    deployment = raw.text("uid", "") or raw.text("id")
    return _deployment(raw, deployment, raw.text("projectId", project), target=raw.text("target", ""))


def read_rolling_release(raw: Record) -> RollingRelease | None:
    """Return the rolling release of a project, the last one when none is active; None when there never was one."""
    release = raw.record("rollingRelease")
    if not release.raw:
        return None
    # What the visitors get now: in a linear shift it grows within a stage, and is said apart.
    percent = release.number("currentCanaryPercentage", release.number("activeStage.targetPercentage", -1))
    return RollingRelease(
        state=_known(release.text("state", ""), _ROLLING_STATES),
        base_deployment=release.text("currentDeployment.id", ""),
        canary_deployment=release.text("canaryDeployment.id", ""),
        canary_percent=percent if 0 <= percent <= 100 else None,
        started_at=release.moment_or_none("startedAt"),
        is_paused=release.text("substate", "").upper() == "PAUSED",
    )


def read_platform_status(summary: Record) -> PlatformStatus:
    """Return what the status page says; Source: https://www.vercel-status.com/api."""
    status = summary.record("status")
    incidents = [Record(summary.vendor, raw) for raw in summary.values("incidents") if isinstance(raw, dict)]
    return PlatformStatus(
        indicator=_known(status.text("indicator"), _INDICATORS),
        description=_short(status.text("description", "")),
        incidents=tuple(_short(incident.text("name", "an incident without a name")) for incident in incidents),
        url=_web_url(summary.text("page.url", "")),
    )


def _deployment(raw: Record, deployment: str, project: str, target: str) -> VercelDeployment:
    host = raw.text("url", "")
    return VercelDeployment(
        id=deployment,
        project_id=project,
        project_name=raw.text("name", ""),
        url=f"https://{host}" if host else "",
        target=target,
        state=raw.choice("state", DeploymentState, raw.choice("readyState", DeploymentState, DeploymentState.UNKNOWN)),
        serving=raw.choice("readySubstate", ServingState, ServingState.UNKNOWN),
        created_at=raw.moment_or_none("createdAt") or raw.moment("created"),
        building_at=raw.moment_or_none("buildingAt"),
        ready_at=raw.moment_or_none("ready") or raw.moment_or_none("readyAt"),
        sha=_git(raw, "CommitSha"),
        branch=_git(raw, "CommitRef"),
        is_rollback_candidate=raw.flag("isRollbackCandidate"),
        error=_short(raw.text("errorMessage", "") or raw.text("errorCode", "")),
        inspector_url=_web_url(raw.text("inspectorUrl", "")),
    )


def _alias_request(raw: Record) -> AliasRequest | None:
    if not raw.raw:
        return None
    return AliasRequest(
        kind=_known(raw.text("type", ""), _ALIAS_KINDS),
        from_deployment=raw.text("fromDeploymentId", ""),
        to_deployment=raw.text("toDeploymentId", ""),
        job=raw.choice("jobStatus", AliasJob, AliasJob.UNKNOWN),
        requested_at=raw.moment("requestedAt"),
    )


def _git(raw: Record, what: str) -> str:
    found = (raw.text(f"meta.{host}{what}", "") for host in _GIT_HOSTS)
    return next((value for value in found if value), "")


def _known(text: str, known: frozenset[str]) -> str:
    return text.lower() if text.lower() in known else "unknown"


def _short(text: str) -> str:
    return shortened(" ".join(text.split()), _LONGEST_TEXT)


def _web_url(text: str) -> str:
    return text if text.startswith(("https://", "http://")) else ""
