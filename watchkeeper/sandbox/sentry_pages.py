"""Paging, projects and spans of time as Sentry reads them from a request."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.sandbox.company import Project
from watchkeeper.sandbox.manners import answer
from watchkeeper.sandbox.times import read_iso, read_period
from watchkeeper.sandbox.world import World

Item = TypeVar("Item")

DEFAULT_PAGE = 50
LARGEST_PAGE = 100


class NotFoundError(Exception):
    """What was asked for does not exist."""


class RefusedError(Exception):
    """The request makes no sense; the message goes to the caller."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def page(
    request: Request, items: Sequence[Item], render: Callable[[Item], Any], *, size: int = 0, key: str = ""
) -> Response:
    """Return one page of `items` with Sentry's Link header; inside an object under `key` when that is given."""
    size = size or page_size(request)
    offset = offset_of(request)
    shown = [render(item) for item in items[offset : offset + size]]
    return answer({key: shown} if key else shown, headers={"Link": link(request, offset, size, len(items))})


def page_size(request: Request, largest: int = LARGEST_PAGE, default: int = DEFAULT_PAGE) -> int:
    asked = request.query_params.get("per_page") or request.query_params.get("limit") or str(default)
    if not asked.isdigit() or not 0 < int(asked) <= largest:
        raise RefusedError(f"Invalid per_page value. Must be between 1 and {largest}.")
    return int(asked)


def offset_of(request: Request) -> int:
    """Return how many rows the caller has seen."""
    parts = request.query_params.get("cursor", "0:0:0").split(":")
    if len(parts) != 3 or not parts[1].isdigit():
        raise RefusedError("Invalid cursor parameter.")
    return int(parts[1])


def link(request: Request, offset: int, size: int, total: int) -> str:
    """Return both links, as Sentry always sends them; `results` says whether there is anything to follow."""
    base = request.url.remove_query_params("cursor")
    before, after = f"0:{max(offset - size, 0)}:1", f"0:{offset + size}:0"
    previous = base.include_query_params(cursor=before)
    following = base.include_query_params(cursor=after)
    has_previous, has_next = str(offset > 0).lower(), str(offset + size < total).lower()
    return (
        f'<{previous}>; rel="previous"; results="{has_previous}"; cursor="{before}", '
        f'<{following}>; rel="next"; results="{has_next}"; cursor="{after}"'
    )


def projects_asked(world: World, request: Request) -> Sequence[Project]:
    """Return the projects named by id or slug; all when none is named."""
    names = [name for name in request.query_params.getlist("project") if name != "-1"]
    if not names:
        return world.projects
    by_name = world.company.by_name
    if any(name not in by_name for name in names):
        raise RefusedError("You do not have permission to perform this action.", 403)
    return sorted({by_name[name] for name in names}, key=lambda project: project.index)


def span_asked(world: World, request: Request, default: str = "24h") -> tuple[float, float]:
    """Return start and end of the request: `start` and `end` together, or `statsPeriod` back from now."""
    start, end = request.query_params.get("start"), request.query_params.get("end")
    try:
        if start and end:
            span = read_iso(start), read_iso(end)
        else:
            span = world.now() - read_period(request.query_params.get("statsPeriod") or default), world.now()
    except ValueError as error:
        raise RefusedError(
            "Invalid date range. Please try a date range that is within the retention period."
        ) from error
    if span[1] <= span[0]:
        raise RefusedError("start must be before end")
    return span
