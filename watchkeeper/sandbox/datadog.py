"""Datadog as the company's clients meet it: metrics and events come in, a page shows what did.

Source: Datadog's OpenAPI description, API v2.
"""

import gzip
import zlib
from collections import deque
from dataclasses import replace
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchkeeper.sandbox.chance import digits
from watchkeeper.sandbox.desk_pages import Entry, clock, desk_page
from watchkeeper.sandbox.manners import Gate, Manners, answer
from watchkeeper.sandbox.times import read_iso
from watchkeeper.sandbox.world import World

TOKEN = "sandbox-datadog-key"  # noqa: S105  (it opens a make-believe house)
LARGEST, LARGEST_UNPACKED = 512_000, 5_242_880
OLDEST, NEWEST = 3600, 600  # seconds around now of points that are kept
OLDEST_EVENT = 18 * 3600
MOST_EVENTS = 500
_LENGTHS = {"title": 500, "message": 4000, "aggregation_key": 100}


def _key(headers: Headers) -> str:
    return headers.get("dd-api-key", "")


MANNERS = Manners(
    vendor="datadog",
    token=TOKEN,
    shown_token=_key,
    refusal=(403, {"errors": ["Forbidden"]}),
    limit=6000,
    limit_headers=lambda limit, remaining, seconds, _: {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Period": "60",
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": str(seconds),
    },
    limited={"errors": ["Too many requests"]},
    down={"errors": ["Service unavailable"]},
)
_EVENT_MANNERS = replace(MANNERS, refusal=(403, {"errors": [{"status": "403", "title": "Forbidden"}]}))


class Datadog:
    """Keeps the newest events, and of each time series its last point."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.events: deque[dict[str, Any]] = deque(maxlen=MOST_EVENTS)
        self.series: dict[tuple[str, tuple[str, ...]], tuple[float, float]] = {}

    async def take_series(self, request: Request) -> Response:
        body, packed = await request.body(), request.headers.get("content-encoding", "")
        try:
            unpacked = gzip.decompress(body) if packed == "gzip" else body
            series = orjson.loads(unpacked)["series"]
            points = [(each["metric"], tuple(each.get("tags", ())), each["points"]) for each in series]
        except (OSError, EOFError, zlib.error, orjson.JSONDecodeError, KeyError, TypeError):
            return answer({"errors": ["Payload is not in the expected format"]}, 400)
        if len(body) > LARGEST or len(unpacked) > LARGEST_UNPACKED:
            return answer({"errors": ["Payload too large"]}, 413)
        now = self._world.now()
        for name, tags, values in points:
            for point in values:
                if now - OLDEST <= point["timestamp"] <= now + NEWEST:
                    self.series[name, tags] = point["timestamp"], point["value"]
        return answer({"errors": []}, 202)

    async def take_event(self, request: Request) -> Response:
        try:
            event = orjson.loads(await request.body())["data"]["attributes"]
            problems = self._problems(event)
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            event, problems = {}, ["the body is no event"]
        if problems:
            return answer(
                {"errors": [{"status": "400", "title": "Bad Request", "detail": each} for each in problems]}, 400
            )
        self.events.append({**event, "at": self._world.now()})
        identity = digits(20, "datadog", len(self.events), event["title"])
        attributes = {"attributes": {"evt": {"id": identity, "uid": identity}}}
        return answer({"data": {"type": "event", "attributes": attributes}}, 202)

    def _problems(self, event: dict[str, Any]) -> list[str]:
        tags, status = event.get("tags", ["none"]), event["attributes"].get("status")
        at = read_iso(event["timestamp"]) if "timestamp" in event else self._world.now()
        checks = {
            "category must be change or alert": event.get("category") in {"change", "alert"},
            "title is required": bool(event.get("title")),
            "status must be warn, error or ok": event["category"] != "alert" or status in {"warn", "error", "ok"},
            "1 to 100 tags of 200 characters": 0 < len(tags) <= 100 and all(0 < len(tag) <= 200 for tag in tags),
            "timestamp is older than 18 hours": self._world.now() - at <= OLDEST_EVENT,
            **{f"{key} is too long": len(event.get(key, "")) <= most for key, most in _LENGTHS.items()},
        }
        return [problem for problem, is_fine in checks.items() if not is_fine]

    async def page(self, _: Request) -> Response:
        return desk_page("Datadog", [self._metrics(), *(_entry(event) for event in reversed(self.events))])

    def _metrics(self) -> Entry:
        lines = (f"{name}{{{', '.join(tags)}}} = {value:g}" for (name, tags), (_, value) in sorted(self.series.items()))
        newest = max((at for at, _ in self.series.values()), default=None)
        return Entry("Metrics", f"as of {clock(newest)}" if newest else "none yet", is_open=False, lines=tuple(lines))


def _entry(event: dict[str, Any]) -> Entry:
    status, tags = event["attributes"].get("status", ""), ", ".join(event.get("tags", []))
    lines = (*str(event.get("message", "")).splitlines(), f"{event.get('aggregation_key', '')} · {tags}")
    return Entry(event["title"], f"{status}, {clock(event['at'])}", status != "ok", lines)


def create(datadog: Datadog, world: World) -> Starlette:
    """Return both intakes, which say no in different words."""
    intakes = (("/api/v2/series", datadog.take_series, MANNERS), ("/api/v2/events", datadog.take_event, _EVENT_MANNERS))
    return Starlette(
        routes=[
            Route(path, Gate(Starlette(routes=[Route(path, take, methods=["POST"])]), world, manners))
            for path, take, manners in intakes
        ]
    )


def page_routes(datadog: Datadog) -> list[Route]:
    return [Route("/sandbox/datadog", datadog.page)]
