"""Vercel: what serves production, and the platform's own status."""

from datetime import datetime

from blocks.vercel import Vercel
from tasks.vendors import HISTORY_SECONDS, keep_or_retry, vendor_task
from watchkeeper.domain.delivery import DeliveryReport, PlatformStatus
from watchkeeper.domain.verdicts import Missing
from watchkeeper.domain.windows import Window


@vendor_task("vercel {team}")
async def fetch_delivery_reports(
    vercel: Vercel, team: str, projects: tuple[str, ...], since: datetime
) -> dict[str, DeliveryReport | Missing]:
    """Fetch what serves production of each project, and the production deployments created since then.

    Args:
        team: `team_...` or the team's slug; "" for the personal account.
        projects: ids or names; the keys of the result.
    """
    async with vercel.get_client() as client:
        return keep_or_retry("Vercel", await client.delivery_reports(team, projects, since))


@vendor_task("vercel history {team}", HISTORY_SECONDS)
async def fetch_delivery_history(
    vercel: Vercel, team: str, projects: tuple[str, ...], span: Window
) -> dict[str, DeliveryReport | Missing]:
    """Fetch what serves production of each project now, and the production deployments created in the span."""
    async with vercel.get_client() as client:
        return keep_or_retry("Vercel", await client.delivery_reports(team, projects, span.start, span.end))


@vendor_task("vercel status page")
async def fetch_platform_status(vercel: Vercel) -> PlatformStatus:
    """Fetch what Vercel says of itself; needs no token."""
    async with vercel.get_status_client() as client:
        return await client.platform_status()
