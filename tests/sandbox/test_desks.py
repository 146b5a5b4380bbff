"""PagerDuty, Jira and Datadog: who may tell them something, what they refuse, what people see and press there."""

import gzip
from base64 import b64encode
from typing import Any

import httpx
import orjson
import pytest

from tests.sandbox.clock import Clock
from tests.sandbox.visitor import Visitor
from watchkeeper.sandbox import datadog, jira, pagerduty
from watchkeeper.sandbox.pagerduty import ROUTING_KEY

BASIC = b64encode(f"{jira.EMAIL}:{jira.TOKEN}".encode()).decode()
HEADERS = {
    "pagerduty": {"Authorization": f"Token token={pagerduty.TOKEN}"},
    "pagerduty-events": {},
    "jira": {"Authorization": f"Basic {BASIC}"},
    "datadog": {"DD-API-KEY": datadog.TOKEN},
}
CALLS = {
    "pagerduty": ("GET", "/pagerduty/incidents"),
    "jira": ("GET", "/jira/rest/api/3/myself"),
    "datadog": ("POST", "/datadog/api/v2/series"),
}
PAYLOAD = {"summary": "Shop <b>is</b> down", "source": "Shop", "severity": "critical"}
TEXT = {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [{"type": "text", "text": "Hm"}]}]}
ISSUE = {"project": {"key": "OPS"}, "issuetype": {"name": "Task"}, "summary": "Shop is down", "description": TEXT}
ATTRIBUTES = {"title": "Shop is down", "category": "alert", "attributes": {"status": "error"}}


async def ask(visitor: Visitor, method: str, path: str, body: object = None) -> httpx.Response:
    content = None if body is None else orjson.dumps(body)
    return await visitor.http.request(method, path, content=content, headers=HEADERS[path.split("/")[1]])


async def enqueue(visitor: Visitor, action: str = "trigger", **given: Any) -> httpx.Response:
    event = {"routing_key": ROUTING_KEY, "event_action": action, "dedup_key": "k", "payload": PAYLOAD, **given}
    return await ask(visitor, "POST", "/pagerduty-events/v2/enqueue", event)


async def incidents(visitor: Visitor, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await ask(visitor, "GET", f"/pagerduty/incidents{query}")).json()["incidents"]
    return found


async def page(visitor: Visitor, name: str) -> str:
    response = await visitor.http.get(f"/sandbox/{name}")
    assert response.status_code == 200
    return response.text


@pytest.mark.parametrize("vendor", CALLS)
async def test_nobody_is_answered_without_the_right_token(vendor: str, visitor: Visitor) -> None:
    method, path = CALLS[vendor]
    wrong = {name: value[:-4] for name, value in HEADERS[vendor].items()}
    for headers in ({}, wrong, {"Authorization": "Basic %%"}):
        response = await visitor.http.request(method, path, headers=headers)
        assert response.status_code == (403 if vendor == "datadog" else 401)


@pytest.mark.parametrize("vendor", CALLS)
async def test_scenarios_of_vendors_know_them(vendor: str, visitor: Visitor) -> None:
    await visitor.play("vendor-down", vendor)
    statuses = {name: (await ask(visitor, *CALLS[name])).status_code for name in CALLS}
    assert [name for name, status in statuses.items() if status == 503] == [vendor]
    await visitor.play("calm")
    await visitor.play("rate-limited", vendor)
    limited = await ask(visitor, *CALLS[vendor])
    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "300")


async def test_events_of_one_key_are_one_incident_until_it_is_resolved(visitor: Visitor) -> None:
    for action in ("acknowledge", "trigger", "trigger", "acknowledge", "resolve", "trigger"):
        assert (await enqueue(visitor, action)).status_code == 202
    assert [each["status"] for each in await incidents(visitor)] == ["resolved", "triggered"]
    assert len(await incidents(visitor, "?incident_key=k&statuses[]=triggered&limit=1")) == 1
    assert await incidents(visitor, "?incident_key=other") == []


async def test_a_person_acknowledges_on_the_page(visitor: Visitor) -> None:
    await enqueue(visitor)
    shown = await page(visitor, "pagerduty")
    assert "Shop &lt;b&gt;is&lt;/b&gt; down" in shown
    assert 'action="pagerduty/Q000001/acknowledge"' in shown
    assert (await visitor.http.post("/sandbox/pagerduty/Q000001/acknowledge")).status_code == 303
    (incident,) = await incidents(visitor, "?statuses[]=acknowledged")
    assert incident["acknowledgements"][0]["acknowledger"]["type"] == "user_reference"
    assert (await visitor.http.post("/sandbox/pagerduty/Q000009/acknowledge")).status_code == 404


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"routing_key": "x"}, "routing_key"),
        ({"event_action": "shout"}, "event_action"),
        ({"event_action": "resolve", "dedup_key": ""}, "dedup_key"),
        ({"dedup_key": "k" * 256}, "dedup_key"),
        ({"payload": None}, "payload.summary"),
        ({"payload": {**PAYLOAD, "severity": "grave"}}, "severity"),
        ({"payload": {**PAYLOAD, "summary": "x" * 1025}}, "summary"),
        ({"payload": {**PAYLOAD, "custom_details": "x" * 512 * 1024}}, "512 KB"),
    ],
)
async def test_an_event_that_is_wrong_is_refused(given: dict[str, Any], says: str, visitor: Visitor) -> None:
    response = await enqueue(visitor, **given)
    assert (response.status_code, says in str(response.json()["errors"])) == (400, True)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"project": {"key": "NONE"}}, "project"),
        ({"issuetype": {"name": "Epic"}}, "issuetype"),
        ({"summary": "x" * 256}, "summary"),
        ({"summary": "a\nb"}, "summary"),
        ({"description": "text"}, "description"),
        ({"description": {**TEXT, "content": [{"type": "text", "text": ""}]}}, "description"),
        ({"priority": {"name": "P1"}}, "priority"),
        ({"labels": ["two words"]}, "labels"),
    ],
)
async def test_an_issue_that_is_wrong_is_refused(change: dict[str, Any], field: str, visitor: Visitor) -> None:
    response = await ask(visitor, "POST", "/jira/rest/api/3/issue", {"fields": {**ISSUE, **change}})
    assert (response.status_code, list(response.json()["errors"])) == (400, [field])


async def test_the_search_lags_behind(visitor: Visitor, clock: Clock) -> None:
    await ask(visitor, "POST", "/jira/rest/api/3/issue", {"fields": {**ISSUE, "labels": ["a"]}})
    jql = 'jql=project = "OPS" AND labels = "a"&fields=summary'
    found = []
    for seconds in (0, 1, 1):
        clock.advance(seconds)
        found.append(len((await ask(visitor, "GET", f"/jira/rest/api/3/search/jql?{jql}")).json()["issues"]))
    assert found == [0, 0, 1]
    assert (await ask(visitor, "GET", "/jira/rest/api/3/search/jql?jql=order by key")).status_code == 400


async def test_a_person_moves_an_issue_on_the_page(visitor: Visitor) -> None:
    await ask(visitor, "POST", "/jira/rest/api/3/issue", {"fields": ISSUE})
    assert 'action="jira/OPS-1/In Progress"' in await page(visitor, "jira")
    assert (await visitor.http.post("/sandbox/jira/OPS-1/Done")).status_code == 303
    issue = (await ask(visitor, "GET", "/jira/rest/api/3/issue/OPS-1?expand=changelog")).json()
    assert issue["fields"]["status"]["statusCategory"]["key"] == "done"
    assert issue["changelog"]["histories"][0]["author"]["displayName"] == "Ada Okafor"
    again = await ask(visitor, "POST", "/jira/rest/api/3/issue/OPS-1/transitions", {"transition": {"id": "31"}})
    assert again.status_code == 400, "it is done already"


async def test_points_and_events_are_shown(visitor: Visitor, clock: Clock) -> None:
    points = [{"timestamp": int(clock()) - age, "value": age} for age in (7200, 60)]
    body = gzip.compress(orjson.dumps({"series": [{"metric": "m.score", "points": points, "tags": ["project:shop"]}]}))
    headers = {**HEADERS["datadog"], "Content-Encoding": "gzip"}
    assert (await visitor.http.post("/datadog/api/v2/series", content=body, headers=headers)).status_code == 202
    event = {"data": {"type": "event", "attributes": ATTRIBUTES}}
    assert (await ask(visitor, "POST", "/datadog/api/v2/events", event)).status_code == 202
    shown = await page(visitor, "datadog")
    assert "m.score{project:shop} = 60" in shown
    assert "Shop is down" in shown
    assert "= 7200" not in shown, "points that are older than an hour are dropped"


@pytest.mark.parametrize(
    "change",
    [{"category": "error"}, {"title": ""}, {"title": "x" * 501}, {"attributes": {"status": "bad"}}, {"tags": []}],
)
async def test_a_datadog_event_that_is_wrong_is_refused(change: dict[str, Any], visitor: Visitor) -> None:
    event = {"data": {"type": "event", "attributes": {**ATTRIBUTES, **change}}}
    assert (await ask(visitor, "POST", "/datadog/api/v2/events", event)).status_code == 400


async def test_points_that_are_too_many_are_refused(visitor: Visitor) -> None:
    response = await ask(visitor, "POST", "/datadog/api/v2/series", {"series": [], "padding": "x" * 512_001})
    assert response.status_code == 413
