"""A ticket that tracks a group of alerts elsewhere, and who decides when both sides have changed it: the later one."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from watchkeeper.domain.alert_digests import Digest
from watchkeeper.domain.alert_groups import Reason
from watchkeeper.domain.phrases import clock

FIRES_AGAIN: Final = frozenset({Reason.FIRST, Reason.NEW_IN_GROUP, Reason.FLAPPING})


class TicketMove(StrEnum):
    STAY = "stay"
    CLOSE = "close"
    REOPEN = "reopen"


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket as it is there.

    Attributes:
        key: as people name it: `OPS-12`.
        priority: "" when the project has none.
        moved_at: when its status was last changed; None when it never was.
        moved_by: who did; "" when it was us, or nobody.
    """

    key: str
    is_closed: bool
    priority: str = ""
    moved_at: datetime | None = None
    moved_by: str = ""

    def moved_by_people_after(self, moment: datetime) -> bool:
        return bool(self.moved_by) and self.moved_at is not None and self.moved_at > moment


@dataclass(frozen=True, slots=True)
class TicketDecision:
    """What becomes of a ticket; `reason` is "" where nothing has to be explained."""

    move: TicketMove
    reason: str = ""


def decide_ticket(ticket: Ticket, digest: Digest) -> TicketDecision:
    """Return what a digest means for its ticket.

    What people did there after the digest was decided on stays. A ticket that was closed before is opened again when
    something new fires, not for a reminder.
    """
    wanted = _wanted(ticket, digest)
    if wanted is TicketMove.STAY or not ticket.moved_by_people_after(digest.at) or ticket.moved_at is None:
        return TicketDecision(wanted)
    state = "closed" if ticket.is_closed else "open"
    return TicketDecision(
        TicketMove.STAY, f"It stays {state}: {ticket.moved_by} moved it at {clock(ticket.moved_at)}, after this."
    )


def _wanted(ticket: Ticket, digest: Digest) -> TicketMove:
    if digest.is_resolved:
        return TicketMove.STAY if ticket.is_closed else TicketMove.CLOSE
    return TicketMove.REOPEN if ticket.is_closed and digest.reason in FIRES_AGAIN else TicketMove.STAY
