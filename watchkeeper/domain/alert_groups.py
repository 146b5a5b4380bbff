"""Alerts that are told together: what belongs to one project and one cause, and what each channel knows of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final

LONGEST_KEY: Final = 200


class Reason(StrEnum):
    """Why a channel is told something."""

    FIRST = "first"
    NEW_IN_GROUP = "new_in_group"
    SOME_RESOLVED = "some_resolved"
    ALL_RESOLVED = "all_resolved"
    REMINDER = "reminder"
    ESCALATION = "escalation"
    FLAPPING = "flapping"  # it changes too often; nothing more is told until it is stable
    ACKNOWLEDGED = "acknowledged"  # somebody works on it: no reminder and no escalation any more


@dataclass(frozen=True, slots=True)
class Told:
    """What one channel knows of a group.

    Attributes:
        sequence: number of transitions that were told (or written down to be told) to this channel.
        firing: fingerprints that it knows to be firing.
        at: when it was last told anything.
        storm: key of the message in which it was told together with many other groups, and is told from then on; ""
            for a message of its own.
        acknowledgement: the moment of the last acknowledgement that it was told of; None for none.
        retry_at: not told before that, because the channel has refused what it was told; None for no pause.
    """

    sequence: int = 0
    firing: frozenset[str] = frozenset()
    at: datetime | None = None
    storm: str = ""
    acknowledgement: datetime | None = None
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A group from its first alert until all are resolved and told. What comes later under the same key is another one.

    Attributes:
        key: `<project>|<cause>`.
        due_at: when it is looked at again: after the group wait at first, after the group interval later.
        channels: what each channel knows, by its name.
        acknowledged_at: when somebody took it on; a new critical alert in it, or one that comes back, takes that back.
        assigned_to: name of the person; "" for none.
        escalation_step: number of steps that were taken; escalated_at: when the last one was, or since when the first
            one is waited for.
        incident: number of the incident that it belongs to; 0 for none.
        storm: number of the storm that it was told in: the id of the first group of the storm; 0 for none.
        closed_at: None while it is open.
        id: number of its row; 0 for one that is not stored yet.
        version: counts the changes of the row.
    """

    key: str
    project: str
    cause: str
    opened_at: datetime
    due_at: datetime
    channels: Mapping[str, Told] = field(default_factory=dict)
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    assigned_to: str = ""
    escalation_step: int = 0
    escalated_at: datetime | None = None
    incident: int = 0
    storm: int = 0
    closed_at: datetime | None = None
    id: int = 0
    version: int = 0

    def has_counted(self, at: datetime) -> bool:
        """Return whether an acknowledgement of that moment was announced already: one that was overridden stays so."""
        return any(told.acknowledgement is not None and at <= told.acknowledgement for told in self.channels.values())


@dataclass(frozen=True, slots=True)
class Notification:
    """One transition of a group that one channel is told: the entry of the ledger, unique by group, channel, sequence.

    Attributes:
        firing, resolved: fingerprints as they are at this transition.
        people: names of those who are addressed, for an escalation.
    """

    group: str
    channel: str
    sequence: int
    reason: Reason
    at: datetime
    firing: frozenset[str] = frozenset()
    resolved: frozenset[str] = frozenset()
    people: tuple[str, ...] = ()


def group_key(project: str, cause: str) -> str:
    """Return the key of a group; a very long one is cut and stays distinct by its digest."""
    key = f"{project}|{cause}"
    if len(key) <= LONGEST_KEY:
        return key
    return f"{key[: LONGEST_KEY - 17]}~{sha256(key.encode('utf-8', 'replace')).hexdigest()[:16]}"
