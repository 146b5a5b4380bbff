"""Moves production, once, and watches it until that has ended."""

from datetime import datetime, timedelta
from typing import Final

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.utilities.annotations import quote

from blocks.vercel import Vercel
from tasks.credentials import load_block
from watchkeeper.clients.vercel_account import MayAsk, always
from watchkeeper.clients.vercel_moves import Watching
from watchkeeper.config import Project, VercelProject, read_settings
from watchkeeper.domain.commits import short_name
from watchkeeper.domain.moves import Moved, MoveKind, MoveOrder, MoveOutcome, PercentageOrder, mark_of
from watchkeeper.domain.rollback import Rollback, RollbackKind, Way
from watchkeeper.domain.rollback_policy import PercentageItem
from watchkeeper.domain.verdicts import Missing
from watchkeeper.store.rollbacks import MoveClaim

TIMEOUT_SECONDS: Final = 600  # quiet for five minutes, then watched for three; the last look may take a little longer

Order = MoveOrder | PercentageOrder


async def move_production(
    project: Project,
    rollback: Rollback,
    claim: MoveClaim,
    *,
    may_ask: MayAsk = always,
    watching: Watching | None = None,
) -> Moved:
    """Change production as the rollback says, and return what became of it; every failure is an outcome.

    Whoever calls it has claimed the move. It may be called again after a crash at any line: what the vendor was asked
    once is found out, not asked again.

    Args:
        claim: with when the vendor may have been called first, by a run before this one.
        may_ask: called right before the vendor is asked, each time; False when it must not be.
    """
    watching = watching or Watching(quiet=timedelta(seconds=read_settings().vercel_call_seconds))
    place = project.vercel
    if place is None:
        return Moved(MoveOutcome.REFUSED, "the project names no Vercel project", was_asked=False)
    block = await load_block(Vercel, project.credentials)
    if isinstance(block, Missing):
        return Moved(MoveOutcome.REFUSED, block.reason, was_asked=False)
    item = project.rollback_policy.percentage
    order = order_of(place, item, rollback, claim)
    # Unquoted, Prefect looks for futures in each of the values.
    moved: Moved = await _move(block, order, quote(may_ask), watching)  # type: ignore[call-overload]
    return moved


# Not repeated: it asks again by itself where nothing was sent, and must not where something was.
@task(
    name="move production",
    cache_policy=NO_CACHE,
    persist_result=False,
    timeout_seconds=TIMEOUT_SECONDS,
)
async def _move(vercel: Vercel, order: Order, may_ask: MayAsk, watching: Watching) -> Moved:
    if isinstance(order, PercentageOrder):
        async with vercel.get_percentages_client() as client:
            return await client.set_percentage(order, may_ask)
    async with vercel.get_moves_client() as mover:
        return await mover.move(order, watching, may_ask)


def order_of(place: VercelProject, item: PercentageItem | None, rollback: Rollback, claim: MoveClaim) -> Order:
    """Return what the vendor is to be asked for. `item`: where the percentage stands, if the project has one."""
    if rollback.way is Way.PERCENTAGE:
        return _percentage_order(place, item, rollback, claim.started_at)
    return MoveOrder(
        rollback=rollback.id,
        kind=MoveKind.ROLLBACK if rollback.kind is RollbackKind.ROLLBACK else MoveKind.PROMOTE,
        team=place.team,
        project=place.project,
        target=rollback.to_deployment,
        name=short_name(rollback.to_sha) or rollback.to_deployment,
        expected=rollback.from_deployment,
        reason=rollback.reason,
        started_at=claim.started_at,
        request_before=claim.request_before,
        mark=mark_of(rollback.project, rollback.id, rollback.requested_at),
        ends_rolling_release=rollback.way is Way.ROLLING_RELEASE,
    )


def _percentage_order(
    place: VercelProject, item: PercentageItem | None, rollback: Rollback, started_at: datetime | None
) -> PercentageOrder:
    plan = rollback.plan
    planned = plan.percentage if plan else None
    return PercentageOrder(
        team=place.team,
        config=item.edge_config if item else "",
        key=item.key if item else "",
        percent=rollback.rollout_percentage if planned is None else planned,
        expected=plan.percentage_now if plan else None,
        was_started=started_at is not None,
    )
