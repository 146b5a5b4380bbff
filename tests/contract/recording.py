"""Keeps what goes over the wire between a client and the sandbox."""

from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.contract.documents import Exchange


class Recorder:
    """Stands before an ASGI application and remembers every request with its answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.exchanges: list[Exchange] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked, answered = bytearray(), bytearray()
        start: Message = {}

        async def keep_request() -> Message:
            message = await receive()
            asked.extend(message.get("body", b""))
            return message

        async def keep_answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            answered.extend(message.get("body", b""))
            await send(message)

        await self._app(dict(scope), keep_request, keep_answer)
        self.exchanges.append(_exchange(scope, bytes(asked), start, bytes(answered)))

    def of(self, prefix: str) -> list[Exchange]:
        """Return the exchanges with one vendor, with paths as its document has them."""
        return [
            Exchange(
                **{**vars(exchange), "path": exchange.path.removeprefix(prefix)},
            )
            for exchange in self.exchanges
            if exchange.path.startswith(f"{prefix}/")
        ]


def _exchange(scope: Scope, body: bytes, start: Message, answer: bytes) -> Exchange:
    return Exchange(
        method=scope["method"],
        path=scope["raw_path"].decode().partition("?")[0],
        query=tuple(parse_qsl(scope["query_string"].decode(), keep_blank_values=True)),
        headers=dict(Headers(scope=scope)),
        body=body,
        status=start["status"],
        answer=answer,
        answer_type=Headers(raw=start["headers"]).get("content-type", "").partition(";")[0],
    )
