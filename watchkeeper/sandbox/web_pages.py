"""The vendors' own web pages, as far as links lead there: what a person finds who follows one."""

from collections.abc import Sequence
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from watchkeeper.sandbox.builds import Build, release_name
from watchkeeper.sandbox.circleci_shapes import job_body, jobs_of, runs_of
from watchkeeper.sandbox.company import HOUR, ORGANIZATION
from watchkeeper.sandbox.issues import Issue, issues_of
from watchkeeper.sandbox.slack_page import templates
from watchkeeper.sandbox.traffic import tally
from watchkeeper.sandbox.vercel_shapes import find_deployment, state_of
from watchkeeper.sandbox.world import World

Row = tuple[str, Sequence[object]]


class WebPages:
    """Pages for people: no token is asked for."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        pipeline = "/circleci/pipelines/{provider}/{owner}/{project}/{number:int}"
        return [
            Route("/sentry/organizations/{organization}/projects/{project}/", self.errors),
            Route("/sentry/organizations/{organization}/issues/{issue:int}/", self.issue),
            Route(pipeline, self.pipeline),
            Route(f"{pipeline}/workflows/{{workflow}}", self.pipeline),
            Route(f"/vercel/{ORGANIZATION}/{{project}}/{{deployment}}", self.deployment),
        ]

    async def errors(self, request: Request) -> Response:
        project = self._world.company.by_name.get(request.path_params["project"])
        if project is None:
            return _nothing("Sentry")
        now = self._world.now()
        sessions = not project.requests_per_hour
        counts = tally(self._world, project, now - HOUR, now, sessions=sessions)
        facts = [
            (release_name(project, build), f"{c.failures} of {c.total} {'sessions' if sessions else 'requests'} failed")
            for build, c in counts.items()
        ]
        issues = sorted(issues_of(self._world, project), key=lambda issue: -issue.last_seen)
        rows = [_issue_row(issue) for issue in issues if issue.status == "unresolved"]
        heads = ("Issue", "Level", "Events", "Last seen (UTC)")
        return _page("Sentry", f"{project.name}: the last hour", facts, heads, rows)

    async def issue(self, request: Request) -> Response:
        wanted = request.path_params["issue"]
        every = (issue for project in self._world.projects for issue in issues_of(self._world, project))
        issue = next((issue for issue in every if issue.id == wanted), None)
        if issue is None:
            return _nothing("Sentry")
        facts = [
            ("Project", issue.project.name),
            ("Level", issue.level),
            ("Status", f"{issue.status}, {issue.substatus}"),
            ("Where", issue.culprit),
            ("Events", issue.count),
            ("People", issue.users),
            ("First seen (UTC)", _moment(issue.first_seen)),
            ("Last seen (UTC)", _moment(issue.last_seen)),
        ]
        if issue.first_release is not None:
            facts.append(("First seen in", release_name(issue.project, issue.first_release)))
        return _page("Sentry", issue.title, facts)

    async def pipeline(self, request: Request) -> Response:
        project = self._world.company.by_name.get(request.path_params["project"])
        number = request.path_params["number"]
        builds = self._world.builds(project) if project else iter(())
        build = next((build for build in builds if build.serial == number), None)
        if project is None or build is None:
            return _nothing("CircleCI")
        now = self._world.now()
        jobs = [job_body(project, job, now) for run in runs_of(build, now) for job in jobs_of(run)]
        rows = [("", (job["name"], job["status"], job["started_at"] or "")) for job in jobs]
        return _page("CircleCI", f"{project.name}, pipeline {number}", _facts(build), ("Job", "Status", "Began"), rows)

    async def deployment(self, request: Request) -> Response:
        build = find_deployment(self._world, f"dpl_{request.path_params['deployment']}")
        if build is None:
            return _nothing("Vercel")
        project = self._world.projects[build.project]
        serves = self._world.serving(project, self._world.now()) == build
        facts = [*_facts(build), ("State", state_of(build, self._world.now())), ("Serves production", _yes(serves))]
        return _page("Vercel", f"{project.name}: {build.title}", facts)


def _page(
    vendor: str, title: str, facts: Sequence[tuple[str, object]], heads: Sequence[str] = (), rows: Sequence[Row] = ()
) -> Response:
    page = templates.get_template("vendor.html")
    return HTMLResponse(page.render(vendor=vendor, title=title, facts=facts, heads=heads, rows=rows))


def _nothing(vendor: str) -> Response:
    response = _page(vendor, "There is nothing here (any more)", [])
    response.status_code = 404
    return response


def _issue_row(issue: Issue) -> Row:
    url = f"../../issues/{issue.id}/"
    return url, (issue.title or "<unlabeled event>", issue.level, issue.count, _moment(issue.last_seen))


def _facts(build: Build) -> list[tuple[str, object]]:
    return [
        ("Commit", f"{build.sha[:12]} {build.title}"),
        ("Branch", build.branch),
        ("By", build.author[0]),
        ("Pushed (UTC)", _moment(build.pushed_at)),
    ]


def _moment(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S}"


def _yes(value: bool) -> str:  # noqa: FBT001  (it is the value that is shown)
    return "yes" if value else "no"
