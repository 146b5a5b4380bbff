"""What a project allows of ways back."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class AutoRollback(StrEnum):
    """What happens by itself when a release is bad."""

    OFF = "off"
    PROPOSE = "propose"  # an alert with a prepared run; nothing waits
    APPROVE_THEN_RUN = "approve_then_run"  # a run is started, and waits for a YES
    AUTOMATIC = "automatic"  # a run is started and asks nobody


@dataclass(frozen=True, slots=True)
class PercentageItem:
    """Where the share of visitors stands that get the new way: an item of Vercel's Edge or Global Config."""

    edge_config: str
    key: str


@dataclass(frozen=True, slots=True)
class RollbackPolicy:
    """What a project allows.

    Attributes:
        approvers: names, e-mail addresses, or both as `Name <address>`; empty: anybody who gives a name.
        requesters: those who may ask where two people are needed, besides the approvers; none of them is one.
        two_person: True when the one who asks may not approve alone.
        migration_paths: patterns of files (`db/migrations/**`) that cannot be taken back by older code.
        percentage: set where the project's rollout is a percentage; None otherwise.
    """

    auto: AutoRollback = AutoRollback.PROPOSE
    approvers: tuple[str, ...] = ()
    requesters: tuple[str, ...] = ()
    two_person: bool = False
    cooldown: timedelta = timedelta(minutes=30)
    max_release_age: timedelta = timedelta(hours=24)
    migration_paths: tuple[str, ...] = ("**/migrations/**", "**/migrate/**", "**/*.sql")
    percentage: PercentageItem | None = None
    approval_timeout: timedelta = timedelta(minutes=60)
    verify_for: timedelta = timedelta(minutes=15)
