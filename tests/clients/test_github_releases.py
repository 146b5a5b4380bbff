"""The status of a commit, and the pull request that brought it."""

import json
from typing import Any

import httpx
import pytest

from watchkeeper.clients.base import VendorRefused
from watchkeeper.clients.github_releases import MAX_PULL_PAGES, CommitState, CommitStatus, GitHubReleasesClient

TOKEN = "github-token-123456"
SHA = "1a2b3c4d" * 5


def client(answer: Any, asked: list[httpx.Request], status: int = 200) -> GitHubReleasesClient:
    def github(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(status, json=answer)

    return GitHubReleasesClient(TOKEN, transport=httpx.MockTransport(github))


async def test_a_status_is_cut_to_what_github_takes() -> None:
    asked: list[httpx.Request] = []
    async with client({}, asked, 201) as github:
        await github.set_status("acme/shop", SHA, CommitStatus(CommitState.FAILURE, "x" * 200, "https://acme.test"))
        await github.set_status("acme/shop", SHA, CommitStatus(CommitState.SUCCESS, "over"))
    assert asked[0].url.path == f"/repos/acme/shop/statuses/{SHA}"
    assert json.loads(asked[0].content) == {
        "state": "failure",
        "description": "x" * 140,
        "context": "watchkeeper",
        "target_url": "https://acme.test",
    }
    assert json.loads(asked[1].content) == {"state": "success", "description": "over", "context": "watchkeeper"}


async def test_the_right_that_is_missing_is_named() -> None:
    async with client({"message": f"no {TOKEN}"}, [], 403) as github:
        with pytest.raises(VendorRefused, match="Commit statuses: write") as caught:
            await github.set_status("acme/shop", SHA, CommitStatus(CommitState.FAILURE, "x"))
    assert TOKEN not in repr(caught.value)


@pytest.mark.parametrize(
    ("pulls", "number"),
    [
        ([], 0),
        ([{"number": 7, "merge_commit_sha": SHA, "merged_at": "2026-03-01T10:00:00Z"}], 7),
        ([{"number": 7, "merge_commit_sha": SHA, "merged_at": None}], 0),
        ([{"number": 7, "merge_commit_sha": "f" * 40, "merged_at": "2026-03-01T10:00:00Z"}, {"number": 8}], 0),
    ],
)
async def test_the_pull_request_is_the_one_that_was_merged_as_the_commit(pulls: list[Any], number: int) -> None:
    async with client(pulls, []) as github:
        assert await github.pull_request_of("acme/shop", SHA) == number


@pytest.mark.parametrize(("pages", "number"), [(3, 7), (MAX_PULL_PAGES + 1, 0)], ids=["on the third page", "too far"])
async def test_the_pull_request_is_looked_for_on_later_pages(pages: int, number: int) -> None:
    def serve(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params.get("page", 1))
        merged = {"number": 7, "merge_commit_sha": SHA, "merged_at": "2026-03-01T10:00:00Z"}
        further = {"link": f'<{request.url.copy_set_param("page", page + 1)}>; rel="next"'} if page < pages else {}
        return httpx.Response(200, json=[merged] if page == pages else [{"number": page}], headers=further)

    async with GitHubReleasesClient(TOKEN, transport=httpx.MockTransport(serve)) as github:
        assert await github.pull_request_of("acme/shop", SHA) == number
