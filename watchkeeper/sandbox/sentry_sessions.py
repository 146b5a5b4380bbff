"""Sentry's release health: sessions by project, release and how they ended."""

from dataclasses import dataclass, field
from math import ceil, floor

from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.sandbox.builds import release_name
from watchkeeper.sandbox.company import DAY, HOUR, Project
from watchkeeper.sandbox.manners import answer
from watchkeeper.sandbox.sentry_pages import RefusedError, link, offset_of, projects_asked, span_asked
from watchkeeper.sandbox.sentry_shapes import ENVIRONMENT
from watchkeeper.sandbox.times import iso_seconds, read_period
from watchkeeper.sandbox.traffic import Tally, tally
from watchkeeper.sandbox.world import World

MOST_POINTS = 10_000  # groups before they are split by status, times intervals
MOST_INTERVALS = 1_000
FIELDS = (
    "sum(session)",
    "count_unique(user)",
    "crash_rate(session)",
    "crash_free_rate(session)",
    "crash_free_rate(user)",
)
GROUPS = ("project", "release", "environment", "session.status")
STATUSES = ("healthy", "errored", "crashed", "abnormal", "unhandled")


@dataclass(slots=True)
class Group:
    """Sessions of one group: all and failed ones of each interval."""

    by: dict[str, object]
    totals: list[int] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)


def sessions(world: World, request: Request) -> Response:
    query = request.query_params
    fields, groups = query.getlist("field"), query.getlist("groupBy")
    if not fields or any(name not in FIELDS for name in fields):
        raise RefusedError(
            f"Invalid field. Must be one of: {', '.join(FIELDS)}" if fields else 'Request is missing a "field"'
        )
    if any(name not in GROUPS for name in groups):
        raise RefusedError(f"Invalid groupBy. Must be one of: {', '.join(GROUPS)}")
    if "session.status" in groups and any("rate" in name for name in fields):
        raise RefusedError("Cannot group field crash_free_rate by session.status")
    starts, step = _intervals(world, request)
    size, offset = _size(query.get("per_page")), offset_of(request)
    kept = _kept(_groups(world, request, groups, starts, step), request, len(starts))
    found = [part for group in kept for part in (_by_status(group) if "session.status" in groups else (group,))]
    # As Sentry does: what is compared are the groups after they were split to what was asked for before.
    has_more = len(found) == size + 1
    with_series, with_totals = query.get("includeSeries") != "0", query.get("includeTotals") != "0"
    body = {
        "start": iso_seconds(starts[0]),
        "end": iso_seconds(starts[-1] + step),
        "intervals": [iso_seconds(start) for start in starts],
        "groups": [
            _group_body(group, fields, series=with_series, totals=with_totals)
            for group in (found[:-1] if has_more else found)
        ],
        "query": query.get("query", ""),
    }
    return answer(body, headers={"Link": link(request, offset, size, offset + size + has_more)})


def _intervals(world: World, request: Request) -> tuple[list[int], int]:
    """Return the starts of the intervals and their length in seconds; the span is widened to whole intervals."""
    start, end = span_asked(world, request)
    try:
        step = read_period(request.query_params.get("interval") or "1h")
    except ValueError as error:
        raise RefusedError("Invalid interval.") from error
    if not HOUR <= step <= DAY or DAY % step:
        raise RefusedError("The interval has to be between one hour and one day, and to divide a day.")
    starts = [place * step for place in range(floor(start / step), ceil(end / step))]
    if len(starts) > MOST_INTERVALS:
        raise RefusedError("Your interval and date range would create too many results. Use a larger interval.")
    return starts, step


def _size(asked: str | None) -> int:
    """Return the size of a page, which is far above what fits unless the caller names one."""
    if asked is None:
        return MOST_POINTS
    if not asked.isdigit() or not 0 < int(asked) <= MOST_POINTS:
        raise RefusedError(f"Invalid per_page value. Must be between 1 and {MOST_POINTS}.")
    return int(asked)


def _kept(groups: list[Group], request: Request, intervals: int) -> list[Group]:
    """Return the groups that are answered with, those with most sessions first: what does not fit is left out.

    One more than a page shows whether there is another, if it fits.

    Source: getsentry/sentry `src/sentry/release_health/metrics_sessions_v2.py` (`max_groups`).
    """
    fitting, asked = MOST_POINTS // (intervals + 1), request.query_params.get("per_page")
    limit, offset = min(_size(asked) + 1, fitting) if asked else fitting, offset_of(request)
    return sorted(groups, key=lambda group: -sum(group.totals))[offset : offset + limit]


def _groups(world: World, request: Request, groups: list[str], starts: list[int], step: int) -> list[Group]:
    found: dict[tuple[object, ...], Group] = {}
    for project in projects_asked(world, request):
        if project.sessions_per_hour:
            for place, start in enumerate(starts):
                for build, counted in tally(world, project, start, start + step, sessions=True).items():
                    by = _by(project, release_name(project, build), groups)
                    _add(found, by, len(starts), place, counted)
    return list(found.values())


def _by(project: Project, release: str, groups: list[str]) -> dict[str, object]:
    every: dict[str, object] = {"project": project.sentry_id, "release": release, "environment": ENVIRONMENT}
    return {name: every[name] for name in groups if name in every}


def _add(found: dict[tuple[object, ...], Group], by: dict[str, object], size: int, place: int, counted: Tally) -> None:
    group = found.setdefault(tuple(by.values()), Group(by, [0] * size, [0] * size))
    group.totals[place] += counted.total
    group.failures[place] += counted.failures


def _by_status(group: Group) -> list[Group]:
    """Split a group by how the sessions ended: of those that failed most crashed."""
    parts: dict[str, list[int]] = {status: [] for status in STATUSES}
    for total, failed in zip(group.totals, group.failures, strict=True):
        abnormal, errored = _milder(failed)
        parts["healthy"].append(total - failed)
        parts["errored"].append(errored)
        parts["abnormal"].append(abnormal)
        parts["crashed"].append(failed - abnormal - errored)
        parts["unhandled"].append(0)
    return [
        Group({**group.by, "session.status": status}, counts, [0] * len(counts)) for status, counts in parts.items()
    ]


def _milder(failed: int) -> tuple[int, int]:
    """Return how many of the failed sessions were abnormal or errored; neither they nor the rest ever shrink."""
    return (failed + 5) // 10, failed // 4


def _value(name: str, total: int, failed: int) -> float | None:
    if name == "sum(session)":
        return total
    if name == "count_unique(user)":
        return total * 3 // 5
    crashed = failed - sum(_milder(failed))
    if not total:
        return None
    return crashed / total if name == "crash_rate(session)" else 1 - crashed / total


def _group_body(group: Group, fields: list[str], *, series: bool, totals: bool) -> dict[str, object]:
    total, failed = sum(group.totals), sum(group.failures)
    pairs = list(zip(group.totals, group.failures, strict=True))
    return {
        "by": group.by,
        "totals": {name: _value(name, total, failed) for name in fields} if totals else {},
        "series": {name: [_value(name, *pair) for pair in pairs] for name in fields} if series else {},
    }
