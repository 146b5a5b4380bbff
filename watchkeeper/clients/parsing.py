"""Tolerant reading of decoded JSON: a wrong type or a missing key is a default, or an error that names it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from math import isfinite
from typing import TypeVar

from watchkeeper.clients.base import Answer, VendorUnavailable

Default = TypeVar("Default")
Parsed = TypeVar("Parsed")
Choice = TypeVar("Choice", bound=StrEnum)

MOST_COUNTED = 10**12
POSSIBLE_YEARS = range(1970, 2200)


@dataclass(frozen=True, slots=True)
class Record:
    """One JSON object of a vendor's answer.

    A reader without a default raises `VendorUnavailable` that names the key when there is nothing to read. Keys may
    be a path: `vcs.revision`.
    """

    vendor: str
    raw: Mapping[str, object]

    def text(self, key: str, default: str | None = None) -> str:
        """Return the text under `key`, without what no database stores; a whole number counts as text."""
        value = self._value(key)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return _storable(value) if isinstance(value, str) else self._or(default, key)

    def number(self, key: str, default: float | None = None) -> float:
        """Return the finite number under `key`; a number written as text counts."""
        value = _finite(self._value(key))
        return self._or(default, key) if value is None else value

    def whole(self, key: str, default: int | None = None) -> int:
        """Return the number under `key` without its fraction."""
        value = _finite(self._value(key))
        return self._or(default, key) if value is None else int(value)

    def count(self, key: str, default: int | None = None) -> int:
        """Return the whole number under `key`, from 0 to a million million: what is beyond is nonsense."""
        number = self.whole(key, default)
        if not 0 <= number <= MOST_COUNTED:
            raise self._unusable(key)
        return number

    def flag(self, key: str) -> bool | None:
        """Return the truth under `key`; None where it is not said."""
        value = self._value(key)
        return value if isinstance(value, bool) else None

    def url(self, key: str) -> str:
        """Return the web address under `key`; "" for anything that a browser should not follow."""
        value = self.text(key, "")
        return value if value.startswith(("https://", "http://")) else ""

    def moment(self, key: str) -> datetime:
        """Return the moment under `key`, written as ISO 8601 or as epoch milliseconds; without a zone it is UTC."""
        found = self.moment_or_none(key)
        if found is None:
            raise self._unusable(key)
        return found

    def moment_or_none(self, key: str) -> datetime | None:
        return _moment(self._value(key))

    def choice(self, key: str, choices: type[Choice], default: Choice) -> Choice:
        """Return the member whose value is under `key`, whatever its case; `default` for any other."""
        value = self._value(key)
        known = {member.value: member for member in choices}
        return known.get(value.lower(), default) if isinstance(value, str) else default

    def record(self, key: str) -> "Record":
        """Return the object under `key`, an empty one where there is none."""
        value = self._value(key)
        return Record(self.vendor, value if isinstance(value, dict) else {})

    def records(self, key: str) -> tuple["Record", ...]:
        """Return the objects of the list under `key`.

        Raises:
            VendorUnavailable: there is no list; an empty list is silence, no list is nonsense.
        """
        value = self._value(key)
        if not isinstance(value, list):
            raise self._unusable(key)
        return _objects(self.vendor, value)

    def values(self, key: str) -> tuple[object, ...]:
        """Return what is in the list under `key`, of whatever type; nothing where there is no list."""
        value = self._value(key)
        return tuple(value) if isinstance(value, list) else ()

    def _value(self, key: str) -> object:
        value: object = self.raw
        if key in self.raw:
            return self.raw[key]
        for part in key.split("."):
            if not isinstance(value, dict):
                return None
            value = value.get(part)
        return value

    def _or(self, default: Default | None, key: str) -> Default:
        if default is None:
            raise self._unusable(key)
        return default

    def _unusable(self, key: str) -> VendorUnavailable:
        return VendorUnavailable(self.vendor, f"answered without a usable `{key}`")


def record_of(answer: Answer) -> Record:
    """Return the object that the answer is.

    Raises:
        VendorUnavailable: it is something else.
    """
    if not isinstance(answer.body, dict):
        raise VendorUnavailable(answer.vendor, f"answered with {_kind(answer.body)} instead of an object")
    return Record(answer.vendor, answer.body)


def records_of(answer: Answer) -> tuple[Record, ...]:
    """Return the objects of the list that the answer is.

    Raises:
        VendorUnavailable: it is something else.
    """
    if not isinstance(answer.body, list):
        raise VendorUnavailable(answer.vendor, f"answered with {_kind(answer.body)} instead of a list")
    return _objects(answer.vendor, answer.body)


def readable(records: Iterable[Record], read: Callable[[Record], Parsed], name: str) -> tuple[list[Parsed], list[str]]:
    """Return what could be read, and a warning that counts the rest; `name` is what the records are, in plural.

    Raises:
        VendorUnavailable: there are records, and none of them can be read.
    """
    values: list[Parsed] = []
    flaws: list[VendorUnavailable] = []
    for raw in records:
        try:
            values.append(read(raw))
        except VendorUnavailable as flaw:
            flaws.append(flaw)
    if flaws and not values:
        raise flaws[0]
    return values, [f"{len(flaws)} of {len(flaws) + len(values)} {name} could not be read: {flaws[0]}"] if flaws else []


def _kind(body: object) -> str:
    return "an object" if isinstance(body, dict) else "a list" if isinstance(body, list) else "a single value"


def _objects(vendor: str, values: list[object]) -> tuple[Record, ...]:
    """Return the values as records; one that is no object is an empty record, so that it counts as unreadable."""
    return tuple(Record(vendor, value if isinstance(value, dict) else {}) for value in values)


def _finite(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if isfinite(number) else None


def _moment(value: object) -> datetime | None:
    found = _iso(value) if isinstance(value, str) else None
    milliseconds = _finite(value)
    try:
        if found is None and milliseconds is not None:
            found = datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return found if found is not None and found.year in POSSIBLE_YEARS else None


def _iso(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _storable(text: str) -> str:
    """Return the text without NUL and halves of surrogate pairs, which JSON can hold and UTF-8 or PostgreSQL cannot."""
    return text.encode(errors="replace").decode().replace("\0", "")
