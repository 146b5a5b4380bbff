"""What a project has beside its deployments: environment variables, rolling releases.

Source: the official OpenAPI document, 2025-10-27.
"""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchkeeper.sandbox.builds import Build
from watchkeeper.sandbox.chance import digits
from watchkeeper.sandbox.company import Project
from watchkeeper.sandbox.manners import answer
from watchkeeper.sandbox.rolling import STAGES, Rolling
from watchkeeper.sandbox.times import ms
from watchkeeper.sandbox.vercel_projects import rolling_config
from watchkeeper.sandbox.vercel_shapes import deployment_id, deployment_url
from watchkeeper.sandbox.world import World

CREATED_MS, CHANGED_MS = 1_736_931_600_000, 1_750_000_000_000
VARIABLES = ("DATABASE_URL", "PAYMENT_PROVIDER", "NEXT_PUBLIC_SHOP_NAME")


class Settings:
    """The calls about settings; `find` gives the project that a request is about."""

    def __init__(self, world: World, find: Callable[[Request], Project]) -> None:
        self._world, self._find = world, find

    def routes(self) -> list[Route]:
        return [
            Route("/v10/projects/{project}/env", self.variables),
            Route("/v1/projects/{project}/rolling-release/config", self.rolling_config),
            Route("/v1/projects/{project}/rolling-release", self.rolling_release),
        ]

    async def variables(self, request: Request) -> Response:
        project = self._find(request)
        changed = self._world.switches.get("env-changed", project.slug)
        envs = [
            {
                "id": digits(16, project.slug, name),
                "key": name,
                "value": "",
                "type": "sensitive" if name == "DATABASE_URL" else "encrypted",
                "target": ["production"],
                "createdAt": CREATED_MS,
                "updatedAt": ms(changed.at) if changed and name == "PAYMENT_PROVIDER" else CHANGED_MS,
                "configurationId": None,
            }
            for name in VARIABLES
        ]
        return answer({"envs": envs, "pagination": {"count": len(envs), "next": None, "prev": None}})

    async def rolling_config(self, request: Request) -> Response:
        return answer({"rollingRelease": rolling_config(self._world, self._find(request))})

    async def rolling_release(self, request: Request) -> Response:
        project = self._find(request)
        rolling = self._world.rollings.get(project.index)
        return answer({"rollingRelease": None if rolling is None else self._body(project, rolling)})

    def _body(self, project: Project, rolling: Rolling) -> dict[str, Any]:
        now = self._world.now()
        is_active = rolling.is_active(now)
        stages = [_stage(place, percent) for place, percent in enumerate(STAGES)]
        return {
            "state": rolling.state(now),
            "currentDeployment": self._deployment(project, rolling.base),
            "canaryDeployment": self._deployment(project, rolling.canary),
            "queuedDeploymentId": None,
            "advancementType": "manual-approval",
            "stages": stages,
            "activeStage": {**stages[0], "targetPercentage": rolling.percent} if is_active else None,
            "nextStage": stages[1] if is_active else None,
            "startedAt": ms(rolling.started_at),
            "updatedAt": ms(rolling.started_at if rolling.ended_at is None else rolling.ended_at),
        }

    def _deployment(self, project: Project, build: Build) -> dict[str, Any]:
        return {
            "id": deployment_id(build),
            "name": project.slug,
            "url": deployment_url(project, build),
            "target": "production",
            "source": "git",
            "createdAt": ms(build.pushed_at),
            "readyState": "READY",
            "readyStateAt": ms(build.ready_at),
        }


def _stage(place: int, percent: int) -> dict[str, Any]:
    is_final = percent == 100
    return {
        "index": place,
        "isFinalStage": is_final,
        "targetPercentage": percent,
        "requireApproval": not is_final,
        "duration": None,
    }
