import json
import traceback
from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.clients.garbage import JSON
from watchkeeper.clients.base import MissingCredential, VendorError, VendorRefused, VendorUnavailable
from watchkeeper.clients.github import MOST_RACES, GitHubClient
from watchkeeper.domain.commits import Commit
from watchkeeper.domain.verdicts import Gap, Missing

TOKEN = "make-believe-token"
SINCE = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHOP = (("acme/shop", "main"),)
Answering = Callable[[httpx.Request], httpx.Response]


def github(answer: Answering) -> GitHubClient:
    return GitHubClient(TOKEN, "https://github.test", httpx.MockTransport(answer))


def commit(number: int, **given: Any) -> dict[str, Any]:
    author = {"name": "Ada", "date": "2026-03-01T13:00:00Z"}
    return {
        "sha": f"{number:040x}",
        "commit": {
            "message": f"Commit {number}\n\nMore",
            "author": author,
            "committer": {**author, "date": "2026-03-01T14:00:00Z"},
        },
        **given,
    }


# --- commits


async def test_commits_are_those_of_the_branch_since_then_newest_first() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json=[commit(2), commit(1)])

    async with github(answer) as client:
        found = await client.commits(SHOP, SINCE)
    assert found == {
        "acme/shop": (
            Commit(f"{2:040x}", SINCE + timedelta(hours=1), "Commit 2", "Ada"),
            Commit(f"{1:040x}", SINCE + timedelta(hours=1), "Commit 1", "Ada"),
        )
    }
    assert asked[0].url.path == "/repos/acme/shop/commits"
    assert dict(asked[0].url.params) == {"sha": "main", "since": "2026-03-01T12:00:00Z", "per_page": "100"}
    assert asked[0].headers["authorization"] == f"Bearer {TOKEN}"


async def test_without_a_branch_the_default_one_is_asked() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert "sha" not in request.url.params
        return httpx.Response(200, json=[])

    async with github(answer) as client:
        assert await client.commits((("acme/shop", ""),), SINCE) == {"acme/shop": ()}


async def test_all_pages_are_read() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params.get("page", 1))
        following = request.url.copy_set_param("page", page + 1)
        links = {"Link": f'<{following}>; rel="next", <{request.url}>; rel="last"'} if page < 3 else {}
        return httpx.Response(200, json=[commit(page)], headers=links)

    async with github(answer) as client:
        found = (await client.commits(SHOP, SINCE))["acme/shop"]
    assert not isinstance(found, Missing)
    assert [each.title for each in found] == ["Commit 1", "Commit 2", "Commit 3"]


async def test_one_repository_that_is_hidden_leaves_the_others() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(404 if "secret" in request.url.path else 200, json=[])

    async with github(answer) as client:
        found = await client.commits((*SHOP, ("acme/secret", "main")), SINCE)
    hidden = found["acme/secret"]
    assert found["acme/shop"] == ()
    assert isinstance(hidden, Missing)
    assert hidden.gap is Gap.REFUSED
    assert "does not know the branch main of acme/secret" in hidden.reason


@pytest.mark.parametrize(
    ("status", "headers", "gap"),
    [
        pytest.param(401, {}, Gap.REFUSED, id="bad token"),
        pytest.param(403, {}, Gap.REFUSED, id="not allowed"),
        pytest.param(
            403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "99999999999"}, Gap.UNAVAILABLE, id="spent"
        ),
        pytest.param(403, {"retry-after": "60"}, Gap.UNAVAILABLE, id="secondary limit"),
        pytest.param(409, {}, Gap.REFUSED, id="empty repository"),
        pytest.param(429, {"retry-after": "60"}, Gap.UNAVAILABLE, id="too many"),
        pytest.param(500, {}, Gap.UNAVAILABLE, id="down"),
        pytest.param(301, {"location": "https://evil.test/"}, Gap.REFUSED, id="elsewhere"),
    ],
)
async def test_every_status_says_what_it_is(status: int, headers: dict[str, str], gap: Gap) -> None:
    async with github(lambda _: httpx.Response(status, headers=headers, json={"message": f"no {TOKEN}"})) as client:
        found = (await client.commits(SHOP, SINCE))["acme/shop"]
    assert isinstance(found, Missing)
    assert found.gap is gap
    assert TOKEN not in found.reason


SECONDARY = [
    pytest.param(403, {"message": "You have exceeded a secondary rate limit. Please wait"}, id="secondary"),
    pytest.param(429, {"message": "You have exceeded a secondary rate limit."}, id="429"),
    pytest.param(403, {"message": "You have triggered an abuse detection mechanism."}, id="its older name"),
    pytest.param(
        403,
        {"message": "x", "documentation_url": "https://docs.github.com/rest/overview#about-secondary-rate-limits"},
        id="by its page",
    ),
]


@pytest.mark.parametrize(("status", "body"), SECONDARY)
async def test_a_limit_that_no_header_names_is_waited_for_and_the_token_is_fine(
    status: int, body: dict[str, str]
) -> None:
    asked = 0

    def limited(_request: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        return httpx.Response(status, json=body, headers={"x-ratelimit-remaining": "14", "x-ratelimit-reset": "1"})

    async with github(limited) as client:
        found = (await client.commits(SHOP, SINCE))["acme/shop"]
        before, again = asked, (await client.commits(SHOP, SINCE))["acme/shop"]
    assert isinstance(found, Missing)
    assert found.gap is Gap.UNAVAILABLE
    assert "wants a minute without any" in found.reason
    assert "token" not in found.reason
    assert isinstance(again, Missing)
    assert asked == before, "nothing is asked in that minute"


@settings(max_examples=80, deadline=None)
@given(body=JSON | st.lists(st.dictionaries(st.sampled_from(["sha", "commit"]), JSON), max_size=3))
async def test_nonsense_is_a_gap_and_never_a_crash(body: object) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=json.dumps(body).encode("utf-8", "replace"))

    async with github(answer) as client:
        assert "acme/shop" in await client.commits(SHOP, SINCE)


# --- pages


class Repository:
    """A repository that keeps what is written to it; `races` times somebody else pushes before us."""

    def __init__(self, branches: dict[str, str] | None = None, races: int = 0) -> None:
        self.branches = branches if branches is not None else {"gh-pages": "head0"}
        self.blobs: dict[str, bytes] = {}
        self.trees: dict[str, dict[str, str]] = {"": {}, "tree-of-head0": {"CNAME": "blob-cname"}}
        self.commits: dict[str, dict[str, Any]] = {"head0": {"tree": "tree-of-head0", "parents": []}}
        self.races = races

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/repos/acme/reports/git/")
        body = json.loads(request.content) if request.content else {}
        method = getattr(self, f"{request.method.lower()}_{path.partition('/')[0]}")
        answer: httpx.Response = method(path.partition("/")[2], body)
        return answer

    def get_ref(self, name: str, _: Any) -> httpx.Response:
        branch = name.removeprefix("heads/")
        if branch not in self.branches:
            return httpx.Response(404, json={"message": "Not Found"})
        return httpx.Response(200, json={"object": {"sha": self.branches[branch]}})

    def get_commits(self, sha: str, _: Any) -> httpx.Response:
        return httpx.Response(200, json={"sha": sha, "tree": {"sha": self.commits[sha]["tree"]}})

    def post_blobs(self, _: str, body: dict[str, Any]) -> httpx.Response:
        content = b64decode(body["content"])
        name = f"blob-{content.decode()}"
        self.blobs[name] = content
        return httpx.Response(201, json={"sha": name})

    def post_trees(self, _: str, body: dict[str, Any]) -> httpx.Response:
        files = {**self.trees[body.get("base_tree", "")], **{each["path"]: each["sha"] for each in body["tree"]}}
        name = next((name for name, there in self.trees.items() if there == files), f"tree-{len(self.trees)}")
        self.trees[name] = files
        return httpx.Response(201, json={"sha": name})

    def post_commits(self, _: str, body: dict[str, Any]) -> httpx.Response:
        name = f"commit-{len(self.commits)}"
        self.commits[name] = body
        if self.races > 0:
            self.races -= 1
            other = f"other-{self.races}"
            self.commits[other] = {"tree": "tree-of-head0", "parents": []}
            self.branches["gh-pages"] = other
        return httpx.Response(201, json={"sha": name})

    def post_refs(self, _: str, body: dict[str, Any]) -> httpx.Response:
        branch = body["ref"].removeprefix("refs/heads/")
        if branch in self.branches:
            return httpx.Response(422, json={"message": "Reference already exists"})
        self.branches[branch] = body["sha"]
        return httpx.Response(201, json={"ref": body["ref"]})

    def patch_refs(self, name: str, body: dict[str, Any]) -> httpx.Response:
        branch = name.removeprefix("heads/")
        if self.branches[branch] not in self.commits[body["sha"]]["parents"]:
            return httpx.Response(422, json={"message": "Update is not a fast forward"})
        self.branches[branch] = body["sha"]
        return httpx.Response(200, json={"ref": name})

    def files(self, branch: str = "gh-pages") -> dict[str, str]:
        return self.trees[self.commits[self.branches[branch]]["tree"]]


async def publish(repository: Answering, **files: str) -> str:
    content = {name.replace("_", "."): text.encode() for name, text in files.items()}
    async with github(repository) as client:
        return await client.publish_pages("acme/reports", "gh-pages", content, "Daily report")


async def test_pages_are_one_commit_beside_what_is_there() -> None:
    repository = Repository()
    sha = await publish(repository, index_html="list", daily_html="day")
    assert repository.branches["gh-pages"] == sha
    assert repository.files() == {"CNAME": "blob-cname", "index.html": "blob-list", "daily.html": "blob-day"}
    assert repository.commits[sha]["parents"] == ["head0"]
    assert repository.commits[sha]["message"] == "Daily report"


async def test_pages_that_are_there_already_make_no_commit() -> None:
    repository = Repository()
    first = await publish(repository, index_html="list")
    assert await publish(repository, index_html="list") == first
    assert len(repository.commits) == 2


async def test_a_branch_that_is_not_there_is_made() -> None:
    repository = Repository({"main": "head0"})
    sha = await publish(repository, index_html="list")
    assert repository.files() == {"index.html": "blob-list"}
    assert repository.commits[sha]["parents"] == []


@pytest.mark.parametrize("branches", [{"gh-pages": "head0"}, {}])
async def test_who_loses_a_race_publishes_on_top_of_the_winner(branches: dict[str, str]) -> None:
    repository = Repository(dict(branches), races=MOST_RACES - 1)
    sha = await publish(repository, index_html="list")
    assert repository.branches["gh-pages"] == sha
    assert repository.files() == {"CNAME": "blob-cname", "index.html": "blob-list"}


async def test_a_race_that_never_ends_is_given_up() -> None:
    with pytest.raises(VendorUnavailable, match="somebody else keeps pushing to gh-pages"):
        await publish(Repository(races=99), index_html="list")


@pytest.mark.parametrize(
    ("status", "kind", "says"),
    [
        (403, VendorRefused, "Contents: write"),
        (404, VendorRefused, "does not know the repository acme/reports"),
        (500, VendorUnavailable, "500"),
        (200, VendorUnavailable, "without a usable `sha`"),
    ],
)
async def test_a_repository_that_cannot_be_written_says_why(status: int, kind: type[VendorError], says: str) -> None:
    with pytest.raises(kind, match=says) as caught:
        await publish(lambda _: httpx.Response(status, json={"message": TOKEN}), index_html="list")
    assert TOKEN not in "".join(traceback.format_exception(caught.value))


def test_an_empty_token_is_missing() -> None:
    with pytest.raises(MissingCredential, match="GITHUB_TOKEN in the block Watchkeeper GitHub"):
        GitHubClient("")
