"""What the triggers would have done: shadow mode, and stored history played again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchkeeper.domain.health import HealthCheck
from watchkeeper.domain.limits import HealthLimits
from watchkeeper.domain.production import AliasRequest
from watchkeeper.domain.rollback import RollbackPolicy
from watchkeeper.domain.rollback_triggers import Proposal
from watchkeeper.domain.schedule import Maintenance
from watchkeeper.domain.windows import Window


@dataclass(frozen=True, slots=True)
class Fired:
    """One time that the triggers would have fired.

    Attributes:
        is_false: it recovered by itself, or another release failed just the same; None while that is not known.
        ended_at: when the trouble really ended; None while it lasts.
        saved: what going back at once would have spared; nothing for a false one.
        reason: a sentence: how it really ended.
    """

    at: datetime
    proposal: Proposal
    is_false: bool | None
    ended_at: datetime | None
    saved: timedelta
    reason: str


@dataclass(frozen=True, slots=True)
class Replay:
    """The triggers over stored history. `window`: what was looked at; None when there are no checks."""

    project: str
    window: Window | None
    checks: int
    fired: tuple[Fired, ...]

    @property
    def false(self) -> int:
        return sum(fired.is_false is True for fired in self.fired)

    @property
    def saved(self) -> timedelta:
        return sum((fired.saved for fired in self.fired), timedelta())


def replay(  # noqa: PLR0913, PLR0917 - the history, what it is judged by, and what really happened
    project: str,
    history: Sequence[HealthCheck],
    limits: HealthLimits,
    policy: RollbackPolicy,
    live_at: Mapping[str, datetime],
    moves: Iterable[AliasRequest] = (),
    maintenance: Sequence[Maintenance] = (),
) -> Replay:
    """Return what the triggers would have done.

    Args:
        history: full checks, the newest last.
        live_at: when releases went live, by commit SHA.
        moves: what really was rolled back and promoted.
    """
    raise NotImplementedError
