"""What was asked of the sandbox, in order: off until somebody wants to know."""

from collections import deque

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from watchkeeper.sandbox.manners import answer

CAPACITY = 50_000


class Journal:
    """The newest requests since it was last read. `POST` to its route begins it, `GET` reads and clears it."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._requests: deque[tuple[str, str]] = deque(maxlen=capacity)
        self._lost = 0
        self.is_kept = False

    def note(self, method: str, path: str) -> None:
        self._lost += len(self._requests) == self._requests.maxlen
        self._requests.append((method, path))

    async def begin(self, _: Request) -> Response:
        self._requests.clear()
        self._lost, self.is_kept = 0, True
        return answer({"is_kept": True})

    async def read(self, _: Request) -> Response:
        """Answer with method and path (as it was sent, with its query) of each, oldest first, and how many are lost."""
        body = {"is_kept": self.is_kept, "requests": list(self._requests), "lost": self._lost}
        self._requests.clear()
        self._lost = 0
        return answer(body)


class Journalist:
    """Notes every request but those to the sandbox itself."""

    def __init__(self, app: ASGIApp, journal: Journal) -> None:
        self._app, self._journal = app, journal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._journal.is_kept and scope["type"] == "http" and not scope["path"].startswith("/sandbox/"):
            query = scope["query_string"].decode("latin-1")
            path = scope["raw_path"].decode("latin-1")
            self._journal.note(scope["method"], f"{path}?{query}" if query else path)
        await self._app(scope, receive, send)
