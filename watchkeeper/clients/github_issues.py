"""GitHub: issues and comments that are found again by a mark in their text, so that nothing is written twice.

Source: https://docs.github.com/en/rest/issues
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from watchkeeper.clients.base import Params
from watchkeeper.clients.github import GitHubClient, next_page
from watchkeeper.clients.parsing import Record, record_of, records_of

_WRITING: Final = "Issues: write"
_MOST_PAGES: Final = 5
_LONGEST_BODY: Final = 60_000  # GitHub takes 65536 characters


@dataclass(frozen=True, slots=True)
class IssueText:
    """What an issue says. `mark` finds it again; it does not show. `is_closed`: as completed."""

    mark: str
    title: str
    body: str
    labels: tuple[str, ...] = ()
    is_closed: bool = False


@dataclass(frozen=True, slots=True)
class IssueLink:
    number: int
    url: str


class GitHubIssuesClient(GitHubClient):
    """Writes issues and comments. The token needs Issues: write, and Pull requests: write for comments there."""

    async def save_issue(self, repository: str, text: IssueText, since: datetime, number: int = 0) -> IssueLink:
        """Write an issue, or bring the one that is there up to date.

        Args:
            since: an issue of that mark cannot have been touched before.
            number: of the issue where it is known; 0 to look for it by its mark.
        """
        number = number or await self._marked_issue(repository, text.mark, since)
        content = written(text)
        if not number:
            made = await self._save("POST", repository, "issues", {**content, "labels": list(text.labels)})
            number = made.whole("number")
            if not text.is_closed:
                return IssueLink(number, made.url("html_url"))
        state = {"state": "closed", "state_reason": "completed"} if text.is_closed else {"state": "open"}
        saved = await self._save("PATCH", repository, f"issues/{number}", {**content, **state})
        return IssueLink(number, saved.url("html_url"))

    async def comment_once(self, repository: str, number: int, mark: str, body: str, since: datetime) -> str:
        """Comment on an issue or pull request unless a comment of that mark is there; returns its address."""
        path = f"/repos/{quote(repository)}/issues/{number}/comments"
        about = f"the comments on #{number} of {repository}"
        for raw in await self._since(path, since, about, {}):
            if _mark(mark) in raw.text("body", ""):
                return raw.url("html_url")
        content = {"body": _marked(body, mark)}
        return (await self._save("POST", repository, f"issues/{number}/comments", content)).url("html_url")

    async def _marked_issue(self, repository: str, mark: str, since: datetime) -> int:
        path, about = f"/repos/{quote(repository)}/issues", f"the issues of {repository}"
        for raw in await self._since(path, since, about, {"state": "all"}):
            if _mark(mark) in raw.text("body", "") and not raw.record("pull_request").raw:
                return raw.whole("number")
        return 0

    async def _since(self, path: str, since: datetime, about: str, more: Params) -> Sequence[Record]:
        asked = {"since": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", "per_page": 100, **more}
        pages = await self.get_pages(path, asked, next_page, most=_MOST_PAGES, scope=_WRITING, about=about)
        return [raw for answer in pages.answers for raw in records_of(answer)]

    async def _save(self, method: str, repository: str, path: str, content: object) -> Record:
        about = f"the issues of {repository}"
        answer = await self.send(method, f"/repos/{quote(repository)}/{path}", content, scope=_WRITING, about=about)
        return record_of(answer)


def written(text: IssueText) -> dict[str, object]:
    """Return title and text of an issue within GitHub's limits."""
    return {"title": text.title[:250], "body": _marked(text.body, text.mark)}


def _marked(body: str, mark: str) -> str:
    return f"{body[:_LONGEST_BODY]}\n\n{_mark(mark)}"


def _mark(mark: str) -> str:
    return f"<!-- watchkeeper: {mark} -->"
