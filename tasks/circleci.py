"""Asks CircleCI."""

from datetime import datetime

from blocks.circleci import CircleCI
from tasks.vendors import HISTORY_SECONDS, keep_or_retry, vendor_task
from watchkeeper.domain.builds import BuildReport, Pipeline
from watchkeeper.domain.history import BuildHistory
from watchkeeper.domain.verdicts import Missing
from watchkeeper.domain.windows import Window


@vendor_task("circleci {organization}")
async def fetch_build_reports(
    circleci: CircleCI, organization: str, branches: dict[str, str], since: datetime, known: dict[str, Pipeline]
) -> dict[str, BuildReport | Missing]:
    """Fetch the pipelines of each project's default branch created since then, by the slug of the project.

    Raises:
        VendorError: nothing can be said about any project.
    """
    async with circleci.get_client() as client:
        reports = await client.build_reports(organization, branches, since, known)
    return keep_or_retry("CircleCI", reports)


@vendor_task("circleci history {organization}", HISTORY_SECONDS)
async def fetch_build_history(  # noqa: PLR0913, PLR0917 - who, what and when
    circleci: CircleCI,
    organization: str,
    branches: dict[str, str],
    span: Window,
    known: dict[str, Pipeline],
    now: datetime,
) -> dict[str, BuildHistory | Missing]:
    """Fetch the pipelines of each project's default branch created in the span, and what Insights tells of it.

    Raises:
        VendorError: nothing can be said about any project.
    """
    async with circleci.get_client() as client:
        return keep_or_retry("CircleCI", await client.build_history(organization, branches, span, known, now))
