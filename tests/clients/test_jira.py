"""What Jira says is read with care, and what is asked of it cannot be bent by names."""

import json
from base64 import b64encode
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.clients.garbage import broken
from watchkeeper.clients.base import MissingCredential, VendorError, VendorRefused
from watchkeeper.clients.jira import IssueDraft, JiraClient
from watchkeeper.clients.vendor_errors import VendorUnavailable
from watchkeeper.domain.alert_tickets import Ticket

EMAIL, TOKEN = "watch@acme.example", "jira-token-123456"
CREDENTIALS = b64encode(f"{EMAIL}:{TOKEN}".encode()).decode()
DOCUMENT = {"type": "doc", "version": 1, "content": []}
DRAFT = IssueDraft("OPS", "Task", "watchkeeper-1", "Shop is down", DOCUMENT, "Highest")
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


class Site:
    """Gives one answer to everything."""

    def __init__(self, body: object, status: int = 200) -> None:
        self.asked: list[httpx.Request] = []
        self.body, self._status = body, status

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return httpx.Response(self._status, content=json.dumps(self.body))

    def client(self) -> JiraClient:
        return JiraClient(EMAIL, TOKEN, "https://acme.atlassian.example", httpx.MockTransport(self))


async def test_names_cannot_bend_a_search() -> None:
    site = Site({"issues": [{"id": "1", "key": "OPS-1", "fields": {}}], "isLast": True})
    async with site.client() as client:
        assert await client.find('OPS" OR project = "HR\\', "watchkeeper-1") == "OPS-1"
    (request,) = site.asked
    assert request.headers["authorization"] == f"Basic {CREDENTIALS}"
    assert request.url.params["jql"] == (
        'project = "OPS\\" OR project = \\"HR\\\\" AND labels = "watchkeeper-1" ORDER BY created ASC'
    )


async def test_a_search_names_a_field_or_it_would_get_no_key() -> None:
    site = Site({"issues": [{"id": "1", "key": "OPS-1", "fields": {}}], "isLast": True})
    async with site.client() as client:
        await client.find("OPS", "watchkeeper-1")
    assert site.asked[0].url.params["fields"] == "summary"


async def test_the_pause_is_read_from_retry_after() -> None:
    headers = {"retry-after": "45", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "2026-03-02T10:30Z"}
    limited = httpx.MockTransport(lambda _: httpx.Response(429, headers=headers, json={}))
    async with JiraClient(EMAIL, TOKEN, "https://acme.atlassian.example", limited) as client:
        with pytest.raises(VendorUnavailable) as caught:
            await client.find("OPS", "watchkeeper-1")
    assert caught.value.retry_after == timedelta(seconds=45)


async def test_a_key_is_one_segment_of_the_path() -> None:
    site = Site({}, 404)
    async with site.client() as client:
        assert await client.ticket("../../secure?x") is None
    assert site.asked[0].url.raw_path.startswith(b"/rest/api/3/issue/..%2F..%2Fsecure%3Fx?")


def history(minute: int, who: str, kind: str = "", field: str = "status") -> dict[str, Any]:
    return {
        "created": f"2026-03-02T10:{minute:02}:00.000+0000",
        "author": {"displayName": who} if who else None,
        "items": [{"field": field, "toString": "Done"}],
        "historyMetadata": {"type": kind} if kind else None,
    }


@pytest.mark.parametrize(
    ("histories", "at", "by"),
    [
        pytest.param([], None, "", id="never moved"),
        pytest.param([history(9, "Ann", field="labels")], None, "", id="only moves count"),
        pytest.param([history(3, "Ann"), history(7, "Bob"), history(5, "Chen")], 7, "Bob", id="the last one"),
        pytest.param([history(7, "Watchkeeper", "watchkeeper"), history(3, "Ann")], 7, "", id="it was us"),
        pytest.param([history(7, "")], 7, "somebody", id="an automation without a name"),
        pytest.param([{"created": "soon", "items": [{"field": "status"}]}, "x", None], None, "", id="nonsense"),
    ],
)
async def test_who_moved_an_issue_last(histories: list[Any], at: int | None, by: str) -> None:
    fields = {"status": {"statusCategory": {"key": "done"}}, "priority": None}
    site = Site({"key": "OPS-1", "fields": fields, "changelog": {"histories": histories}})
    async with site.client() as client:
        ticket = await client.ticket("OPS-1")
    moved_at = None if at is None else NOW.replace(minute=at)
    assert ticket == Ticket("OPS-1", is_closed=True, moved_at=moved_at, moved_by=by)


async def test_a_refusal_names_the_fields_and_no_secret() -> None:
    said = {"errorMessages": [f"no {CREDENTIALS}"], "errors": {"customfield_1": f"Team is required, {TOKEN}"}}
    async with Site(said, 400).client() as client:
        with pytest.raises(VendorRefused, match="customfield_1: Team is required") as caught:
            await client.create(DRAFT)
    assert TOKEN not in repr(caught.value)
    assert CREDENTIALS not in repr(caught.value)


@pytest.mark.parametrize(
    ("email", "token", "url", "says"),
    [
        ("", TOKEN, "https://acme.atlassian.example", "JIRA_EMAIL in the block Watchkeeper Jira"),
        (EMAIL, "", "https://acme.atlassian.example", "JIRA_API_TOKEN in the block Watchkeeper Jira"),
        (EMAIL, TOKEN, "", "base URL in the block Watchkeeper Jira"),
    ],
)
def test_what_the_block_lacks_is_named(email: str, token: str, url: str, says: str) -> None:
    with pytest.raises((MissingCredential, VendorRefused), match=says):
        JiraClient(email, token, url)


STATUS = {"status": {"statusCategory": {"key": "done"}}, "priority": {"name": "Low"}}
COMMENT = {"created": "2026-03-02T10:00:00Z", "body": {"content": [{"text": "x", "content": []}]}}
Asking = Callable[[JiraClient], Awaitable[object]]


@pytest.mark.parametrize(
    ("right", "ask"),
    [
        pytest.param(
            {"key": "OPS-1", "fields": STATUS, "changelog": {"histories": [history(7, "Ann", "x")]}},
            lambda client: client.ticket("OPS-1"),
            id="ticket",
        ),
        pytest.param({"issues": [{"key": "OPS-1"}]}, lambda client: client.find("OPS", "x"), id="find"),
        pytest.param({"comments": [COMMENT]}, lambda client: client.comment_once("OPS-1", DOCUMENT, NOW), id="comment"),
        pytest.param(
            {"transitions": [{"id": "1", "name": "Done", "to": {"name": "Done"}}]},
            lambda client: client.move("OPS-1", "Done"),
            id="move",
        ),
        pytest.param({"key": "OPS-1"}, lambda client: client.create(DRAFT), id="create"),
    ],
)
async def test_nonsense_is_an_error_and_never_a_crash(right: object, ask: Asking) -> None:
    site = Site(None)
    async with site.client() as client:
        for site.body in broken(right):
            with suppress(VendorError):
                await ask(client)


async def test_a_refusal_that_is_nonsense_is_a_refusal() -> None:
    site = Site({}, 400)
    async with site.client() as client:
        for site.body in broken({"errorMessages": ["x"], "errors": {"labels": "x"}}):
            with pytest.raises(VendorRefused):
                await client.create(DRAFT)


def commented(minutes_ago: int, words: str) -> dict[str, Any]:
    at = NOW - timedelta(minutes=minutes_ago)
    return {"created": at.isoformat(), "body": {"content": [{"text": words, "content": []}]}}


@pytest.mark.parametrize("place", [0, 120, 250, None])
async def test_a_comment_is_found_on_any_page_and_pages_before_its_time_are_not_asked_for(place: int | None) -> None:
    recent = [commented(0, f"other {number}") for number in range(250)]
    if place is not None:
        recent.insert(place, commented(0, "x"))
    found = [*recent, *(commented(600, "x") for _ in range(500))]
    starts: list[int] = []
    posted: list[httpx.Request] = []

    def serve(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            posted.append(request)
            return httpx.Response(201, json={})
        start, most = (int(request.url.params.get(name, 0)) for name in ("startAt", "maxResults"))
        starts.append(start)
        return httpx.Response(
            200, json={"comments": found[start : start + most], "startAt": start, "total": len(found)}
        )

    async with JiraClient(EMAIL, TOKEN, "https://acme.atlassian.example", httpx.MockTransport(serve)) as client:
        await client.comment_once("OPS-1", {"content": [{"text": "x"}]}, NOW - timedelta(minutes=5))
    assert bool(posted) is (place is None)
    assert starts == [0, 100, 200]
