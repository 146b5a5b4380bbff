"""Where the time of one probe went."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from time import perf_counter
from typing import Any, Final


class Phase(StrEnum):
    """A part of a request, in the words of a sentence: "while connecting"."""

    START = "before it began"
    DNS = "looking up its name"
    CONNECT = "connecting"
    TLS = "agreeing on TLS"
    FIRST_BYTE = "waiting for the first byte"
    BODY = "reading the body"


_BEGINS: Final = {
    "connection.connect_tcp.started": Phase.CONNECT,
    "connection.start_tls.started": Phase.TLS,
    "http11.send_request_headers.started": Phase.FIRST_BYTE,
    "http11.receive_response_headers.complete": Phase.BODY,
}
_ENDS: Final = {
    "connection.connect_tcp.complete": Phase.CONNECT,
    "connection.start_tls.complete": Phase.TLS,
    "http11.receive_response_headers.complete": Phase.FIRST_BYTE,
}


@dataclass(slots=True)
class Phases:
    """A stopwatch for the phases of a probe; phases that come twice, as behind a redirect, add up.

    Attributes:
        current: what is going on now, or was when it went wrong.
        total_ms: from the beginning to the end; None when it did not get there.
    """

    current: Phase = Phase.START
    total_ms: float | None = None
    _began_at: float = field(default_factory=perf_counter)
    _phase_began_at: float = 0.0
    _spent: dict[Phase, float] = field(default_factory=dict)

    async def trace(self, event: str, _info: dict[str, Any]) -> None:
        """Take an event of httpcore's `trace` extension."""
        if (ended := _ENDS.get(event)) is not None:
            self._end(ended)
        if (begun := _BEGINS.get(event)) is not None:
            self._begin(begun)

    @contextmanager
    def timing(self, phase: Phase) -> Iterator[None]:
        self._begin(phase)
        yield
        self._end(phase)

    def milliseconds(self, phase: Phase) -> float | None:
        """Return how long the phase took; None when it was not reached, not needed or not ended."""
        return None if phase not in self._spent else round(self._spent[phase] * 1000, 3)

    def stop(self) -> None:
        self.total_ms = round((perf_counter() - self._began_at) * 1000, 3)

    def _begin(self, phase: Phase) -> None:
        self.current = phase
        self._phase_began_at = perf_counter()

    def _end(self, phase: Phase) -> None:
        self._spent[phase] = self._spent.get(phase, 0.0) + perf_counter() - self._phase_began_at
