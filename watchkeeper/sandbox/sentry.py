"""Sentry as the company's clients meet it. Source: the official OpenAPI document, 0.272.0."""

from itertools import islice
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchkeeper.sandbox import sentry_events, sentry_issues, sentry_sessions
from watchkeeper.sandbox.builds import Build, release_name
from watchkeeper.sandbox.company import ORGANIZATION, Project
from watchkeeper.sandbox.manners import Gate, Manners, answer
from watchkeeper.sandbox.sentry_pages import NotFoundError, RefusedError, offset_of, page, page_size, projects_asked
from watchkeeper.sandbox.sentry_shapes import ENVIRONMENT, deploy_body, project_body, release_body, written_deploy
from watchkeeper.sandbox.world import World

TOKEN = "sandbox-sentry-token"  # noqa: S105  (it opens a make-believe house)


def _limit_headers(limit: int, remaining: int, seconds: int, now: float) -> dict[str, str]:
    return {
        "X-Sentry-Rate-Limit-Limit": str(limit),
        "X-Sentry-Rate-Limit-Remaining": str(remaining),
        "X-Sentry-Rate-Limit-Reset": str(int(now) + seconds),
        "X-Sentry-Rate-Limit-ConcurrentLimit": "25",
        "X-Sentry-Rate-Limit-ConcurrentRemaining": "24",
    }


MANNERS = Manners(
    vendor="sentry",
    token=TOKEN,
    refusal=(401, {"detail": "Invalid token"}),
    limit_headers=_limit_headers,
    limited={"detail": "You are attempting to use this endpoint too frequently. Limit is 40 requests in 1 seconds"},
    down={"detail": "Internal Error", "errorId": "0f3c4f1a2b5d4c6e8a9b0c1d2e3f4a5b"},
)


class Sentry:
    """The calls of Sentry, answered from the world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._deploys: dict[Build, list[dict[str, Any]]] = {}

    def routes(self) -> list[Route]:
        organization = "/api/0/organizations/{organization}"
        return [
            Route(f"{organization}/projects/", self.projects),
            Route(f"{organization}/events/", self.events),
            Route(f"{organization}/sessions/", self.sessions),
            Route(f"{organization}/issues/", self.issues),
            Route(f"{organization}/issues/{{issue}}/", self.issue),
            Route(f"{organization}/releases/", self.releases),
            Route(f"{organization}/releases/{{version:path}}/deploys/", self.deploys),
            Route(f"{organization}/releases/{{version:path}}/deploys/", self.create_deploy, methods=["POST"]),
            Route(f"{organization}/releases/{{version:path}}/", self.release),
        ]

    async def projects(self, request: Request) -> Response:
        _demand_organization(request)
        return page(request, self._world.projects, lambda project: project_body(self._world, project))

    async def events(self, request: Request) -> Response:
        _demand_organization(request)
        return sentry_events.events(self._world, request)

    async def sessions(self, request: Request) -> Response:
        _demand_organization(request)
        return sentry_sessions.sessions(self._world, request)

    async def issues(self, request: Request) -> Response:
        _demand_organization(request)
        return sentry_issues.issues(self._world, request)

    async def issue(self, request: Request) -> Response:
        _demand_organization(request)
        return sentry_issues.issue(self._world, request)

    async def releases(self, request: Request) -> Response:
        _demand_organization(request)
        world, indexes = self._world, {project.index for project in projects_asked(self._world, request)}
        wanted = request.query_params.get("query", "")
        built = (b for b in world.all_builds() if b.is_main and b.project in indexes and b.failing != "config")
        named = ((world.projects[b.project], b) for b in built)
        matching = (pair for pair in named if wanted in release_name(*pair))
        needed = offset_of(request) + page_size(request) + 1  # one more shows whether there is another page
        return page(request, list(islice(matching, needed)), lambda pair: release_body(world, *pair))

    def _release(self, request: Request) -> tuple[Project, Build]:
        version = request.path_params["version"]
        package, _, rest = version.rpartition("@")
        sha = rest.rpartition("+")[2] if package else version
        for project in self._world.projects:
            if not package or project.sentry_slug == package:
                build = self._world.find_commit(project, sha)
                if build is not None and release_name(project, build) == version:
                    return project, build
        raise NotFoundError

    async def release(self, request: Request) -> Response:
        _demand_organization(request)
        return answer(release_body(self._world, *self._release(request)))

    async def deploys(self, request: Request) -> Response:
        _demand_organization(request)
        project, build = self._release(request)
        first = [deploy_body(build)] if self._world.has_served(project, build) else []
        return answer([*reversed(self._deploys.get(build, ())), *first])

    async def create_deploy(self, request: Request) -> Response:
        """Keep a deploy until the sandbox stops."""
        _demand_organization(request)
        _, build = self._release(request)
        try:
            asked = orjson.loads(await request.body())
            body = written_deploy(build, len(self._deploys.get(build, ())), asked, self._world.now())
        except (orjson.JSONDecodeError, LookupError, TypeError, AttributeError) as error:
            raise RefusedError('{"environment": ["This field is required."]}') from error
        self._deploys.setdefault(build, []).append(body)
        return answer(body, 201)


def _demand_organization(request: Request) -> None:
    """Refuse another organization, and an environment that this one has not, whatever is asked for."""
    environments = set(request.query_params.getlist("environment")) - {ENVIRONMENT}
    if request.path_params["organization"] != ORGANIZATION or environments:
        raise NotFoundError


async def _not_found(_: Request, __: Exception) -> Response:
    return answer({"detail": "The requested resource does not exist"}, 404)


async def _refused(_: Request, error: Exception) -> Response:
    status: int = error.status if isinstance(error, RefusedError) else 400
    return answer({"detail": str(error)}, status)


def create(world: World) -> Gate:
    handlers: dict[Any, Any] = {
        404: _not_found,
        HTTPException: _not_found,
        NotFoundError: _not_found,
        RefusedError: _refused,
    }
    return Gate(Starlette(routes=Sentry(world).routes(), exception_handlers=handlers), world, MANNERS)
