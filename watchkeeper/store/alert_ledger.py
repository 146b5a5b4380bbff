"""The ledger of alerts: each transition of a group that a channel was told, once, with its reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKeyConstraint, Index, UniqueConstraint, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlmodel import Field

from watchkeeper.domain.alert_groups import Notification, Reason
from watchkeeper.store.alert_groups import AlertGroupRow
from watchkeeper.store.alert_messages import AlertMessageRow
from watchkeeper.store.tables import Base, table_of
from watchkeeper.store.text import clean, storable


class AlertNotificationRow(Base, table=True):
    __tablename__ = "alert_notifications"
    __table_args__ = (
        ForeignKeyConstraint(["group"], ["alert_groups.id"], ondelete="CASCADE"),
        UniqueConstraint("group", "channel", "sequence"),
        Index(None, "at"),
        Index(None, "message"),
        {"sqlite_autoincrement": True},
    )

    id: int = Field(primary_key=True)
    group: int
    channel: str
    sequence: int
    reason: str
    at: datetime
    firing: list[str] = Field(sa_type=JSON)
    resolved: list[str] = Field(sa_type=JSON)
    people: list[str] = Field(sa_type=JSON)
    message: int


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the ledger. `group`, `message`: numbers of the group's row, and of the message that told it."""

    group: int
    notification: Notification
    message: int


def add_entries(session: Session, entries: Sequence[Entry]) -> int:
    """Write entries; return how many were not there yet."""
    if not entries:
        return 0
    table = table_of(AlertNotificationRow)
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(table).on_conflict_do_nothing().returning(table.c.id)
    return len(session.connection().execute(statement, [_row(entry) for entry in entries]).scalars().all())


def ledger_of(session: Session, group: int) -> tuple[Entry, ...]:
    """Return what was told of a group, oldest first."""
    table, groups = table_of(AlertNotificationRow), table_of(AlertGroupRow)
    query = select(table, groups.c.key).join(groups, groups.c.id == table.c.group).where(table.c.group == group)
    rows = session.connection().execute(query.order_by(table.c.id))
    return tuple(
        Entry(
            row.group,
            Notification(
                group=row.key,
                channel=row.channel,
                sequence=row.sequence,
                reason=Reason(row.reason),
                at=row.at,
                firing=frozenset(row.firing),
                resolved=frozenset(row.resolved),
                people=tuple(row.people),
            ),
            row.message,
        )
        for row in rows
    )


def references(session: Session, channel: str) -> dict[str, frozenset[int]]:
    """Return what a channel calls the open groups that it was told of, with the numbers of the groups.

    Several groups that were told in one message have one name.
    """
    told, groups, messages = table_of(AlertNotificationRow).c, table_of(AlertGroupRow).c, table_of(AlertMessageRow).c
    query = (
        select(messages.reference, groups.id)
        .join_from(table_of(AlertGroupRow), table_of(AlertNotificationRow), told.group == groups.id)
        .join(table_of(AlertMessageRow), messages.id == told.message)
        .where(groups.closed_at.is_(None), told.channel == storable(channel), messages.reference != "")
    )
    found: dict[str, set[int]] = {}
    for row in session.connection().execute(query):
        found.setdefault(row.reference, set()).add(row.id)
    return {reference: frozenset(numbers) for reference, numbers in found.items()}


def _row(entry: Entry) -> dict[str, Any]:
    told = entry.notification
    return {
        "group": entry.group,
        "channel": storable(told.channel),
        "sequence": told.sequence,
        "reason": told.reason.value,
        "at": told.at,
        "firing": clean(sorted(told.firing)),
        "resolved": clean(sorted(told.resolved)),
        "people": clean(list(told.people)),
        "message": entry.message,
    }
