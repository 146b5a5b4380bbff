"""Waiting for a condition. The limit only keeps a failed test from standing still: no outcome depends on it."""

import asyncio
import time
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

LIMIT_SECONDS: Final = 300
PAUSE_SECONDS: Final = 0.01


def wait_until(look: Callable[[], T], pause: float = PAUSE_SECONDS) -> T:
    """Look again and again until there is something true, and return it."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline, f"it never came; at last {found!r}"
        time.sleep(pause)
    return found


async def until(look: Callable[[], T], pause: float = PAUSE_SECONDS) -> T:
    """Do the same while others go on."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline, f"it never came; at last {found!r}"
        await asyncio.sleep(pause)
    return found
