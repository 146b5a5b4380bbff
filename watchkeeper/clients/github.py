"""GitHub's REST API: the commits of a branch, and pages that are published as one commit.

Source: https://docs.github.com/en/rest/commits/commits and https://docs.github.com/en/rest/git
"""

import asyncio
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Final
from urllib.parse import quote

import httpx

from watchkeeper.clients.base import Answer, Params, VendorClient, VendorError, VendorRefused, VendorUnavailable
from watchkeeper.clients.parsing import Record, readable, record_of, records_of
from watchkeeper.clients.rate_limits import LimitHeaders
from watchkeeper.domain.commits import Commit
from watchkeeper.domain.verdicts import Missing

MOST_PAGES: Final = 20  # of 100 commits
MOST_RACES: Final = 4  # times that somebody else may have pushed while we were about to
READING: Final = "Contents: read"
WRITING: Final = "Contents: write"
_LIMITS: Final = LimitHeaders(
    pairs=(("x-ratelimit-remaining", "x-ratelimit-reset"),), reset_is_epoch=True, per_endpoint=False
)
_SECONDARY_PAUSE: Final = timedelta(minutes=1)
_LOST: Final = frozenset({httpx.codes.CONFLICT, httpx.codes.UNPROCESSABLE_ENTITY})
_LIMITED: Final = frozenset({httpx.codes.FORBIDDEN, httpx.codes.TOO_MANY_REQUESTS})
Repositories = Sequence[tuple[str, str]]


class GitHubClient(VendorClient):
    """Reads commits and publishes pages.

    Args:
        token: a fine-grained token with Contents: read for what is watched, and write where pages are published.
    """

    unsaid_pause: ClassVar[timedelta] = _SECONDARY_PAUSE

    def __init__(
        self, token: str, base_url: str = "https://api.github.com", transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        super().__init__(
            vendor="GitHub",
            base_url=base_url,
            headers={
                "Authorization": f"Bearer {token}",
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": "2022-11-28",
            },
            secrets=(token,),
            transport=transport,
            limits=_LIMITS,
            credential="GITHUB_TOKEN",
        )

    async def commits(self, repositories: Repositories, since: datetime) -> dict[str, tuple[Commit, ...] | Missing]:
        """Return the commits that each branch got since then, newest first, by repository.

        Args:
            repositories: `owner/name` with the branch; "" for the repository's default branch.
            since: by the moment of the push or merge, as far as git knows it: a commit may be written much earlier.
        """
        found = await asyncio.gather(*(self._commits_or_gap(*each, since) for each in repositories))
        return dict(zip((repository for repository, _ in repositories), found, strict=True))

    async def publish_pages(self, repository: str, branch: str, files: Mapping[str, bytes], message: str) -> str:
        """Write files to a branch in one commit and return its SHA; other files of the branch stay as they are.

        A branch that is not there is made. Files that are there already as given make no commit: the SHA is then that
        of the newest one. Where somebody else pushes meanwhile, it is done again on top of that.

        Args:
            files: content by path.

        Raises:
            VendorError: it could not be published; the branch is then as it was.
        """
        tree = await asyncio.gather(*(self._blob(repository, path, content) for path, content in files.items()))
        for races_left in reversed(range(MOST_RACES)):
            head = await self._head(repository, branch)
            try:
                return await self._commit(repository, branch, head, tree, message)
            except _RaceLost as lost:
                if not races_left:
                    raise VendorUnavailable(self.vendor, f"somebody else keeps pushing to {branch}: {lost}") from None
        raise AssertionError("the last try returns or raises")

    async def _commits_or_gap(self, repository: str, branch: str, since: datetime) -> tuple[Commit, ...] | Missing:
        try:
            return await self._commits_since(repository, branch, since)
        except VendorError as error:
            return error.missing()

    async def _commits_since(self, repository: str, branch: str, since: datetime) -> tuple[Commit, ...]:
        asked: Params = {
            **({"sha": branch} if branch else {}),
            "since": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "per_page": 100,
        }
        about = f"the branch {branch} of {repository}" if branch else f"the repository {repository}"
        pages = await self.get_pages(
            f"{_path(repository)}/commits", asked, next_page, most=MOST_PAGES, scope=READING, about=about
        )
        records = (record for answer in pages.answers for record in records_of(answer))
        commits, _ = readable(records, _commit, "commits")
        return tuple(commits)

    async def _blob(self, repository: str, path: str, content: bytes) -> dict[str, str]:
        """Store the content of a file and return its entry of a tree."""
        body = {"content": b64encode(content).decode(), "encoding": "base64"}
        answer = await self._write("POST", repository, "git/blobs", body)
        return {"path": path, "mode": "100644", "type": "blob", "sha": answer.text("sha")}

    async def _head(self, repository: str, branch: str) -> str:
        """Return the SHA of the newest commit of the branch; "" where there is no such branch."""
        path = f"{_path(repository)}/git/ref/heads/{quote(branch)}"
        try:
            answer = await self.get(path, scope=WRITING, about=f"the branch {branch} of {repository}")
        except VendorRefused as refused:
            if refused.status == httpx.codes.NOT_FOUND:
                return ""
            raise
        return record_of(answer).text("object.sha")

    async def _tree_of(self, repository: str, commit: str) -> str:
        path, about = f"{_path(repository)}/git/commits/{commit}", f"the commit {commit[:7]} of {repository}"
        return record_of(await self.get(path, scope=WRITING, about=about)).text("tree.sha")

    async def _commit(
        self, repository: str, branch: str, head: str, tree: Sequence[Mapping[str, str]], message: str
    ) -> str:
        base = await self._tree_of(repository, head) if head else ""
        on_top = {"base_tree": base} if base else {}
        made = await self._write("POST", repository, "git/trees", {**on_top, "tree": list(tree)})
        if made.text("sha") == base:
            return head
        asked = {"message": message, "tree": made.text("sha"), "parents": [head] if head else []}
        commit = (await self._write("POST", repository, "git/commits", asked)).text("sha")
        await self._move(repository, branch, commit, is_new=not head)
        return commit

    async def _move(self, repository: str, branch: str, commit: str, *, is_new: bool) -> None:
        """Make the commit the newest of the branch, if it stands on the one that is.

        Raises:
            _RaceLost: it does not any more.
        """
        try:
            if is_new:
                await self._write("POST", repository, "git/refs", {"ref": f"refs/heads/{branch}", "sha": commit})
            else:
                asked = {"sha": commit, "force": False}
                await self._write("PATCH", repository, f"git/refs/heads/{quote(branch)}", asked)
        except VendorRefused as refused:
            if refused.status in _LOST:
                raise _RaceLost(refused.vendor, refused.message, refused.status) from None
            raise

    async def _write(self, method: str, repository: str, path: str, content: object) -> Record:
        where, about = f"{_path(repository)}/{path}", f"the repository {repository}"
        return record_of(await self.send(method, where, content, scope=WRITING, about=about))

    def _error(
        self, response: httpx.Response, body: bytearray, pause: timedelta | None, scope: str, about: str
    ) -> VendorError:
        """Return the error; GitHub says 403 for having had too many requests, too."""
        if response.status_code in _LIMITED and _is_secondary_limit(body):
            self._resume_at[""] = asyncio.get_running_loop().time() + _SECONDARY_PAUSE.total_seconds()
            message = f"has had too many requests at once ({response.status_code}): it wants a minute without any"
            return VendorUnavailable(self.vendor, message, _SECONDARY_PAUSE)
        if response.status_code in _LIMITED and pause is not None:
            wait = f"{pause.total_seconds():.0f} s"
            message = f"has had too many requests ({response.status_code}), and asks to wait {wait}"
            return VendorUnavailable(self.vendor, message, pause)
        return super()._error(response, body, pause, scope, about)


def _is_secondary_limit(body: bytearray) -> bool:
    """Return whether a refusal is one of the limits that no header names.

    Source: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api; hub4j/github-api#2009.
    """
    said = bytes(body[:2_000]).lower()
    return any(words in said for words in (b"secondary rate limit", b"secondary-rate-limit", b"abuse detection"))


class _RaceLost(VendorRefused):
    """The branch has moved on since it was read."""


def _path(repository: str) -> str:
    return f"/repos/{quote(repository)}"


def next_page(answer: Answer) -> Params | None:
    """Return the parameters of the next page, all that the `Link` header names; None on the last one.

    Lists page by `page`, and long lists of issues by a cursor in `after` instead. Source: google/go-github#3565.
    """
    following = httpx.Response(200, headers=dict(answer.headers)).links.get("next", {}).get("url", "")
    params = httpx.URL(following).params if following else httpx.QueryParams()
    return {name: params.get_list(name) for name in params} or None


def _commit(record: Record) -> Commit:
    message = record.text("commit.message", "")
    return Commit(
        sha=record.text("sha"),
        at=record.moment_or_none("commit.author.date") or record.moment("commit.committer.date"),
        title=next(iter(message.splitlines()), ""),
        author=record.text("commit.author.name", ""),
    )
