"""`/sandbox/fault`: sets switches from JSON like {"name": "change-500", "project": "shop", "times": 1}."""

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchkeeper.sandbox.manners import answer
from watchkeeper.sandbox.switches import SWITCHES, Switch, UnknownSwitchError
from watchkeeper.sandbox.times import iso
from watchkeeper.sandbox.world import World


class Faults:
    """Sets, clears and shows switches."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        return [
            Route("/sandbox/fault", self.show),
            Route("/sandbox/fault", self.change, methods=["POST"]),
            Route("/sandbox/fault", self.clear, methods=["DELETE"]),
        ]

    async def show(self, _: Request) -> Response:
        return answer({"faults": self._shown(), "known": SWITCHES})

    async def change(self, request: Request) -> Response:
        """Set the switch that the body names; `none` clears them all."""
        try:
            asked = orjson.loads(await request.body() or b"{}")
            if asked.get("name") == "none":
                self._world.switches.clear()
            else:
                self._world.switches.set(self._switch(asked))
        except UnknownSwitchError as error:
            return answer({"error": str(error)}, 422)
        except (orjson.JSONDecodeError, AttributeError, TypeError, ValueError):
            return answer({"error": 'the body must be JSON like {"name": "change-500", "project": "shop"}'}, 400)
        return answer({"faults": self._shown()})

    async def clear(self, _: Request) -> Response:
        self._world.switches.clear()
        return answer({"faults": []})

    def _switch(self, asked: dict[str, object]) -> Switch:
        project, value, times = str(asked.get("project") or ""), asked.get("value"), asked.get("times")
        if project and all(project != known.slug for known in self._world.projects):
            raise UnknownSwitchError(f"no project {project!r}")
        return Switch(
            name=str(asked.get("name") or ""),
            project=project,
            at=self._world.now(),
            value=None if value is None else float(str(value)),
            subject=str(asked.get("subject") or ""),
            times=None if times is None else int(str(times)),
        )

    def _shown(self) -> list[dict[str, object]]:
        return [
            {"name": s.name, "project": s.project, "since": iso(s.at), "value": s.value, "subject": s.subject,
             "times": s.times}
            for s in self._world.switches.all()
        ]  # fmt: skip
