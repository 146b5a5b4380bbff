"""Whether a channel is tried: one that has failed several times in a row is left alone for a while, then probed."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

OPENS_AFTER: Final = 5  # failures in a row
SHORTEST: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Circuit:
    """How a channel does.

    Attributes:
        failures: in a row, up to now.
        opened_at: when it was given up for the time being; None while it is tried as ever.
        closed_until: it is not tried before that; then by one message, which decides.
        error: what it answered last; "" when all is well.
    """

    failures: int = 0
    opened_at: datetime | None = None
    closed_until: datetime | None = None
    error: str = ""

    @property
    def is_open(self) -> bool:
        """Return True while the channel counts as down."""
        return self.opened_at is not None

    def lets_through(self, now: datetime) -> bool:
        """Return True where something may be sent now; with an open circuit a single message."""
        return self.closed_until is None or self.closed_until <= now


def after_failure(circuit: Circuit, error: str, now: datetime) -> Circuit:
    """Return the circuit after one more failure: from the fifth on nothing is sent for a minute, then for longer."""
    failures = circuit.failures + 1
    if failures < OPENS_AFTER:
        return replace(circuit, failures=failures, error=error)
    pause = min(SHORTEST * 2 ** min(failures - OPENS_AFTER, 10), LONGEST)
    return Circuit(failures, circuit.opened_at or now, now + pause, error)
