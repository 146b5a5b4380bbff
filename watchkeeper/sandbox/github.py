"""GitHub as the company's clients meet it. Source: GitHub's OpenAPI description, 2022-11-28."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice, takewhile
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchkeeper.sandbox import github_shapes as shapes
from watchkeeper.sandbox.builds import BRANCHES, Build
from watchkeeper.sandbox.company import Project
from watchkeeper.sandbox.github_errors import RefusedError, json_of, refused
from watchkeeper.sandbox.github_git import MAIN, GitData, Repositories
from watchkeeper.sandbox.github_history import between, made_up
from watchkeeper.sandbox.manners import Gate, Manners, answer
from watchkeeper.sandbox.times import iso_seconds, read_iso
from watchkeeper.sandbox.world import World

TOKEN = "sandbox-github-token"  # noqa: S105  (it opens a make-believe house)
MOST_LISTED = 500
MOST_COMPARED = 250
LONGEST_DESCRIPTION = 140
LONGEST_WAIT = 1200  # seconds between a commit and its push
Item = TypeVar("Item")

MANNERS = Manners(
    vendor="github",
    token=TOKEN,
    refusal=(401, {"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest", "status": "401"}),
    limit=5000,
    limit_headers=lambda limit, remaining, seconds, now: {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": str(int(now) + seconds),
        "X-RateLimit-Resource": "core",
    },
    limited={"message": "API rate limit exceeded", "documentation_url": "https://docs.github.com/rest"},
    down={"message": "No server is currently available to service your request."},
)


class GitHub:
    """The calls of GitHub, answered from the world. Issues and comments are kept until the sandbox stops."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._issues: dict[int, dict[int, dict[str, Any]]] = {}
        self._comments: dict[tuple[int, int], list[dict[str, Any]]] = {}
        self._statuses: dict[str, list[dict[str, Any]]] = {}

    def routes(self) -> list[Route]:
        repository = "/repos/{owner}/{repo}"
        issue = f"{repository}/issues/{{number:int}}"
        return [
            Route(f"{repository}/compare/{{basehead:path}}", self.compare),
            Route(f"{repository}/commits", self.commits),
            Route(f"{repository}/pulls", self.pulls),
            Route(f"{repository}/issues", self.issues),
            Route(f"{repository}/issues", self.create_issue, methods=["POST"]),
            Route(issue, self.issue),
            Route(issue, self.update_issue, methods=["PATCH"]),
            Route(f"{issue}/comments", self.comments),
            Route(f"{issue}/comments", self.create_comment, methods=["POST"]),
            Route(f"{repository}/statuses/{{sha}}", self.create_status, methods=["POST"]),
            Route(f"{repository}/commits/{{sha}}/statuses", self.statuses),
        ]

    async def compare(self, request: Request) -> Response:
        project = self._project(request)
        base_name, _, head_name = request.path_params["basehead"].partition("...")
        base, head = self._commit(project, base_name), self._commit(project, head_name)
        size = min(int(request.query_params.get("per_page", MOST_COMPARED)), MOST_COMPARED)
        first = (int(request.query_params.get("page", 1)) - 1) * size
        ahead, shown = between(self._world, project, base, head), slice(first, first + size)
        return answer(shapes.comparison(self._world, project, (base, head), ahead, shown))

    async def commits(self, request: Request) -> Response:
        project, query = self._project(request), request.query_params
        until = read_iso(query["until"]) if query.get("until") else self._world.now()
        since = read_iso(query["since"]) if query.get("since") else 0.0
        pushed = self._on_branch(project, query.get("sha", MAIN), until + LONGEST_WAIT)
        # Commits are found by when they were made, and listed by when they were pushed.
        near = takewhile(lambda build: build.pushed_at >= since, pushed)
        builds = (build for build in near if since <= build.committed_at <= until)
        return _page(request, list(islice(builds, MOST_LISTED)), lambda b: shapes.commit(self._world, project, b))

    def _on_branch(self, project: Project, name: str, until: float) -> Iterator[Build]:
        """Return the pushes of a branch, or the main branch up to a commit, newest first."""
        builds = self._world.builds(project, until)
        if name in {MAIN, "HEAD"}:
            return (build for build in builds if build.is_main)
        if name in BRANCHES or any(build.branch == name for build in self._world.builds(project)):
            return (build for build in builds if build.branch == name)
        head = self._commit(project, name)
        older = (build for build in self._world.builds(project, head.pushed_at) if build.is_main or build == head)
        return (build for build in older if build.pushed_at <= until)

    async def pulls(self, request: Request) -> Response:
        project, state = self._project(request), request.query_params.get("state", "open")
        world = self._world
        builds = (b for b in world.builds(project) if state == "all" or b.is_main == (state == "closed"))
        listed = [*made_up(world, project), *islice(builds, MOST_LISTED)]
        listed.sort(key=lambda build: -build.pushed_at)
        return _page(request, listed, lambda b: shapes.pull_request(world, project, b))

    async def issues(self, request: Request) -> Response:
        project, query = self._project(request), request.query_params
        state, wanted = query.get("state", "open"), set(filter(None, query.get("labels", "").split(",")))
        found = [
            body
            for body in reversed(self._issues.get(project.index, {}).values())
            if state in {"all", body["state"]} and wanted <= {label["name"] for label in body["labels"]}
        ]
        return _cursor_page(request, found)

    async def create_issue(self, request: Request) -> Response:
        project, asked = self._project(request), await json_of(request)
        if not isinstance(asked.get("title"), str | int):
            raise RefusedError(422, 'Invalid request.\n\n"title" wasn\'t supplied.')
        issues = self._issues.setdefault(project.index, {})
        number = 100_000 + len(issues)
        issues[number] = shapes.issue(project, number, asked, self._world.now())
        return answer(issues[number], 201)

    async def issue(self, request: Request) -> Response:
        return answer(self._issue(request)[1])

    async def update_issue(self, request: Request) -> Response:
        project, body = self._issue(request)
        asked, at = await json_of(request), iso_seconds(self._world.now())
        body |= {key: asked[key] for key in ("title", "body", "state", "state_reason") if key in asked}
        body |= {"updated_at": at, "closed_at": at if body["state"] == "closed" else None}
        if "labels" in asked:
            body["labels"] = shapes.labels(project, asked["labels"])
        return answer(body)

    async def comments(self, request: Request) -> Response:
        project, number = self._commentable(request)
        return _page(request, self._comments.get((project.index, number), []), lambda comment: comment)

    async def create_comment(self, request: Request) -> Response:
        project, number = self._commentable(request)
        text = (await json_of(request)).get("body")
        if not isinstance(text, str) or not text:
            raise RefusedError(422, "Validation Failed")
        comments = self._comments.setdefault((project.index, number), [])
        identity = 4_000_000_000 + number * 1000 + len(comments)
        comments.append(shapes.comment(project, number, identity, text, self._world.now()))
        if number in self._issues.get(project.index, {}):
            self._issues[project.index][number]["comments"] = len(comments)
        return answer(comments[-1], 201)

    async def create_status(self, request: Request) -> Response:
        project, sha, asked = self._project(request), request.path_params["sha"], await json_of(request)
        if asked.get("state") not in {"error", "failure", "pending", "success"}:
            raise RefusedError(422, "Validation Failed")
        if len(str(asked.get("description") or "")) > LONGEST_DESCRIPTION:
            raise RefusedError(422, "Validation Failed: description is too long (maximum is 140 characters)")
        if self._world.find_commit(project, sha) is None:
            raise RefusedError(422, f"No commit found for SHA: {sha}")
        statuses = self._statuses.setdefault(sha, [])
        statuses.append(shapes.status(project, sha, len(statuses), asked, self._world.now()))
        return answer(statuses[-1], 201)

    async def statuses(self, request: Request) -> Response:
        """Return what was said of a commit, newest first."""
        self._project(request)
        return _page(request, self._statuses.get(request.path_params["sha"], [])[::-1], lambda status: status)

    def _commentable(self, request: Request) -> tuple[Project, int]:
        """Return project and number of an issue or of a pull request: both share their numbers."""
        project, number = self._project(request), int(request.path_params["number"])
        known = number in self._issues.get(project.index, {})
        if not known and all(build.serial != number for build in self._world.builds(project)):
            raise RefusedError(404, "Not Found")
        return project, number

    def _project(self, request: Request) -> Project:
        name = f"{request.path_params['owner']}/{request.path_params['repo']}"
        project = self._world.company.by_name.get(name)
        if project is None or project.repository != name:
            raise RefusedError(404, "Not Found")
        return project

    def _commit(self, project: Project, name: str) -> Build:
        main = (build for build in self._world.builds(project) if build.is_main)
        build = next(main, None) if name in {"main", "HEAD"} else self._world.find_commit(project, name)
        build = build or next((b for b in made_up(self._world, project) if b.sha == name), None)
        if build is None:
            raise RefusedError(404, "Not Found")
        return build

    def _issue(self, request: Request) -> tuple[Project, dict[str, Any]]:
        project = self._project(request)
        body = self._issues.get(project.index, {}).get(request.path_params["number"])
        if body is None:
            raise RefusedError(404, "Not Found")
        return project, body


def _cursor_page(request: Request, items: Sequence[dict[str, Any]]) -> Response:
    """Return one page of a list that is too large for page numbers: it goes on by a cursor alone.

    Source: google/go-github#3565.
    """
    size, after = min(int(request.query_params.get("per_page", 30)), 100), request.query_params.get("after")
    if after is None and int(request.query_params.get("page", 1)) > 1:
        told = "Pagination with the page parameter is not supported for large datasets"
        return answer({"message": f"{told}, please use cursor based pagination (after/before)", "status": "422"}, 422)
    first = int(after) if after else 0
    following = request.url.include_query_params(after=first + size, page=first // size + 2)
    headers = {"Link": f'<{following}>; rel="next"'} if len(items) > first + size else {}
    return answer(list(items[first : first + size]), headers=headers)


def _page(request: Request, items: Sequence[Item], render: Callable[[Item], object]) -> Response:
    """Return one page, with the Link header where there is another."""
    size = min(int(request.query_params.get("per_page", 30)), 100)
    number = int(request.query_params.get("page", 1))
    shown = items[(number - 1) * size : number * size]
    following = request.url.include_query_params(page=number + 1)
    headers = {"Link": f'<{following}>; rel="next"'} if len(items) > number * size else {}
    return answer([render(item) for item in shown], headers=headers)


def create(world: World, repositories: Repositories | None = None) -> Gate:
    """Return GitHub; `repositories` is given by who wants to look at what was written to them."""
    written = repositories or Repositories(world)
    routes = [*GitData(world, written).routes(), *GitHub(world).routes()]
    handlers = {404: refused, RefusedError: refused}
    return Gate(Starlette(routes=routes, exception_handlers=handlers), world, MANNERS)
