"""What GitHub answers instead of what was asked for."""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.sandbox.manners import answer


class RefusedError(Exception):
    """A refusal; the message goes to the caller."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


async def json_of(request: Request) -> dict[str, Any]:
    try:
        body = orjson.loads(await request.body() or b"{}")
    except orjson.JSONDecodeError as error:
        raise RefusedError(400, "Problems parsing JSON") from error
    return body if isinstance(body, dict) else {}


async def refused(_: Request, error: Exception) -> Response:
    status = error.status if isinstance(error, RefusedError) else 404
    message = str(error) if isinstance(error, RefusedError) else "Not Found"
    body = {"message": message, "documentation_url": "https://docs.github.com/rest", "status": str(status)}
    return answer(body, status)
