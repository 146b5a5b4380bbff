"""The points of a plan about where production is and where it would go."""

from datetime import timedelta
from typing import Final

from watchkeeper.domain.commits import short_name
from watchkeeper.domain.phrases import clock, span
from watchkeeper.domain.production import DeploymentState, ServingState, VercelDeployment
from watchkeeper.domain.rollback import Mark, Point, RollbackKind, Way
from watchkeeper.domain.rollback_input import Case, PointName
from watchkeeper.domain.rollback_targets import NoTarget, has_served, record_of, served_before
from watchkeeper.domain.verdicts import Missing

OLD: Final = timedelta(days=14)  # from which the world around a release has likely changed


def blocks(name: PointName, reason: str, url: str = "", *, may_force: bool = False) -> Point:
    return Point(name, Mark.BLOCKS, reason, url, may_force=may_force)


def warning(name: PointName, reason: str, url: str = "") -> Point:
    return Point(name, Mark.WARNING, reason, url)


def fine(name: PointName, reason: str, url: str = "") -> Point:
    return Point(name, Mark.OK, reason, url)


def name_of(deployment: VercelDeployment) -> str:
    return short_name(deployment.sha) or deployment.id


def target_points(case: Case) -> list[Point]:
    """Return what is to be said of what serves and of the target, as far as there is one."""
    points = [_serves_now(case), _target(case)]
    target = case.found
    if target is None:
        return points
    optional = [_served(case, target), _candidate(case, target)]
    return [*points, *(point for point in optional if point), _age(case, target), _record(case, target)]


def serving_point(case: Case) -> Point:
    """Return what is to be said of what serves where no deployment is changed: nothing of it stops anything."""
    point = _serves_now(case)
    return warning(PointName.SERVES_NOW, point.reason, point.url) if point.mark is Mark.BLOCKS else point


def _serves_now(case: Case) -> Point:
    production, serving = case.given.production, case.serving
    if isinstance(production, Missing):
        return blocks(PointName.SERVES_NOW, f"it is not known what serves production: {production.reason}")
    if production.deployment is None:
        is_back = case.given.kind is RollbackKind.ROLLBACK
        return (blocks if is_back else warning)(PointName.SERVES_NOW, "no deployment serves production")
    if serving is None:
        reason = f"{production.deployment} serves production, of which Vercel tells nothing more"
        return warning(PointName.SERVES_NOW, reason)
    rolls = ", to some of the visitors: it is rolling out" if case.is_rolling else ""
    reason = f"{name_of(serving)} of {clock(serving.created_at)} serves production{rolls}"
    return fine(PointName.SERVES_NOW, reason, serving.inspector_url)


def _target(case: Case) -> Point:
    target = case.target
    if isinstance(target, NoTarget):
        return blocks(PointName.TARGET, target.reason)
    url = target.inspector_url
    if target.id == case.serving_id:
        return blocks(PointName.TARGET, f"{name_of(target)} is what serves production now", url)
    if target.state is not DeploymentState.READY:
        return blocks(PointName.TARGET, f"{name_of(target)} is {target.state}, not ready to serve", url)
    chosen = "was asked for" if case.given.target_asked.strip() else _chosen(case)
    same = case.serving is not None and target.sha and target.sha == case.serving.sha
    if same:
        reason = f"{name_of(target)} {chosen}: another build of the very commit that serves now"
        return warning(PointName.TARGET, reason, url)
    return fine(PointName.TARGET, f"{name_of(target)} of {clock(target.created_at)} {chosen}", url)


def _chosen(case: Case) -> str:
    if case.given.kind is RollbackKind.PROMOTE:
        return "is the newest finished build that waits"
    if case.given.kind is RollbackKind.UNDO:
        return "is what served before the rollback"
    return "is the base of the rolling release" if case.way is Way.ROLLING_RELEASE else "is the last known good release"


def _served(case: Case, target: VercelDeployment) -> Point | None:
    if case.given.kind is not RollbackKind.ROLLBACK:
        return None
    if target.serving is ServingState.UNKNOWN:
        return warning(PointName.SERVED, f"Vercel does not say whether {name_of(target)} has ever served production")
    if has_served(target) or case.way is Way.ROLLING_RELEASE:
        return fine(PointName.SERVED, f"{name_of(target)} has served production before")
    reason = f"{name_of(target)} has never served production, so Vercel does not go back to it"
    return blocks(PointName.SERVED, f"{reason}: promote it instead, if it is better")


def _candidate(case: Case, target: VercelDeployment) -> Point | None:
    if case.given.kind is not RollbackKind.ROLLBACK or case.way is Way.ROLLING_RELEASE:
        return None
    if case.given.only_previous and case.serving is not None:
        previous = next(iter(served_before(case.serving, case.deployments)), None)
        if previous is not None and previous.id != target.id:
            reason = f"on its plan Vercel goes back to the deployment before only, which is {name_of(previous)}"
            return blocks(PointName.CANDIDATE, reason)
    if target.is_rollback_candidate is False:
        return blocks(PointName.CANDIDATE, f"Vercel does not offer {name_of(target)} for a rollback")
    if target.is_rollback_candidate is None:
        return warning(PointName.CANDIDATE, f"Vercel does not say whether it would go back to {name_of(target)}")
    return fine(PointName.CANDIDATE, f"Vercel offers {name_of(target)} for a rollback")


def _age(case: Case, target: VercelDeployment) -> Point:
    age = case.given.now - target.created_at
    told = f"{name_of(target)} was built {span(age)} ago"
    return (
        warning(PointName.AGE, f"{told}: much may have changed around it") if age > OLD else fine(PointName.AGE, told)
    )


def _record(case: Case, target: VercelDeployment) -> Point:
    record = record_of(case.given.records, target.sha)
    told = f"{name_of(target)}: {record.reason}"
    if record.is_good is False and case.given.kind is not RollbackKind.ROLLBACK:
        return warning(PointName.RECORD, told)
    if record.is_good is False:
        return blocks(PointName.RECORD, told, may_force=True)
    return fine(PointName.RECORD, told) if record.is_good else warning(PointName.RECORD, told)
