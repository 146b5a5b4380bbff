"""Asking a vendor for many pieces without asking for ever."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from watchkeeper.clients.base import MAX_CONCURRENCY, VendorError, VendorUnavailable
from watchkeeper.domain.verdicts import Missing

T = TypeVar("T")

_MOST_FAILURES: Final = 3  # after that many pieces that could not be had, the rest is not asked for


class Patience:
    """Asks for many pieces, a few at a time, and stops asking once too many of them could not be had.

    Args:
        counted: the errors that end the patience; by default a refusal is about its piece alone.
    """

    def __init__(self, counted: type[VendorError] = VendorUnavailable) -> None:
        self._counted = counted
        self._turns = asyncio.Semaphore(MAX_CONCURRENCY)
        self._failures: list[VendorError] = []

    async def spend(self, ask: Callable[[], Awaitable[T]]) -> T | Missing:
        """Return the piece, or why it could not be had."""
        async with self._turns:
            if len(self._failures) >= _MOST_FAILURES:
                return self._failures[-1].missing()
            try:
                return await ask()
            except VendorError as error:
                if isinstance(error, self._counted):
                    self._failures.append(error)
                return error.missing()
