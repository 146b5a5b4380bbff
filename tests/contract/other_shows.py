"""Checks that the sandbox answers as GitHub, Vercel, Slack and CircleCI do, one for each fact that it shows."""

from typing import Any, Final

import httpx

from tests.contract.showing import Call, shows

TEAM: Final = {"teamId": "team_sandboxacme"}


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
