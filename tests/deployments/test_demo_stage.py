import asyncio

from deployments.demo_stage import answered
from tests.clients.local_server import reply, serving


async def test_a_busy_server_is_asked_until_it_answers() -> None:
    replies = iter([b"", reply(status="503 Service Unavailable"), reply(b"here", "404 Not Found")])

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(next(replies))

    async with serving(answer) as server:
        found = await answered("POST", server.url(), json={"key": 1})
    assert (found.status_code, found.text) == (404, "here")
    assert server.bodies == [b'{"key":1}'] * 3
