"""Mistakes of who depends on whom: parents that are not there, and circles."""

from collections.abc import Mapping

from watchkeeper.config.alert_channel_checks import unknown
from watchkeeper.config.plain import Found, below, mappings


def check_parents(data: Mapping[str, object]) -> Found:
    """Yield the mistakes of `depends_on`, of projects and of their endpoints."""
    yield from _parents(data, "projects", "slug", "project")
    for place, project in mappings(data, "projects"):
        yield from below(("projects", place), _parents(project, "endpoints", "name", "endpoint"))


def _parents(data: Mapping[str, object], key: str, name: str, what: str) -> Found:
    """Yield unknown parents, and of each circle the entry that comes first."""
    entries = {str(entry.get(name)): (place, entry.get("depends_on")) for place, entry in mappings(data, key)}
    parents = {child: str(parent) for child, (_, parent) in entries.items() if isinstance(parent, str)}
    told: set[str] = set()
    for child, parent in parents.items():
        where = (key, entries[child][0], "depends_on")
        circle = _circle(child, parents)
        if parent not in entries:
            yield where, unknown(what, parent, entries)
        elif circle and told.isdisjoint(circle):
            told.update(circle)
            yield where, f"expected no circle: {' depends on '.join((*circle, child))}"


def _circle(child: str, parents: Mapping[str, str]) -> tuple[str, ...]:
    """Return those on the way from the child back to itself, the child first; nothing when it does not come back."""
    way = [child]
    while (parent := parents.get(way[-1])) is not None and parent not in way:
        way.append(parent)
    return tuple(way) if parents.get(way[-1]) == child else ()
