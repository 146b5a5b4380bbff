"""PagerDuty as the company's clients meet it: events come in, incidents can be read, people press buttons.

Source: PagerDuty's OpenAPI descriptions of the Events API v2 and of the REST API.
"""

from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from watchkeeper.sandbox.desk_pages import Entry, clock, desk_page
from watchkeeper.sandbox.manners import Gate, Manners, answer
from watchkeeper.sandbox.pagerduty_desk import Desk, Incident, shape, somebody
from watchkeeper.sandbox.times import read_iso
from watchkeeper.sandbox.world import World

TOKEN = "sandbox-pagerduty-token"  # noqa: S105  (it opens a make-believe house)
ROUTING_KEY = "sandbox0routing0key0of0pagerduty"
LARGEST_EVENT = 512 * 1024
LONGEST_SUMMARY, LONGEST_KEY = 1024, 255
FURTHEST = 10_000  # offset and limit together
MONTH = 30 * 86_400
SEVERITIES = {"critical", "error", "warning", "info"}
_STATUSES = {"acknowledge": "acknowledged", "resolve": "resolved"}


def _error(code: int, message: str) -> dict[str, object]:
    return {"error": {"message": message, "code": code}}


def _shown_token(headers: Headers) -> str:
    kind, _, token = headers.get("authorization", "").partition(" token=")
    return token if kind == "Token" else ""


REST_MANNERS = Manners(
    vendor="pagerduty",
    token=TOKEN,
    shown_token=_shown_token,
    refusal=(401, _error(2006, "Authentication failed")),
    limit=960,
    limit_headers=lambda limit, remaining, seconds, _: {
        "ratelimit-limit": str(limit),
        "ratelimit-remaining": str(remaining),
        "ratelimit-reset": str(seconds),
    },
    limited=_error(2020, "Rate Limit Exceeded"),
    down=_error(2100, "Internal Server Error"),
)
EVENTS_MANNERS = Manners(
    vendor="pagerduty",
    limited={"status": "throttle exceeded", "message": "Requests for this service are arriving too quickly."},
    down={"status": "Internal Server Error", "message": "Please try again."},
)


class PagerDuty:
    """Both APIs and the page, on one desk."""

    def __init__(self, world: World, desk: Desk) -> None:
        self._world, self._desk = world, desk

    async def enqueue(self, request: Request) -> Response:
        body = await request.body()
        event, problems = _read(body)
        if problems:
            invalid = {"status": "invalid event", "message": "Event object is invalid", "errors": problems}
            return answer(invalid, 400)
        if event["routing_key"] != ROUTING_KEY:
            return Response("Invalid routing key", 400, media_type="text/plain")
        event.setdefault("dedup_key", f"sandbox-{len(self._desk.incidents) + 1}")
        self._desk.take(event, self._world.now())
        return answer({"status": "success", "message": "Event processed", "dedup_key": event["dedup_key"]}, 202)

    async def incidents(self, request: Request) -> Response:
        query = request.query_params
        try:
            since = read_iso(query["since"]) if "since" in query else self._world.now() - MONTH
            limit, offset = min(int(query.get("limit", 25)), 100), int(query.get("offset", 0))
        except ValueError:
            return answer(_error(2001, "Invalid Input Provided"), 400)
        if offset + limit > FURTHEST:
            return answer(_error(2001, "Invalid Input Provided"), 400)
        is_full = "acknowledgers" in query.getlist("include[]")
        found = [each for each in self._desk.incidents if each.at >= since and _is_wanted(each, request)]
        return answer(
            {
                "incidents": [shape(each, with_acknowledgers=is_full) for each in found[offset : offset + limit]],
                "limit": limit,
                "offset": offset,
                "more": len(found) > offset + limit,
                "total": None,
            }
        )

    async def page(self, _: Request) -> Response:
        return desk_page("PagerDuty", [_entry(each) for each in reversed(self._desk.incidents)])

    async def press(self, request: Request) -> Response:
        """Do what a person does on the page."""
        incident, status = self._desk.find(request.path_params["id"]), _STATUSES.get(request.path_params["action"])
        if incident is None or status is None:
            return Response("no such incident", 404)
        self._desk.change(incident, status, somebody(incident), self._world.now())
        incident.log.append(f"{status} by {somebody(incident)['summary']}")
        return RedirectResponse("/sandbox/pagerduty", 303)


def _is_wanted(incident: Incident, request: Request) -> bool:
    statuses, key = request.query_params.getlist("statuses[]"), request.query_params.get("incident_key")
    return (not statuses or incident.status in statuses) and key in {None, incident.key}


def _read(body: bytes) -> tuple[dict[str, Any], list[str]]:
    """Return the event, and what is wrong with it."""
    try:
        event = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}, ["JSON parse error"]
    if not isinstance(event, dict):
        return {}, ["JSON parse error"]
    return event, _problems(event, len(body))


def _problems(event: dict[str, Any], size: int) -> list[str]:
    action = event.get("event_action")
    checks = {
        "event is larger than 512 KB": size > LARGEST_EVENT,
        "Length of 'routing_key' is incorrect (should be 32 characters)": len(str(event.get("routing_key", "")))
        != len(ROUTING_KEY),
        "'event_action' is invalid (must be one of: 'trigger', 'acknowledge' or 'resolve')": action
        not in {"trigger", *_STATUSES},
        "'dedup_key' is missing or blank": action in _STATUSES and not event.get("dedup_key"),
        "'dedup_key' is too long": len(str(event.get("dedup_key", ""))) > LONGEST_KEY,
    }
    payload = event.get("payload")
    if action == "trigger":
        fields = payload if isinstance(payload, dict) else {}
        checks |= {f"'payload.{name}' is missing or blank": not fields.get(name) for name in ("summary", "source")}
        checks["'payload.severity' is invalid"] = fields.get("severity") not in SEVERITIES
        checks["'payload.summary' is too long"] = len(str(fields.get("summary", ""))) > LONGEST_SUMMARY
    return [problem for problem, is_so in checks.items() if is_so]


def _entry(incident: Incident) -> Entry:
    is_open = incident.status != "resolved"
    buttons = [("Resolve", f"pagerduty/{incident.id}/resolve")] if is_open else []
    if incident.status == "triggered":
        buttons.insert(0, ("Acknowledge", f"pagerduty/{incident.id}/acknowledge"))
    details = incident.payload.get("custom_details", {}).get("what", [])
    lines = (*map(str, details if isinstance(details, list) else ()), *incident.log)
    state = f"{incident.status}, {incident.payload['severity']}, key {incident.key}, since {clock(incident.at)}"
    return Entry(f"#{incident.number} {incident.title}", state, is_open, lines, tuple(buttons))


def create(world: World, desk: Desk) -> Gate:
    """Return the REST API."""
    pagerduty = PagerDuty(world, desk)
    return Gate(Starlette(routes=[Route("/incidents", pagerduty.incidents)]), world, REST_MANNERS)


def create_events(world: World, desk: Desk) -> Gate:
    """Return the Events API."""
    pagerduty = PagerDuty(world, desk)
    app = Starlette(routes=[Route("/v2/enqueue", pagerduty.enqueue, methods=["POST"])])
    return Gate(app, world, EVENTS_MANNERS)


def page_routes(world: World, desk: Desk) -> list[Route]:
    pagerduty, path = PagerDuty(world, desk), "/sandbox/pagerduty"
    press = Route(f"{path}/{{id}}/{{action}}", pagerduty.press, methods=["POST"])
    return [Route(path, pagerduty.page), press]
