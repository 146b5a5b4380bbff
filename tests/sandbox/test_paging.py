"""Every vendor's way of paging leads through everything, once."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.sandbox.visitor import ORG, Visitor
from watchkeeper.sandbox.world import World


@pytest.fixture
def world(clock: Any) -> World:
    return World(size=130, clock=clock)


async def _sentry(visitor: Visitor, path: str, **params: object) -> AsyncIterator[Any]:
    cursor = "0:0:0"
    while cursor:
        response = await visitor.ask("GET", path, params={**params, "cursor": cursor})
        yield response.json()
        found = re.search(r'rel="next"; results="true"; cursor="([^"]+)"', response.headers["link"])
        cursor = found[1] if found else ""


async def test_sentry_projects(visitor: Visitor) -> None:
    pages = [page async for page in _sentry(visitor, f"{ORG}/projects/", per_page=40)]
    assert [len(page) for page in pages] == [40, 40, 40, 10]
    assert len({project["slug"] for page in pages for project in page}) == 130


async def test_sentry_refuses_pages_that_are_too_large(visitor: Visitor) -> None:
    assert (await visitor.ask("GET", f"{ORG}/projects/", params={"per_page": 101})).status_code == 400


async def test_sentry_spans(visitor: Visitor) -> None:
    query = {
        "dataset": "spans",
        "field": ["project", "count()"],
        "sort": "-count()",
        "statsPeriod": "15m",
        "per_page": 20,
    }
    counts = [row["count()"] async for page in _sentry(visitor, f"{ORG}/events/", **query) for row in page["data"]]
    assert len(counts) > 60
    assert counts == sorted(counts, reverse=True)


async def test_sentry_sessions_have_fewer_groups_a_page_the_more_intervals(visitor: Visitor) -> None:
    query = {
        "field": "sum(session)",
        "groupBy": ["project", "release"],
        "interval": "1h",
        "statsPeriod": "7d",
        "per_page": 50,  # fewer than fit: else the next link says that there is nothing more
    }
    groups = [group async for page in _sentry(visitor, f"{ORG}/sessions/", **query) for group in page["groups"]]
    names = [(group["by"]["project"], group["by"]["release"]) for group in groups]
    assert len(names) == len(set(names)) > 500


async def test_vercel_projects_page_by_from(visitor: Visitor) -> None:
    names: list[str] = []
    following: int | None = 0
    while following is not None:
        page = await visitor.get("/vercel/v10/projects", limit=50, **({"from": following} if following else {}))
        names += [project["name"] for project in page["projects"]]
        following = page["pagination"]["next"]
    assert len(names) == len(set(names)) == 130


async def test_vercel_deployments_page_by_until_and_end_with_since(visitor: Visitor, world: World) -> None:
    since = int(world.now() - 3 * 86_400) * 1000
    found: list[tuple[str, int]] = []
    following: int | None = int(world.now() * 1000)
    while following is not None:
        page = await visitor.get("/vercel/v6/deployments", since=since, until=following)
        assert len(page["deployments"]) <= 20
        found += [(deployment["uid"], deployment["created"]) for deployment in page["deployments"]]
        following = page["pagination"]["next"]
    expected = [build for build in world.all_builds() if (build.pushed_at + 1) * 1000 + build.project > since]
    assert len(found) == len(set(found)) == len(expected) > 100
    assert [created for _, created in found] == sorted((created for _, created in found), reverse=True)


async def test_circleci_pipelines_page_by_token(visitor: Visitor, world: World) -> None:
    ids, token = [], ""
    for _ in range(8):
        more = {"page-token": token} if token else {}
        page = await visitor.get("/circleci/api/v2/pipeline", **{"org-slug": "gh/acme"}, **more)
        assert len(page["items"]) == 20
        ids += [pipeline["id"] for pipeline in page["items"]]
        token = page["next_page_token"]
    assert len(set(ids)) == 160


async def test_github_commits_page_by_link(visitor: Visitor) -> None:
    first = await visitor.ask("GET", "/github/repos/acme/shop/commits", params={"per_page": 10})
    assert 'rel="next"' in first.headers["link"]
    second = await visitor.get("/github/repos/acme/shop/commits", per_page=10, page=2)
    assert first.json()[-1]["parents"][0]["sha"] == second[0]["sha"]


async def test_slack_channels_page_by_cursor(visitor: Visitor) -> None:
    first = await visitor.get("/slack/api/conversations.list", limit=3)
    second = await visitor.get(
        "/slack/api/conversations.list", limit=3, cursor=first["response_metadata"]["next_cursor"]
    )
    assert [len(first["channels"]), len(second["channels"])] == [3, 1]
    assert second["response_metadata"]["next_cursor"] == ""
