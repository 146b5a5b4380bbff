"""What was asked is known to those who want to know."""

from tests.sandbox.visitor import Visitor
from watchkeeper.sandbox.journal import Journal


async def test_nothing_is_noted_until_somebody_wants_to_know(visitor: Visitor) -> None:
    await visitor.get("/products/shop/health")
    assert await visitor.get("/sandbox/requests") == {"is_kept": False, "requests": [], "lost": 0}


async def test_requests_are_told_once_in_order_and_as_they_were_asked(visitor: Visitor) -> None:
    await visitor.http.post("/sandbox/requests")
    await visitor.get("/circleci/api/v2/project/gh%2Facme%2Fshop/pipeline", branch="main")
    await visitor.ask("POST", "/slack/api/chat.postMessage", json={"channel": "#releases", "text": "hi"})
    told = await visitor.get("/sandbox/requests")
    assert told["requests"] == [
        ["GET", "/circleci/api/v2/project/gh%2Facme%2Fshop/pipeline?branch=main"],
        ["POST", "/slack/api/chat.postMessage"],
    ]
    assert await visitor.get("/sandbox/requests") == {"is_kept": True, "requests": [], "lost": 0}


async def test_beginning_again_forgets_what_was_asked_before(visitor: Visitor) -> None:
    for _ in range(2):
        await visitor.http.post("/sandbox/requests")
        await visitor.get("/products/shop/health")
    assert len((await visitor.get("/sandbox/requests"))["requests"]) == 1


async def test_a_full_journal_keeps_the_newest_and_counts_the_others() -> None:
    journal = Journal(capacity=2)
    for number in range(3):
        journal.note("GET", f"/{number}")
    body = (await journal.read(None)).body  # type: ignore[arg-type]  # the request is not looked at
    assert body == b'{"is_kept":false,"requests":[["GET","/1"],["GET","/2"]],"lost":1}'
