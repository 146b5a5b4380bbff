"""The three products themselves: what a visitor meets."""

import asyncio
from html import escape

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from watchkeeper.sandbox.builds import Build
from watchkeeper.sandbox.chance import noise
from watchkeeper.sandbox.company import Project
from watchkeeper.sandbox.manners import Gate, Manners, answer
from watchkeeper.sandbox.traffic import BAD_SHARE
from watchkeeper.sandbox.world import World

MANNERS = Manners(vendor="products", down={"error": "service unavailable"})


class Products:
    """Pages and health of every product, from the release that serves production now."""

    def __init__(self, world: World) -> None:
        self._world, self._asked = world, 0

    def routes(self) -> list[Route]:
        return [Route("/{project}/health", self.health), Route("/{project}/{path:path}", self.page)]

    async def health(self, request: Request) -> Response:
        build = await self._serving(request)
        if isinstance(build, Response):
            return build
        return answer({"status": "ok", "release": build.sha, "checks": [{"name": "database", "status": "ok"}]})

    async def page(self, request: Request) -> Response:
        build = await self._serving(request)
        if isinstance(build, Response):
            return build
        self._asked += 1
        if build.is_bad and request.path_params["path"] == "checkout" and noise(build.sha, self._asked) < BAD_SHARE:
            return HTMLResponse("<h1>500</h1><p>amount is undefined</p>", 500)
        project = self._world.projects[build.project]
        return HTMLResponse(
            _PAGE.format(name=escape(project.name), sha=build.sha, path=escape(request.path_params["path"]))
        )

    async def _serving(self, request: Request) -> Build | Response:
        project: Project | None = self._world.company.by_name.get(request.path_params["project"])
        if self._world.scenario("platform-incident"):
            return Response("FUNCTION_INVOCATION_TIMEOUT fra1::make-believe", 504, media_type="text/plain")
        build = self._world.serving(project, self._world.now()) if project else None
        rolling = self._world.rolling(project, self._world.now()) if project else None
        if rolling is not None and noise(self._asked, "rolling") < rolling.percent / 100:
            build = rolling.canary
        if build is None:
            return HTMLResponse("<h1>404</h1>", 404)
        await asyncio.sleep(0.004 + 0.02 * noise(build.sha, self._asked, "latency"))
        return build


_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{name}</title></head>
<body><h1>{name}</h1><p>Welcome to /{path}</p><!-- release {sha} --></body></html>
"""


def create(world: World) -> Gate:
    return Gate(Starlette(routes=Products(world).routes()), world, MANNERS)
