"""Issues and comments are written once, and found again by their mark."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from watchkeeper.clients.base import VendorRefused, VendorUnavailable
from watchkeeper.clients.github_issues import GitHubIssuesClient, IssueLink, IssueText

TOKEN = "github-token-123456"
SINCE = datetime(2026, 3, 1, 12, tzinfo=UTC)
TEXT = IssueText("rollback 7", "Shop was rolled back", "Because of **x**", ("incident",))


class GitHub:
    """A repository that keeps issues and comments."""

    def __init__(self) -> None:
        self.issues: list[dict[str, Any]] = []
        self.comments: list[dict[str, Any]] = []
        self.after: Callable[[httpx.Request], httpx.Response | None] = lambda _: None
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        kept = self.comments if request.url.path.endswith("/comments") else self.issues
        if request.method == "GET":
            return httpx.Response(200, json=kept)
        content = json.loads(request.content)
        if request.method == "PATCH":
            number = int(request.url.path.rpartition("/")[2])
            self.issues[number - 1] |= content
            return httpx.Response(200, json=self.issues[number - 1])
        number = len(kept) + 1
        kept.append({"number": number, "html_url": f"https://github.test/{number}", "state": "open", **content})
        return self.after(request) or httpx.Response(201, json=kept[-1])

    async def save(self, text: IssueText = TEXT, number: int = 0) -> IssueLink:
        async with GitHubIssuesClient(TOKEN, transport=httpx.MockTransport(self)) as client:
            return await client.save_issue("acme/shop", text, SINCE, number)

    async def comment(self, body: str = "It was this one") -> str:
        async with GitHubIssuesClient(TOKEN, transport=httpx.MockTransport(self)) as client:
            return await client.comment_once("acme/shop", 12, "rollback 7", body, SINCE)


async def test_an_issue_is_made_once_and_updated_after() -> None:
    github = GitHub()
    first = await github.save()
    again = await github.save(replace(TEXT, title="Shop is back"))
    assert first == again == IssueLink(1, "https://github.test/1")
    (issue,) = github.issues
    assert (issue["title"], issue["state"], issue["labels"]) == ("Shop is back", "open", ["incident"])
    assert issue["body"] == "Because of **x**\n\n<!-- watchkeeper: rollback 7 -->"


async def test_lists_that_page_by_a_cursor_are_read_to_the_end() -> None:
    """Large lists refuse page numbers: the next link holds for the whole of it."""
    asked: list[httpx.QueryParams] = []

    def github(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params)
        after, page = request.url.params.get("after"), request.url.params.get("page")
        if request.method == "PATCH":
            return httpx.Response(200, json={"number": 7, "html_url": "https://github.test/7"})
        if page and not after:
            return httpx.Response(422, json={"message": "please use cursor based pagination"})
        if after:
            body = "x\n\n<!-- watchkeeper: rollback 7 -->"
            return httpx.Response(200, json=[{"number": 7, "html_url": "https://github.test/7", "body": body}])
        link = "https://api.github.com/repositories/1/issues?state=all&per_page=100&after=Y3Vyc29y&page=2"
        return httpx.Response(200, json=[], headers={"link": f'<{link}>; rel="next"'})

    async with GitHubIssuesClient(TOKEN, transport=httpx.MockTransport(github)) as client:
        link = await client.save_issue("acme/shop", TEXT, SINCE)
    assert link.number == 7, "no second issue for one incident"
    assert (asked[1].get("after"), asked[1].get("state")) == ("Y3Vyc29y", "all")


@pytest.mark.parametrize("status", [307, 308])
async def test_a_repository_that_was_renamed_is_written_to_where_it_is(status: int) -> None:
    github = GitHub()

    def renamed(request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith("/repos/acme/shop/"):
            rest = request.url.path.removeprefix("/repos/acme/shop/")
            code = 301 if request.method == "GET" else status
            return httpx.Response(code, headers={"location": f"https://api.github.com/repositories/1/{rest}"})
        return github(request)

    async with GitHubIssuesClient(TOKEN, transport=httpx.MockTransport(renamed)) as client:
        await client.save_issue("acme/shop", TEXT, SINCE)
    assert [issue["title"] for issue in github.issues] == ["Shop was rolled back"]


async def test_what_is_written_never_follows_to_another_host() -> None:
    def elsewhere(request: httpx.Request) -> httpx.Response:
        assert request.url.host == "api.github.com", "the token would go there"
        if request.method == "GET":
            return httpx.Response(200, json=[])
        return httpx.Response(307, headers={"location": "https://evil.example/repos/acme/shop/issues"})

    async with GitHubIssuesClient(TOKEN, transport=httpx.MockTransport(elsewhere)) as client:
        with pytest.raises(VendorRefused, match="redirects to"):
            await client.save_issue("acme/shop", TEXT, SINCE)


async def test_a_known_number_is_not_looked_for() -> None:
    github = GitHub()
    link = await github.save()
    github.asked.clear()
    await github.save(number=link.number)
    assert [request.method for request in github.asked] == ["PATCH"]


async def test_what_is_over_is_closed() -> None:
    github = GitHub()
    await github.save(replace(TEXT, is_closed=True))
    assert (github.issues[0]["state"], github.issues[0]["state_reason"]) == ("closed", "completed")


async def test_a_lost_answer_makes_no_second_issue() -> None:
    github = GitHub()
    github.after = lambda _: httpx.Response(502)
    with pytest.raises(VendorUnavailable):
        await github.save()
    assert await github.save() == IssueLink(1, "https://github.test/1")
    assert len(github.issues) == 1


async def test_a_pull_request_is_no_issue_and_another_mark_is_another_issue() -> None:
    github = GitHub()
    mark = "<!-- watchkeeper: rollback 7 -->"
    github.issues = [
        {"number": 1, "body": mark, "html_url": "https://github.test/1", "pull_request": {"url": "x"}},
        {"number": 2, "body": "<!-- watchkeeper: rollback 70 -->", "html_url": "https://github.test/2"},
        {"number": 3, "body": None},
    ]
    assert (await github.save()).number == 4


async def test_a_comment_is_written_once() -> None:
    github = GitHub()
    assert await github.comment() == await github.comment() == "https://github.test/1"
    assert [raw["body"] for raw in github.comments] == ["It was this one\n\n<!-- watchkeeper: rollback 7 -->"]


async def test_a_very_long_text_is_cut_and_keeps_its_mark() -> None:
    github = GitHub()
    await github.save(replace(TEXT, title="t" * 999, body="x" * 99_999))
    (issue,) = github.issues
    assert (len(issue["title"]), len(issue["body"]) < 65_536) == (250, True)
    assert issue["body"].endswith("<!-- watchkeeper: rollback 7 -->")


async def test_a_refusal_names_the_scope_and_no_token() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(403, json={"message": f"Resource not accessible {TOKEN}"}))
    async with GitHubIssuesClient(TOKEN, transport=transport) as client:
        with pytest.raises(VendorRefused, match="Issues: write") as caught:
            await client.save_issue("acme/shop", TEXT, SINCE)
    assert TOKEN not in repr(caught.value)
