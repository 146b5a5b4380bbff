"""What Vercel answers instead of what was asked for, and whom it answers."""

from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.sandbox.manners import answer, bearer
from watchkeeper.sandbox.vercel_shapes import TEAM

TOKEN = "sandbox-vercel-token"  # noqa: S105  (it opens a make-believe house)
READ_TOKEN = "sandbox-vercel-read-token"  # noqa: S105  (and this one only its windows)


class RefusedError(Exception):
    """A refusal; the message goes to the caller."""

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(message)
        self.code, self.status = code, status


async def refused(_: Request, error: Exception) -> Response:
    if isinstance(error, RefusedError):
        return answer({"error": {"code": error.code, "message": str(error)}}, error.status)
    return answer({"error": {"code": "not_found", "message": "The requested endpoint does not exist"}}, 404)


def demand_team(request: Request) -> None:
    """Refuse the personal account: everything here belongs to the team."""
    query = request.query_params
    if query.get("teamId") != TEAM and query.get("slug") != "acme":
        raise RefusedError("forbidden", "Not authorized: the resource belongs to a team, say teamId or slug", 403)


def is_writer(request: Request) -> bool:
    return bearer(request.headers) != READ_TOKEN


def demand_writer(request: Request) -> None:
    """Refuse a token that may only look."""
    if not is_writer(request):
        raise RefusedError("forbidden", "You don't have permission to change this resource.", 403)
