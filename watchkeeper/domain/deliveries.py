"""How a report reaches people: by which kind of channel, how often it is tried, and when that ends."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from watchkeeper.domain.attempts import EXPIRES_AFTER, growing_pause

FIRST_PAUSE: Final = timedelta(minutes=5)
LONGEST_PAUSE: Final = timedelta(hours=2)


class ChannelKind(StrEnum):
    SLACK = "slack"
    APPRISE = "apprise"
    GITHUB_PAGES = "github_pages"


class DeliveryState(StrEnum):
    """How far a delivery has come. Only what the vendor's answer has confirmed counts as arrived."""

    PENDING = "pending"  # not there yet; it is tried again
    PARTLY = "partly"  # something is there, something is missing; that is tried again
    SENT = "sent"  # all of it is there
    GIVEN_UP = "given_up"  # tried for a day


WAITING: Final = (DeliveryState.PENDING, DeliveryState.PARTLY)


class Outcome(StrEnum):
    """What a run did for one channel."""

    SENT = "sent"
    UPDATED = "updated"  # it was there already, and was brought up to date
    UNCHANGED = "unchanged"  # it was there already, as it should be
    PARTLY = "partly"
    PENDING = "pending"
    GIVEN_UP = "given_up"
    BUSY = "busy"  # another run is just delivering it


@dataclass(frozen=True, slots=True)
class Delivered:
    """What came of delivering a report to one place.

    Attributes:
        destination: the Slack channel, the name of the Apprise block, or repository and branch.
        sentence: what happened, for people; holds no secret.
    """

    kind: ChannelKind
    destination: str
    outcome: Outcome
    sentence: str

    @property
    def arrived(self) -> bool:
        """Return whether all of it is there, confirmed."""
        return self.outcome in {Outcome.SENT, Outcome.UPDATED, Outcome.UNCHANGED}


def try_again_at(now: datetime, attempts: int, asked: timedelta | None = None) -> datetime:
    """Return when to try again: later each time, and not before the vendor asked for.

    Args:
        attempts: that were made already, at least 1.
        asked: the pause that the vendor asked for; None for none.
    """
    return now + max(growing_pause(FIRST_PAUSE, LONGEST_PAUSE, attempts - 1), asked or timedelta(0))


def is_given_up(planned_at: datetime, next_try: datetime) -> bool:
    """Return True when the next try would come later than a day after it was planned."""
    return next_try - planned_at > EXPIRES_AFTER
