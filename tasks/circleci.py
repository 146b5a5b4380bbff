"""Asks CircleCI."""

from datetime import datetime

from blocks.circleci import CircleCI
from tasks.vendors import keep_or_retry, vendor_task
from watchkeeper.domain.builds import BuildReport, Pipeline
from watchkeeper.domain.verdicts import Missing


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
