"""The ledger of deliveries, one transaction a step: what was committed survives whoever wrote it."""

from collections.abc import Sequence
from datetime import UTC, datetime

from tasks.store import database
from watchkeeper.domain.deliveries import DeliveryState
from watchkeeper.store import report_deliveries as ledger
from watchkeeper.store.database import reading, transaction
from watchkeeper.store.report_deliveries import Delivery, DeliveryPlan


class TakenOverError(Exception):
    """Our claim has run out, and somebody else goes on with the delivery."""


def plan(report: int, plans: Sequence[DeliveryPlan], now: datetime) -> tuple[Delivery, ...]:
    """Plan that a report reaches these places; return the deliveries in their order, those that are done too."""
    with transaction(database()) as session:
        ledger.plan_deliveries(session, report, plans, now)
        found = {_place(delivery.plan): delivery for delivery in ledger.deliveries(session, report)}
    return tuple(found[_place(each)] for each in plans)


def due(now: datetime) -> tuple[Delivery, ...]:
    with reading(database()) as session:
        return ledger.due_deliveries(session, now)


def claim(delivery: int, owner: str) -> Delivery | None:
    with transaction(database()) as session:
        return ledger.claim_delivery(session, delivery, owner, datetime.now(UTC))


def read(delivery: Delivery) -> Delivery | None:
    """Return the delivery as it is now; None when it is not wanted any more."""
    with reading(database()) as session:
        return next((each for each in ledger.deliveries(session, delivery.report) if each.id == delivery.id), None)


def sending(delivery: Delivery, owner: str) -> None:
    """Note that from now on something may arrive.

    Raises:
        TakenOverError: it must not be sent by us any more.
    """
    with transaction(database()) as session:
        if not ledger.note_sending(session, delivery.id, owner, datetime.now(UTC)):
            raise TakenOverError


def arrived(delivery: Delivery, owner: str, ts: str, parts: Sequence[str]) -> None:
    """Record what is confirmed so far.

    Raises:
        TakenOverError: somebody else goes on.
    """
    with transaction(database()) as session:
        if not ledger.note_arrived(session, delivery.id, owner, ts, parts):
            raise TakenOverError


def delivered(delivery: Delivery, owner: str) -> None:
    with transaction(database()) as session:
        ledger.mark_delivered(session, delivery, owner, datetime.now(UTC))


def undelivered(  # noqa: PLR0913 - all by name
    delivery: Delivery, owner: str, *, state: DeliveryState, error: str, retry_at: datetime, is_unsure: bool
) -> None:
    with transaction(database()) as session:
        ledger.mark_undelivered(
            session, delivery.id, owner, state=state, error=error, retry_at=retry_at, is_unsure=is_unsure
        )


def known_message(plan: DeliveryPlan) -> str:
    with reading(database()) as session:
        return ledger.known_message(session, plan)


def _place(plan: DeliveryPlan) -> tuple[str, str, str]:
    return plan.kind.value, plan.credentials, plan.destination
