"""Vercel as the company's clients meet it. Source: the official OpenAPI document, 2025-10-27."""

from collections.abc import Iterator
from itertools import islice

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchkeeper.sandbox.builds import Build
from watchkeeper.sandbox.chance import digits
from watchkeeper.sandbox.company import Project
from watchkeeper.sandbox.edge_config import EdgeConfig
from watchkeeper.sandbox.manners import Gate, Manners, answer
from watchkeeper.sandbox.times import iso, ms
from watchkeeper.sandbox.vercel_errors import (
    READ_TOKEN,
    TOKEN,
    RefusedError,
    demand_team,
    demand_writer,
    is_writer,
    refused,
)
from watchkeeper.sandbox.vercel_faults import changed
from watchkeeper.sandbox.vercel_projects import project_body
from watchkeeper.sandbox.vercel_settings import Settings
from watchkeeper.sandbox.vercel_shapes import (
    created_ms,
    deployment_body,
    deployment_id,
    find_deployment,
    is_candidate,
    is_deleted,
    is_previous,
    list_body,
    plan_of,
    state_of,
    target_of,
)
from watchkeeper.sandbox.world import World

DEFAULT_PAGE, LARGEST_PAGE = 20, 100

MANNERS = Manners(
    vendor="vercel",
    token=TOKEN,
    other_tokens=(READ_TOKEN,),
    refusal=(403, {"error": {"code": "forbidden", "message": "Not authorized", "invalidToken": True}}),
    limit=1000,
    limit_headers=lambda limit, remaining, seconds, now: {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": str(int(now) + seconds),
    },
    limited={
        "error": {"code": "rate_limited", "message": "Rate limit exceeded", "limit": {"remaining": 0, "total": 1000}}
    },
    down={"error": {"code": "internal_server_error", "message": "An unexpected internal error occurred"}},
)


class Vercel:
    """The calls of Vercel, answered from the world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        one = "/v1/projects/{project}"
        return [
            Route("/v10/projects", self.projects),
            Route("/v9/projects/{project}", self.project),
            Route("/v6/deployments", self.deployments),
            Route("/v13/deployments/{deployment}", self.deployment),
            Route("/v2/deployments/{deployment}/aliases", self.deployment_aliases),
            Route("/v4/aliases", self.aliases),
            Route("/v10/projects/{project}/promote/{deployment}", self.promote, methods=["POST"]),
            Route(f"{one}/rollback/{{deployment}}", self.roll_back, methods=["POST"]),
            Route("/v9/projects/{project}/rollback/{deployment}", self.roll_back, methods=["POST"]),
            Route(f"{one}/promote/aliases", self.promote_aliases),
            *Settings(self._world, self._project).routes(),
        ]

    async def projects(self, request: Request) -> Response:
        demand_team(request)
        size, text = _page_size(request), request.query_params.get("search", "")
        found = [project for project in self._world.projects if text in project.slug]
        first = _number(request, "from", 0)
        shown = found[first : first + size]
        following = first + size if first + size < len(found) else None
        pagination = {"count": len(shown), "next": following, "prev": max(first - size, 0) if first else None}
        may_write = is_writer(request)
        bodies = [project_body(self._world, project, may_write=may_write) for project in shown]
        return answer({"projects": bodies, "pagination": pagination})

    async def project(self, request: Request) -> Response:
        return answer(project_body(self._world, self._project(request), may_write=is_writer(request)))

    async def deployments(self, request: Request) -> Response:
        demand_team(request)
        world, size = self._world, _page_size(request)
        found = list(islice(self._deployments(request), size + 1))
        shown, more = found[:size], len(found) > size
        times = [created_ms(build) for build in shown]
        pagination = {"count": len(shown), "next": times[-1] if more else None, "prev": times[0] if times else None}
        base = base_url(request)
        bodies = [list_body(world, world.projects[build.project], build, base) for build in shown]
        return answer({"deployments": bodies, "pagination": pagination})

    def _deployments(self, request: Request) -> Iterator[Build]:
        """Yield the deployments asked for, newest first; `until` and `since` (ms) are left out themselves."""
        world, query = self._world, request.query_params
        until, since = _number(request, "until", ms(world.now()) + 1), _number(request, "since", 0)
        builds = self._source(request, until / 1000)
        states = set(filter(None, query.get("state", "").upper().split(",")))
        target, candidate = query.get("target"), query.get("rollbackCandidate")
        for build in builds:
            created = created_ms(build)
            if created <= since:
                return
            project = world.projects[build.project]
            right = created < until and not is_deleted(world, build)
            right = right and (not states or state_of(build, world.now()) in states)
            right = right and (not target or (target_of(build) or "preview") == target)
            if right and (candidate is None or is_candidate(world, project, build) == (candidate == "true")):
                yield build

    def _source(self, request: Request, until: float) -> Iterator[Build]:
        query = request.query_params
        names = [query["projectId"]] if query.get("projectId") else query.get("projectIds", "").split(",")
        names = list(filter(None, names)) or list(filter(None, [query.get("app", "")]))
        if not names:
            return self._world.all_builds(until)
        projects = {name: self._find_project(name) for name in names}
        if len(projects) == 1:
            return self._world.builds(next(iter(projects.values())), until)
        indexes = {project.index for project in projects.values()}
        return (build for build in self._world.all_builds(until) if build.project in indexes)

    async def deployment(self, request: Request) -> Response:
        project, build = self._deployment(request)
        return answer(deployment_body(self._world, project, build, base_url(request)))

    async def deployment_aliases(self, request: Request) -> Response:
        project, build = self._deployment(request)
        return answer({"aliases": [self._alias(project, build)] if self._serves(project, build) else []})

    async def aliases(self, request: Request) -> Response:
        demand_team(request)
        name = request.query_params.get("projectId")
        projects = [self._find_project(name)] if name else self._world.projects
        size, first = _page_size(request), _number(request, "from", 0)
        shown = projects[first : first + size]
        now = self._world.now()
        pairs = [(project, build) for project in shown if (build := self._world.serving(project, now)) is not None]
        following = first + size if first + size < len(projects) else None
        pagination = {"count": len(shown), "next": following, "prev": None}
        return answer({"aliases": [self._alias(*pair) for pair in pairs], "pagination": pagination})

    def _serves(self, project: Project, build: Build) -> bool:
        return self._world.serving(project, self._world.now()) == build

    def _alias(self, project: Project, build: Build) -> dict[str, object]:
        move = self._world.last_move(project, self._world.now())
        at = max(build.ready_at, move.done_at if move is not None and move.target == build else 0)
        return {
            "uid": digits(24, project.slug, "alias"),
            "alias": f"{project.slug}.acme.example",
            "created": iso(at),
            "createdAt": ms(at),
            "deploymentId": deployment_id(build),
            "projectId": project.vercel_id,
            "redirect": None,
        }

    async def promote(self, request: Request) -> Response:
        demand_writer(request)
        project, build = self._project(request), self._deployment(request)[1]

        def work() -> Response:
            if state_of(build, self._world.now()) != "READY":
                raise RefusedError("deployment_not_ready", "The deployment is not ready", 400)
            if self._serves(project, build) and not self._world.in_custody(project, self._world.now()):
                raise RefusedError("deployment_is_current", "The deployment already serves production", 409)
            return self._moved("promote", project, build)

        return await changed(self._world, project.slug, work)

    async def roll_back(self, request: Request) -> Response:
        demand_writer(request)
        project, build = self._project(request), self._deployment(request)[1]
        note = request.query_params.get("description", "")

        def work() -> Response:
            if not is_candidate(self._world, project, build):
                raise RefusedError("not_rollback_candidate", "The deployment cannot be rolled back to", 422)
            if plan_of(self._world, project) == "hobby" and not is_previous(self._world, project, build):
                raise RefusedError("payment_required", "Upgrade to Pro to roll back further", 402)
            return self._moved("rollback", project, build, note)

        return await changed(self._world, project.slug, work)

    def _moved(self, kind: str, project: Project, build: Build, note: str = "") -> Response:
        if self._world.move(kind, project, build, note) is None:
            raise RefusedError("conflict", "Another promotion or rollback is under way", 409)
        return Response(status_code=201)

    async def promote_aliases(self, request: Request) -> Response:
        project = self._project(request)
        move = self._world.last_move(project, self._world.now())
        names = [f"{project.slug}.acme.example"] if move and request.query_params.get("failedOnly") != "true" else []
        aliases = [{"status": "completed", "alias": name, "id": digits(24, name)} for name in names]
        return answer({"aliases": aliases, "pagination": {"count": len(aliases), "next": None, "prev": None}})

    def _find_project(self, name: str) -> Project:
        project = self._world.company.by_name.get(name)
        if project is None or name not in {project.vercel_id, project.slug}:
            raise RefusedError("not_found", "Project not found.", 404)
        return project

    def _project(self, request: Request) -> Project:
        demand_team(request)
        return self._find_project(request.path_params["project"])

    def _deployment(self, request: Request) -> tuple[Project, Build]:
        demand_team(request)
        build = find_deployment(self._world, request.path_params["deployment"])
        if build is None:
            raise RefusedError("not_found", "The deployment could not be found", 404)
        return self._world.projects[build.project], build


def _page_size(request: Request) -> int:
    return min(_number(request, "limit", DEFAULT_PAGE), LARGEST_PAGE) or DEFAULT_PAGE


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not text.isdigit():
        raise RefusedError("bad_request", f"Invalid request: `{name}` should be number.", 400)
    return int(text)


def base_url(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"


def create(world: World) -> Gate:
    routes = [*Vercel(world).routes(), *EdgeConfig(world).routes()]
    handlers = {404: refused, RefusedError: refused}
    return Gate(Starlette(routes=routes, exception_handlers=handlers), world, MANNERS)
