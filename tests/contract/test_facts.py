"""The sandbox and the clients are held against one table of facts, whose sources are the vendors' own."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.contract.facts import FACTS, Fact
from tests.contract.vendors import VENDORS
from tests.sandbox.clock import Clock
from watchkeeper.sandbox.app import create_app
from watchkeeper.sandbox.world import World

ROOT: Final = Path(__file__).resolve().parents[2]
ORG: Final = "/api/0/organizations/acme"
TEAM: Final = {"teamId": "team_sandboxacme"}
RANGE: Final = {"statsPeriod": "1h", "query": ""}
SEEN: Final = ("count", "userCount", "firstSeen", "lastSeen")

Call = Callable[..., Awaitable[httpx.Response]]
SHOWN: dict[str, Callable[[Call], Awaitable[None]]] = {}


def shows(name: str) -> Callable[[Callable[[Call], Awaitable[None]]], Callable[[Call], Awaitable[None]]]:
    def register(check: Callable[[Call], Awaitable[None]]) -> Callable[[Call], Awaitable[None]]:
        SHOWN[name] = check
        return check

    return register


@pytest.fixture
async def call() -> AsyncIterator[Call]:
    world = World(clock=Clock())
    world.unfollowed.add("api")
    transport = httpx.ASGITransport(create_app(world=world))
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as http:

        async def ask(vendor: str, path: str, method: str = "GET", json: Any = None, **params: Any) -> httpx.Response:
            known = VENDORS[vendor]
            return await http.request(method, known.prefix + path, params=params, json=json, headers=known.headers)

        yield ask


@shows("sentry-collapse-stats")
async def collapsed_stats(call: Call) -> None:
    (first, *_) = (await call("sentry", f"{ORG}/issues/", collapse="stats", **RANGE)).json()
    assert not set(first) & {*SEEN, "stats"}
    assert set(SEEN) <= set(first["lifetime"])


@shows("sentry-collapse-lifetime")
async def collapsed_lifetime(call: Call) -> None:
    (first, *_) = (await call("sentry", f"{ORG}/issues/", collapse="lifetime", **RANGE)).json()
    assert "lifetime" not in first


@shows("sentry-issues-of-a-range")
async def issues_of_a_range(call: Call) -> None:
    found = (await call("sentry", f"{ORG}/issues/", collapse="filtered", **RANGE)).json()
    older = [issue for issue in found if issue["lifetime"]["firstSeen"] < issue["firstSeen"]]
    assert older, "a standing issue was first seen before the range"
    assert all(int(issue["count"]) < int(issue["lifetime"]["count"]) for issue in older)


@shows("sentry-sessions-without-per-page")
async def sessions_without_pages(call: Call) -> None:
    asked = {"field": "sum(session)", "groupBy": ["project", "release"], "interval": "1h", "statsPeriod": "14d"}
    cut = await call("sentry", f"{ORG}/sessions/", **asked)
    assert "link" not in cut.headers
    assert len(cut.json()["groups"]) == 10_000 // (len(cut.json()["intervals"]) + 1)
    paged = await call("sentry", f"{ORG}/sessions/", per_page=10, **asked)
    assert 'rel="next"; results="true"' in paged.headers["link"]


@shows("sentry-unknown-environment")
async def unknown_environment(call: Call) -> None:
    for what in ("issues", "releases", "events", "sessions"):
        assert (await call("sentry", f"{ORG}/{what}/", environment="garbage")).status_code == 404


@shows("github-issues-by-cursor")
async def issues_by_cursor(call: Call) -> None:
    for number in range(3):
        await call("github", "/repos/acme/shop/issues", "POST", json={"title": f"Issue {number}"})
    first = await call("github", "/repos/acme/shop/issues", per_page=2)
    following = httpx.URL(first.links["next"]["url"]).params
    assert "after" in following
    rest = await call("github", "/repos/acme/shop/issues", **dict(following))
    assert len({issue["number"] for issue in (*first.json(), *rest.json())}) == 3
    assert (await call("github", "/repos/acme/shop/issues", per_page=2, page=2)).status_code == 422


@shows("vercel-rollback-stops-assignment")
async def rollback_stops_assignment(call: Call) -> None:
    asked = {**TEAM, "projectId": "prj_shop", "target": "production", "rollbackCandidate": "true", "limit": 5}
    before = (await call("vercel", "/v9/projects/prj_shop", **TEAM)).json()
    assert before["autoAssignCustomDomains"]
    listed = (await call("vercel", "/v6/deployments", **asked)).json()["deployments"]
    target = next(each["uid"] for each in listed if each["uid"] != before["targets"]["production"]["id"])
    moved = await call("vercel", f"/v1/projects/prj_shop/rollback/{target}", "POST", **TEAM)
    assert moved.is_success
    assert not (await call("vercel", "/v9/projects/prj_shop", **TEAM)).json()["autoAssignCustomDomains"]


async def slack_pages(call: Call, method: str, **asked: Any) -> list[list[str]]:
    """Return the texts of each page, three messages to a page."""
    pages: list[list[str]] = []
    cursor: dict[str, str] = {}
    while not pages or cursor:
        page = (await call("slack", f"/{method}", limit=3, **asked, **cursor)).json()
        pages.append([message["text"] for message in page["messages"]])
        following = page.get("response_metadata", {}).get("next_cursor", "")
        assert page["has_more"] is bool(following)
        cursor = {"cursor": following} if following else {}
    return pages


async def slack_thread(call: Call, answers: int) -> dict[str, str]:
    """Post a message with answers, and return where it is; `last` is the stamp of the last answer."""
    root = (await call("slack", "/chat.postMessage", "POST", channel="#reports", text="root")).json()
    where = {"channel": root["channel"], "ts": root["ts"]}
    for number in range(answers):
        said = {"channel": root["channel"], "thread_ts": root["ts"], "text": str(number)}
        where["last"] = (await call("slack", "/chat.postMessage", "POST", **said)).json()["ts"]
    return where


@shows("slack-replies-in-pages")
async def replies_in_pages(call: Call) -> None:
    where = await slack_thread(call, 7)
    asked = {"channel": where["channel"], "ts": where["ts"]}
    pages = await slack_pages(call, "conversations.replies", **asked)
    assert pages == [["root", "0", "1"], ["2", "3", "4"], ["5", "6"]]


@shows("slack-replies-since")
async def replies_since(call: Call) -> None:
    where = await slack_thread(call, 7)
    asked = {"channel": where["channel"], "ts": where["ts"], "oldest": where["last"], "inclusive": "true"}
    (page,) = await slack_pages(call, "conversations.replies", **asked)
    assert [text for text in page if text != "root"] == ["6"]


@shows("slack-history-in-pages")
async def history_in_pages(call: Call) -> None:
    for number in range(5):
        posted = await call("slack", "/chat.postMessage", "POST", channel="#reports", text=str(number))
    pages = await slack_pages(call, "conversations.history", channel=posted.json()["channel"])
    assert pages == [["4", "3", "2"], ["1", "0"]]


@shows("circleci-only-followed-projects")
async def only_followed_projects(call: Call) -> None:
    listed = (await call("circleci", "/pipeline", **{"org-slug": "gh/acme"})).json()["items"]
    slugs = {each["project_slug"] for each in listed}
    assert "gh/acme/shop" in slugs
    assert "gh/acme/api" not in slugs
    assert (await call("circleci", "/project/gh%2Facme%2Fapi/pipeline")).json()["items"]


@pytest.mark.parametrize("name", SHOWN)
async def test_the_sandbox_answers_as_the_vendor_does(name: str, call: Call) -> None:
    await SHOWN[name](call)


def test_every_fact_is_shown_by_the_sandbox_or_says_why_not() -> None:
    assert {fact.name for fact in FACTS if not fact.sandbox} == set(SHOWN)
    assert len({fact.name for fact in FACTS}) == len(FACTS)
    assert all(fact.source and fact.effect for fact in FACTS)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_every_fact_holds_a_client(fact: Fact) -> None:
    file, _, test = fact.client.partition("::")
    assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8"), f"{file} has no {test}"
