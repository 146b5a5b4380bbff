"""The points of a plan about what else is going on: other moves, waiting times, rights."""

from datetime import timedelta
from typing import Final

from watchkeeper.domain.phrases import clock, span
from watchkeeper.domain.production import AliasJob
from watchkeeper.domain.rollback import Point, RollbackKind, Way
from watchkeeper.domain.rollback_input import Case, PercentageReading, PointName
from watchkeeper.domain.rollback_points import blocks, fine, warning
from watchkeeper.domain.verdicts import Missing

MOVES_WITHIN: Final = timedelta(minutes=10)  # after which a move of domains that does not end is stuck
_AT_WORK: Final = frozenset({AliasJob.PENDING, AliasJob.IN_PROGRESS})


def guard_points(case: Case) -> list[Point]:
    """Return what is to be said of what else is going on."""
    points = [_rolling(case), _custody(case), _cooldown(case), _under_way(case), _permission(case)]
    return [point for point in points if point is not None]


def percentage_point(case: Case) -> Point:
    """Return what is to be said of the item that is set, where the way back is a percentage."""
    reading, wanted = case.given.percentage, case.percentage
    wrong = _no_percentage(case)
    if wrong or not isinstance(reading, PercentageReading) or reading.value is None:
        url = reading.url if isinstance(reading, PercentageReading) else ""
        return blocks(PointName.PERCENTAGE, wrong, url)
    told = f"{_item(case)} is {reading.value:g} % and would be {wanted:g} %"
    if reading.value < wanted and case.given.kind is RollbackKind.ROLLBACK:
        return warning(PointName.PERCENTAGE, f"{told}: more visitors get it, not fewer", reading.url)
    return fine(PointName.PERCENTAGE, told, reading.url)


def _no_percentage(case: Case) -> str:
    """Return why the item cannot be set; "" where it can."""
    reading, wanted = case.given.percentage, case.percentage
    if case.given.policy.percentage is None:
        return "no item is configured (rollback.percentage)"
    if not 0 <= wanted <= 100:
        return f"{wanted:g} is no percentage: 0 to 100 is expected"
    if isinstance(reading, Missing):
        return f"{_item(case)} could not be read: {reading.reason}"
    if reading.value is None:
        return f"{_item(case)} is not there, or no number"
    return f"{_item(case)} is {wanted:g} % already" if reading.value == wanted else ""


def _item(case: Case) -> str:
    item = case.given.policy.percentage
    return f"{item.key} of {item.edge_config}" if item else ""


def _rolling(case: Case) -> Point | None:
    if case.way is Way.PERCENTAGE:
        return None
    rolling = case.production.rolling_release if case.production else None
    if rolling is None or not case.is_rolling:
        if case.given.rolls_out and case.given.kind is not RollbackKind.ROLLBACK:
            return warning(PointName.ROLLING, "promoting starts a rolling release: visitors move step by step")
        return fine(PointName.ROLLING, "none is under way")
    if case.way is Way.ROLLING_RELEASE:
        return fine(PointName.ROLLING, f"the one of {rolling.canary_deployment} is aborted")
    if case.given.kind is RollbackKind.ROLLBACK:
        reason = f"one is under way: go back to its base, {rolling.base_deployment}, first, then further"
        return blocks(PointName.ROLLING, reason)
    return blocks(
        PointName.ROLLING, "one is under way, so promoting another changes nothing: complete or abort it first"
    )


def _custody(case: Case) -> Point | None:
    if case.way is Way.PERCENTAGE:
        return None
    earlier = next((other for other in case.given.others if other.is_in_custody), None)
    in_custody = earlier is not None or (case.production is not None and case.production.in_custody)
    by = f" by rollback {earlier.id} of {clock(earlier.requested_at)}" if earlier else ""
    if case.given.kind is RollbackKind.UNDO:
        return _undone(case)
    if case.given.kind is RollbackKind.PROMOTE:
        ends = f"production was rolled back{by}: this ends it, and later builds go live again"
        return fine(
            PointName.CUSTODY, ends if in_custody else "production is not rolled back: this is a plain promotion"
        )
    if in_custody:
        return warning(PointName.CUSTODY, f"production was rolled back{by} already: this goes further back")
    if case.production is not None and case.production.auto_assigns_domains is False:
        return warning(PointName.CUSTODY, "new builds do not go live by themselves now; they will not after it either")
    return fine(PointName.CUSTODY, "after it new builds do not go live until somebody promotes one")


def _undone(case: Case) -> Point:
    undone = case.given.undoes
    if undone is None or undone.moved_at is None:
        return blocks(PointName.CUSTODY, "there is no rollback to take back that has changed production")
    serves = case.production.deployment if case.production else None
    if serves != undone.to_deployment:
        reason = f"production has moved on since rollback {undone.id}: {serves} serves now, not {undone.to_deployment}"
        return blocks(PointName.CUSTODY, f"{reason}. Promote what should serve instead")
    return fine(PointName.CUSTODY, f"rollback {undone.id} is taken back, and later builds go live again")


def _cooldown(case: Case) -> Point | None:
    """Return how long ago the last rollback was; what ends one is not held up."""
    given = case.given
    if given.kind is not RollbackKind.ROLLBACK:
        return None
    moves = [other for other in given.others if other.moved_at is not None and other.kind is RollbackKind.ROLLBACK]
    last = max((other for other in moves), key=lambda other: other.moved_at or other.requested_at, default=None)
    if last is None or last.moved_at is None:
        return fine(PointName.COOLDOWN, "no earlier rollback is known")
    ago = given.now - last.moved_at
    told = f"the last one, rollback {last.id}, was {span(ago)} ago"
    if ago >= given.policy.cooldown:
        return fine(PointName.COOLDOWN, told)
    wait = f"{told}; {span(given.policy.cooldown)} must lie between: a second one rarely mends what the first did not"
    return blocks(PointName.COOLDOWN, wait, may_force=True)


def _under_way(case: Case) -> Point:
    active = next((other for other in case.given.others if other.is_active), None)
    if active is not None:
        what = f"rollback {active.id} of {active.requested_by} is under way ({active.state.replace('_', ' ')})"
        return blocks(PointName.UNDER_WAY, f"{what}: one at a time")
    request = case.production.last_alias_request if case.production else None
    if request is None or request.job not in _AT_WORK or case.way is Way.PERCENTAGE:
        return fine(PointName.UNDER_WAY, "nothing else is under way")
    told = f"Vercel is moving the domains to {request.to_deployment} since {clock(request.requested_at)}"
    if case.given.now - request.requested_at > MOVES_WITHIN:
        return warning(PointName.UNDER_WAY, f"{told}, which seems to be stuck")
    return blocks(PointName.UNDER_WAY, f"{told}: wait until that has ended")


def _permission(case: Case) -> Point:
    permission = case.given.permission
    if isinstance(permission, Missing):
        return warning(PointName.PERMISSION, f"whether our token may do it is not known: {permission.reason}")
    if permission.may_write:
        return fine(PointName.PERMISSION, permission.reason)
    return blocks(PointName.PERMISSION, f"our token may not do it: {permission.reason}")
