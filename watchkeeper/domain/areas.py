"""Where problems gather: by route, by file, by what the vendor calls the culprit, and by release."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from watchkeeper.domain.commits import short_name
from watchkeeper.domain.issues import Issue
from watchkeeper.domain.metrics import Bucket
from watchkeeper.domain.period_reports import Area

MOST: Final = 5  # of each kind
LONGEST: Final = 200  # characters of a name
_METHOD: Final = r"(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)"
_ROUTE: Final = re.compile(rf"^(?:{_METHOD}\s+)?(/\S*)|^{_METHOD}\s+(\S+)")
_NEXT_ROUTE: Final = re.compile(rf"^(?:src/)?app(/\S*)?/route\.[jt]sx? in ({_METHOD})$")
_NEXT_PAGE: Final = re.compile(r"^(?:src/)?app(/\S*)?/page\.[jt]sx? in \S+$")
_FILE: Final = re.compile(r"^(\S+\.[A-Za-z0-9]{1,5})(?:\s+in\s+\S+|:\d+.*|\s*\(.*)?$")


def areas(issues: Iterable[Issue], failures: Mapping[str, Bucket]) -> tuple[Area, ...]:
    """Return the areas with most events, at most five of a kind; an issue counts for each area that it names.

    Args:
        issues: that were seen in the period.
        failures: buckets of the metric `failures`, by release.
    """
    known = tuple(issues)
    kinds = {"route": route_of, "file": file_of, "culprit": lambda issue: issue.culprit.strip()}
    found = [area for kind, name_of in kinds.items() for area in _of_issues(kind, known, name_of)]
    return (*found, *_of_releases(failures))


def route_of(issue: Issue) -> str:
    """Return the route that a culprit names: `POST /api/orders`, `/product/[id]`; "" when it names none."""
    culprit = issue.culprit.strip()
    if handler := _NEXT_ROUTE.match(culprit):
        return f"{handler[2]} {handler[1] or '/'}"
    if page := _NEXT_PAGE.match(culprit):
        return page[1] or "/"
    return culprit if _ROUTE.match(culprit) else ""


def file_of(issue: Issue) -> str:
    """Return the file that a culprit names: `app/basket/total.ts`; "" when it names none."""
    found = _FILE.match(issue.culprit.strip())
    return found[1] if found else ""


def _of_issues(kind: str, issues: Iterable[Issue], name_of: Callable[[Issue], str]) -> list[Area]:
    events, number = Counter[str](), Counter[str]()
    for issue in issues:
        name = name_of(issue)
        if name:
            events[name[:LONGEST]] += issue.count or 0
            number[name[:LONGEST]] += 1
    return _ranked(kind, events, number)


def _of_releases(failures: Mapping[str, Bucket]) -> list[Area]:
    events: Counter[str] = Counter()
    for release, bucket in failures.items():
        if release:
            events[short_name(release)] += round(bucket.total)
    return _ranked("release", events, Counter())


def _ranked(kind: str, events: Counter[str], number: Counter[str]) -> list[Area]:
    total = events.total()
    ordered = sorted((name for name in events if events[name]), key=lambda name: (-events[name], name))
    return [Area(kind, name, events[name], number[name], events[name] / total) for name in ordered[:MOST]]
