"""Sentry's tables of spans and of errors: counts by project and release."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import expm1
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.sandbox.builds import Build, release_name
from watchkeeper.sandbox.chance import between
from watchkeeper.sandbox.company import Project
from watchkeeper.sandbox.manners import answer
from watchkeeper.sandbox.sentry_pages import RefusedError, link, offset_of, page_size, projects_asked, span_asked
from watchkeeper.sandbox.sentry_shapes import ENVIRONMENT
from watchkeeper.sandbox.traffic import Tally, tally
from watchkeeper.sandbox.world import World

SPANS_A_REQUEST = 9  # who does not ask for the root spans alone counts too many
DATASETS = ("errors", "logs", "profile_functions", "spans", "tracemetrics", "uptime_results")


@dataclass(slots=True)
class Row:
    """What was counted of one group; of errors only the failures are looked at."""

    project: Project
    release: str
    total: int
    failures: int
    start: float = 0.0

    @property
    def users(self) -> int:
        """Return how many people met the errors: the more there are, the more of them meet several."""
        people = 6 * (self.project.requests_per_hour / 5 + self.project.sessions_per_hour)
        each = between(0.55, 0.85, self.project.slug, int(self.start), "users")
        return round(people * -expm1(-self.failures * each / people))


_GROUPS: dict[str, Callable[[Row], object]] = {
    "project": lambda row: row.project.sentry_slug,
    "project.name": lambda row: row.project.sentry_slug,
    "project.id": lambda row: row.project.sentry_id,
    "project_id": lambda row: row.project.sentry_id,
    "release": lambda row: row.release,
    "environment": lambda _: ENVIRONMENT,
}
_SPAN_VALUES: dict[str, Callable[[Row], float]] = {
    "count()": lambda row: row.total,
    "count(span.duration)": lambda row: row.total,
    "failure_count()": lambda row: row.failures,
    "failure_rate()": lambda row: row.failures / row.total,
    "p50(span.duration)": lambda row: between(80, 220, row.project.slug, row.release, "p50"),
    "p95(span.duration)": lambda row: between(400, 900, row.project.slug, row.release, "p95"),
    "avg(span.duration)": lambda row: between(100, 280, row.project.slug, row.release, "avg"),
}
_ERROR_VALUES: dict[str, Callable[[Row], float]] = {
    "count()": lambda row: row.failures,
    "count_unique(user)": lambda row: row.users,
}


def events(world: World, request: Request) -> Response:
    fields = request.query_params.getlist("field")
    dataset = request.query_params.get("dataset", "")
    if dataset not in DATASETS:
        raise RefusedError("dataset must be one of: " + ", ".join(DATASETS))
    if not fields or len(fields) > 20:
        raise RefusedError("You can view up to 20 fields at a time. Please delete some and try again.")
    values = _ERROR_VALUES if dataset == "errors" else _SPAN_VALUES
    unknown = [field for field in fields if field not in _GROUPS and field not in values]
    if unknown:
        name, call, _ = unknown[0].partition("(")
        raise RefusedError(f"Unknown function {name}" if call else f"Invalid field: {unknown[0]}")
    groups = [field for field in fields if field in _GROUPS]
    rows = _rows(world, request, groups, of_errors=dataset == "errors") if dataset in {"errors", "spans"} else []
    readers = {field: _GROUPS.get(field) or values[field] for field in fields}
    _sort(rows, request.query_params.get("sort", ""), readers)
    offset, size = offset_of(request), page_size(request)
    data = [{field: read(row) for field, read in readers.items()} for row in rows[offset : offset + size]]
    types = {field: _type_of(field) for field in fields}
    meta = {
        "fields": types,
        "units": {field: _unit_of(field) for field in fields},
        "dataset": dataset,
        "dataScanned": "full",
    }
    return answer({"data": data, "meta": meta}, headers={"Link": link(request, offset, size, len(rows))})


def _rows(world: World, request: Request, groups: list[str], *, of_errors: bool) -> list[Row]:
    """Return a row for each group that has any spans, or any errors."""
    start, end = span_asked(world, request)
    query = request.query_params.get("query", "")
    wanted, spans_each = _wanted(query), 1 if "is_transaction:true" in query else SPANS_A_REQUEST
    by_project = any(group.startswith("project") for group in groups)
    rows: dict[tuple[int, str], Row] = {}
    for project in projects_asked(world, request):
        if wanted.get("project", project.sentry_slug) != project.sentry_slug:
            continue
        for build, counted in _counts(world, project, start, end, of_errors=of_errors).items():
            release = release_name(project, build)
            if wanted.get("release", release) == release and (counted.failures or not of_errors):
                key = (project.index if by_project else 0, release if "release" in groups else "")
                row = rows.setdefault(key, Row(project, release, 0, 0, start))
                row.total += counted.total * spans_each
                row.failures += counted.failures
    return list(rows.values())


def _counts(world: World, project: Project, start: float, end: float, *, of_errors: bool) -> dict[Build, Tally]:
    """Return what a project sent: without spans nothing but errors, those of its sessions."""
    if not project.requests_per_hour and not of_errors:
        return {}
    return tally(world, project, start, end, sessions=not project.requests_per_hour)


def _wanted(query: str) -> dict[str, str]:
    """Return what a search asks for: the words `key:value` of it."""
    pairs = (word.partition(":") for word in query.split() if ":" in word)
    return {key: value.strip('"') for key, _, value in pairs if key in {"project", "release"}}


def _sort(rows: list[Row], sort: str, readers: Mapping[str, Callable[[Row], Any]]) -> None:
    if not sort:
        return
    read = readers.get(sort.removeprefix("-"))
    if read is None:
        raise RefusedError(f"Cannot sort by a field that is not selected: {sort.removeprefix('-')}")
    rows.sort(key=lambda row: (read(row), row.project.index), reverse=sort.startswith("-"))


def _type_of(field: str) -> str:
    if field in _GROUPS:
        return "integer" if field.endswith("id") else "string"
    return (
        "duration" if "duration" in field and "count" not in field else "percentage" if "rate" in field else "integer"
    )


def _unit_of(field: str) -> str | None:
    return "millisecond" if _type_of(field) == "duration" else None
