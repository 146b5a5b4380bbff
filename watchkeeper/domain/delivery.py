"""How a release gets to production (source: Vercel)."""

from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile

from watchkeeper.domain.commits import short_name
from watchkeeper.domain.limits import DeliveryLimits
from watchkeeper.domain.phrases import amount, clock, listed, percent, span
from watchkeeper.domain.production import (
    AliasJob,
    AliasRequest,
    DeliveryReport,
    DeploymentState,
    PlatformStatus,
    Production,
    RollingRelease,
    ServingState,
    VercelDeployment,
    newest_first,
    waiting_deployments,
    with_earlier,
)
from watchkeeper.domain.verdicts import Evidence, Finding, Gap, Judgement, Missing, Verdict, conclude, unknown

__all__ = [
    "AliasJob",
    "AliasRequest",
    "DeliveryReport",
    "DeploymentState",
    "PlatformStatus",
    "Production",
    "RollingRelease",
    "ServingState",
    "VercelDeployment",
    "judge_delivery",
    "newest_first",
    "waiting_deployments",
    "with_earlier",
]

_IN_WORK = frozenset(
    {DeploymentState.QUEUED, DeploymentState.INITIALIZING, DeploymentState.BUILDING, DeploymentState.BLOCKED}
)
_DONE = frozenset({DeploymentState.READY, DeploymentState.ERROR})


def judge_delivery(
    report: DeliveryReport | Missing, status: PlatformStatus | Missing, limits: DeliveryLimits, now: datetime
) -> Judgement:
    """Return how well releases get to production: failed or stuck production builds, moves of domains, the platform."""
    if isinstance(report, Missing):
        return unknown(report.gap, report.reason)
    deployments, production = newest_first(report.deployments), report.production
    findings = [*_failed(deployments, limits), *_stuck(deployments, limits, now), *_serving(production, deployments)]
    findings += [*_moves(production, limits, now), *_platform(status)]
    findings += [Finding(Verdict.HEALTHY, warning) for warning in report.warnings]
    evidence = _evidence(production, deployments, status)
    if deployments or production.deployment is not None:
        return conclude(findings, evidence)
    missing = "not enough evidence: there is no production deployment yet"
    if all(finding.verdict is Verdict.HEALTHY for finding in findings):
        return unknown(Gap.NO_EVIDENCE, missing, evidence)
    return conclude([*findings, Finding(Verdict.HEALTHY, missing)], evidence)


def _failed(deployments: Sequence[VercelDeployment], limits: DeliveryLimits) -> list[Finding]:
    """Return what the newest finished builds say, newest first; canceled and deleted ones say nothing."""
    finished = [d for d in deployments if d.state in _DONE]
    failed = list(takewhile(lambda d: d.state is DeploymentState.ERROR, finished))
    if not finished:
        return []
    name = _named(finished[0])
    if not failed:
        return [Finding(Verdict.HEALTHY, f"the newest production build, {name}, is ready")]
    one = f"the newest production build, {name}, failed"
    reason = one if len(failed) == 1 else f"the last {len(failed)} production builds failed, the newest is {name}"
    reason += f": {failed[0].error}" if failed[0].error else ""
    if len(failed) >= limits.failures_critical:
        return [Finding(Verdict.CRITICAL, reason, 52 - 4 * len(failed))]
    return [Finding(Verdict.WARNING, reason, 66 - 3 * len(failed))]


def _stuck(deployments: Sequence[VercelDeployment], limits: DeliveryLimits, now: datetime) -> list[Finding]:
    """Return the builds that do not get on, unless a newer one has finished since."""
    findings = []
    for deployment in takewhile(lambda d: d.state not in _DONE, deployments):
        waited = now - deployment.created_at
        if deployment.state in _IN_WORK and waited > limits.stuck_after:
            reason = f"the production build {_named(deployment)} is {deployment.state} for {span(waited)}"
            findings.append(Finding(Verdict.WARNING, f"{reason}, limit {span(limits.stuck_after)}", 60))
    return findings


def _serving(production: Production, deployments: Sequence[VercelDeployment]) -> list[Finding]:
    if production.deployment is None:
        return [Finding(Verdict.WARNING, "no deployment serves production", 52)] if deployments else []
    serving = next((d for d in deployments if d.id == production.deployment), None)
    findings = [Finding(Verdict.HEALTHY, f"{_named(serving) if serving else production.deployment} serves production")]
    waiting = waiting_deployments(DeliveryReport(production, tuple(deployments)))
    if waiting and production.auto_assigns_domains is False:
        verdict = Verdict.WARNING if production.in_custody else Verdict.HEALTHY
        reason = f"{amount(len(waiting), 'newer production build')} did not go live, the newest is {_named(waiting[0])}"
        findings.append(Finding(verdict, f"{reason}: domains are not assigned to new builds until one is promoted", 68))
    return findings + _rolling(production.rolling_release, deployments)


def _rolling(release: RollingRelease | None, deployments: Sequence[VercelDeployment]) -> list[Finding]:
    if release is None or release.state not in {"active", "aborted"}:
        return []
    canary = next((d for d in deployments if d.id == release.canary_deployment), None)
    name = _named(canary) if canary else release.canary_deployment
    if release.state == "aborted":
        return [Finding(Verdict.HEALTHY, f"the rolling release of {name} was aborted")]
    share = "a share" if release.canary_percent is None else percent(release.canary_percent / 100)
    paused = ", and it is paused there" if release.is_paused else ""
    return [Finding(Verdict.HEALTHY, f"{name} is rolling out: {share} of the visitors get it{paused}")]


def _moves(production: Production, limits: DeliveryLimits, now: datetime) -> list[Finding]:
    request = production.last_alias_request
    if request is None:
        return []
    kind = request.kind if request.kind in {"promote", "rollback"} else "move"
    if request.job is AliasJob.FAILED:
        reason = f"the last {kind}, at {clock(request.requested_at)}, failed: the domains did not move"
        return [Finding(Verdict.WARNING, reason, 55)]
    waited = now - request.requested_at
    if request.job in {AliasJob.PENDING, AliasJob.IN_PROGRESS} and waited > limits.stuck_after:
        return [Finding(Verdict.WARNING, f"the last {kind} is {request.job} for {span(waited)}", 60)]
    return []


def _platform(status: PlatformStatus | Missing) -> list[Finding]:
    if isinstance(status, Missing):
        meant = status.gap.is_meant
        return [] if meant else [Finding(Verdict.HEALTHY, f"Vercel's status page is not known: {status.reason}")]
    if status.indicator in {"none", "unknown", ""}:
        return []
    told = listed(list(status.incidents)) or status.description
    verdict = Verdict.WARNING if status.is_severe else Verdict.HEALTHY
    reason = f"Vercel's status page says {status.indicator}: {told}"
    return [Finding(verdict, reason, 60 if status.is_severe else 90)]


def _named(deployment: VercelDeployment) -> str:
    return short_name(deployment.sha) or deployment.id


def _evidence(
    production: Production, deployments: Sequence[VercelDeployment], status: PlatformStatus | Missing
) -> list[Evidence]:
    address = next((d.inspector_url for d in deployments if d.id == production.deployment), "")
    facts = [Evidence("serves production", production.deployment, "", address)]
    if deployments:
        newest = deployments[0]
        facts.append(Evidence(f"newest build {_named(newest)}", newest.state.value, "", newest.inspector_url))
    times = [(d, d.build_time) for d in deployments if d.build_time is not None]
    if times:
        facts.append(Evidence(f"build time of {_named(times[0][0])}", times[0][1].total_seconds(), "s"))
    if isinstance(status, PlatformStatus):
        facts.append(Evidence("Vercel's status page", status.indicator, "", status.url))
    return facts
