"""All vendors, the products and the control of the sandbox on one port, on the loopback interface."""

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from mimetypes import guess_type
from pathlib import Path
from urllib.parse import parse_qsl

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from watchkeeper.hosts import LoopbackOnly
from watchkeeper.sandbox import (
    circleci,
    datadog,
    github,
    index_page,
    jira,
    pagerduty,
    products,
    sentry,
    slack,
    slack_page,
    vercel,
    vercel_status,
)
from watchkeeper.sandbox.company import DAY
from watchkeeper.sandbox.faults import Faults
from watchkeeper.sandbox.github_git import Repositories
from watchkeeper.sandbox.hooks import Hooks
from watchkeeper.sandbox.jira_tracker import Tracker
from watchkeeper.sandbox.journal import Journal, Journalist
from watchkeeper.sandbox.manners import UNTRUSTED, answer
from watchkeeper.sandbox.pagerduty_desk import Desk
from watchkeeper.sandbox.scenarios import UnknownScenarioError
from watchkeeper.sandbox.slack_space import Space
from watchkeeper.sandbox.times import iso
from watchkeeper.sandbox.tls import Certificates
from watchkeeper.sandbox.vercel_shapes import deployment_id
from watchkeeper.sandbox.web_pages import WebPages
from watchkeeper.sandbox.world import World

HOST = "127.0.0.1"


class Control:
    """What people and tests do with the sandbox itself."""

    def __init__(
        self, world: World, on_scenario: Callable[[], None], authority: Path | None, repositories: Repositories
    ) -> None:
        self._world, self._on_scenario, self._authority = world, on_scenario, authority
        self._repositories = repositories

    async def index(self, _: Request) -> Response:
        return HTMLResponse(index_page.render(self._world, self._state()))

    async def authority(self, _: Request) -> Response:
        if self._authority is None:
            return answer({"error": "there is no TLS port: start the sandbox with --tls-port"}, 404)
        return Response(self._authority.read_bytes(), media_type="application/x-pem-file")

    async def state(self, _: Request) -> Response:
        return answer(self._state())

    async def page(self, request: Request) -> Response:
        """Show a file that was published to a branch, as a host of static sites would."""
        path = request.path_params["path"]
        name = f"{path}index.html" if not path or path.endswith("/") else path
        content = self._repositories.file(request.path_params["branch"], name)
        if content is None:
            return Response("no such page", 404)
        return Response(content, media_type=guess_type(name)[0] or "application/octet-stream", headers=UNTRUSTED)

    async def scenario(self, request: Request) -> Response:
        """Play a scenario from JSON, or from the form of the index page."""
        body = await request.body()
        try:
            is_json = request.headers.get("content-type", "").startswith("application/json")
            asked = orjson.loads(body) if is_json else dict(parse_qsl(body.decode(errors="replace")))
        except orjson.JSONDecodeError:
            return answer({"error": 'the body must be JSON like {"name": "calm"}'}, 400)
        if not isinstance(asked, dict):
            return answer({"error": "the body must be an object with a name"}, 400)
        names = [str(asked.get(key) or "") for key in ("name", "vendor", "project")]
        try:
            self._world.play(*names)
        except UnknownScenarioError as error:
            return answer({"error": str(error)}, 422)
        self._on_scenario()
        if "text/html" in request.headers.get("accept", ""):
            return RedirectResponse("..", 303)
        return answer(self._state())

    def _state(self) -> dict[str, object]:
        world, now = self._world, self._world.now()
        scenarios = [
            {"name": s.name, "vendor": s.vendor, "project": s.project, "since": iso(s.at)}
            for s in world.scenarios.values()
        ]
        return {
            "now": iso(now),
            "seed": world.company.seed,
            "born": iso(world.born * DAY)[:10],
            "projects": len(world.projects),
            "scenarios": scenarios or [{"name": "calm", "vendor": "", "project": "", "since": ""}],
            "branches": self._repositories.branches(),
            "production": [_production(world, index, now) for index in range(min(len(world.projects), 10))],
        }


def _production(world: World, index: int, now: float) -> dict[str, object]:
    project = world.projects[index]
    build = world.serving(project, now)
    return {
        "project": project.slug,
        "release": build.sha if build else None,
        "deployment": deployment_id(build) if build else None,
        "title": build.title if build else None,
        "since": iso(build.ready_at) if build else None,
        "in_custody": world.in_custody(project, now),
    }


async def _no_content(_: Request) -> Response:
    return Response(status_code=204)


def create_app(
    projects: int = 3,
    seed: int = 7,
    *,
    world: World | None = None,
    authority: Path | None = None,
    on_scenario: Callable[[], None] = lambda: None,
) -> Starlette:
    """Return the whole sandbox as an ASGI application.

    Args:
        projects: how many the company has, at least 3.
        authority: the file that callers may trust for the TLS port; None when there is none.
        world: the company, when the caller wants to keep hold of it; `projects` and `seed` are not used then.
        on_scenario: called after each change of scenario.
    """
    world = world or World(seed, max(projects, 3))
    space, journal, repositories = Space(), Journal(), Repositories(world)
    control = Control(world, on_scenario, authority, repositories)
    return Starlette(
        middleware=[Middleware(Journalist, journal=journal)],
        routes=[
            Route("/", control.index),
            Route("/connectivity", _no_content),
            Route("/sandbox/state", control.state),
            Route("/sandbox/authority.pem", control.authority),
            Route("/sandbox/scenario", control.scenario, methods=["POST"]),
            Route("/sandbox/requests", journal.begin, methods=["POST"]),
            Route("/sandbox/requests", journal.read),
            Route("/sandbox/pages/{branch}/{path:path}", control.page),
            *Hooks(world).routes(),
            *Faults(world).routes(),
            *WebPages(world).routes(),
            Mount("/sentry", sentry.create(world)),
            Mount("/vercel-status", vercel_status.create(world)),
            Mount("/vercel", vercel.create(world)),
            Mount("/circleci", circleci.create(world)),
            Mount("/github", github.create(world, repositories)),
            *slack_page.routes(space),
            Mount("/slack", slack.create(world, space)),
            *_desks(world),
            Mount("/products", products.create(world)),
        ],
    )


def _desks(world: World) -> list[BaseRoute]:
    """Return the services that only take what they are told, each with the page where people look at it."""
    desk, issues, dog = Desk(), Tracker(), datadog.Datadog(world)
    return [
        *pagerduty.page_routes(world, desk),
        Mount("/pagerduty-events", pagerduty.create_events(world, desk)),
        Mount("/pagerduty", pagerduty.create(world, desk)),
        *jira.page_routes(world, issues),
        Mount("/jira", jira.create(world, issues)),
        *datadog.page_routes(dog),
        Mount("/datadog", datadog.create(dog, world)),
    ]


@dataclass(frozen=True, slots=True)
class TlsPlace:
    """Where everything is served over TLS as well.

    Attributes:
        folder: where `authority.pem` is put for callers to trust; "" for a folder that goes away with the sandbox.
    """

    port: int
    folder: str = ""


def run_sandbox(
    port: int = 8400, projects: int = 3, seed: int = 7, tls: TlsPlace | None = None, born: float | None = None
) -> None:
    """Serve until SIGINT or SIGTERM.

    Args:
        tls: None for plain HTTP alone.
        born: a moment of the day before which the company's story happened, epoch seconds; now when left out.

    Raises:
        SystemExit: a port is taken.
    """
    world = World(seed, max(projects, 3), born=born)
    if tls is None:
        asyncio.run(_server(create_app(world=world), port).serve())
        return
    with tempfile.TemporaryDirectory(prefix="sandbox-") as temporary:
        folder = Path(tls.folder or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        asyncio.run(_serve_both(world, port, tls.port, Certificates(folder)))


async def _serve_both(world: World, port: int, tls_port: int, certificates: Certificates) -> None:
    def renew() -> None:
        certificates.use(expiring=world.scenario("certificate-expiring") is not None)

    app = create_app(world=world, on_scenario=renew, authority=certificates.authority_file)
    plain, secure = _server(app, port), _server(app, tls_port, certificates)
    await asyncio.gather(plain.serve(), secure.serve())


def _server(app: Starlette, port: int, certificates: Certificates | None = None) -> uvicorn.Server:
    config = uvicorn.Config(
        LoopbackOnly(app),
        host=HOST,
        port=port,
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    if certificates is not None:
        config.load()
        config.ssl = certificates.context
    return uvicorn.Server(config)
