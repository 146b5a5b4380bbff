"""Vercel's public status page, in the form of Atlassian Statuspage's `summary.json`."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchkeeper.sandbox.manners import Gate, Manners, answer
from watchkeeper.sandbox.times import iso
from watchkeeper.sandbox.vercel import base_url
from watchkeeper.sandbox.world import World

MANNERS = Manners(vendor="vercel-status")


def create(world: World) -> Gate:
    async def summary(request: Request) -> Response:
        return answer(_summary(world, base_url(request)))

    return Gate(Starlette(routes=[Route("/api/v2/summary.json", summary)]), world, MANNERS)


def _summary(world: World, base_url: str) -> dict[str, object]:
    outage = world.scenario("platform-incident")
    now = iso(world.now())
    status = {"indicator": "major", "description": "Partial System Outage"} if outage else {
        "indicator": "none", "description": "All Systems Operational",
    }  # fmt: skip
    component = {
        "id": "cmp0edge", "name": "Edge Network", "status": "major_outage" if outage else "operational", "position": 1,
        "created_at": "2020-01-01T00:00:00.000Z", "updated_at": now, "description": None, "showcase": False,
        "start_date": None, "group_id": None, "page_id": "page0vercel", "group": False, "only_show_if_degraded": False,
    }  # fmt: skip
    incidents = [_incident(outage.at, base_url)] if outage else []
    page = {"id": "page0vercel", "name": "Vercel", "url": base_url, "time_zone": "Etc/UTC", "updated_at": now}
    return {
        "page": page,
        "components": [component],
        "incidents": incidents,
        "scheduled_maintenances": [],
        "status": status,
    }


def _incident(at: float, base_url: str) -> dict[str, object]:
    return {
        "id": "inc0edge", "name": "Elevated errors on the Edge Network in fra1", "status": "investigating",
        "impact": "major",
        "created_at": iso(at), "updated_at": iso(at), "started_at": iso(at), "resolved_at": None, "monitoring_at": None,
        "shortlink": f"{base_url}/incidents/inc0edge", "page_id": "page0vercel", "incident_updates": [],
        "components": [],
    }  # fmt: skip
