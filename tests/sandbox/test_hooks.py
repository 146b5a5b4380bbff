"""A hook takes what is posted to it and shows it again."""

import pytest

from tests.sandbox.visitor import Visitor
from watchkeeper.sandbox.hooks import MOST_KEPT, MOST_NAMES


async def test_it_shows_what_came_in_order(visitor: Visitor) -> None:
    hook = "/sandbox/hook/reports"
    assert (await visitor.http.post(hook, json={"title": "The day"})).status_code == 204
    assert (await visitor.http.post(hook, content=b"{not json \xff")).status_code == 204
    came = await visitor.get(hook)
    assert [entry["body"] for entry in came] == [{"title": "The day"}, "{not json \ufffd"]
    assert came[0]["type"] == "application/json"
    assert await visitor.get("/sandbox/hook/others") == []


@pytest.mark.parametrize(("name", "status"), [("down-again", 503), ("refuses-all", 400)])
async def test_some_names_make_trouble(name: str, status: int, visitor: Visitor) -> None:
    assert (await visitor.http.post(f"/sandbox/hook/{name}", json={})).status_code == status
    assert await visitor.get(f"/sandbox/hook/{name}") == []


async def test_it_keeps_the_newest_of_a_bounded_number_of_names(visitor: Visitor) -> None:
    for number in range(MOST_KEPT + 1):
        await visitor.http.post("/sandbox/hook/one", json=number)
    came = await visitor.get("/sandbox/hook/one")
    assert [came[0]["body"], came[-1]["body"]] == [1, MOST_KEPT]
    for number in range(MOST_NAMES):
        status = (await visitor.http.post(f"/sandbox/hook/{number}", json={})).status_code
    assert status == 429
