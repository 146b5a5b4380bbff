"""GitHub: the status of a commit, and the pull request that brought it.

Source: https://docs.github.com/en/rest/commits/statuses#create-a-commit-status and
https://docs.github.com/en/rest/pulls/pulls#list-pull-requests
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import quote

from watchkeeper.clients.base import Answer, Params
from watchkeeper.clients.github import next_page
from watchkeeper.clients.github_issues import GitHubIssuesClient
from watchkeeper.clients.parsing import records_of

CONTEXT: Final = "watchkeeper"
LONGEST_DESCRIPTION: Final = 140
MAX_PULL_PAGES: Final = 10
_STATUSES: Final = "Commit statuses: write"
_PULLS: Final = "Pull requests: read"


class CommitState(StrEnum):
    FAILURE = "failure"
    SUCCESS = "success"


@dataclass(frozen=True, slots=True)
class CommitStatus:
    """What is said of a commit; `url` is where to look closer, "" for nowhere."""

    state: CommitState
    description: str
    url: str = ""


class GitHubReleasesClient(GitHubIssuesClient):
    """Marks commits. The token needs Commit statuses: write, and what its issues and comments need."""

    async def set_status(self, repository: str, sha: str, status: CommitStatus) -> None:
        """Set the status of a commit; it takes the place of the one that we set before."""
        content = {
            "state": status.state.value,
            "description": status.description[:LONGEST_DESCRIPTION],
            "context": CONTEXT,
            **({"target_url": status.url} if status.url else {}),
        }
        path, about = f"/repos/{quote(repository)}/statuses/{sha}", f"the commit {sha[:7]} of {repository}"
        await self.send("POST", path, content, scope=_STATUSES, about=about)

    async def pull_request_of(self, repository: str, sha: str) -> int:
        """Return the number of the pull request that was merged as this commit, if that was lately; 0 for none."""
        asked: Params = {"state": "closed", "sort": "updated", "direction": "desc", "per_page": 100}
        about = f"the pull requests of {repository}"
        path = f"/repos/{quote(repository)}/pulls"

        def further(answer: Answer) -> Params | None:
            return None if _merged_as(sha, answer) else next_page(answer)

        pages = await self.get_pages(path, asked, further, most=MAX_PULL_PAGES, scope=_PULLS, about=about)
        return _merged_as(sha, pages.answers[-1])


def _merged_as(sha: str, answer: Answer) -> int:
    """Return the number of the pull request on this page that was merged as the commit; 0 for none."""
    merged = (raw for raw in records_of(answer) if raw.text("merge_commit_sha", "") == sha)
    return next((raw.whole("number") for raw in merged if raw.moment_or_none("merged_at") is not None), 0)
