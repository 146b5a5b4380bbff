"""Mistakes that show only when several keys of one project are read together.

They are looked for in the plain data, beside whatever else is wrong there, so that one look finds everything.
"""

from collections.abc import Mapping
from itertools import pairwise

from pydantic import BaseModel

from watchkeeper.config import limits as models
from watchkeeper.config.models import Maintenance
from watchkeeper.config.people_checks import check_approvers, check_two_people
from watchkeeper.config.plain import Found, below, is_number, mapping, own_names
from watchkeeper.config.problems import Place

_WEIGHT_TOLERANCE = 0.001
_COMPONENTS = {"sentry": "errors", "vercel": "delivery", "circleci": "builds", "endpoints": "endpoints"}


def check_shared(data: Mapping[str, object]) -> Found:
    """Yield the mistakes of limits, weights and maintenance, in a project or in the defaults."""
    limits = mapping(data, "limits")
    yield from _ordered(
        _with_defaults(limits, "errors", models.ErrorLimit),
        ("limits", "errors"),
        "warning_percent",
        "critical_percent",
        "emergency_percent",
    )
    endpoints = _with_defaults(limits, "endpoints", models.EndpointLimit)
    where: Place = ("limits", "endpoints")
    yield from _ordered(endpoints, where, "latency_warning_ms", "latency_critical_ms")
    yield from _ordered(endpoints, where, "certificate_critical_days", "certificate_warning_days", asked=1)
    health = _with_defaults(limits, "health", models.ScoreLimit)
    yield from _ordered(health, ("limits", "health"), "critical_score", "warning_score", asked=1)
    yield from _weights(_with_defaults(data, "weights", models.Weights))
    yield from below(("rollback",), check_approvers(mapping(data, "rollback")))
    yield from _maintenance(data.get("maintenance"))


def check_project(data: Mapping[str, object]) -> Found:
    """Yield the mistakes of one project, its defaults already filled in."""
    yield from check_shared(data)
    yield from below(("rollback",), check_two_people(mapping(data, "rollback")))
    used = [component for vendor, component in _COMPONENTS.items() if data.get(vendor)]
    weights = _with_defaults(data, "weights", models.Weights)
    if not used:
        yield (), f"there is nothing to watch: expected at least one of {', '.join(_COMPONENTS)}"
    elif all(weights[component] == 0 for component in used):
        yield ("weights",), f"all that is watched ({', '.join(used)}) has no weight: expected one of them above 0"
    yield from own_names(data, "endpoints")
    yield from _endpoints(
        data.get("endpoints"), _with_defaults(mapping(data, "limits"), "endpoints", models.EndpointLimit)
    )


def check_reports(data: Mapping[str, object]) -> Found:
    """Yield the mistakes of where reports are published."""
    if data.get("publish") == "github_pages" and not data.get("pages"):
        yield ("publish",), "expected pages with the repository to publish to, beside github_pages"


def _ordered(data: Mapping[str, object], where: Place, *names: str, asked: int = 0) -> Found:
    """Yield where a value is above the next one. `asked`: which of the two is named, 0 the lower or 1 the higher."""
    for low, high in pairwise(names):
        below, above = data.get(low), data.get(high)
        if is_number(below) and is_number(above) and below > above:
            if asked:
                yield (*where, high), f"expected at least {low} ({below:g}), got {above:g}"
            else:
                yield (*where, low), f"expected at most {high} ({above:g}), got {below:g}"


def _weights(weights: Mapping[str, object]) -> Found:
    numbers = [value for value in weights.values() if is_number(value)]
    if len(numbers) == len(models.Weights.model_fields) and abs(sum(numbers) - 1) > _WEIGHT_TOLERANCE:
        shown = " + ".join(f"{name} {value:g}" for name, value in weights.items() if is_number(value))
        yield ("weights",), f"expected weights that add up to 1, got {sum(numbers):g} ({shown})"


def _maintenance(entries: object) -> Found:
    for place, entry in enumerate(entries if isinstance(entries, list) else ()):
        if not isinstance(entry, dict):
            continue
        given = {key for key in ("cron", "minutes", "start", "end") if entry.get(key) is not None}
        if given not in ({"cron", "minutes"}, {"start", "end"}):
            yield ("maintenance", place), "expected either cron with minutes, or start with end"
        elif "start" in given:
            yield from _period(entry, ("maintenance", place))


def _period(entry: Mapping[str, object], where: Place) -> Found:
    try:
        period = Maintenance.model_validate({key: entry[key] for key in ("start", "end")})
    except ValueError:
        return  # said elsewhere
    if period.start and period.end and period.end <= period.start:
        yield (*where, "end"), f"expected a moment after start ({period.start:%Y-%m-%d %H:%M} UTC)"


def _endpoints(entries: object, limits: Mapping[str, object]) -> Found:
    for place, entry in enumerate(entries if isinstance(entries, list) else ()):
        if not isinstance(entry, dict):
            continue
        own = {
            key: limits[key] if entry.get(key) is None else entry[key]
            for key in ("latency_warning_ms", "latency_critical_ms")
        }
        if any(entry.get(key) is not None for key in own):
            yield from _ordered(own, ("endpoints", place), "latency_warning_ms", "latency_critical_ms")


def _with_defaults(data: Mapping[str, object], key: str, model: type[BaseModel]) -> dict[str, object]:
    written = mapping(data, key)
    return {
        name: field.default if written.get(name) is None else written[name]
        for name, field in model.model_fields.items()
    }
