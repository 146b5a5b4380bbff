"""Sentry's table of spans: counts and failures by project and release."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.sandbox.builds import release_name
from watchkeeper.sandbox.chance import between
from watchkeeper.sandbox.company import Project
from watchkeeper.sandbox.manners import answer
from watchkeeper.sandbox.sentry_pages import RefusedError, link, offset_of, page_size, projects_asked, span_asked
from watchkeeper.sandbox.sentry_shapes import ENVIRONMENT
from watchkeeper.sandbox.traffic import tally
from watchkeeper.sandbox.world import World

SPANS_A_REQUEST = 9  # who does not ask for the root spans alone counts too many
DATASETS = ("errors", "logs", "profile_functions", "spans", "tracemetrics", "uptime_results")


@dataclass(slots=True)
class Row:
    project: Project
    release: str
    total: int
    failures: int


_GROUPS: dict[str, Callable[[Row], object]] = {
    "project": lambda row: row.project.sentry_slug,
    "project.name": lambda row: row.project.sentry_slug,
    "project.id": lambda row: row.project.sentry_id,
    "project_id": lambda row: row.project.sentry_id,
    "release": lambda row: row.release,
    "environment": lambda _: ENVIRONMENT,
}
_VALUES: dict[str, Callable[[Row], float]] = {
    "count()": lambda row: row.total,
    "count(span.duration)": lambda row: row.total,
    "failure_count()": lambda row: row.failures,
    "failure_rate()": lambda row: row.failures / row.total,
    "p50(span.duration)": lambda row: between(80, 220, row.project.slug, row.release, "p50"),
    "p95(span.duration)": lambda row: between(400, 900, row.project.slug, row.release, "p95"),
    "avg(span.duration)": lambda row: between(100, 280, row.project.slug, row.release, "avg"),
}


def events(world: World, request: Request) -> Response:
    fields = request.query_params.getlist("field")
    dataset = request.query_params.get("dataset", "")
    if dataset not in DATASETS:
        raise RefusedError("dataset must be one of: " + ", ".join(DATASETS))
    if not fields or len(fields) > 20:
        raise RefusedError("You can view up to 20 fields at a time. Please delete some and try again.")
    unknown = [field for field in fields if field not in _GROUPS and field not in _VALUES]
    if unknown:
        raise RefusedError(f"Invalid field: {unknown[0]}")
    rows = _rows(world, request, [field for field in fields if field in _GROUPS]) if dataset == "spans" else []
    _sort(rows, request.query_params.get("sort", ""), fields)
    offset, size = offset_of(request), page_size(request)
    readers = {field: _GROUPS.get(field) or _VALUES[field] for field in fields}
    data = [{field: read(row) for field, read in readers.items()} for row in rows[offset : offset + size]]
    types = {field: _type_of(field) for field in fields}
    meta = {
        "fields": types,
        "units": {field: _unit_of(field) for field in fields},
        "dataset": dataset,
        "dataScanned": "full",
    }
    return answer({"data": data, "meta": meta}, headers={"Link": link(request, offset, size, len(rows))})


def _rows(world: World, request: Request, groups: list[str]) -> list[Row]:
    """Return a row for each group that has any spans."""
    start, end = span_asked(world, request)
    environments = request.query_params.getlist("environment")
    if environments and ENVIRONMENT not in environments:
        return []
    wanted = _wanted(request.query_params.get("query", ""))
    spans_each = 1 if "is_transaction:true" in request.query_params.get("query", "") else SPANS_A_REQUEST
    by_project = any(group.startswith("project") for group in groups)
    rows: dict[tuple[int, str], Row] = {}
    for project in projects_asked(world, request):
        if not project.requests_per_hour or wanted.get("project", project.sentry_slug) != project.sentry_slug:
            continue
        for build, counted in tally(world, project, start, end, sessions=False).items():
            release = release_name(project, build)
            if wanted.get("release", release) != release:
                continue
            key = (project.index if by_project else 0, release if "release" in groups else "")
            row = rows.setdefault(key, Row(project, release, 0, 0))
            row.total += counted.total * spans_each
            row.failures += counted.failures
    return list(rows.values())


def _wanted(query: str) -> dict[str, str]:
    """Return what a search asks for: the words `key:value` of it."""
    pairs = (word.partition(":") for word in query.split() if ":" in word)
    return {key: value.strip('"') for key, _, value in pairs if key in {"project", "release"}}


def _sort(rows: list[Row], sort: str, fields: list[str]) -> None:
    if not sort:
        return
    field = sort.removeprefix("-")
    if field not in fields:
        raise RefusedError(f"Cannot sort by a field that is not selected: {field}")
    read = _GROUPS.get(field) or _VALUES[field]
    rows.sort(key=lambda row: (read(row), row.project.index), reverse=sort.startswith("-"))


def _type_of(field: str) -> str:
    if field in _GROUPS:
        return "integer" if field.endswith("id") else "string"
    return (
        "duration" if "duration" in field and "count" not in field else "percentage" if "rate" in field else "integer"
    )


def _unit_of(field: str) -> str | None:
    return "millisecond" if _type_of(field) == "duration" else None
