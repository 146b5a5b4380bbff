"""The plan of a way back: what would be done, and every point that speaks for or against it.

A block refuses the plan. A person may force what is a matter of judgement: migrations, labels, the target's own record,
the cooldown. Nobody can force what cannot work: no target, a target that serves already, a target that the vendor does
not go back to, no right to do it, another one under way.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from watchkeeper.domain.commits import short_name
from watchkeeper.domain.phrases import amount, listed
from watchkeeper.domain.production import VercelDeployment
from watchkeeper.domain.rollback import Mark, Plan, PlannedRelease, Point, RollbackKind, Way
from watchkeeper.domain.rollback_change_points import change_points
from watchkeeper.domain.rollback_evidence import SecondLook
from watchkeeper.domain.rollback_guard_points import guard_points, percentage_point
from watchkeeper.domain.rollback_input import NOT_READ, Case, PercentageReading, Permission, PlanInput, PointName
from watchkeeper.domain.rollback_points import name_of, serving_point, target_points

__all__ = [
    "NOT_READ",
    "PercentageReading",
    "Permission",
    "PlanInput",
    "PointName",
    "plan_changes",
    "plan_rollback",
    "planned_release",
]

_WAIT: Final = frozenset({PointName.UNDER_WAY, PointName.COOLDOWN, PointName.ROLLING})
_STAYS: Final = frozenset({PointName.MIGRATIONS, PointName.LABELS})


def plan_rollback(given: PlanInput) -> Plan:
    """Return the plan with all its points; blocks refuse it, unless they may be forced and are."""
    case = Case(given)
    points = tuple(replace(p, is_forced=_is_forced(p, given)) for p in _points(case))
    by_share = case.way is Way.PERCENTAGE
    reading = given.percentage if isinstance(given.percentage, PercentageReading) else None
    plan = Plan(
        project=given.project,
        kind=given.kind,
        way=case.way,
        made_at=given.now,
        serving=planned_release(case.serving) if case.serving else None,
        target=planned_release(case.found) if case.found and not by_share else None,
        points=points,
        summary=_summary(case, points),
        percentage_now=reading.value if by_share and reading else None,
        percentage=case.percentage if by_share else None,
    )
    return replace(plan, alternative=_alternative(case, plan)) if plan.is_blocked else plan


def planned_release(deployment: VercelDeployment) -> PlannedRelease:
    url = deployment.url if "://" in deployment.url or not deployment.url else f"https://{deployment.url}"
    return PlannedRelease(deployment.id, deployment.sha, deployment.created_at, url, deployment.inspector_url)


def plan_changes(then: Plan, now: Plan) -> SecondLook:
    """Return what is no longer so since the plan was approved: what serves, the target, new blocks."""
    new_blocks = [point for point in now.blocks if not _stood(point, then)]
    moved = [
        _moved("serves production", then.serving, now.serving),
        _moved("would be gone to", then.target, now.target),
        "" if then.way is now.way else f"the way is {now.way.replace('_', ' ')} now, it was {then.way}",
    ]
    if then.percentage_now != now.percentage_now:
        moved.append(f"the percentage is {now.percentage_now} now, it was {then.percentage_now}")
    reasons = [*filter(None, moved), *(f"{point.name}: {point.reason}" for point in new_blocks)]
    return SecondLook(tuple(reasons), is_blocked=bool(new_blocks))


def _points(case: Case) -> list[Point]:
    if case.way is Way.PERCENTAGE:
        return [serving_point(case), percentage_point(case), *guard_points(case)]
    points = target_points(case)
    if case.given.kind is RollbackKind.ROLLBACK:
        points += change_points(case)
    return [*points, *guard_points(case)]


def _is_forced(point: Point, given: PlanInput) -> bool:
    return given.is_forced and point.may_force and point.mark is Mark.BLOCKS


def _summary(case: Case, points: Sequence[Point]) -> str:
    project, target = case.given.project, case.found
    stopped = [point for point in points if point.stops]
    warned = [point for point in points if point.mark is Mark.WARNING]
    if case.way is Way.PERCENTAGE:
        what = f"{project}: set the share of visitors to {case.percentage:g} %"
    elif target is None:
        return f"{project}: there is no way back: {stopped[0].reason if stopped else 'no target'}"
    else:
        what = f"{project}: {_verb(case)} {name_of(target)}" + (
            f" from {name_of(case.serving)}" if case.serving else ""
        )
    if stopped:
        return f"{what}: refused, {stopped[0].reason}"
    forced = [point for point in points if point.is_forced]
    told = [f"{listed([point.name for point in forced])} forced"] if forced else []
    told += [amount(len(warned), "warning")] if warned else []
    return f"{what} ({', '.join(told)})" if told else what


def _verb(case: Case) -> str:
    if case.way is Way.ROLLING_RELEASE:
        return "abort the rolling release, back to"
    return "roll back to" if case.given.kind is RollbackKind.ROLLBACK else "promote"


def _alternative(case: Case, plan: Plan) -> str:
    """Return what to do instead."""
    names = {point.name for point in plan.blocks}
    told = []
    if names & _WAIT:
        told.append("wait until what is under way has ended, then plan again")
    if PointName.PERMISSION in names:
        told.append(
            "give the token of the Vercel block the right to change the project, or go back in Vercel's own page"
        )
    item = case.given.policy.percentage
    if item is not None and plan.way is not Way.PERCENTAGE:
        told.append(f"switch the feature off: set {item.key} to 0")
    told += _forward(case, names)
    if all(point.may_force for point in plan.blocks):
        told.append("or force it, if you know better: that is recorded")
    return "; ".join(dict.fromkeys(told))


def _forward(case: Case, names: set[str]) -> list[str]:
    if case.way is Way.PERCENTAGE:
        return ["switch the feature off where it is configured"]
    if case.given.kind is not RollbackKind.ROLLBACK:
        return [] if names & _WAIT else ["name a finished build to promote, or release a new commit"]
    serving = case.serving
    revert = (
        f"revert {short_name(serving.sha)} in a new commit" if serving and serving.sha else "revert in a new commit"
    )
    kept = ", but keep what it did to the database," if names & _STAYS else ""
    return [f"roll forward: {revert}{kept} and release that", "or switch the feature off by its flag"]


def _stood(point: Point, plan: Plan) -> bool:
    return any(old.name == point.name and old.mark is Mark.BLOCKS for old in plan.points)


def _moved(what: str, then: PlannedRelease | None, now: PlannedRelease | None) -> str:
    if (then and then.deployment) == (now and now.deployment):
        return ""
    return f"{_shown(now)} {what} now, it was {_shown(then)}"


def _shown(release: PlannedRelease | None) -> str:
    return (short_name(release.sha) or release.deployment) if release else "nothing"
