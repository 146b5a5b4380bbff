"""Only for callers of this machine: a page elsewhere that has its name point here gets nothing.

Listening on the loopback address is not enough: a browser that shows evil.example, whose name now means 127.0.0.1, asks
us on its behalf and would let it read the answer. What tells the two apart is the name that the browser asked for.

Source: RFC 9110, 7.2 (Host) and 15.5.20 (421 Misdirected Request).
"""

import re
from typing import Final

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_LOOPBACK: Final = re.compile(rb"(?:127\.0\.0\.1|localhost|\[::1\])(?::([0-9]{1,5}))?", re.IGNORECASE)


class LoopbackOnly:
    """Refuses every request that was not sent to a name of this machine, with our own port or without one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or is_for_us(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            port = (scope.get("server") or ("", None))[1]
            here = f"http://127.0.0.1:{port}/" if port else "http://127.0.0.1/"
            text = f"These pages are for this machine only. Open them at {here}, or forward the same port.\n"
            await PlainTextResponse(text, 421)(scope, receive, send)


def is_for_us(scope: Scope) -> bool:
    """Return True when there is one Host header, it names this machine, and its port, if there is one, is ours."""
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    match = _LOOPBACK.fullmatch(hosts[0]) if len(hosts) == 1 else None
    return match is not None and (match[1] is None or int(match[1]) == (scope.get("server") or ("", None))[1])
