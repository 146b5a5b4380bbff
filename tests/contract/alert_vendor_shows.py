"""Checks that the sandbox answers as PagerDuty and Jira do, one for each fact that it shows."""

from typing import Any, Final

import httpx

from tests.contract.showing import Call, shows
from watchkeeper.sandbox.pagerduty import ROUTING_KEY

EVENTS: Final = "pagerduty.events-v2"
PAYLOAD: Final = {"summary": "Shop is down", "source": "Shop", "severity": "critical"}
TEXT: Final = {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": []}]}
ISSUE: Final = {"project": {"key": "OPS"}, "issuetype": {"name": "Task"}, "summary": "Shop is down", "labels": ["a"]}
JQL: Final = 'project = "OPS" AND labels = "a"'
MADE: Final = "/rest/api/3/issue/OPS-1"


async def enqueue(call: Call, action: str = "trigger", **given: Any) -> httpx.Response:
    event = {"routing_key": ROUTING_KEY, "event_action": action, "dedup_key": "k", "payload": PAYLOAD, **given}
    said = {name: value for name, value in event.items() if value is not None}
    return await call(EVENTS, "/enqueue", "POST", json=said)


async def incidents(call: Call, **asked: Any) -> list[Any]:
    found: list[Any] = (await call("pagerduty", "/incidents", **asked)).json()["incidents"]
    return found


async def make_issue(call: Call, **given: Any) -> httpx.Response:
    return await call("jira", "/rest/api/3/issue", "POST", json={"fields": {**ISSUE, **given}})


async def move(call: Call, **given: Any) -> list[str]:
    """Move the issue along its first transition, and return the ids of all that there were."""
    listed = (await call("jira", f"{MADE}/transitions")).json()["transitions"]
    content = {"transition": {"id": listed[0]["id"]}, **given}
    assert (await call("jira", f"{MADE}/transitions", "POST", json=content)).status_code == 204
    return [each["id"] for each in listed]


async def histories(call: Call) -> list[Any]:
    found: list[Any] = (await call("jira", MADE, expand="changelog")).json()["changelog"]["histories"]
    return found


@shows("pagerduty-event-accepted")
async def event_accepted(call: Call) -> None:
    known, unknown = await enqueue(call), await enqueue(call, dedup_key=None)
    assert (known.status_code, known.json()["dedup_key"]) == (202, "k")
    assert (unknown.status_code, bool(unknown.json()["dedup_key"])) == (202, True)


@shows("pagerduty-one-open-alert-a-key")
async def one_open_alert(call: Call) -> None:
    for action in ("resolve", "trigger", "trigger", "resolve", "acknowledge", "trigger"):
        assert (await enqueue(call, action)).status_code == 202
    assert [each["status"] for each in await incidents(call)] == ["resolved", "triggered"]


@shows("pagerduty-invalid-event")
async def invalid_event(call: Call) -> None:
    refused = await enqueue(call, payload={"summary": "Shop is down"})
    assert refused.status_code == 400
    assert set(refused.json()) == {"status", "message", "errors"}


@shows("pagerduty-event-lengths")
async def event_lengths(call: Call) -> None:
    for key, summary, status in ((255, 1024, 202), (256, 1024, 400), (255, 1025, 400)):
        payload = {**PAYLOAD, "summary": "x" * summary}
        assert (await enqueue(call, dedup_key="k" * key, payload=payload)).status_code == status


@shows("pagerduty-wrong-routing-key")
async def wrong_routing_key(call: Call) -> None:
    short, unknown = await enqueue(call, routing_key="x"), await enqueue(call, routing_key="x" * 32)
    assert (short.status_code, "'routing_key'" in str(short.json()["errors"])) == (400, True)
    assert (unknown.status_code, unknown.text) == (400, "Invalid routing key")


@shows("pagerduty-incidents-in-pages")
async def incidents_in_pages(call: Call) -> None:
    for number in range(101):
        await enqueue(call, dedup_key=str(number))
    pages = [(await call("pagerduty", "/incidents", **asked)).json() for asked in ({}, {"limit": 500}, {"offset": 100})]
    assert [(len(page["incidents"]), page["more"]) for page in pages] == [(25, True), (100, True), (1, False)]
    assert all(page["total"] is None for page in pages)
    statuses = [(await call("pagerduty", "/incidents", limit=1, offset=offset)).status_code for offset in (9999, 10000)]
    assert statuses == [200, 400]


@shows("pagerduty-acknowledgements")
async def acknowledgements(call: Call) -> None:
    counts = []
    for action in ("trigger", "acknowledge", "resolve"):
        await enqueue(call, action)
        counts += [len(each["acknowledgements"]) for each in await incidents(call)]
    assert counts == [0, 1, 0]


@shows("pagerduty-whole-acknowledgers")
async def whole_acknowledgers(call: Call) -> None:
    await enqueue(call)
    await enqueue(call, "acknowledge")
    found = [*await incidents(call), *await incidents(call, **{"include[]": "acknowledgers"})]
    reference, whole = (each["acknowledgements"][0]["acknowledger"] for each in found)
    assert (reference["type"], reference["summary"]) == ("service_reference", "Acme production")
    assert (whole["type"], whole["name"]) == ("service", "Acme production")


@shows("pagerduty-limit-headers")
async def pagerduty_limit_headers(call: Call) -> None:
    headers = (await call("pagerduty", "/incidents")).headers
    assert 0 <= int(headers["ratelimit-reset"]) <= 60
    assert int(headers["ratelimit-remaining"]) < int(headers["ratelimit-limit"]) == 960


@shows("pagerduty-wrong-token")
async def wrong_token(call: Call) -> None:
    assert (await call("pagerduty with a wrong token", "/incidents")).status_code == 401


@shows("jira-comments-in-pages")
async def comments_in_pages(call: Call) -> None:
    await make_issue(call)
    for _ in range(120):
        await call("jira", f"{MADE}/comment", "POST", json={"body": TEXT})
    first = (await call("jira", f"{MADE}/comment", maxResults=1000)).json()
    second = (await call("jira", f"{MADE}/comment", startAt=100)).json()
    assert [len(page["comments"]) for page in (first, second)] == [100, 20]
    assert [(page["maxResults"], page["total"]) for page in (first, second)] == [(100, 120)] * 2
    assert len({each["id"] for each in (*first["comments"], *second["comments"])}) == 120


@shows("jira-comments-newest-first")
async def comments_newest_first(call: Call) -> None:
    await make_issue(call)
    made = [(await call("jira", f"{MADE}/comment", "POST", json={"body": TEXT})).json()["id"] for _ in range(3)]
    listed = (await call("jira", f"{MADE}/comment", orderBy="-created")).json()["comments"]
    assert [each["id"] for each in listed] == made[::-1]
    assert (await call("jira", f"{MADE}/comment", orderBy="-updated")).status_code == 400


@shows("jira-search-lags")
async def search_lags(call: Call) -> None:
    await make_issue(call)
    assert (await call("jira", MADE)).status_code == 200
    assert (await call("jira", "/rest/api/3/search/jql", jql=JQL)).json()["issues"] == []


@shows("jira-search-ids-only")
async def search_ids_only(call: Call) -> None:
    found = await found_by_search(call)
    assert found["issues"] == [{"id": "10001"}]
    named = await found_by_search(call, fields="summary")
    assert named["issues"][0]["key"] == "OPS-1"


@shows("jira-search-without-total")
async def search_without_total(call: Call) -> None:
    found = await found_by_search(call)
    assert found["isLast"] is True
    assert "total" not in found


async def found_by_search(call: Call, **asked: Any) -> Any:
    """Return what a search answers once it knows a new issue."""
    await make_issue(call)
    return (await call("jira", "/rest/api/3/search/jql", seconds_later=10, jql=JQL, **asked)).json()


@shows("jira-search-unbounded")
async def search_unbounded(call: Call) -> None:
    assert (await call("jira", "/rest/api/3/search/jql", jql="order by key desc")).status_code == 400


@shows("jira-refused-fields")
async def refused_fields(call: Call) -> None:
    refused = await make_issue(call, priority={"name": "P1"})
    assert (refused.status_code, set(refused.json()["errors"])) == (400, {"priority"})
    assert (await call("jira", MADE)).status_code == 404


@shows("jira-texts-are-documents")
async def texts_are_documents(call: Call) -> None:
    assert (await make_issue(call, description="text")).status_code == 400
    assert (await make_issue(call, description=TEXT)).status_code == 201
    assert (await call("jira", f"{MADE}/comment", "POST", json={"body": "text"})).status_code == 400


@shows("jira-transitions-of-a-status")
async def transitions_of_a_status(call: Call) -> None:
    await make_issue(call)
    first = (await move(call))[0]
    assert first not in await move(call)
    nowhere = {"transition": {"id": "999"}}
    assert (await call("jira", f"{MADE}/transitions", "POST", json=nowhere)).status_code == 400


@shows("jira-changelog-newest-first")
async def changelog_newest_first(call: Call) -> None:
    await make_issue(call)
    for _ in range(101):
        await move(call)
    found = await histories(call)
    ids = [int(each["id"]) for each in found]
    assert (len(ids), ids) == (100, sorted(ids, reverse=True))
    assert "changelog" not in (await call("jira", MADE)).json()


@shows("jira-history-metadata")
async def history_metadata(call: Call) -> None:
    await make_issue(call)
    await move(call, historyMetadata={"type": "watchkeeper"})
    await move(call)
    newest, oldest = await histories(call)
    assert oldest["historyMetadata"]["type"] == "watchkeeper"
    assert "historyMetadata" not in newest


@shows("jira-hidden-issue")
async def hidden_issue(call: Call) -> None:
    assert (await call("jira", MADE)).status_code == 404
