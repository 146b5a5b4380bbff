"""Which release to go back to: the one that was asked for, or the last known good one."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from watchkeeper.domain.blame import Fault
from watchkeeper.domain.commits import commit_of, same_commit, short_name
from watchkeeper.domain.health import CheckType, HealthCheck
from watchkeeper.domain.outages import Outage
from watchkeeper.domain.phrases import amount, clock, listed
from watchkeeper.domain.production import (
    DeliveryReport,
    DeploymentState,
    Production,
    ServingState,
    VercelDeployment,
    newest_first,
    waiting_deployments,
)
from watchkeeper.domain.rollback import Rollback, RollbackKind, RollbackState
from watchkeeper.domain.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class ReleaseRecord:
    """How a release did while it served.

    Attributes:
        checks, healthy, critical: full health checks, those that found it healthy, and those critical by its fault.
        incidents: laid on it.
        rolled_back_at: when production was last taken off it; None when it never was.
    """

    sha: str
    checks: int = 0
    healthy: int = 0
    critical: int = 0
    incidents: int = 0
    rolled_back_at: datetime | None = None

    @property
    def is_good(self) -> bool | None:
        """None when nobody has looked, or the looks say nothing."""
        if self.critical or self.incidents or self.rolled_back_at is not None:
            return False
        return True if self.healthy else None

    @property
    def reason(self) -> str:
        """A sentence's end: how it did."""
        if self.rolled_back_at is not None:
            return f"it was rolled back at {clock(self.rolled_back_at)}"
        if self.incidents:
            return f"{amount(self.incidents, 'incident')} of its own"
        if self.critical:
            return f"it was critical in {self.critical} of {amount(self.checks, 'health check')}"
        if self.healthy:
            return f"it was healthy in {self.healthy} of {amount(self.checks, 'health check')}"
        return "no health check tells how it did"


@dataclass(frozen=True, slots=True)
class NoTarget:
    """There is nothing to go to; `reason` is a sentence with the way out."""

    reason: str


def release_records(
    checks: Iterable[HealthCheck], incidents: Iterable[Outage] = (), rollbacks: Iterable[Rollback] = ()
) -> dict[str, ReleaseRecord]:
    """Return how releases did, by commit SHA."""
    looked, healthy, critical, laid = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for check in (check for check in checks if check.check_type is CheckType.FULL):
        looked[check.release] += 1
        healthy[check.release] += check.verdict is Verdict.HEALTHY
        if check.verdict is Verdict.CRITICAL and check.blame.fault is Fault.RELEASE:
            critical[_known(check.blame.release, [check.release])] += 1
    taken = [rollback for rollback in rollbacks if _was_taken_back(rollback)]
    names = {*looked, *critical, *(rollback.from_sha for rollback in taken)} - {""}
    for incident in incidents:
        if incident.fault is Fault.RELEASE and incident.release:
            laid[_known(incident.release, names)] += 1
    moments = {rollback.from_sha: rollback.moved_at for rollback in sorted(taken, key=lambda r: r.requested_at)}
    return {
        sha: ReleaseRecord(sha, looked[sha], healthy[sha], critical[sha], laid[sha], moments.get(sha))
        for sha in sorted({*names, *laid})
    }


def record_of(records: Mapping[str, ReleaseRecord], sha: str) -> ReleaseRecord:
    """Return how the release of this commit did; an empty record when nothing is known of it."""
    known = records.get(sha) or next((record for name, record in records.items() if same_commit(name, sha)), None)
    return known or ReleaseRecord(sha)


def serving_deployment(production: Production, deployments: Sequence[VercelDeployment]) -> VercelDeployment | None:
    """Return what visitors get that should be gone back from: in a rolling release the canary."""
    rolling = production.rolling_release
    wanted = rolling.canary_deployment if rolling and rolling.state == "active" else production.deployment
    return next((deployment for deployment in deployments if deployment.id == wanted), None)


def default_target(
    production: Production,
    deployments: Sequence[VercelDeployment],
    records: Mapping[str, ReleaseRecord],
    *,
    only_previous: bool = False,
) -> VercelDeployment | NoTarget:
    """Return the last known good release: it served before what serves now, and nothing speaks against it.

    Where no earlier release is known to have been healthy it is the last one that nothing is known of. In a rolling
    release it is the base, which still serves.
    """
    rolling = production.rolling_release
    if rolling and rolling.state == "active":
        base = next((deployment for deployment in deployments if deployment.id == rolling.base_deployment), None)
        return base or NoTarget(f"the base of the rolling release, {rolling.base_deployment}, could not be read")
    serving = serving_deployment(production, deployments)
    if serving is None:
        return NoTarget("it is not known what serves production: name the deployment to go back to")
    earlier = served_before(serving, deployments)
    return _best(earlier[:1] if only_previous else earlier, records)


def served_before(serving: VercelDeployment, deployments: Sequence[VercelDeployment]) -> list[VercelDeployment]:
    """Return the deployments of other commits that served production before this one, newest first."""
    return [
        deployment
        for deployment in newest_first(deployments)
        if deployment.created_at < serving.created_at and has_served(deployment) and not _same(deployment, serving)
    ]


def has_served(deployment: VercelDeployment) -> bool:
    """Return True for what is ready and has served production, or may have."""
    served = deployment.serving not in {ServingState.STAGED, ServingState.ROLLING}
    return deployment.state is DeploymentState.READY and served


def find_target(  # noqa: PLR0913 - what is asked for, and all that answers it
    asked: str,
    kind: RollbackKind,
    production: Production,
    deployments: Sequence[VercelDeployment],
    records: Mapping[str, ReleaseRecord],
    *,
    only_previous: bool = False,
    undoes: Rollback | None = None,
) -> VercelDeployment | NoTarget:
    """Return the deployment that was asked for by id, address or commit SHA; "" for the default of this kind."""
    if asked.strip():
        return _asked(asked.strip(), deployments)
    if kind is RollbackKind.PROMOTE:
        return _newest_waiting(production, deployments)
    if kind is RollbackKind.UNDO:
        return _asked(undoes.from_deployment, deployments) if undoes else NoTarget("there is no rollback to take back")
    return default_target(production, deployments, records, only_previous=only_previous)


def _newest_waiting(production: Production, deployments: Sequence[VercelDeployment]) -> VercelDeployment | NoTarget:
    waiting = waiting_deployments(DeliveryReport(production, tuple(deployments)))
    return waiting[0] if waiting else NoTarget("no finished build is newer than what serves: name the one to promote")


def _best(earlier: Sequence[VercelDeployment], records: Mapping[str, ReleaseRecord]) -> VercelDeployment | NoTarget:
    possible = [deployment for deployment in earlier if deployment.is_rollback_candidate is not False]
    standing = [(record_of(records, deployment.sha).is_good, deployment) for deployment in possible]
    for wanted in (True, None):
        found = next((deployment for good, deployment in standing if good is wanted), None)
        if found is not None:
            return found
    if not earlier:
        return NoTarget("no earlier release has served production: there is nothing to go back to")
    told = [f"{_named(d)}: {_against(d, record_of(records, d.sha))}" for d in earlier]
    return NoTarget(f"no earlier release is known to be good ({listed(told)}): name the one to go back to")


def _against(deployment: VercelDeployment, record: ReleaseRecord) -> str:
    return "Vercel does not offer it" if deployment.is_rollback_candidate is False else record.reason


def _asked(asked: str, deployments: Sequence[VercelDeployment]) -> VercelDeployment | NoTarget:
    ordered = sorted(newest_first(deployments), key=lambda d: not has_served(d))  # those that have served first
    named = [deployment for deployment in ordered if _is_named(deployment, asked)]
    if named:
        return named[0]
    of_commit = [d for d in ordered if "/" not in asked and d.sha and same_commit(d.sha, asked)]
    commits = sorted({deployment.sha for deployment in of_commit})
    if len(commits) > 1:
        return NoTarget(f"{asked[:60]} may be {listed([sha[:12] for sha in commits])}: give more of the SHA")
    if of_commit:
        return of_commit[0]
    known = amount(len(deployments), "production deployment")
    return NoTarget(f"{asked[:60]} is not there: none of {known} that Vercel names has this id, address or commit")


def _is_named(deployment: VercelDeployment, asked: str) -> bool:
    if asked == deployment.id:
        return True
    parts = urlsplit(asked if "://" in asked else f"https://{asked}")
    last = parts.path.rstrip("/").rpartition("/")[2]
    is_inspected = bool(last) and last.removeprefix("dpl_") == deployment.id.removeprefix("dpl_")
    return is_inspected or (bool(deployment.url) and parts.netloc.lower() == _host(deployment.url))


def _host(url: str) -> str:
    return urlsplit(url if "://" in url else f"https://{url}").netloc.lower()


def _known(name: str, names: Iterable[str]) -> str:
    """Return the SHA among the names that is meant, or else the one that the name itself holds."""
    return next((known for known in names if known and same_commit(known, name)), commit_of(name) or name)


def _was_taken_back(rollback: Rollback) -> bool:
    is_real = rollback.kind is RollbackKind.ROLLBACK and rollback.state is not RollbackState.UNDONE
    return is_real and rollback.moved_at is not None and bool(rollback.from_sha)


def _same(one: VercelDeployment, other: VercelDeployment) -> bool:
    return one.id == other.id or (bool(one.sha) and same_commit(one.sha, other.sha))


def _named(deployment: VercelDeployment) -> str:
    return short_name(deployment.sha) or deployment.id
