"""Moments as the vendors write them and as callers may send them."""

import re
from datetime import UTC, datetime

_PERIOD = re.compile(r"^-?(\d+)([smhdw])$")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def iso(moment: float) -> str:
    """Return `2026-01-31T08:00:00.000Z`."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_seconds(moment: float) -> str:
    return datetime.fromtimestamp(int(moment), UTC).isoformat().replace("+00:00", "Z")


def ms(moment: float) -> int:
    return int(moment * 1000)


def read_iso(text: str) -> float:
    """Return epoch seconds; a moment without a zone is UTC.

    Raises:
        ValueError: it is not a moment.
    """
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def read_period(text: str) -> int:
    """Return the seconds of `15m`, `1h`, `90d` (a leading minus is allowed).

    Raises:
        ValueError: it is not a period.
    """
    match = _PERIOD.match(text)
    if match is None:
        raise ValueError(f"not a period: {text!r}")
    return int(match[1]) * _SECONDS[match[2]]
