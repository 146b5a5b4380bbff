"""How long a vendor asks us to wait, read from the headers of its answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from math import isfinite

LONGEST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LimitHeaders:
    """The headers in which a vendor says how many requests are left, and until when.

    Attributes:
        pairs: names of (remaining, reset); of several that read 0 the longest wait holds.
        reset_is_epoch: True for seconds since 1970, False for seconds from now.
        per_endpoint: True when each endpoint has its own allowance, False when the whole account shares one.
    """

    pairs: tuple[tuple[str, str], ...]
    reset_is_epoch: bool
    per_endpoint: bool = True


NO_LIMITS = LimitHeaders(pairs=(), reset_is_epoch=False)


def pause_asked(headers: Mapping[str, str], limit: LimitHeaders, now: datetime) -> timedelta | None:
    """Return how long not to ask again, or None when the headers ask for no pause.

    Moments are compared with the vendor's own `Date`, so that a clock which is off does not matter; `now` stands in.
    """
    vendor_now = _http_date(headers.get("date", "")) or now
    waits = [
        _reset(headers[reset], limit, vendor_now) for left, reset in limit.pairs if _is_spent(headers, left, reset)
    ]
    waits.append(_retry_after(headers.get("retry-after", ""), vendor_now))
    return max((wait for wait in waits if wait is not None), default=None)


def _is_spent(headers: Mapping[str, str], left: str, reset: str) -> bool:
    remaining = _seconds(headers.get(left, ""))
    return remaining is not None and remaining < 1 and reset in headers


def _reset(text: str, limit: LimitHeaders, vendor_now: datetime) -> timedelta | None:
    seconds = _seconds(text)
    if seconds is None:
        return None
    return _bounded(seconds - vendor_now.timestamp() if limit.reset_is_epoch else seconds)


def _retry_after(text: str, vendor_now: datetime) -> timedelta | None:
    seconds = _seconds(text)
    if seconds is not None:
        return _bounded(seconds)
    moment = _http_date(text)
    return None if moment is None else _bounded((moment - vendor_now).total_seconds())


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if isfinite(seconds) else None


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _bounded(seconds: float) -> timedelta:
    return timedelta(seconds=min(max(seconds, 0.0), LONGEST.total_seconds()))
