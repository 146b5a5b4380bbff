"""How long what could not be sent waits for its next attempt, and when that ends: of alerts, reports and notices."""

from datetime import timedelta
from typing import Final

EXPIRES_AFTER: Final = timedelta(days=1)  # nobody wants to be woken for yesterday's trouble
_MOST_DOUBLINGS: Final = 10


def growing_pause(first: timedelta, longest: timedelta, times: int) -> timedelta:
    """Return a pause that was doubled so many times, and is never longer than the longest."""
    doubled: int = 2 ** min(max(times, 0), _MOST_DOUBLINGS)
    return min(first * doubled, longest)
