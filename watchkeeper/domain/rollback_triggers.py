"""When a way back is proposed by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from watchkeeper.domain.health import HealthCheck
from watchkeeper.domain.limits import HealthLimits
from watchkeeper.domain.rollback import Plan, RollbackPolicy
from watchkeeper.domain.schedule import Maintenance


class Trigger(StrEnum):
    ERRORS = "errors"  # above the limit in two windows in a row
    EMERGENCY = "emergency"  # far above it in one
    SCORE = "score"  # too low for too long
    ENDPOINT = "endpoint"  # down in three checks in a row


@dataclass(frozen=True, slots=True)
class Proposal:
    """Going back is proposed.

    Attributes:
        release: commit SHA of the release to go back from.
        since: when what triggers it began.
        key: the same for the same trouble of the same release, however often it is seen.
    """

    project: str
    trigger: Trigger
    release: str
    since: datetime
    reason: str
    key: str


@dataclass(frozen=True, slots=True)
class NoProposal:
    reason: str


def decide_rollback(  # noqa: PLR0913, PLR0917 - all that the decision is made by
    history: Sequence[HealthCheck],
    limits: HealthLimits,
    policy: RollbackPolicy,
    release_live_at: datetime | None,
    now: datetime,
    maintenance: Maintenance | None = None,
    plan: Plan | None = None,
) -> Proposal | NoProposal:
    """Return whether going back should be proposed, and why or why not.

    Args:
        history: full checks of one project, the newest last; some hours of them.
        release_live_at: since when the serving release serves; None when it is not known.
        maintenance: the one that holds now; None for none.
        plan: where it is known already: one that is blocked is not proposed.
    """
    raise NotImplementedError
