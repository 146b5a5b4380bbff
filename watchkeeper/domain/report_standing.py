"""How a project stands at the end of a period: whether it is held in custody, and whether its default branch builds."""

from datetime import datetime

from watchkeeper.domain.build_samples import ended_at
from watchkeeper.domain.builds import Outcome, outcome
from watchkeeper.domain.delivery import AliasJob, DeploymentState, ServingState
from watchkeeper.domain.report_facts import ProjectFacts
from watchkeeper.domain.windows import Window

_DECIDED = frozenset({Outcome.PASSED, Outcome.FAILED})


def custody_since(facts: ProjectFacts) -> datetime | None:
    """Return since when production is held by a rollback; None when it is not, or nobody has looked."""
    if facts.latest is None or not facts.latest.in_custody:
        return None
    moves = [move for move in facts.alias_requests if move.kind == "rollback" and move.job is AliasJob.SUCCEEDED]
    return max((move.requested_at for move in moves), default=facts.latest.window.start)


def waiting_builds(facts: ProjectFacts, since: datetime | None) -> int:
    """Return how many finished production builds do not go live because production is held."""
    if since is None:
        return 0
    held = {ServingState.STAGED, ServingState.UNKNOWN}
    ready = [d for d in facts.deployments if d.state is DeploymentState.READY and d.serving in held]
    return sum(deployment.created_at > since for deployment in ready)


def broken_since(facts: ProjectFacts, window: Window) -> datetime | None:
    """Return since when the default branch was broken at the window's end; None when it was not."""
    decided = [
        p for p in facts.pipelines if ended_at(p) < window.end and outcome(p) in {Outcome.PASSED, Outcome.FAILED}
    ]
    since: datetime | None = None
    for pipeline in sorted(decided, key=lambda p: (p.created_at, p.number, p.id)):
        since = None if outcome(pipeline) is Outcome.PASSED else since or ended_at(pipeline)
    return since
