"""A percentage is set once, and looked at before and after."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

import httpx
import pytest

from watchkeeper.clients.base import VendorRefused
from watchkeeper.clients.vercel_percentages import VercelPercentagesClient
from watchkeeper.domain.moves import Moved, MoveOutcome, PercentageOrder

TOKEN = "vercel-token-123456"
ORDER = PercentageOrder("team_acme", "ecfg_shop", "checkout_percent", 0, expected=25)


class Hasty(VercelPercentagesClient):
    request_seconds: ClassVar[float] = 0.5


class Store:
    """A model of the vendor with one item."""

    def __init__(self, value: object = 25) -> None:
        self.value = value
        self.before: Callable[[], httpx.Response | Exception | None] = lambda: None
        self.after: Callable[[], httpx.Response | Exception | None] = lambda: None
        self.asked: list[httpx.Request] = []

    @property
    def changes(self) -> list[httpx.Request]:
        return [request for request in self.asked if request.method == "PATCH"]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.method == "PATCH":
            if refused := self.before():
                return _given(refused)
            self.value = 0
            return _given(self.after() or httpx.Response(200, json={"status": "ok"}))
        if self.value is None:
            return httpx.Response(404, json={"error": {"code": "not_found"}})
        return httpx.Response(200, json={"key": "checkout_percent", "value": self.value})

    async def set(self, order: PercentageOrder = ORDER, **more: Any) -> Moved:
        async with Hasty(TOKEN, transport=httpx.MockTransport(self), **more) as client:
            return await client.set_percentage(order)


def _given(answer: httpx.Response | Exception) -> httpx.Response:
    if isinstance(answer, Exception):
        raise answer
    return answer


async def test_an_item_is_set_and_read_again() -> None:
    store = Store()
    moved = await store.set()
    assert (moved.outcome, moved.was_asked) == (MoveOutcome.MOVED, True)
    (change,) = store.changes
    assert (change.url.path, change.url.params["teamId"]) == ("/v1/edge-config/ecfg_shop/items", "team_acme")
    assert change.content == b'{"items":[{"operation":"update","key":"checkout_percent","value":0}]}'


async def test_the_new_name_of_the_api_can_be_asked() -> None:
    store = Store()
    await store.set(prefix="global-config")
    assert {request.url.path.split("/")[2] for request in store.asked} == {"global-config"}


@pytest.mark.parametrize(
    ("value", "order", "outcome"),
    [
        pytest.param(0, ORDER, MoveOutcome.ALREADY_THERE, id="it is so already"),
        pytest.param(0, replace(ORDER, was_started=True), MoveOutcome.MOVED, id="an attempt before has done it"),
        pytest.param(50, ORDER, MoveOutcome.REFUSED, id="somebody has set another value"),
        pytest.param(None, ORDER, MoveOutcome.REFUSED, id="no such item"),
        pytest.param("25", ORDER, MoveOutcome.REFUSED, id="a text"),
        pytest.param(True, ORDER, MoveOutcome.REFUSED, id="a truth"),
        pytest.param(250, ORDER, MoveOutcome.REFUSED, id="no percentage"),
        pytest.param({"percent": 25}, ORDER, MoveOutcome.REFUSED, id="an object"),
    ],
)
async def test_nothing_is_asked_for_where_nothing_is_to_be_done(
    value: object, order: PercentageOrder, outcome: MoveOutcome
) -> None:
    store = Store(value)
    moved = await store.set(order)
    assert (moved.outcome, store.changes) == (outcome, [])


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 412, 429])
async def test_a_refusal_changes_nothing_and_says_so(status: int) -> None:
    store = Store()
    store.before = lambda: httpx.Response(status, headers={"Retry-After": "60"}, json={"error": {"message": TOKEN}})
    moved = await store.set()
    assert (moved.outcome, moved.was_asked, store.value) == (MoveOutcome.REFUSED, False, 25)
    assert moved.sentence.endswith("nothing was done")
    assert TOKEN not in moved.sentence


@pytest.mark.parametrize("lost", [httpx.Response(500), httpx.ReadTimeout("late"), httpx.Response(200, text="<html>")])
async def test_a_lost_answer_after_the_work_is_found_out(lost: httpx.Response | Exception) -> None:
    store = Store()
    store.after = lambda: lost
    moved = await store.set()
    assert (moved.outcome, len(store.changes)) == (MoveOutcome.MOVED, 1)


async def test_an_item_that_cannot_be_read_is_an_error() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(403))
    async with Hasty(TOKEN, transport=transport) as client:
        with pytest.raises(VendorRefused):
            await client.percentage("team_acme", "ecfg_shop", "checkout_percent")


async def test_who_may_not_ask_does_not() -> None:
    store = Store()

    async def never(_before: datetime | None) -> bool:
        return False

    async with Hasty(TOKEN, transport=httpx.MockTransport(store)) as client:
        moved = await client.set_percentage(ORDER, never)
    assert (moved.outcome, store.changes) == (MoveOutcome.REFUSED, [])
