"""What deployments, releases and moves of the production domains add to the metrics of an hour."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from watchkeeper.domain.commits import Commit
from watchkeeper.domain.delivery import AliasJob, AliasRequest, DeploymentState, VercelDeployment
from watchkeeper.domain.outages import Outage
from watchkeeper.domain.release_outcomes import failed_releases, laid_on, lead_times
from watchkeeper.domain.releases import Release
from watchkeeper.domain.samples import Sample, sample_at

BUILT: Final = frozenset({DeploymentState.READY, DeploymentState.ERROR})
MOVES: Final = {"promote": "promotions", "rollback": "rollbacks"}


def deployment_samples(deployments: Iterable[VercelDeployment]) -> list[Sample]:
    """Return outcome, build time and time in the queue of each production build, in the hour in which it ended.

    Builds that were canceled say nothing.
    """
    samples = []
    for deployment in deployments:
        if deployment.target == "production" and deployment.state in BUILT:
            samples += _of_deployment(deployment)
    return samples


def built_at(deployment: VercelDeployment) -> datetime:
    """Return when a build ended; the vendor does not always tell when a failed one did."""
    return deployment.ready_at or deployment.building_at or deployment.created_at


def move_samples(requests: Iterable[AliasRequest]) -> list[Sample]:
    """Return the promotions and rollbacks that succeeded."""
    done = (request for request in requests if request.job is AliasJob.SUCCEEDED and request.kind in MOVES)
    return [sample_at(MOVES[request.kind], "", request.requested_at, 1) for request in done]


def release_samples(releases: Iterable[Release]) -> list[Sample]:
    return [sample_at("releases", "", release.live_at, 1) for release in releases if release.live_at is not None]


def lead_time_samples(releases: Sequence[Release], commits: Sequence[Commit]) -> list[Sample]:
    """Return how long each commit took to production, in the hour in which its release went live.

    Args:
        releases: with those before them: the commits of a release are those since the one before it.
    """
    times = lead_times(releases, commits)
    return [
        sample_at("lead_time_s", "", release.live_at, time.total_seconds())
        for release in releases
        if release.live_at is not None
        for time in times[release.name]
    ]


def incident_samples(
    releases: Sequence[Release], incidents: Sequence[Outage], moves: Sequence[AliasRequest]
) -> list[Sample]:
    """Return which releases failed, in the hour in which they went live, and how long restoring took.

    Time to restore counts in the hour in which an incident ended that is laid on a release.
    """
    failed = failed_releases(releases, incidents, moves)
    samples = [
        sample_at("failed_releases", "", release.live_at, release.name in failed)
        for release in releases
        if release.live_at is not None
    ]
    for incident in incidents:
        if incident.ended_at is not None and laid_on(incident, releases) is not None:
            seconds = (incident.ended_at - incident.started_at).total_seconds()
            samples.append(sample_at("restore_time_s", "", incident.ended_at, seconds))
    return samples


def _of_deployment(deployment: VercelDeployment) -> list[Sample]:
    at = built_at(deployment)
    samples = [sample_at("vercel_deployments", "", at, deployment.state is DeploymentState.READY)]
    if deployment.build_time is not None:
        samples.append(sample_at("vercel_build_time_s", "", at, deployment.build_time.total_seconds()))
    if deployment.building_at is not None:
        waited = (deployment.building_at - deployment.created_at).total_seconds()
        samples.append(sample_at("vercel_queue_s", "", at, max(0.0, waited)))
    return samples
