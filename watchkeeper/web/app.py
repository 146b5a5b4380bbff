"""Our own pages, on the loopback address and for its names only: the folder of reports."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watchkeeper.hosts import LoopbackOnly

# The pages need neither scripts nor anything from outside, so nothing that slipped through the escaping can run.
_HEADERS = (
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; img-src data:"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-cache"),
)


def create(reports: Path) -> ASGIApp:
    """Return the application that shows the files in `reports`; the folder is made where it is not there yet."""
    reports.mkdir(mode=0o700, parents=True, exist_ok=True)
    routes = [
        Route("/health", _health),
        Mount("/reports", StaticFiles(directory=reports, html=True)),
    ]
    return _Careful(LoopbackOnly(Starlette(routes=routes, exception_handlers={404: _nothing_there})))


async def _health(_: Request) -> Response:
    return PlainTextResponse("ok")


async def _nothing_there(_: Request, __: Exception) -> Response:
    return PlainTextResponse("There is nothing here yet. The list of all reports will be at /reports/.", 404)


class _Careful:
    """Adds the headers that keep a page from doing anything but being read."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_HEADERS]
            await send(message)

        await self._app(scope, receive, send_with_headers)
