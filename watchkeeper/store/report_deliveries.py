"""The ledger of deliveries: each report once to each place, claimed by one sender, done when the vendor has confirmed.

pending -> claimed -> sent, or partly when something is missing, or given up after a day. What is about to be sent is
marked before the vendor is called: where a sender dies in between, the next one knows that it may have arrived.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    JSON,
    ColumnElement,
    ForeignKeyConstraint,
    Index,
    Row,
    UniqueConstraint,
    and_,
    case,
    delete,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import Session
from sqlmodel import Field

from watchkeeper.domain.deliveries import WAITING, ChannelKind, DeliveryState
from watchkeeper.store.outbox import Lease, claim, conclude, failed, is_due, note_unsure
from watchkeeper.store.tables import Base, Columns, table_of, upsert
from watchkeeper.store.text import storable

LEASE: Final = timedelta(seconds=45)
PLACE: Final = ("kind", "credentials", "destination")
_NEW_DIGEST: Final[ColumnElement[str]] = literal_column("excluded.digest")  # of the row that an upsert would write
_WAITING: Final = [state.value for state in WAITING]


class ReportDeliveryRow(Base, table=True):
    __tablename__ = "report_deliveries"
    __table_args__ = (
        ForeignKeyConstraint(["report"], ["reports.id"], ondelete="CASCADE"),
        UniqueConstraint("report", *PLACE),
        Index(None, "state", "planned_at"),
        Index(None, "kind", "credentials", "destination", "sent_at"),
        {"sqlite_autoincrement": True},
    )

    id: int = Field(primary_key=True)
    report: int
    kind: str
    credentials: str
    destination: str
    content: dict[str, Any] = Field(sa_type=JSON)
    digest: str
    state: str
    planned_at: datetime
    claimed_until: datetime | None
    claimed_by: str
    not_before: datetime | None
    attempts: int
    error: str
    unsure_since: datetime | None
    ts: str
    parts: list[str] = Field(sa_type=JSON)
    sent_digest: str
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeliveryPlan:
    """A place that a report should reach. `content`: all that a later run needs to send it, as plain data."""

    kind: ChannelKind
    credentials: str
    destination: str
    content: Mapping[str, Any]
    digest: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """A report on its way to one place.

    Attributes:
        unsure_since: since when something may have arrived that nobody has confirmed; None when nothing may.
        ts: what the vendor calls the message that is there; "" when none is.
        parts: what else is there: ids of files in Slack, fingerprints of Apprise's addresses.
        sent_digest: of what is there; "" when nothing is.
        state: as it was before it was claimed.
    """

    id: int
    report: int
    plan: DeliveryPlan
    state: DeliveryState
    planned_at: datetime
    attempts: int
    error: str
    not_before: datetime | None
    claimed_until: datetime | None
    unsure_since: datetime | None
    ts: str
    parts: tuple[str, ...]
    sent_digest: str
    sent_at: datetime | None


def plan_deliveries(session: Session, report: int, plans: Sequence[DeliveryPlan], now: datetime) -> None:
    """Plan that a report reaches these places, and no others. What is there as it should be is not planned again."""
    table = table_of(ReportDeliveryRow)
    rows = [_row(report, plan, now) for plan in plans]
    keep = {"claimed_until", "claimed_by", "unsure_since", "ts", "parts", "sent_digest", "sent_at"}
    upsert(
        session,
        ReportDeliveryRow,
        rows,
        key=("report", *PLACE),
        keep=keep,
        where=lambda there: or_(there.c.state != DeliveryState.SENT.value, there.c.sent_digest != _NEW_DIGEST),
    )
    others = tuple_(*(table.c[name] for name in PLACE)).not_in([tuple(row[name] for name in PLACE) for row in rows])
    gone = delete(table).where(table.c.report == report, table.c.state.in_(_WAITING), table.c.ts == "")
    session.connection().execute(gone.where(others) if rows else gone)


def deliveries(session: Session, report: int) -> tuple[Delivery, ...]:
    """Return where a report was to be delivered."""
    table = table_of(ReportDeliveryRow)
    query = select(table).where(table.c.report == report).order_by(table.c.id)
    return tuple(_delivery(row) for row in session.connection().execute(query))


def due_deliveries(session: Session, now: datetime) -> tuple[Delivery, ...]:
    """Return what may be tried now, the oldest first."""
    table = table_of(ReportDeliveryRow)
    query = select(table).where(table.c.state.in_(_WAITING), is_due(table.c, now))
    rows = session.connection().execute(query.order_by(table.c.planned_at, table.c.id))
    return tuple(_delivery(row) for row in rows)


def claim_delivery(
    session: Session, delivery: int, owner: str, now: datetime, lease: timedelta = LEASE
) -> Delivery | None:
    """Take a delivery that waits, and return it as it is now; None when it is done, or somebody else has it.

    Commit before sending. The claim runs out after `lease`; its owner may take it again before that, as the same
    attempt.
    """
    table = table_of(ReportDeliveryRow)
    waiting = and_(table.c.id == delivery, table.c.state.in_(_WAITING))
    row = claim(session, table, waiting, Lease(now, lease, owner))
    return None if row is None else _delivery(row)


def note_sending(session: Session, delivery: int, owner: str, now: datetime, lease: timedelta = LEASE) -> bool:
    """Note that from now on something may arrive; False when somebody else has taken over. Commit before sending."""
    table = table_of(ReportDeliveryRow)
    mine = _mine(table.c, delivery, owner)
    note_unsure(session, table, mine, now)
    return session.connection().execute(update(table).where(mine).values(claimed_until=now + lease)).rowcount == 1


def note_arrived(session: Session, delivery: int, owner: str, ts: str, parts: Sequence[str]) -> bool:
    """Record what the vendor has confirmed so far; False when somebody else has taken over."""
    table = table_of(ReportDeliveryRow)
    arrived = update(table).where(_mine(table.c, delivery, owner))
    values = {"ts": storable(ts), "parts": list(parts), "unsure_since": None}
    return session.connection().execute(arrived.values(values)).rowcount == 1


def mark_delivered(session: Session, delivery: Delivery, owner: str, now: datetime) -> None:
    """Record that everything is there, as it was planned. Where it was planned anew meanwhile, that waits."""
    column = table_of(ReportDeliveryRow).c
    is_current = column.digest == delivery.plan.digest
    values = {
        "state": case((is_current, DeliveryState.SENT.value), else_=DeliveryState.PENDING.value),
        "sent_digest": delivery.plan.digest,
        "sent_at": now,
        "error": "",
        "not_before": None,
        "unsure_since": None,
    }
    _conclude(session, delivery.id, owner, values)


def mark_undelivered(  # noqa: PLR0913 - all by name
    session: Session,
    delivery: int,
    owner: str,
    *,
    state: DeliveryState,
    error: str,
    retry_at: datetime,
    is_unsure: bool,
) -> None:
    """Give a delivery back that did not arrive, or not all of it.

    Args:
        is_unsure: True when something may have arrived that was not confirmed.
    """
    _conclude(session, delivery, owner, {**failed(error, retry_at, is_unsure=is_unsure), "state": state.value})


def known_message(session: Session, plan: DeliveryPlan) -> str:
    """Return what the vendor calls the newest message at this place; "" when none was ever confirmed there."""
    table = table_of(ReportDeliveryRow)
    same = (
        table.c.kind == plan.kind.value,
        table.c.credentials == plan.credentials,
        table.c.destination == plan.destination,
    )
    query = select(table.c.ts).where(*same, table.c.sent_at.is_not(None)).order_by(table.c.sent_at.desc()).limit(1)
    return session.connection().execute(query).scalar() or ""


def _conclude(session: Session, delivery: int, owner: str, values: Mapping[str, Any]) -> None:
    table = table_of(ReportDeliveryRow)
    conclude(session, table, _mine(table.c, delivery, owner), values)


def _mine(column: Columns, delivery: int, owner: str) -> ColumnElement[bool]:
    return and_(column.id == delivery, column.claimed_by == owner)


def _row(report: int, plan: DeliveryPlan, now: datetime) -> dict[str, Any]:
    return {
        "report": report,
        "kind": plan.kind.value,
        "credentials": plan.credentials,
        "destination": plan.destination,
        "content": dict(plan.content),
        "digest": plan.digest,
        "state": DeliveryState.PENDING.value,
        "planned_at": now,
        "claimed_until": None,
        "claimed_by": "",
        "not_before": None,
        "attempts": 0,
        "error": "",
        "unsure_since": None,
        "ts": "",
        "parts": [],
        "sent_digest": "",
        "sent_at": None,
    }


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        report=row.report,
        plan=DeliveryPlan(ChannelKind(row.kind), row.credentials, row.destination, row.content, row.digest),
        state=DeliveryState(row.state),
        planned_at=row.planned_at,
        attempts=row.attempts,
        error=row.error,
        not_before=row.not_before,
        claimed_until=row.claimed_until,
        unsure_since=row.unsure_since,
        ts=row.ts,
        parts=tuple(row.parts),
        sent_digest=row.sent_digest,
        sent_at=row.sent_at,
    )
