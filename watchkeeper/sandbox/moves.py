"""How production is moved from one deployment to another by hand."""

from dataclasses import dataclass

from watchkeeper.sandbox.builds import Build

ALIAS_SECONDS = 2.0  # how long Vercel takes to move the domains


@dataclass(frozen=True, slots=True)
class Move:
    """A promotion or rollback that somebody asked for. `kind`: promote or rollback."""

    kind: str
    source: Build
    target: Build
    asked_at: float

    @property
    def done_at(self) -> float:
        return self.asked_at + ALIAS_SECONDS
