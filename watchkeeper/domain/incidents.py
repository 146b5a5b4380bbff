"""Times in which a project was critical, and the release that they are laid on."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from watchkeeper.domain.blame import Fault


@dataclass(frozen=True, slots=True)
class Incident:
    """A stretch in which a project was critical.

    Attributes:
        started_at: exact to a health check, or to the hour where only the vendor's own history tells of it.
        ended_at: when it was first seen not critical any more; None while it lasts.
        release: commit SHA (or the vendor's name) of the release that it is laid on; "" when it is laid on none.
        reason: a sentence: why it counts, and why it is laid there.
        from_history: True when no health check has looked, and only the vendors' history tells of it.
    """

    project: str
    started_at: datetime
    ended_at: datetime | None
    fault: Fault
    release: str
    reason: str
    from_history: bool = False

    def length(self, now: datetime) -> timedelta:
        return (self.ended_at or now) - self.started_at
