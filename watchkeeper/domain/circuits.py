"""When a channel is tried: one that has failed several times in a row is left alone for a while, then probed."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from watchkeeper.domain.attempts import growing_pause

OPENS_AFTER: Final = 5  # failures in a row
SHORTEST: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(minutes=15)
FIRST_TRIES: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Circuit:
    """How a channel does.

    Attributes:
        failures: in a row, up to now.
        opened_at: when it was given up for the time being; None while it is tried as ever.
        retry_at: not tried before that; then by one message, which decides.
        error: what it answered last; "" when all is well.
        changed_at: when it failed last, or first passed after that; None when it never failed.
    """

    failures: int = 0
    opened_at: datetime | None = None
    retry_at: datetime | None = None
    error: str = ""
    changed_at: datetime | None = field(default=None, compare=False)

    @property
    def is_open(self) -> bool:
        """Return True while the channel counts as down."""
        return self.opened_at is not None

    def has_passed_since(self, moment: datetime) -> bool:
        """Return True where something has arrived after that: what failed then is no outage of the channel."""
        return not self.failures and self.changed_at is not None and self.changed_at >= moment

    def lets_through(self, now: datetime) -> bool:
        """Return True where something may be sent now; with an open circuit a single message."""
        return self.retry_at is None or self.retry_at <= now


def after_failure(
    circuit: Circuit, error: str, now: datetime, *, is_certain: bool = False, asked: datetime | None = None
) -> Circuit:
    """Return the circuit after one more failure: from the fifth on nothing is sent for a minute, then for longer.

    Args:
        is_certain: True where one failure says that nothing will be taken, as with a token that was revoked.
        asked: until when the channel wants to be left alone; None when it named no time.
    """
    failures = max(circuit.failures + 1, OPENS_AFTER if is_certain else 0)
    if failures < OPENS_AFTER:
        return replace(circuit, failures=failures, retry_at=asked, error=error)
    retry_at = now + growing_pause(SHORTEST, LONGEST, failures - OPENS_AFTER)
    return Circuit(failures, circuit.opened_at or now, max(retry_at, asked or retry_at), error)


def retry_pause(attempts: int) -> timedelta:
    """Return how long a message waits after so many attempts: every run tries it at first, then ever fewer do."""
    return growing_pause(FIRST_TRIES, LONGEST, attempts - OPENS_AFTER)
