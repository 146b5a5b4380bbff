"""The connection to Prefect's server breaks as a run ends: the server has its last state, and the run no answer."""

import asyncio
import threading
from asyncio import StreamReader, StreamWriter
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from deployments.check import AnswerLostError, run_check
from tests.flows.watch import Watch
from tests.waiting import LIMIT_SECONDS

pytestmark = pytest.mark.slow


@dataclass(slots=True)
class Loser:
    """Passes on what clients and a server say, but for the first answer to a run that says it is completed."""

    host: str
    port: int
    lost: int = 0

    async def serve(self, client: StreamReader, to_client: StreamWriter) -> None:
        server, to_server = await asyncio.open_connection(self.host, self.port)
        said = bytearray()
        await asyncio.gather(self._ask(client, to_server, said), self._answer(server, to_client, said))

    async def _ask(self, client: StreamReader, to_server: StreamWriter, said: bytearray) -> None:
        while data := await _read(client):
            said += data
            to_server.write(data)
        to_server.close()

    async def _answer(self, server: StreamReader, to_client: StreamWriter, said: bytearray) -> None:
        while data := await _read(server):
            if not self.lost and b"/set_state" in said and b'"COMPLETED"' in said:
                self.lost += 1
                to_client.transport.abort()
            else:
                to_client.write(data)
        to_client.close()


async def _read(stream: StreamReader) -> bytes:
    try:
        return await stream.read(65_536)
    except ConnectionError:
        return b""


@pytest.fixture
def loser(registered: None) -> Iterator[Loser]:
    """A way to the server of the tests that loses one answer; in a thread of its own, as runs wait for it."""
    there = urlsplit(PREFECT_API_URL.value())
    assert there.hostname
    assert there.port
    loser, loop = Loser(there.hostname, there.port), asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    opened = asyncio.run_coroutine_threadsafe(asyncio.start_server(loser.serve, "127.0.0.1", 0), loop)
    port = opened.result(LIMIT_SECONDS).sockets[0].getsockname()[1]
    with temporary_settings({PREFECT_API_URL: f"http://127.0.0.1:{port}{there.path}"}):
        yield loser  # and the thread goes on: what Prefect tells of its runs goes this way to the end of all tests


async def test_a_check_whose_last_answer_is_lost_says_so_and_its_verdict_is_kept(watch: Watch, loser: Loser) -> None:
    with pytest.raises(AnswerLostError, match="verdicts are kept"):
        await run_check(["shop"], None, 15, "full")
    assert loser.lost == 1
    assert watch.count("health_checks") == 1
