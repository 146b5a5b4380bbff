"""What lies between two commits is read to the end, within bounds."""

from typing import Any

import httpx
import pytest

from watchkeeper.clients.base import VendorRefused
from watchkeeper.clients.github_changes import GitHubChangesClient
from watchkeeper.domain.rollback_changes import Changes

TOKEN = "github-token-123456"
BASE, HEAD = "a" * 40, "f" * 40
MERGED = "2026-03-02T12:00:00Z"


def sha(number: int) -> str:
    return f"{number:040x}"


class GitHub:
    """A repository whose main branch has commits 1..count, each from a pull request of the same number."""

    def __init__(self, count: int = 3, files: int = 2) -> None:
        self.count, self.files = count, files
        self.message = "Change {number} (#{number})"
        self.behind = 0
        self.others = 0  # closed pull requests that were touched later
        self.merge_shas = True
        self.asked: list[httpx.Request] = []
        self.parts_fail = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        path, page = request.url.path, int(request.url.params.get("page", 1))
        if path == "/repos/acme/shop/pulls":
            return httpx.Response(200, json=self._pulls()[(page - 1) * 100 : page * 100])
        base, _, head = path.rpartition("/")[2].partition("...")
        return self._compared(base, head, page)

    def _compared(self, base: str, head: str, page: int) -> httpx.Response:
        is_whole = (base, head) == (BASE, HEAD)
        if not is_whole and self.parts_fail:
            return httpx.Response(503)
        first = 0 if base == BASE else int(base, 16)
        last = self.count if head == HEAD else int(head, 16)
        numbers = range(first + 1, last + 1)
        body: dict[str, Any] = {
            "html_url": "https://github.test/acme/shop/compare/x",
            "total_commits": len(numbers),
            "behind_by": self.behind,
            "merge_base_commit": {"commit": {"committer": {"date": "2026-03-01T12:00:00Z"}}},
            "commits": [self._commit(number) for number in numbers[(page - 1) * 100 : page * 100]],
        }
        if page == 1:
            names = [f"file{number:05d}.ts" for number in range(first * self.files, last * self.files)]
            body["files"] = [{"filename": name, "status": "modified"} for name in names[:300]]
        return httpx.Response(200, json=body)

    def _commit(self, number: int) -> dict[str, Any]:
        author = {"name": "Ada", "date": MERGED}
        message = self.message.format(number=number)
        commit = {"message": message, "author": author, "committer": author}
        return {"sha": sha(number), "html_url": f"https://github.test/c/{number}", "commit": commit}

    def _pulls(self) -> list[dict[str, Any]]:
        closed = [self._pull(100_000 + number, None) for number in range(self.others)]
        return [*closed, *(self._pull(number, MERGED) for number in range(self.count, 0, -1)), self._old()]

    def _pull(self, number: int, merged_at: str | None) -> dict[str, Any]:
        return {
            "number": number,
            "title": f"Change {number}",
            "html_url": f"https://github.test/pull/{number}",
            "user": {"login": "ada"},
            "labels": [{"name": "no-rollback"}, "nonsense"] if number == 2 else [],
            "merged_at": merged_at,
            "updated_at": MERGED,
            "merge_commit_sha": sha(number) if self.merge_shas else None,
        }

    def _old(self) -> dict[str, Any]:
        return {**self._pull(999_999, "2026-02-01T12:00:00Z"), "updated_at": "2026-02-01T12:00:00Z"}

    async def changes(self) -> Changes:
        async with GitHubChangesClient(TOKEN, transport=httpx.MockTransport(self)) as client:
            return await client.changes("acme/shop", BASE, HEAD)


async def test_commits_files_and_pull_requests_are_read() -> None:
    changes = await GitHub().changes()
    assert [commit.sha for commit in changes.commits] == [sha(1), sha(2), sha(3)]
    assert (changes.commits[0].title, changes.commits[0].author) == ("Change 1 (#1)", "Ada")
    assert changes.files == tuple(f"file{number:05d}.ts" for number in range(6))
    assert [pull.number for pull in changes.pull_requests] == [3, 2, 1]
    assert changes.pull_requests[1].labels == ("no-rollback",)
    assert (changes.total_commits, changes.ahead_of_serving, changes.all_files) == (3, 0, True)
    assert changes.url == "https://github.test/acme/shop/compare/x"


async def test_nothing_between_needs_no_pull_requests() -> None:
    github = GitHub(count=0)
    changes = await github.changes()
    assert (changes.commits, changes.pull_requests, len(github.asked)) == ((), (), 1)


async def test_histories_that_part_are_counted() -> None:
    github = GitHub()
    github.behind = 4
    assert (await github.changes()).ahead_of_serving == 4


@pytest.mark.parametrize(("count", "asks"), [(500, 16), (1000, 31)])
async def test_many_commits_take_a_bounded_number_of_asks(count: int, asks: int) -> None:
    github = GitHub(count, files=0)
    changes = await github.changes()
    assert (len(changes.commits), len(changes.pull_requests)) == (count, count)
    assert len(github.asked) <= asks


async def test_more_than_a_thousand_commits_are_cut_and_counted() -> None:
    changes = await GitHub(1200, files=0).changes()
    assert (len(changes.commits), changes.total_commits) == (1000, 1200)


async def test_more_files_than_github_names_are_read_in_parts() -> None:
    changes = await GitHub(200, files=3).changes()
    assert (len(changes.files), changes.all_files) == (600, True)


async def test_files_that_cannot_be_named_at_all_are_told() -> None:
    changes = await GitHub(20, files=400).changes()
    assert changes.all_files is False
    assert len(changes.files) >= 300


async def test_parts_that_cannot_be_read_leave_what_is_known() -> None:
    github = GitHub(200, files=3)
    github.parts_fail = True
    changes = await github.changes()
    assert (len(changes.files), changes.all_files) == (300, False)


@pytest.mark.parametrize("message", ["Change {number} (#{number})", "Merge pull request #{number} from acme/x\n\nBody"])
async def test_pull_requests_are_found_by_number_where_the_commit_is_another(message: str) -> None:
    github = GitHub()
    github.merge_shas, github.message = False, message
    assert [pull.number for pull in (await github.changes()).pull_requests] == [3, 2, 1]


async def test_pull_requests_that_were_not_merged_do_not_count() -> None:
    github = GitHub()
    github.others = 150
    assert [pull.number for pull in (await github.changes()).pull_requests] == [3, 2, 1]


async def test_the_end_of_a_long_message_is_kept_for_its_trailers() -> None:
    github = GitHub(1)
    github.message = "Title\n\n" + "x" * 9000 + "\n\nNo-Rollback: yes"
    (commit,) = (await github.changes()).commits
    assert commit.title == "Title"
    assert commit.message.endswith("No-Rollback: yes")
    assert len(commit.message) < 4100


async def test_a_commit_that_is_not_there_is_refused() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(404, json={"message": "Not Found"}))
    async with GitHubChangesClient(TOKEN, transport=transport) as client:
        with pytest.raises(VendorRefused) as caught:
            await client.changes("acme/shop", BASE, HEAD)
    assert "the commits aaaaaaa to fffffff of acme/shop" in str(caught.value)
    assert TOKEN not in repr(caught.value)
