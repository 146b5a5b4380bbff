"""What a pass over all alerts begins with and what it decides: groups, ledger and outbox in one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from watchkeeper.domain.alert_digests import Digest
from watchkeeper.domain.alert_groups import Group
from watchkeeper.domain.alert_passes import Known, Message, Pass
from watchkeeper.domain.alert_storms import storm_numbers
from watchkeeper.store.alert_groups import add_groups, change_groups, number_storms, open_groups
from watchkeeper.store.alert_ledger import Entry, add_entries
from watchkeeper.store.alert_messages import add_message
from watchkeeper.store.alerts import change_alerts, open_alerts, settle_alerts
from watchkeeper.store.silences import silences


class _Faster(Exception):  # noqa: N818 - not an error: somebody else was faster
    pass


def known(session: Session, now: datetime) -> Known:
    """Return all that a pass decides by."""
    return Known(open_alerts(session), open_groups(session), silences(session, now))


def save_pass(session: Session, result: Pass, now: datetime) -> bool:
    """Save what a pass has decided, all of it; False, with nothing written, when somebody else was faster.

    A group, an alert or an entry of the ledger that is another by now means that the pass must be made again.
    """
    try:
        with session.begin_nested():
            _save(session, result, now)
    except _Faster:
        return False
    return True


def _save(session: Session, result: Pass, now: datetime) -> None:
    if change_alerts(session, result.alerts) != len(result.alerts):
        raise _Faster
    numbers = _save_groups(session, result.groups)
    storms = _number_storms(session, result, numbers)
    entries: list[Entry] = []
    for message in result.messages:
        number = add_message(session, message.channel, _numbered(message, numbers, storms), now)
        entries += (Entry(numbers[told.group], told, number) for told in message.notifications)
    if add_entries(session, entries) != len(entries):
        raise _Faster
    settle_alerts(session, result.settled, now)


def _save_groups(session: Session, groups: Sequence[Group]) -> Mapping[str, int]:
    """Return the numbers of the groups by their key."""
    stored, new = _parted(groups)
    if change_groups(session, stored) != len(stored):
        raise _Faster
    numbers = {group.key: group.id for group in stored}
    added = add_groups(session, new)
    if len(added) != len(new):
        raise _Faster
    return numbers | added


def _parted(groups: Iterable[Group]) -> tuple[list[Group], list[Group]]:
    several = list(groups)
    return [group for group in several if group.id], [group for group in several if not group.id]


def _number_storms(session: Session, result: Pass, numbers: Mapping[str, int]) -> Mapping[str, int]:
    """Give its number to each storm that is new; return those of all groups that are told in one, by their key."""
    told = {each.group for message in result.messages if message.is_storm for each in message.notifications}
    groups = [replace(group, id=numbers[group.key]) for group in result.groups if group.key in told]
    storms = storm_numbers(groups)
    new = {group.id: storms[group.key] for group in groups if not group.storm and group.key in storms}
    number_storms(session, new)
    return storms


def _numbered(message: Message, numbers: Mapping[str, int], storms: Mapping[str, int]) -> Digest:
    """Return the digest with the number of its group, or of its storm, which people answer by."""
    if message.is_storm:
        known = (storms[told.group] for told in message.notifications if told.group in storms)
        return replace(message.digest, storm=message.digest.storm or min(known, default=0))
    if len(message.notifications) != 1:
        return message.digest
    return replace(message.digest, group=numbers[message.notifications[0].group])
