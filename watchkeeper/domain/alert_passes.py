"""What a pass over all open alerts begins with, and what comes of it: all of it is saved in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from watchkeeper.domain.alert_digests import Digest
from watchkeeper.domain.alert_groups import Group, Notification
from watchkeeper.domain.alert_policy import Silence
from watchkeeper.domain.alert_values import Alert


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored when a pass begins.

    Attributes:
        alerts: all open ones, and resolved ones that are not settled yet; of one fingerprint there may be several
            episodes, of which at most one is not resolved.
        groups: open ones, at most one for each key.
        silences: in any order, also ones that do not hold now.
    """

    alerts: tuple[Alert, ...] = ()
    groups: tuple[Group, ...] = ()
    silences: tuple[Silence, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """What one channel is told, with the entries of the ledger that it fulfils.

    Attributes:
        digest: its `key` says which message of this channel it continues: what the channel gave as its reference
            belongs to channel and key. Its `group` is 0 for a group that has no number yet: who saves the group fills
            it in, when there is one notification.
        notifications: one for each group that is told; their `group` is the key of an open group.
        is_storm: True when it tells of a storm. Its number is known once its groups are saved: who saves them fills it
            in.
    """

    channel: str
    digest: Digest
    notifications: tuple[Notification, ...]
    is_storm: bool = False


@dataclass(frozen=True, slots=True)
class Pass:
    """What a pass decides.

    Attributes:
        alerts: those whose flap mark has changed.
        groups: new (id 0) and changed ones; those that are closed have `closed_at`.
        messages: in the order in which they are to be sent, at most one for each channel and digest key.
        settled: ids of resolved alerts that nobody needs any more.
        suppressed: by fingerprint, why nobody is told of an alert now; a sentence.
        next_due: when there is something to tell if nothing changes until then; None for never.
    """

    alerts: tuple[Alert, ...] = ()
    groups: tuple[Group, ...] = ()
    messages: tuple[Message, ...] = ()
    settled: frozenset[int] = frozenset()
    suppressed: Mapping[str, str] = field(default_factory=dict)
    next_due: datetime | None = None

    @property
    def is_empty(self) -> bool:
        """True when there is nothing to save."""
        return not (self.alerts or self.groups or self.messages or self.settled)
