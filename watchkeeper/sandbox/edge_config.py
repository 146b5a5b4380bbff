"""Vercel's Edge Config: one store a project, with the share of visitors that get the new checkout.

Source: the official OpenAPI document, 2025-10-27. Since 2026 the same answers under `global-config`.
"""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchkeeper.sandbox.chance import digits
from watchkeeper.sandbox.company import Project
from watchkeeper.sandbox.manners import answer
from watchkeeper.sandbox.times import ms
from watchkeeper.sandbox.vercel_errors import RefusedError, demand_team, demand_writer
from watchkeeper.sandbox.vercel_faults import changed
from watchkeeper.sandbox.vercel_shapes import TEAM
from watchkeeper.sandbox.world import World

KEY = "new_checkout_percent"
CREATED_MS = 1_736_931_600_000
OPERATIONS = {"create", "update", "upsert", "delete"}


def config_id(project: Project) -> str:
    return f"ecfg_{project.slug}"


class EdgeConfig:
    """The stores. The percentage decides how many visitors meet a feature; other items are kept as they come."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._others: dict[int, dict[str, Any]] = {}

    def routes(self) -> list[Route]:
        return [
            route
            for prefix in ("edge-config", "global-config")
            for route in (
                Route(f"/v1/{prefix}/{{config}}", self.config),
                Route(f"/v1/{prefix}/{{config}}/items", self.items),
                Route(f"/v1/{prefix}/{{config}}/items", self.update, methods=["PATCH"]),
                Route(f"/v1/{prefix}/{{config}}/item/{{key}}", self.item),
            )
        ]

    async def config(self, request: Request) -> Response:
        project = self._project(request)
        items = self._items(project)
        updated = ms(self._world.percentages_of(project)[-1][0])
        return answer(
            {
                "id": config_id(project),
                "slug": f"{project.slug}_flags",
                "ownerId": TEAM,
                "digest": digits(40, orjson.dumps(items)),
                "createdAt": CREATED_MS,
                "updatedAt": max(updated, CREATED_MS),
                "sizeInBytes": len(orjson.dumps(items)),
                "itemCount": len(items),
            }
        )

    async def items(self, request: Request) -> Response:
        project = self._project(request)
        return answer([self._body(project, key, value) for key, value in self._items(project).items()])

    async def item(self, request: Request) -> Response:
        project, key = self._project(request), request.path_params["key"]
        items = self._items(project)
        if key not in items:
            raise RefusedError("not_found", "The Edge Config item could not be found", 404)
        return answer(self._body(project, key, items[key]))

    async def update(self, request: Request) -> Response:
        demand_writer(request)
        project, body = self._project(request), await request.body()
        try:
            asked = [(item["operation"], item["key"], item.get("value")) for item in orjson.loads(body)["items"]]
        except (orjson.JSONDecodeError, LookupError, TypeError, AttributeError) as error:
            raise RefusedError("bad_request", "Invalid request: `items` should be array", 400) from error

        def work() -> Response:
            for operation, key, value in asked:
                self._change(project, str(operation), str(key), value)
            return answer({"status": "ok"})

        return await changed(self._world, project.slug, work)

    def _change(self, project: Project, operation: str, key: str, value: object) -> None:
        items = self._items(project)
        if operation not in OPERATIONS:
            raise RefusedError("bad_request", "Invalid request: unknown `operation`", 400)
        if (operation == "create" and key in items) or (operation in {"update", "delete"} and key not in items):
            raise RefusedError("conflict", f"The item {key} does not allow {operation}", 409)
        if key == KEY and operation != "delete" and isinstance(value, int | float):
            self._world.set_percentage(project, float(value))
        elif operation == "delete":
            self._others.get(project.index, {}).pop(key, None)
        else:
            self._others.setdefault(project.index, {})[key] = value

    def _items(self, project: Project) -> dict[str, Any]:
        percent = self._world.percentage(project, self._world.now())
        return {KEY: int(percent) if percent == int(percent) else percent, **self._others.get(project.index, {})}

    def _body(self, project: Project, key: str, value: object) -> dict[str, Any]:
        return {
            "key": key,
            "value": value,
            "edgeConfigId": config_id(project),
            "createdAt": CREATED_MS,
            "updatedAt": max(ms(self._world.percentages_of(project)[-1][0]), CREATED_MS),
        }

    def _project(self, request: Request) -> Project:
        demand_team(request)
        slug = request.path_params["config"].removeprefix("ecfg_")
        project = self._world.company.by_name.get(slug)
        if project is None or config_id(project) != request.path_params["config"]:
            raise RefusedError("not_found", "The Edge Config could not be found", 404)
        return project
