"""Sentry's list of issues, searched and sorted."""

import re
from collections.abc import Callable, Iterable
from math import inf

from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.sandbox.company import DAY
from watchkeeper.sandbox.issues import Issue, issues_of
from watchkeeper.sandbox.manners import answer
from watchkeeper.sandbox.sentry_pages import NotFoundError, RefusedError, page, page_size, projects_asked, span_asked
from watchkeeper.sandbox.sentry_shapes import issue_body, issue_detail
from watchkeeper.sandbox.times import read_iso, read_period
from watchkeeper.sandbox.world import World

_COMPARED = re.compile(r"^(>=|<=|>|<|)(\d{4}-\d\d-\d\d.*)$")
_SORTS: dict[str, Callable[[Issue], float]] = {
    "date": lambda issue: issue.last_seen,
    "new": lambda issue: issue.first_seen,
    "freq": lambda issue: issue.count,
    "user": lambda issue: issue.users,
    "inbox": lambda issue: issue.first_seen,
    "trends": lambda issue: issue.count,
    "recommended": lambda issue: issue.last_seen,
}


def issues(world: World, request: Request) -> Response:
    query = request.query_params
    start, end = span_asked(world, request, default="90d")
    sort = _SORTS.get(query.get("sort", "date"))
    if sort is None:
        raise RefusedError(f"Invalid sort: {query['sort']}")
    every = (issue for project in projects_asked(world, request) for issue in issues_of(world, project))
    every = (issue for issue in every if start <= issue.last_seen)
    seen = (issue for issue in every if issue.first_seen < end)
    found = sorted(_search(seen, query.get("query", "is:unresolved"), world.now()), key=lambda i: (-sort(i), i.id))
    collapse, base = frozenset(query.getlist("collapse")), _base_url(request)
    size = page_size(request, default=100)
    return page(request, found, lambda issue: issue_body(issue, base, collapse, (start, end)), size=size)


def issue(world: World, request: Request) -> Response:
    for project in world.projects:
        for candidate in issues_of(world, project):
            if str(candidate.id) == request.path_params["issue"]:
                return answer(issue_detail(candidate, _base_url(request)))
    raise NotFoundError


def _base_url(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"


def _search(issues: Iterable[Issue], query: str, now: float) -> Iterable[Issue]:
    """Yield the issues that every word of the query fits; words that this sandbox does not know are refused."""
    tests = [_test(word, now) for word in query.split()]
    return (issue for issue in issues if all(test(issue) for test in tests))


def _test(word: str, now: float) -> Callable[[Issue], bool]:
    if word.startswith("!"):
        wanted = _test(word[1:], now)
        return lambda issue: not wanted(issue)
    key, colon, value = word.partition(":")
    if not colon:
        return lambda issue: word.lower() in issue.title.lower()
    if key in {"age", "firstSeen", "lastSeen"}:
        return _seen_test(key, value.replace('"', ""), now)
    tests: dict[str, Callable[[Issue], bool]] = {
        "is": lambda issue: value in _states(issue),
        "level": lambda issue: issue.level in value.strip("[]").split(","),
        "project": lambda issue: issue.project.sentry_slug in value.strip("[]").split(","),
        "firstRelease": lambda issue: issue.first_release is not None and value in issue.first_release.sha,
        "environment": lambda _: value == "production",
    }
    if key not in tests:
        raise RefusedError(f"Error parsing search query: Invalid key for this search: {key}")
    return tests[key]


def _states(issue: Issue) -> set[str | None]:
    archived = "archived" if issue.status == "ignored" else None
    return {issue.status, issue.substatus, "unhandled" if issue.is_unhandled else "handled", archived}


def _seen_test(key: str, value: str, now: float) -> Callable[[Issue], bool]:
    """Return whether an issue was seen within what `-24h`, `+24h`, `>=2026-11-01T00:00:00` or `2026-11-01` means."""
    try:
        low, high = _bounds(value, now)
    except ValueError as error:
        raise RefusedError(f"Error parsing search query: {value} is not a valid date query") from error

    def test(issue: Issue) -> bool:
        return low <= (issue.last_seen if key == "lastSeen" else issue.first_seen) < high

    return test


def _bounds(value: str, now: float) -> tuple[float, float]:
    """Return from when on (inclusive) and until when (exclusive)."""
    match = _COMPARED.match(value)
    if match is None:
        moment = now - read_period(value.lstrip("+-"))
        return (moment, inf) if value.startswith("-") else (-inf, moment)
    at, instant = read_iso(match[2]), 0.001
    length = DAY if len(match[2]) == len("2026-11-01") else instant
    return {
        ">": (at + instant, inf), ">=": (at, inf), "<": (-inf, at), "<=": (-inf, at + instant), "": (at, at + length),
    }[match[1]]  # fmt: skip
