"""Who gets told: an address for every name, that takes whatever is posted to it and shows it again.

Names that begin with `down` answer 503, those with `refuses` 400, so that delivering to them fails.
"""

from collections import defaultdict, deque
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchkeeper.sandbox.manners import answer
from watchkeeper.sandbox.times import iso
from watchkeeper.sandbox.world import World

MOST_NAMES, MOST_KEPT = 100, 200
_SHOWN = ("x-", "idempotency-key")
_REFUSALS = {"down": 503, "refuses": 400}


class Hooks:
    """What came, oldest first, by name."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._came: defaultdict[str, deque[dict[str, Any]]] = defaultdict(lambda: deque(maxlen=MOST_KEPT))

    def routes(self) -> list[Route]:
        path = "/sandbox/hook/{name}"
        return [Route(path, self.take, methods=["POST"]), Route(path, self.show)]

    async def take(self, request: Request) -> Response:
        name, body = request.path_params["name"], await request.body()
        refusal = next((status for word, status in _REFUSALS.items() if name.startswith(word)), None)
        if refusal is not None or (name not in self._came and len(self._came) >= MOST_NAMES):
            return answer({"error": f"{name} takes nothing"}, refusal or 429)
        self._came[name].append(
            {
                "at": iso(self._world.now()),
                "type": request.headers.get("content-type", ""),
                "headers": {key: value for key, value in request.headers.items() if key.startswith(_SHOWN)},
                "body": _read(body),
            }
        )
        return Response(status_code=204)

    async def show(self, request: Request) -> Response:
        return answer(list(self._came.get(request.path_params["name"], ())))


def _read(body: bytes) -> Any:  # noqa: ANN401  (whatever it was that came)
    """Return JSON as it means, anything else as text."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return body.decode(errors="replace")
