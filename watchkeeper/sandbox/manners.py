"""How a vendor behaves whatever it is asked: who may ask, how often, and what goes wrong when a scenario says so."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field

import orjson
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watchkeeper.sandbox.world import World

SLOW_SECONDS = 60.0
LIMITED_SECONDS = 300
GARBAGE_BYTES = 200_000_000

HTML = b"<!doctype html><html><head><title>Bad gateway</title></head><body><h1>502</h1><p>cloudfront</p></body></html>"
CUT = b'{"items": [{"id": "0f8fad5b-d9cb-469f-a165-708677289'
WRONG_TYPES = orjson.dumps(
    {
        "data": "none",
        "groups": 3,
        "items": {"a": 1},
        "projects": None,
        "deployments": "many",
        "pagination": [],
        "ok": "yes",
    }
)
MISSING_KEYS = orjson.dumps({"detail": None})

# Somebody else's HTML must not run as a page of ours.
UNTRUSTED = {"Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"}


def answer(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status, headers, media_type="application/json")


def bearer(headers: Headers) -> str:
    kind, _, token = headers.get("authorization", "").partition(" ")
    return token if kind.lower() == "bearer" else ""


@dataclass(frozen=True, slots=True)
class Manners:
    """What every answer of one vendor has in common.

    Attributes:
        token: what the caller must show; "" when anybody may ask.
        other_tokens: more that open the door; what they may do is up to the vendor.
        shown_token: reads the token from the request's headers.
        refusal: status and body for a caller without the right token.
        limit: requests a minute, as the headers say it. They are counted, never enforced.
        limit_headers: the vendor's headers from limit, remaining and seconds until the reset (and the moment now).
        limited, down: bodies of 429 and 503.
    """

    vendor: str
    token: str = ""
    other_tokens: tuple[str, ...] = ()
    shown_token: Callable[[Headers], str] = bearer
    refusal: tuple[int, object] = (401, {"message": "unauthorized"})
    limit: int = 10_000
    limit_headers: Callable[[int, int, int, float], dict[str, str]] = lambda *_: {}
    limited: object = field(default_factory=lambda: {"message": "rate limited"})
    down: object = field(default_factory=lambda: {"message": "service unavailable"})


class Gate:
    """Stands before a vendor: plays the faults that scenarios ask for, asks for the token, counts the requests."""

    def __init__(self, app: ASGIApp, world: World, manners: Manners) -> None:
        self._app, self._world, self._manners = app, world, manners
        self._minute, self._used, self._nonsense = 0, 0, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        extra = self._limit_headers()

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(extra)
            await send(message)

        reply = await self._fault() or self._refusal(request)
        await (reply or self._app)(scope, receive, send_with_headers)

    def _limit_headers(self) -> dict[str, str]:
        now = self._world.now()
        if int(now // 60) != self._minute:
            self._minute, self._used = int(now // 60), 0
        self._used += 1
        manners = self._manners
        if self._world.scenario("rate-limited", manners.vendor):
            return manners.limit_headers(manners.limit, 0, LIMITED_SECONDS, now)
        return manners.limit_headers(manners.limit, max(manners.limit - self._used, 1), 60 - int(now % 60), now)

    def _refusal(self, request: Request) -> Response | None:
        manners = self._manners
        if not manners.token or manners.shown_token(request.headers) in {manners.token, *manners.other_tokens}:
            return None
        status, body = manners.refusal
        return answer(body, status)

    async def _fault(self) -> Response | None:
        world, vendor = self._world, self._manners.vendor
        if world.scenario("vendor-down", vendor):
            return answer(self._manners.down, 503)
        if world.scenario("rate-limited", vendor):
            return answer(self._manners.limited, 429, {"Retry-After": str(LIMITED_SECONDS)})
        if world.scenario("garbage", vendor):
            return self._garbage()
        if slow := world.scenario("vendor-slow", vendor):
            await _sleep_while(lambda: world.scenario("vendor-slow", vendor) is slow, SLOW_SECONDS)
        return None

    def _garbage(self) -> Response:
        self._nonsense += 1
        match self._nonsense % 5:
            case 1:
                return Response(HTML, media_type="text/html")
            case 2:
                return Response(CUT, media_type="application/json")
            case 3:
                return Response(WRONG_TYPES, media_type="application/json")
            case 4:
                return StreamingResponse(_flood(), media_type="application/json")
            case _:
                return Response(MISSING_KEYS, media_type="application/json")


async def _flood() -> AsyncIterator[bytes]:
    """Yield 200 MB that might become JSON one day."""
    block = b"[" + b" " * 65_535
    for _ in range(GARBAGE_BYTES // len(block)):
        yield block


async def _sleep_while(goes_on: Callable[[], bool], seconds: float) -> None:
    """Sleep, but not past the end of the scenario, so that a stop of the sandbox need not wait."""
    for _ in range(int(seconds * 4)):
        if not goes_on():
            return
        await asyncio.sleep(0.25)
