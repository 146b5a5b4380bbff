"""What waits in the outbox: what is sent next, and what has waited so long that it must be written anew first.

A message that could not be sent at once says what was true when it was written. Before its channel is tried again it is
taken back as if it had never been written, and the next pass tells what is true by then. What may have arrived cannot
be taken back: several such messages of one group become the last of them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from watchkeeper.domain.alert_digests import Digest
from watchkeeper.domain.alert_groups import Reason
from watchkeeper.domain.alert_values import Severity
from watchkeeper.domain.circuits import Circuit
from watchkeeper.domain.phrases import clock

FRESH_FOR: Final = timedelta(minutes=2)  # so long a message that was not tried yet is sent as it was written
SHOWN_FOR: Final = timedelta(hours=1)  # how long it is shown that a message is lost
_CLEAR: Final = Circuit()
_END: Final = 10  # added to the rank of what has ended
_STRONGEST: Final = (Reason.ESCALATION, Reason.FLAPPING, Reason.FIRST, Reason.NEW_IN_GROUP)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that is not sent yet.

    Attributes:
        key: the same for all messages of one group on one channel: they are sent in their order.
        rank: 0 for something critical; the higher, the longer it may wait.
        began_at: since when what it is about holds.
        attempts: how often sending was begun.
        failed_at: when it failed last; None when it never did.
        unsure_since: since when it may have arrived without our knowing; None where it cannot have.
    """

    id: int
    channel: str
    key: str
    rank: int
    reason: Reason
    planned_at: datetime
    began_at: datetime
    not_before: datetime | None = None
    claimed_until: datetime | None = None
    attempts: int = 0
    failed_at: datetime | None = None
    unsure_since: datetime | None = None

    def is_claimed(self, now: datetime) -> bool:
        return self.claimed_until is not None and self.claimed_until > now

    def is_due(self, now: datetime) -> bool:
        return self.not_before is None or self.not_before <= now

    def is_poison(self, circuit: Circuit | None) -> bool:
        """Return whether it has failed while others have arrived: no outage of the channel explains that."""
        return self.failed_at is not None and circuit is not None and circuit.has_passed_since(self.failed_at)


@dataclass(frozen=True, slots=True)
class Lost:
    """A message that did not reach its channel, or not everybody there, and that nothing has made up for since.

    Attributes:
        severity: of what it was about; fingerprints: of the alerts in it, as far as it names them.
    """

    channel: str
    title: str
    severity: Severity
    at: datetime
    error: str
    fingerprints: frozenset[str]

    @property
    def sentence(self) -> str:
        return f'{self.channel}, "{self.title}", {clock(self.at)}: {self.error}'


@dataclass(frozen=True, slots=True)
class Stale:
    """All that waits for one group on one channel, the oldest first, of which something has waited too long.

    Attributes:
        is_kept: it must not be taken back: it may have arrived, calls somebody, or is tried apart from the others.
    """

    channel: str
    key: str
    messages: tuple[Waiting, ...]
    is_kept: bool


def next_messages(
    waiting: Iterable[Waiting], circuits: Mapping[str, Circuit], now: datetime
) -> Mapping[str, Sequence[Waiting]]:
    """Return by channel what may be sent now, in its order.

    Of each group the oldest, and none while that one is not due: nothing overtakes within a group. Between groups the
    gravest first, of those what began last; what fails while others arrive comes last. A channel that is down is
    probed by what was tried least, so that one bad message does not keep it down.
    """
    by_channel: defaultdict[str, list[Waiting]] = defaultdict(list)
    for several in _by_group(waiting).values():
        first = several[0]
        if first.is_due(now) and not first.is_claimed(now):
            by_channel[first.channel].append(first)
    return {
        channel: sorted(several, key=lambda message: _order(message, circuits.get(channel)))
        for channel, several in by_channel.items()
    }


def stale_messages(waiting: Iterable[Waiting], circuits: Mapping[str, Circuit], now: datetime) -> tuple[Stale, ...]:
    """Return what must be looked at again before it is sent now; nothing of what is just being sent."""
    found = []
    for (channel, key), several in _by_group(waiting).items():
        circuit = circuits.get(channel)
        is_tried = (circuit or _CLEAR).lets_through(now) and several[0].is_due(now)
        is_old = several[0].attempts > 0 or several[0].planned_at <= now - FRESH_FOR
        if is_tried and is_old and not any(message.is_claimed(now) for message in several):
            is_kept = any(_must_stay(message, circuit) for message in several)
            if not is_kept or len(several) > 1 or several[0].rank < _END:
                found.append(Stale(channel, key, tuple(several), is_kept))
    return tuple(found)


def folded(digests: Sequence[Digest]) -> Digest:
    """Return the last digest, for which nothing before has arrived for sure: it calls whom one before should have."""
    last = digests[-1]
    if last.is_resolved or last.acknowledged_by or len(digests) == 1:
        return last
    reasons = {digest.reason for digest in digests}
    call = next((digest for digest in reversed(digests) if digest.reason is Reason.ESCALATION), last)
    strongest = next((reason for reason in _STRONGEST if reason in reasons), last.reason)
    return replace(last, reason=strongest, people=call.people, escalation_step=call.escalation_step)


def rank_of(digest: Digest) -> int:
    """Return how long a message may wait behind others: what ends waits longer than what begins."""
    return digest.severity.rank + (_END if digest.is_resolved else 0)


def _by_group(waiting: Iterable[Waiting]) -> Mapping[tuple[str, str], list[Waiting]]:
    found: defaultdict[tuple[str, str], list[Waiting]] = defaultdict(list)
    for message in sorted(waiting, key=lambda each: each.id):
        found[message.channel, message.key].append(message)
    return found


def _order(message: Waiting, circuit: Circuit | None) -> tuple[bool, int, int, float, int]:
    tried = message.attempts if circuit is not None and circuit.is_open else 0
    return message.is_poison(circuit), tried, message.rank, -message.began_at.timestamp(), message.id


def _must_stay(message: Waiting, circuit: Circuit | None) -> bool:
    return message.unsure_since is not None or message.reason is Reason.ESCALATION or message.is_poison(circuit)
