"""Messages that have not arrived are taken back: the channel knows nothing by them, and the next pass tells it anew.

What a channel knows of a group is what the last entry of the ledger says, so taking a message back is deleting its
entries and reading the one before them again.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, delete, select, update
from sqlalchemy.orm import Session

from watchkeeper.domain.alert_digests import Digest
from watchkeeper.domain.alert_groups import Group, Told
from watchkeeper.domain.outbox import Stale, folded
from watchkeeper.store.alert_groups import AlertGroupRow, change_groups, group_of
from watchkeeper.store.alert_ledger import AlertNotificationRow
from watchkeeper.store.alert_messages import (
    AlertMessage,
    AlertMessageRow,
    change_digest,
    digest_of,
    is_waiting,
    waiting_of,
)
from watchkeeper.store.outbox import is_free
from watchkeeper.store.tables import table_of
from watchkeeper.store.text import storable

MUTED_PAUSE: Final = timedelta(minutes=1)  # until what must not be taken back, and nobody may hear now, is looked at


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What a channel was to know of a group by some messages, and what it knew before.

    Attributes:
        entries: rows of the ledger, oldest first; never empty.
        before: the row before them; None when it knew nothing.
    """

    group: Group
    entries: Sequence[Row[Any]]
    before: Row[Any] | None

    @property
    def arrived(self) -> frozenset[str]:
        return frozenset(self.before.firing) if self.before is not None else frozenset()


def renew_messages(session: Session, stale: Stale, audible: Set[str], now: datetime) -> None:
    """Take back what has waited too long, or, where that cannot be, leave the last of it.

    What cannot be taken back waits on while nobody may hear it, or somebody has acknowledged it. Where somebody is
    faster nothing happens.

    Args:
        audible: fingerprints of the alerts that may be told now.
    """
    ids = [message.id for message in stale.messages]
    rows = _locked(session, ids, now)
    if len(rows) != len(ids):
        return
    known = known_by(session, stale.channel, ids)
    if waiting_of(session, stale.channel, stale.key) != tuple(ids):
        return
    is_end_owed = any(each.group.closed_at is not None and each.arrived for each in known)
    is_over = all(each.group.closed_at is not None for each in known)
    is_unsure = any(message.unsure_since is not None for message in stale.messages)
    if not is_end_owed and (not stale.is_kept or (is_over and not is_unsure)):
        _forget(session, stale.channel, ids, known, now)
        _delete_messages(session, ids)
        return
    last = _fold(session, stale, rows, known)
    firing = frozenset[str]().union(*(each.entries[-1].firing for each in known))
    is_answered = not last.acknowledged_by and all(each.group.acknowledged_at is not None for each in known)
    if not last.is_resolved and (is_answered or not firing & audible):
        table = table_of(AlertMessageRow)
        held = update(table).where(table.c.id == ids[-1]).values(not_before=now + MUTED_PAUSE)
        session.connection().execute(held)


def take_back_lost(session: Session, lost: AlertMessage, now: datetime, pause: timedelta) -> None:
    """Take back what a channel was to know by a message that is lost, and by all that waits behind it.

    Args:
        pause: until it is told anew.
    """
    channel, key = lost.channel, lost.digest.key
    behind = [number for number in waiting_of(session, channel, key) if number > lost.id]
    ids = [lost.id, *behind]
    _forget(session, channel, ids, known_by(session, channel, ids), now, now + pause)
    _delete_messages(session, behind)


def _locked(session: Session, ids: Sequence[int], now: datetime) -> Sequence[Row[Any]]:
    """Return the rows of messages that still wait, and that nobody is just sending."""
    table = table_of(AlertMessageRow)
    query = select(table).where(table.c.id.in_(ids), is_waiting(table.c), is_free(table.c, now))
    return session.connection().execute(query.order_by(table.c.id).with_for_update()).all()


def known_by(session: Session, channel: str, ids: Collection[int]) -> tuple[Knowledge, ...]:
    """Return what a channel was to know of each group by these messages; the groups are locked."""
    ledger, groups = table_of(AlertNotificationRow), table_of(AlertGroupRow)
    query = select(ledger).where(ledger.c.message.in_(ids), ledger.c.channel == storable(channel))
    by_group: dict[int, list[Row[Any]]] = {}
    for row in session.connection().execute(query.order_by(ledger.c.sequence)):
        by_group.setdefault(row.group, []).append(row)
    if not by_group:
        return ()
    of_groups = select(groups).where(groups.c.id.in_(by_group)).order_by(groups.c.id).with_for_update()
    return tuple(
        Knowledge(group_of(row), by_group[row.id], _entry_before(session, by_group[row.id][0]))
        for row in session.connection().execute(of_groups).all()
    )


def _entry_before(session: Session, entry: Row[Any]) -> Row[Any] | None:
    ledger = table_of(AlertNotificationRow)
    same = (ledger.c.group == entry.group, ledger.c.channel == entry.channel, ledger.c.sequence < entry.sequence)
    query = select(ledger).where(*same).order_by(ledger.c.sequence.desc()).limit(1)
    return session.connection().execute(query).one_or_none()


def _forget(  # noqa: PLR0913, PLR0917 - what, of whom, and from when on it is told again
    session: Session,
    channel: str,
    ids: Collection[int],
    known: Iterable[Knowledge],
    now: datetime,
    retry_at: datetime | None = None,
) -> None:
    """Let the channel know of the groups what it knew before; they are looked at again at once."""
    ledger = table_of(AlertNotificationRow)
    session.connection().execute(delete(ledger).where(ledger.c.message.in_(ids)))
    changed = []
    for each in known:
        if each.group.closed_at is None:
            channels = {**each.group.channels, channel: _told_before(each, channel, retry_at)}
            changed.append(replace(each.group, channels=channels, due_at=min(now, each.group.due_at)))
    change_groups(session, changed)


def _told_before(known: Knowledge, channel: str, retry_at: datetime | None) -> Told:
    before = known.before
    if before is None:
        return Told(retry_at=retry_at)
    told = known.group.channels[channel]
    return replace(told, sequence=before.sequence, firing=known.arrived, at=before.at, retry_at=retry_at)


def _fold(session: Session, stale: Stale, rows: Sequence[Row[Any]], known: Iterable[Knowledge]) -> Digest:
    """Let the last message tell for all of them, and return what it tells."""
    *others, last = [message.id for message in stale.messages]
    digests = [digest_of(row) for row in rows]
    digest = folded(digests)
    if not others:
        return digest
    moments = [message.unsure_since for message in stale.messages if message.unsure_since is not None]
    change_digest(session, last, digest, min(moments, default=None))
    _fold_entries(session, last, known)
    groups = [_with_sequence(each, stale.channel) for each in known if each.group.closed_at is None]
    change_groups(session, [group for group in groups if group is not None])
    _delete_messages(session, others)
    return digest


def _fold_entries(session: Session, message: int, known: Iterable[Knowledge]) -> None:
    """Leave one entry of each group, that tells what is another since what has arrived."""
    ledger = table_of(AlertNotificationRow)
    for each in known:
        first, last = each.entries[0], each.entries[-1]
        gone = [entry.id for entry in each.entries[:-1]]
        session.connection().execute(delete(ledger).where(ledger.c.id.in_(gone)))
        told = {
            "message": message,
            "sequence": first.sequence,
            "resolved": sorted(each.arrived.union(*(entry.firing for entry in each.entries)) - set(last.firing)),
        }
        session.connection().execute(update(ledger).where(ledger.c.id == last.id).values(told))


def _with_sequence(known: Knowledge, channel: str) -> Group | None:
    told, sequence = known.group.channels.get(channel), known.entries[0].sequence
    if told is None or told.sequence == sequence:
        return None
    channels: Mapping[str, Told] = {**known.group.channels, channel: replace(told, sequence=sequence)}
    return replace(known.group, channels=channels)


def _delete_messages(session: Session, ids: Collection[int]) -> None:
    table = table_of(AlertMessageRow)
    session.connection().execute(delete(table).where(table.c.id.in_(ids)))
