"""What becomes of an issue: most are resolved days after they were first seen, some come back, some are ignored."""

from dataclasses import dataclass
from functools import lru_cache
from math import inf
from typing import NamedTuple

from watchkeeper.sandbox.chance import between, noise
from watchkeeper.sandbox.company import DAY, HOUR

Step = tuple[str, float]  # what happened (as Sentry calls it), and when

COMEBACK = 4 * HOUR  # how long the errors of a regression go on
HIDDEN = COMEBACK + 26 * HOUR  # a calm company has no news: a regression is told of when it has been quiet for a day
NEW_FOR = 7 * DAY


class Look(NamedTuple):
    """An issue as it stands at some moment."""

    status: str
    substatus: str | None
    events: int
    last_seen: float
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Life:
    """Moments are epoch seconds, infinite when they never come.

    Attributes:
        gap: seconds between two events. `ends`: when they stop, whatever its status.
    """

    first: float
    gap: float
    ends: float
    resolved: float = inf
    regressed: float = inf
    resolved_again: float = inf
    ignored: float = inf

    def at(self, now: float) -> Look:
        stops = min(now, self.resolved, self.ends)
        events = int(max(stops - self.first, 0) / self.gap) + 1
        last, steps = self.first + (events - 1) * self.gap, [("first_seen", self.first)]
        named = (("set_ignored", self.ignored), ("set_resolved", self.resolved))
        steps += [(name, at) for name, at in named if at <= now]
        if now < self.regressed + HIDDEN:
            return Look(*self._status(now), events, last, tuple(steps))
        gap = min(self.gap, HOUR / 2)
        more = int(COMEBACK / gap)
        steps.append(("set_regression", self.regressed))
        status: tuple[str, str | None] = ("unresolved", "regressed")
        if self.resolved_again <= now:
            status = ("resolved", None)
            steps.append(("set_resolved", self.resolved_again))
        return Look(*status, events + more, self.regressed + (more - 1) * gap, tuple(steps))

    def _status(self, now: float) -> tuple[str, str | None]:
        if self.resolved <= now:
            return "resolved", None
        if self.ignored <= now:
            return "ignored", "archived_until_escalating"
        return "unresolved", "new" if now - self.first < NEW_FOR else "ongoing"


@lru_cache(maxsize=16_384)
def habits(seed: int, slug: str, slot: int) -> tuple[int, int, float, float]:
    """Return how often an issue is born anew (s), when in that time, the seconds between events, the share of users."""
    keys = (seed, slug, slot)
    period = int(between(6, 40, *keys, "period")) * DAY
    gap = HOUR / between(0.08, 2.5, *keys, "rate")
    return period, int(noise(*keys, "phase") * period), gap, between(0.2, 0.9, *keys, "users")


@lru_cache(maxsize=16_384)
def life_of(seed: int, slug: str, slot: int, generation: int) -> Life:
    """Return the life of an issue; when it is born anew, the one before is over."""
    period, begins, gap, _ = habits(seed, slug, slot)
    keys = (seed, slug, slot, generation)
    first = float(begins + generation * period)
    ends, luck = first + period, noise(*keys, "fate")
    resolved = first + between(0.12, 0.6, *keys, "resolved") * min(period, 14 * DAY)
    if luck < 0.10:
        return Life(first, gap, ends, ignored=first + DAY)
    if luck < 0.25:
        return Life(first, gap, ends, resolved=ends)
    if luck < 0.40:
        regressed = resolved + between(1, 4, *keys, "regressed") * DAY
        return Life(first, gap, ends, resolved, regressed, regressed + between(1.5, 4, *keys, "again") * DAY)
    return Life(first, gap, ends, resolved)
