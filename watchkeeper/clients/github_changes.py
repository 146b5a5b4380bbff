"""GitHub: what lies between two commits, with its files and pull requests.

Source: https://docs.github.com/en/rest/commits/commits#compare-two-commits and
https://docs.github.com/en/rest/pulls/pulls#list-pull-requests
"""

import asyncio
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final
from urllib.parse import quote

from watchkeeper.clients.base import Answer, Params, VendorError
from watchkeeper.clients.github import READING, GitHubClient
from watchkeeper.clients.parsing import Record, record_of, records_of
from watchkeeper.domain.redaction import redacted, shortened
from watchkeeper.domain.rollback_changes import ChangedCommit, Changes, PullRequest

MOST_COMMITS: Final = 1000
MOST_FILES: Final = 300  # that GitHub names of one comparison
PAGE: Final = 100
_MOST_PULL_PAGES: Final = 10
_MOST_PARTS: Final = 20  # into which a comparison with too many files is cut
_LONGEST_TEXT: Final = 4000
_NUMBER: Final = re.compile(r"\(#(\d{1,9})\)\s*$|^Merge pull request #(\d{1,9}) ")
_PULLS: Final = "Pull requests: read"


class GitHubChangesClient(GitHubClient):
    """Compares commits. The token also needs Pull requests: read."""

    async def changes(self, repository: str, base: str, head: str) -> Changes:
        """Return what `head` has and `base` has not, oldest commit first.

        What it costs is bounded: of more than a thousand commits the oldest are named, and of files those that GitHub
        names of at most twenty parts of the way. `total_commits` and `all_files` tell when there is more.

        Raises:
            VendorRefused: one of the commits is not there.
        """
        first = record_of(await self._compared(repository, base, head, page=1))
        total = first.count("total_commits", 0)
        later = await asyncio.gather(
            *(self._compared(repository, base, head, page) for page in range(2, _pages(total) + 1))
        )
        commits = [raw for page in (first, *map(record_of, later)) for raw in page.records("commits")]
        files, all_files = await self._files(repository, first, base, [raw.text("sha") for raw in commits], head)
        since = first.moment_or_none("merge_base_commit.commit.committer.date")
        return Changes(
            commits=tuple(_commit(raw) for raw in commits),
            files=files,
            pull_requests=await self._pull_requests(repository, commits, since),
            total_commits=total,
            ahead_of_serving=first.count("behind_by", 0),
            all_files=all_files,
            url=first.url("html_url"),
        )

    async def _compared(self, repository: str, base: str, head: str, page: int) -> Answer:
        span = f"{quote(base, safe='')}...{quote(head, safe='')}"
        about = f"the commits {base[:7]} to {head[:7]} of {repository}"
        path = f"/repos/{quote(repository)}/compare/{span}"
        return await self.get(path, {"per_page": PAGE, "page": page}, scope=READING, about=about)

    async def _files(
        self, repository: str, whole: Record, base: str, commits: Sequence[str], head: str
    ) -> tuple[tuple[str, ...], bool]:
        """Return the files between two commits, with those that were moved by both names, and whether these are all.

        GitHub names 300 of them: where there are more, it is asked about parts of the way.
        """
        named = whole.values("files")
        if len(named) < MOST_FILES:
            return _paths([whole]), True
        step = max(-(-len(commits) // _MOST_PARTS), 1)
        ends = [base, *commits[step - 1 : -1 : step], head]
        spans = list(pairwise(ends))
        try:
            answers = await asyncio.gather(*(self._compared(repository, *span, page=1) for span in spans))
        except VendorError:
            return _paths([whole]), False
        parts = [record_of(answer) for answer in answers]
        return _paths([whole, *parts]), all(len(part.values("files")) < MOST_FILES for part in parts)

    async def _pull_requests(
        self, repository: str, commits: Sequence[Record], since: datetime | None
    ) -> tuple[PullRequest, ...]:
        """Return the pull requests that brought the commits, newest first: by merge commit, or by number in a title.

        Those that were merged after `since` were touched after it; so the list, by its last change, is read until then.
        """
        if not commits:
            return ()
        shas = {raw.text("sha") for raw in commits}
        numbers = {number for raw in commits if (number := _number_in(raw.text("commit.message", "")))}
        pages = list(await self._pulls(repository, 1))
        if len(pages) == PAGE and not _reaches(pages, since):
            last = min(_pages(len(commits)) + 2, _MOST_PULL_PAGES)
            more = await asyncio.gather(*(self._pulls(repository, page) for page in range(2, last + 1)))
            pages += [raw for page in more for raw in page]
        found = {raw.whole("number", 0): raw for raw in pages if raw.moment_or_none("merged_at") is not None}
        ours = [raw for number, raw in found.items() if number in numbers or raw.text("merge_commit_sha", "") in shas]
        ours.sort(key=lambda raw: raw.moment("merged_at"), reverse=True)
        return tuple(_pull_request(raw) for raw in ours)

    async def _pulls(self, repository: str, page: int) -> tuple[Record, ...]:
        asked: Params = {"state": "closed", "sort": "updated", "direction": "desc", "per_page": PAGE, "page": page}
        about = f"the pull requests of {repository}"
        return records_of(await self.get(f"/repos/{quote(repository)}/pulls", asked, scope=_PULLS, about=about))


def _pages(total: int) -> int:
    return -(-min(total, MOST_COMMITS) // PAGE)


def _reaches(pulls: Sequence[Record], since: datetime | None) -> bool:
    """Return True when the list goes back to before `since`."""
    last = pulls[-1].moment_or_none("updated_at") if pulls else None
    return since is not None and last is not None and last < since


def _paths(compared: Iterable[Record]) -> tuple[str, ...]:
    names = (
        raw.text(key, "")
        for part in compared
        for raw in part.records("files")
        for key in ("filename", "previous_filename")
    )
    return tuple(sorted({name[:_LONGEST_TEXT] for name in names if name}))


def _commit(raw: Record) -> ChangedCommit:
    return ChangedCommit(
        sha=raw.text("sha"),
        message=_message(raw.text("commit.message", "")),
        author=raw.text("commit.author.name", "")[:200],
        url=raw.url("html_url"),
    )


def _pull_request(raw: Record) -> PullRequest:
    labels = (Record(raw.vendor, label) for label in raw.values("labels") if isinstance(label, dict))
    return PullRequest(
        number=raw.whole("number"),
        title=shortened(raw.text("title", ""), 300),
        url=raw.url("html_url"),
        author=raw.text("user.login", ""),
        labels=tuple(label.text("name", "")[:100] for label in labels),
        merge_sha=raw.text("merge_commit_sha", ""),
    )


def _message(text: str) -> str:
    """Return the message, cut in its middle where it is very long: a title is at its beginning, trailers at its end."""
    half, text = _LONGEST_TEXT // 2, redacted(text)
    return text if len(text) <= _LONGEST_TEXT else f"{text[:half]}\n…\n{text[-half:]}"


def _number_in(message: str) -> int | None:
    """Return the pull request that the first line of a message names, as GitHub writes it when it merges."""
    found = _NUMBER.search(message.partition("\n")[0])
    return int(found[1] or found[2]) if found else None
