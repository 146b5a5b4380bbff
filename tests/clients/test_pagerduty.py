"""Events are told by their key; acknowledgements are read back, those of people only."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.clients.garbage import broken
from watchkeeper.clients.base import VendorError
from watchkeeper.clients.pagerduty import (
    Acknowledgement,
    EventAction,
    PagerDutyClient,
    PagerDutyEvent,
    PagerDutyEventsClient,
)
from watchkeeper.clients.vendor_errors import CredentialRefused, OutcomeUnknown, VendorRefused, VendorUnavailable
from watchkeeper.domain.verdicts import Gap

KEY = "0123456789abcdef0123456789abcdef"
TOKEN = "pagerduty-token-123456"
SINCE = datetime(2026, 3, 2, 9, tzinfo=UTC)
EVENT = PagerDutyEvent(
    EventAction.TRIGGER,
    "shop|errors#7",
    summary="Shop: error rate 31 %",
    source="Shop",
    severity="critical",
    at=SINCE,
    details={"firing": 1},
    links=(("https://acme.example", "Look closer"),),
)


async def sent(event: PagerDutyEvent) -> dict[str, Any]:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(202, json={"status": "success", "message": "Event processed"})

    async with PagerDutyEventsClient(KEY, transport=httpx.MockTransport(answer)) as client:
        await client.enqueue(event)
    assert str(asked[0].url) == "https://events.pagerduty.com/v2/enqueue"
    body: dict[str, Any] = json.loads(asked[0].content)
    return body


async def test_a_trigger_tells_what_is_known_and_nothing_empty() -> None:
    body = await sent(EVENT)
    assert (body["routing_key"], body["event_action"], body["dedup_key"]) == (KEY, "trigger", "shop|errors#7")
    assert body["payload"] == {
        "summary": "Shop: error rate 31 %",
        "source": "Shop",
        "severity": "critical",
        "timestamp": "2026-03-02T09:00:00+00:00",
        "custom_details": {"firing": 1},
    }
    assert body["links"] == [{"href": "https://acme.example", "text": "Look closer"}]


@pytest.mark.parametrize("action", [EventAction.ACKNOWLEDGE, EventAction.RESOLVE])
async def test_what_is_over_or_taken_on_needs_its_key_alone(action: EventAction) -> None:
    body = await sent(PagerDutyEvent(action, "shop|errors#7"))
    assert body == {"routing_key": KEY, "event_action": action.value, "dedup_key": "shop|errors#7"}


class Impatient(PagerDutyEventsClient):
    unsaid_pause = timedelta(0)


async def failure(answer: httpx.Response, times: int = 1) -> VendorError:
    """Return what an event fails with that is sent so many times."""
    asked: list[httpx.Request] = []

    def serve(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return answer

    async with Impatient(KEY, transport=httpx.MockTransport(serve)) as client:
        with pytest.raises(VendorError) as caught:
            await client.enqueue(EVENT)
    assert len(asked) == times
    return caught.value


def invalid(*errors: str) -> httpx.Response:
    said = {"status": "invalid event", "message": "Event object is invalid", "errors": errors}
    return httpx.Response(400, json=said)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(invalid("Length of 'routing_key' is incorrect (should be 32 characters)"), id="length"),
        pytest.param(invalid("'routing_key' cannot contain non-alphanumeric characters."), id="characters"),
        pytest.param(httpx.Response(400, text="Invalid routing key"), id="unknown"),
    ],
)
async def test_a_wrong_routing_key_is_a_credential_to_mend(answer: httpx.Response) -> None:
    error = await failure(answer)
    assert isinstance(error, CredentialRefused)
    assert "routing key" in str(error)
    assert "Watchkeeper PagerDuty" in str(error)
    assert error.missing().gap is Gap.REFUSED


async def test_an_event_that_is_wrong_is_refused_and_not_sent_again() -> None:
    error = await failure(invalid("'payload.severity' is invalid"))
    assert isinstance(error, VendorRefused)
    assert not isinstance(error, CredentialRefused)
    assert "severity" in str(error)


async def test_an_event_too_many_was_not_taken() -> None:
    error = await failure(httpx.Response(429, text="Request Limit Exceeded"), times=3)
    assert isinstance(error, VendorUnavailable)
    assert not isinstance(error, OutcomeUnknown)


def incident(key: str | None, *acknowledgements: tuple[str, str, int]) -> dict[str, Any]:
    return {
        "id": "PT4KHLK",
        "incident_key": key,
        "status": "acknowledged",
        "acknowledgements": [
            {"at": f"2026-03-02T10:{minute:02}:00Z", "acknowledger": {"type": kind, "summary": who, "id": "P1"}}
            for kind, who, minute in acknowledgements
        ],
    }


class Account:
    """An account that lists incidents, and gives those of a key when asked by it."""

    def __init__(self, listed: list[dict[str, Any]], by_key: dict[str, list[dict[str, Any]]] | None = None) -> None:
        self.listed, self.by_key = listed, by_key or {}
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        key, offset = request.url.params.get("incident_key"), int(request.url.params.get("offset", 0))
        found = self.listed if key is None else self.by_key.get(key, [])
        shown = found[offset : offset + 100]
        return httpx.Response(
            200,
            json={"incidents": shown, "limit": 100, "offset": offset, "more": len(found) > offset + 100, "total": None},
        )

    async def read(self, *keys: str) -> dict[str, Acknowledgement]:
        async with PagerDutyClient(TOKEN, transport=httpx.MockTransport(self)) as client:
            return await client.acknowledgements(keys, SINCE)


async def test_the_last_person_who_acknowledged_is_named() -> None:
    ann, bob = ("user_reference", "Ann", 3), ("user", "Bob", 7)
    account = Account([incident("a", ann, bob, ("service_reference", "Events API", 9)), incident("other", ann)])
    assert await account.read("a", "b") == {"a": Acknowledgement("Bob", SINCE + timedelta(hours=1, minutes=7))}
    (request,) = account.asked
    assert request.headers["authorization"] == f"Token token={TOKEN}"
    assert dict(request.url.params) == {
        "statuses[]": "acknowledged",
        "since": "2026-03-02T09:00:00Z",
        "include[]": "acknowledgers",
        "limit": "100",
    }


async def test_an_acknowledgement_by_our_own_event_is_none() -> None:
    assert await Account([incident("a", ("service_reference", "Events API", 3))]).read("a") == {}


async def test_an_incident_without_its_key_is_asked_for_by_the_keys_that_are_open() -> None:
    ann = incident(None, ("user_reference", "Ann", 3))
    account = Account([ann, incident("b", ("user_reference", "Bob", 4))], {"a": [ann]})
    assert {key: each.who for key, each in (await account.read("a", "b", "c")).items()} == {"a": "Ann", "b": "Bob"}
    assert [request.url.params.get("incident_key") for request in account.asked] == [None, "a", "c"]


async def test_all_pages_are_read() -> None:
    many = [incident(f"other {number}") for number in range(250)]
    account = Account([*many, incident("a", ("user_reference", "Ann", 3))])
    assert set(await account.read("a")) == {"a"}
    assert [request.url.params.get("offset") for request in account.asked] == [None, "100", "200"]


async def test_the_limit_is_told_in_seconds_from_now() -> None:
    headers = {"ratelimit-limit": "960", "ratelimit-remaining": "0", "ratelimit-reset": "45"}
    limited = httpx.Response(429, headers=headers, json={"error": {"message": "Rate Limit Exceeded", "code": 2020}})
    async with PagerDutyClient(TOKEN, transport=httpx.MockTransport(lambda _: limited)) as client:
        with pytest.raises(VendorUnavailable) as caught:
            await client.acknowledgements(["a"], SINCE)
    assert caught.value.retry_after == timedelta(seconds=45)


async def test_a_wrong_token_is_refused() -> None:
    refused = httpx.Response(401, json={"error": {"message": "Authentication failed", "code": 2006}})
    async with PagerDutyClient(TOKEN, transport=httpx.MockTransport(lambda _: refused)) as client:
        with pytest.raises(VendorRefused, match=r"does not accept the token .* Watchkeeper PagerDuty") as caught:
            await client.acknowledgements(["a"], SINCE)
    assert caught.value.missing().gap is Gap.REFUSED


class Nonsense:
    """Answers with whatever its body is at the moment."""

    def __init__(self, body: Any) -> None:
        self.body = body

    def __call__(self, _: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=json.dumps(self.body))


async def test_nonsense_is_an_error_and_never_a_crash() -> None:
    right = {"incidents": [incident("a", ("user_reference", "Ann", 3))], "more": False, "limit": 100}
    account = Nonsense(right)
    async with PagerDutyClient(TOKEN, transport=httpx.MockTransport(account)) as client:
        for account.body in broken(right):
            with suppress(VendorError):
                await client.acknowledgements(["a"], SINCE)
