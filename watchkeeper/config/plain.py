"""Reading plain data that may be wrong: what is not of the expected kind is not there, and is said elsewhere."""

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import TypeGuard

from watchkeeper.config.problems import Place

Found = Iterator[tuple[Place, str]]
"""Mistakes: where, and what was expected."""


def mapping(data: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def mappings(data: Mapping[str, object], key: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    """Yield the mappings of a list, each with its place there."""
    value = data.get(key)
    for place, entry in enumerate(value if isinstance(value, list) else ()):
        if isinstance(entry, dict):
            yield place, entry


def texts(data: Mapping[str, object], key: str) -> Iterator[tuple[Place, str]]:
    """Yield the texts of a list, each with its place; a text alone counts as a list of one."""
    value = data.get(key)
    if isinstance(value, str):
        yield (key,), value
    for place, entry in enumerate(value if isinstance(value, list) else ()):
        if isinstance(entry, str):
            yield (key, place), entry


def is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def below(place: Place, found: Found) -> Found:
    """Yield the mistakes with `place` before their own."""
    for inner, message in found:
        yield (*place, *inner), message


def merged(base: Mapping[str, object], own: Mapping[str, object]) -> dict[str, object]:
    """Return `base` with `own` over it, key by key and level by level; an empty key of `own` changes nothing."""
    result = dict(base)
    for key, value in own.items():
        under = result.get(key)
        if isinstance(value, dict) and isinstance(under, dict):
            result[key] = merged(under, value)
        elif value is not None or key not in result:
            result[key] = value
    return result


def own_names(data: Mapping[str, object], key: str) -> Found:
    """Yield the entries of a list that have the name of an earlier one."""
    seen: dict[str, int] = {}
    for place, entry in mappings(data, key):
        name = entry.get("name")
        if isinstance(name, str) and seen.setdefault(name, place) != place:
            yield (key, place, "name"), f"expected a name of its own: {key}[{seen[name]}] has the same"
