"""Whose word counts when a ticket was moved by people and by us."""

from datetime import datetime, timedelta

import pytest

from tests.domain.alert_digest_makers import NOW, digest_of
from watchkeeper.domain.alert_groups import Reason
from watchkeeper.domain.alert_tickets import Ticket, TicketMove, decide_ticket

BEFORE, AFTER = NOW - timedelta(minutes=1), NOW + timedelta(minutes=1)
OVER, AGAIN = Reason.ALL_RESOLVED, Reason.NEW_IN_GROUP


def ticket(*, is_closed: bool, at: datetime | None = None, by: str = "") -> Ticket:
    return Ticket("OPS-1", is_closed=is_closed, moved_at=at, moved_by=by)


def opened(at: datetime | None = None, by: str = "") -> Ticket:
    return ticket(is_closed=False, at=at, by=by)


def closed(at: datetime | None = None, by: str = "") -> Ticket:
    return ticket(is_closed=True, at=at, by=by)


@pytest.mark.parametrize(
    ("reason", "there", "move"),
    [
        pytest.param(OVER, opened(), TicketMove.CLOSE, id="what is over is closed"),
        pytest.param(OVER, closed(), TicketMove.STAY, id="once is enough"),
        pytest.param(OVER, opened(BEFORE, "Ann"), TicketMove.CLOSE, id="Ann began on it before"),
        pytest.param(OVER, opened(AFTER, "Ann"), TicketMove.STAY, id="Ann opened it again later"),
        pytest.param(Reason.SOME_RESOLVED, opened(), TicketMove.STAY, id="some are not all"),
        pytest.param(Reason.FIRST, opened(), TicketMove.STAY, id="open is open"),
        pytest.param(AGAIN, closed(BEFORE), TicketMove.REOPEN, id="fires again"),
        pytest.param(AGAIN, closed(AFTER), TicketMove.REOPEN, id="our own closing, told late, is no word"),
        pytest.param(AGAIN, closed(BEFORE, "Ann"), TicketMove.REOPEN, id="after Ann closed it"),
        pytest.param(AGAIN, closed(NOW, "Ann"), TicketMove.REOPEN, id="at the moment that Ann closed it"),
        pytest.param(AGAIN, closed(AFTER, "Ann"), TicketMove.STAY, id="Ann closed it later"),
        pytest.param(Reason.REMINDER, closed(BEFORE, "Ann"), TicketMove.STAY, id="a reminder is no news"),
        pytest.param(Reason.ESCALATION, closed(BEFORE, "Ann"), TicketMove.STAY, id="an escalation is no news"),
        pytest.param(Reason.ACKNOWLEDGED, closed(BEFORE, "Ann"), TicketMove.STAY, id="somebody is on it"),
    ],
)
def test_the_later_change_decides(reason: Reason, there: Ticket, move: TicketMove) -> None:
    assert decide_ticket(there, digest_of(reason)).move is move


def test_what_is_left_to_people_is_explained() -> None:
    decision = decide_ticket(closed(AFTER, "Ann"), digest_of(AGAIN))
    assert decision.reason == "It stays closed: Ann moved it at 2026-03-02 10:01 UTC, after this."
    assert decide_ticket(opened(), digest_of(OVER)).reason == ""
