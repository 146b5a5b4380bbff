"""A release that is given to a share of the visitors while the others keep the one before."""

from dataclasses import dataclass

from watchkeeper.sandbox.builds import Build

STAGES = (25, 100)


@dataclass(frozen=True, slots=True)
class Rolling:
    """A rolling release. Moments are epoch seconds.

    Attributes:
        percent: share of the visitors that get the canary.
        ended_at: None while it goes on. `is_complete`: the canary has become what everybody gets; else it was aborted.
    """

    base: Build
    canary: Build
    percent: float
    started_at: float
    ended_at: float | None = None
    is_complete: bool = False

    def is_active(self, at: float) -> bool:
        return self.started_at <= at and (self.ended_at is None or at < self.ended_at)

    def state(self, at: float) -> str:
        return "ACTIVE" if self.is_active(at) else "COMPLETE" if self.is_complete else "ABORTED"
