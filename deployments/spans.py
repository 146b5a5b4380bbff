"""Spans of time and moments as people type them: `90m`, `12h`, `30d`, `4w`; `2026-01-31T12:00:00Z`."""

import re
from datetime import datetime, timedelta
from typing import Final

from deployments.command import fail

_SPAN: Final = re.compile(r"(\d{1,6})([mhdw])")
_UNITS: Final = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


def span_of(text: str, option: str) -> timedelta:
    """Return the span; the command ends with what was expected of `option` when it is none."""
    match = _SPAN.fullmatch(text)
    if match is None or not int(match[1]):
        fail(f"{option} {text}: expected a span like 90m, 12h, 30d or 4w")
    return int(match[1]) * _UNITS[match[2]]


def moment_of(text: str, option: str) -> datetime:
    """Return the aware moment; the command ends with what was expected of `option` when it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        fail(f"{option} {text}: expected a moment like 2026-01-31T12:00:00Z")
    if moment.tzinfo is None:
        fail(f"{option} {text}: a time zone is missing, as in {text}Z")
    return moment
