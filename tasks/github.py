"""GitHub: the commits of what is watched, and the pages that reports are published as."""

from collections.abc import Mapping
from datetime import datetime

from blocks.github import GitHub
from tasks.vendors import keep_or_retry, vendor_task
from watchkeeper.domain.commits import Commit
from watchkeeper.domain.verdicts import Missing


@vendor_task("github commits")
async def fetch_commits(
    github: GitHub, repositories: tuple[tuple[str, str], ...], since: datetime
) -> dict[str, tuple[Commit, ...] | Missing]:
    """Fetch the commits that each branch got since then, newest first, by repository.

    Args:
        repositories: `owner/name` with the branch.
    """
    async with github.get_client() as client:
        return keep_or_retry("GitHub", await client.commits(repositories, since))


@vendor_task("github pages {repository}")
async def publish_pages(github: GitHub, repository: str, branch: str, files: Mapping[str, bytes], message: str) -> str:
    """Publish files in one commit and return its SHA; doing it again makes no other commit."""
    async with github.get_client() as client:
        return await client.publish_pages(repository, branch, files, message)
