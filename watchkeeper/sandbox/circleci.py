"""CircleCI as the company's clients meet it. Source: the official OpenAPI document of API v2, 2025-02-26."""

from collections.abc import Iterable
from itertools import islice
from math import inf
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchkeeper.sandbox import circleci_insights
from watchkeeper.sandbox.builds import PIPELINE, WORKFLOW, Build
from watchkeeper.sandbox.chance import as_uuid, digits
from watchkeeper.sandbox.circleci_shapes import (
    JOBS_A_PUSH,
    ORGANIZATION_ID,
    Run,
    find,
    job_body,
    job_detail,
    jobs_of,
    pipeline_body,
    project_id,
    runs_of,
    workflow_body,
)
from watchkeeper.sandbox.company import ORGANIZATION, Project
from watchkeeper.sandbox.manners import Gate, Manners, answer, bearer
from watchkeeper.sandbox.times import read_iso
from watchkeeper.sandbox.world import World

TOKEN = "sandbox-circleci-token"  # noqa: S105  (it opens a make-believe house)
PAGE = 20  # the document has no parameter for it


class MissingError(Exception):
    """What was asked for does not exist; the message goes to the caller."""


def _limit_headers(limit: int, remaining: int, seconds: int, _: float) -> dict[str, str]:
    return {"RateLimit-Limit": str(limit), "RateLimit-Remaining": str(remaining), "RateLimit-Reset": str(seconds)}


def _shown_token(headers: Headers) -> str:
    return headers.get("circle-token", "") or bearer(headers)


MANNERS = Manners(
    vendor="circleci",
    token=TOKEN,
    shown_token=_shown_token,
    refusal=(401, {"message": "You must log in first."}),
    limit_headers=_limit_headers,
    limited={"message": "Rate limit exceeded"},
    down={"message": "Service Unavailable"},
)


class InvalidError(Exception):
    """The request makes no sense; the message goes to the caller."""


class CircleCI:
    """The calls of CircleCI, answered from the world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        return [
            Route("/api/v2/me", self.me),
            Route("/api/v2/pipeline", self.organization_pipelines),
            Route("/api/v2/pipeline/{id}", self.pipeline),
            Route("/api/v2/pipeline/{id}/workflow", self.workflows),
            Route("/api/v2/workflow/{id}", self.workflow),
            Route("/api/v2/workflow/{id}/job", self.jobs),
            Route("/api/v2/project/{slug:path}/pipeline", self.project_pipelines),
            Route("/api/v2/project/{slug:path}/job/{number:int}", self.job),
            Route("/api/v2/project/{slug:path}", self.project),
            Route("/api/v2/insights/{slug:path}/flaky-tests", self.flaky_tests),
            Route("/api/v2/insights/{slug:path}/workflows/{name}", self.workflow_runs),
            Route("/api/v2/insights/{slug:path}/workflows", self.workflow_metrics),
        ]

    async def me(self, _: Request) -> Response:
        return answer({"id": as_uuid(digits(16, "watch")), "login": "watch", "name": "The watch"})

    async def organization_pipelines(self, request: Request) -> Response:
        if request.query_params.get("org-slug") not in {f"gh/{ORGANIZATION}", f"github/{ORGANIZATION}"}:
            raise MissingError("Organization not found")
        hidden = {place for place, p in enumerate(self._world.projects) if p.slug in self._world.unfollowed}
        builds = self._world.all_builds(_token_time(request))
        return self._pipelines(request, (build for build in builds if build.project not in hidden))

    async def project_pipelines(self, request: Request) -> Response:
        project, branch = self._project(request), request.query_params.get("branch")
        builds = self._world.builds(project, _token_time(request))
        return self._pipelines(request, (b for b in builds if branch is None or b.branch == branch))

    def _pipelines(self, request: Request, builds: Iterable[Build]) -> Response:
        position = _token(request)
        rest = (b for b in builds if position is None or (b.pushed_at, b.project, b.number) < position)
        found = list(islice(rest, PAGE + 1))
        items = [pipeline_body(self._world.projects[build.project], build) for build in found[:PAGE]]
        return answer({"items": items, "next_page_token": _next_token(found[PAGE - 1]) if len(found) > PAGE else None})

    async def pipeline(self, request: Request) -> Response:
        build = self._find(request, PIPELINE)[0]
        return answer(pipeline_body(self._world.projects[build.project], build))

    async def workflows(self, request: Request) -> Response:
        build, now = self._find(request, PIPELINE)[0], self._world.now()
        project = self._world.projects[build.project]
        items = [workflow_body(project, run, now) for run in reversed(runs_of(build, now))]
        return answer({"items": items, "next_page_token": None})

    async def workflow(self, request: Request) -> Response:
        project, run = self._run(request)
        return answer(workflow_body(project, run, self._world.now()))

    async def jobs(self, request: Request) -> Response:
        project, run = self._run(request)
        items = [job_body(project, job, self._world.now()) for job in jobs_of(run)]
        return answer({"items": items, "next_page_token": None})

    async def job(self, request: Request) -> Response:
        project, now = self._project(request), self._world.now()
        number = request.path_params["number"]
        builds = (build for build in self._world.builds(project) if build.serial == number // JOBS_A_PUSH)
        jobs = (job for build in builds for run in runs_of(build, now) for job in jobs_of(run))
        for job in jobs:
            if job.number == number:
                return answer(job_detail(project, job, _base_url(request), now))
        raise MissingError("Job not found")

    async def project(self, request: Request) -> Response:
        project = self._project(request)
        url = f"https://github.com/{project.repository}"
        return answer(
            {
                "slug": project.circleci_slug,
                "name": project.slug,
                "id": project_id(project),
                "organization_name": ORGANIZATION,
                "organization_slug": f"gh/{ORGANIZATION}",
                "organization_id": ORGANIZATION_ID,
                "vcs_info": {"vcs_url": url, "provider": "GitHub", "default_branch": "main"},
            }
        )

    async def flaky_tests(self, request: Request) -> Response:
        return answer(circleci_insights.flaky_tests(self._world, self._project(request)))

    async def workflow_metrics(self, request: Request) -> Response:
        query = request.query_params
        window = query.get("reporting-window", "last-90-days")
        if window not in circleci_insights.WINDOWS:
            raise MissingError(f"Invalid reporting-window {window}")
        found = circleci_insights.workflow_metrics(self._world, self._project(request), window, _branch(request))
        return answer(found)

    async def workflow_runs(self, request: Request) -> Response:
        query = request.query_params
        try:
            asked = circleci_insights.RunsAsked(
                name=request.path_params["name"],
                branch=_branch(request),
                since=read_iso(query["start-date"]) if query.get("start-date") else 0.0,
                until=read_iso(query["end-date"]) if query.get("end-date") else inf,
                first=int(query.get("page-token") or 0),
            )
        except ValueError as error:
            raise InvalidError("Invalid start-date, end-date or page-token") from error
        return answer(circleci_insights.workflow_runs(self._world, self._project(request), asked))

    def _project(self, request: Request) -> Project:
        slug = unquote(request.path_params["slug"]).replace("github/", "gh/", 1)
        project = self._world.company.by_name.get(slug)
        if project is None or project.circleci_slug != slug:
            raise MissingError("Project not found")
        return project

    def _find(self, request: Request, kind: int) -> tuple[Build, int]:
        found = find(self._world, request.path_params["id"], kind)
        if found is None:
            raise MissingError("Pipeline not found" if kind == PIPELINE else "Workflow not found")
        return found

    def _run(self, request: Request) -> tuple[Project, Run]:
        build, place = self._find(request, WORKFLOW)
        runs = runs_of(build, self._world.now())
        if place >= len(runs):
            raise MissingError("Workflow not found")
        return self._world.projects[build.project], runs[place]


def _branch(request: Request) -> str:
    """Return the branch that Insights are asked about, the default one when none is named; "" for all."""
    query = request.query_params
    return "" if query.get("all-branches") == "true" else query.get("branch", "main")


def _next_token(build: Build) -> str:
    return f"{build.pushed_at:x}-{build.project:x}-{build.number:x}"


def _token(request: Request) -> tuple[int, ...] | None:
    text = request.query_params.get("page-token")
    if not text:
        return None
    try:
        return tuple(int(part, 16) for part in text.split("-"))
    except ValueError as error:
        raise MissingError("Invalid page token") from error


def _token_time(request: Request) -> float | None:
    token = _token(request)
    return float(token[0]) if token else None


def _base_url(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"


async def _missing(_: Request, error: Exception) -> Response:
    return answer({"message": str(error) if isinstance(error, MissingError) else "Not Found"}, 404)


async def _invalid(_: Request, error: Exception) -> Response:
    return answer({"message": str(error)}, 400)


def create(world: World) -> Gate:
    handlers = {404: _missing, MissingError: _missing, InvalidError: _invalid}
    return Gate(Starlette(routes=CircleCI(world).routes(), exception_handlers=handlers), world, MANNERS)
