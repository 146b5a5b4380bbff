"""What goes wrong with the watch itself: runs that failed, crashed or are late, until a later one is all right."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

FORGOTTEN: Final = timedelta(days=1)  # what was never run again is nobody's concern any more
LATE: Final = ":late"  # at the end of a name: the same run may fail after that


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """A run that went wrong, which holds until it ends.

    Attributes:
        subject: the deployment, as `retention/daily`.
        name: what makes it one and the same: the id of the run.
        sentence: what happened, for a person.
    """

    subject: str
    name: str
    at: datetime
    sentence: str
    url: str = ""
    ended_at: datetime | None = None

    @property
    def is_late(self) -> bool:
        return self.name.endswith(LATE)


def made_up_for(
    events: Iterable[AlertEvent], completed: Mapping[str, datetime], late: Collection[str], now: datetime
) -> frozenset[str]:
    """Return the names of the events that are over.

    Args:
        completed: when a run came to a good end last, by deployment.
        late: names of those that are still late.
    """
    return frozenset(event.name for event in events if _is_over(event, completed.get(event.subject), late, now))


def _is_over(event: AlertEvent, completed: datetime | None, late: Collection[str], now: datetime) -> bool:
    if event.is_late and event.name not in late:
        return True
    return (completed is not None and completed > event.at) or now - event.at > FORGOTTEN
