"""How production is moved from one deployment to another by hand."""

from dataclasses import dataclass

from watchkeeper.sandbox.builds import Build

ALIAS_SECONDS = 2.0  # how long Vercel takes to move the domains


@dataclass(frozen=True, slots=True)
class Move:
    """A promotion or rollback that somebody asked for.

    Attributes:
        kind: promote or rollback.
        seconds: how long it takes.
        ends: succeeded; failed when the job fails; stays when the job says it succeeded and the domains stay.
        note: the reason that was given.
    """

    kind: str
    source: Build
    target: Build
    asked_at: float
    seconds: float = ALIAS_SECONDS
    ends: str = "succeeded"
    note: str = ""

    @property
    def done_at(self) -> float:
        return self.asked_at + self.seconds

    @property
    def is_effective(self) -> bool:
        return self.ends == "succeeded"
