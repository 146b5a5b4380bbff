"""Asks Sentry."""

from datetime import datetime

from blocks.sentry import Sentry
from tasks.vendors import HISTORY_SECONDS, keep_or_retry, vendor_task
from watchkeeper.domain.errors import ErrorReport
from watchkeeper.domain.history import ErrorHistory
from watchkeeper.domain.verdicts import Missing
from watchkeeper.domain.windows import Window


@vendor_task("sentry {organization} {environment}")
async def fetch_error_reports(  # noqa: PLR0913, PLR0917 - who, what and when
    sentry: Sentry, organization: str, environment: str, projects: tuple[str, ...], window: Window, now: datetime
) -> dict[str, ErrorReport | Missing]:
    """Fetch errors, sessions, issues and releases of the projects in `window`, by the slug of the project.

    Raises:
        VendorError: nothing can be said about any project.
    """
    async with sentry.get_client() as client:
        reports = await client.error_reports(organization, environment, projects, window, now)
    return keep_or_retry("Sentry", reports)


@vendor_task("sentry history {organization} {environment}", HISTORY_SECONDS)
async def fetch_error_history(  # noqa: PLR0913, PLR0917 - who, what and when
    sentry: Sentry,
    organization: str,
    environment: str,
    projects: tuple[str, ...],
    hours: tuple[datetime, ...],
    now: datetime,
) -> dict[str, ErrorHistory | Missing]:
    """Fetch past hours of the projects, by the slug of the project.

    Raises:
        VendorError: nothing can be said about any project.
    """
    async with sentry.get_client() as client:
        return keep_or_retry("Sentry", await client.error_history(organization, environment, projects, hours, now))
