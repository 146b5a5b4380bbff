"""GitHub as the company's clients meet it."""

from starlette.applications import Starlette

from watchkeeper.sandbox.manners import Gate, Manners
from watchkeeper.sandbox.world import World

TOKEN = "sandbox-github-token"  # noqa: S105  (it opens a make-believe house)
MANNERS = Manners(vendor="github", token=TOKEN, refusal=(401, {"message": "Bad credentials"}))


def create(world: World) -> Gate:
    return Gate(Starlette(routes=[]), world, MANNERS)
