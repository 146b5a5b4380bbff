"""Whose word counts when a ticket was moved by people and by us."""

from datetime import timedelta

import pytest

from tests.domain.alert_digest_makers import NOW, digest_of
from watchkeeper.domain.alert_groups import Reason
from watchkeeper.domain.alert_tickets import Ticket, TicketMove, decide_ticket

BEFORE, AFTER = NOW - timedelta(minutes=1), NOW + timedelta(minutes=1)


def ticket(*, is_closed: bool, at: object = None, by: str = "") -> Ticket:
    return Ticket("OPS-1", is_closed=is_closed, moved_at=at, moved_by=by)  # type: ignore[arg-type]  # None or a moment


@pytest.mark.parametrize(
    ("reason", "there", "move"),
    [
        pytest.param(Reason.ALL_RESOLVED, ticket(is_closed=False), TicketMove.CLOSE, id="what is over is closed"),
        pytest.param(Reason.ALL_RESOLVED, ticket(is_closed=True), TicketMove.STAY, id="once is enough"),
        pytest.param(Reason.SOME_RESOLVED, ticket(is_closed=False), TicketMove.STAY, id="some are not all"),
        pytest.param(Reason.FIRST, ticket(is_closed=False), TicketMove.STAY, id="open is open"),
        pytest.param(Reason.NEW_IN_GROUP, ticket(is_closed=True, at=BEFORE), TicketMove.REOPEN, id="fires again"),
        pytest.param(
            Reason.NEW_IN_GROUP, ticket(is_closed=True, at=AFTER), TicketMove.REOPEN, id="our own late closing is no word"
        ),
        pytest.param(
            Reason.NEW_IN_GROUP, ticket(is_closed=True, at=BEFORE, by="Ann"), TicketMove.REOPEN, id="after Ann closed it"
        ),
        pytest.param(
            Reason.NEW_IN_GROUP, ticket(is_closed=True, at=NOW, by="Ann"), TicketMove.REOPEN, id="at the same moment"
        ),
        pytest.param(
            Reason.NEW_IN_GROUP, ticket(is_closed=True, at=AFTER, by="Ann"), TicketMove.STAY, id="Ann closed it later"
        ),
        pytest.param(
            Reason.ALL_RESOLVED, ticket(is_closed=False, at=AFTER, by="Ann"), TicketMove.STAY, id="Ann reopened it later"
        ),
        pytest.param(
            Reason.ALL_RESOLVED, ticket(is_closed=False, at=BEFORE, by="Ann"), TicketMove.CLOSE, id="Ann began before"
        ),
        *(
            pytest.param(reason, ticket(is_closed=True, at=BEFORE, by="Ann"), TicketMove.STAY, id=f"{reason.value} is no news")
            for reason in (Reason.REMINDER, Reason.ESCALATION, Reason.ACKNOWLEDGED, Reason.SOME_RESOLVED)
        ),
    ],
)  # fmt: skip
def test_the_later_change_decides(reason: Reason, there: Ticket, move: TicketMove) -> None:
    assert decide_ticket(there, digest_of(reason)).move is move


def test_what_is_left_to_people_is_explained() -> None:
    decision = decide_ticket(ticket(is_closed=True, at=AFTER, by="Ann"), digest_of(Reason.NEW_IN_GROUP))
    assert decision.reason == "It stays closed: Ann moved it at 2026-03-02 10:01 UTC, after this."
    assert decide_ticket(ticket(is_closed=False), digest_of(Reason.ALL_RESOLVED)).reason == ""
