"""What a made-up project went through, and names that make trouble."""

import math
import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchkeeper.domain.period_reports import ReportPeriod
from watchkeeper.domain.trends import Direction, Trend
from watchkeeper.domain.windows import Window

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOSTILE = "<!channel> \"><script>alert(1)</script><img src=x onerror=alert(1)>' {{ 7*7 }} &amp; ]]> --> \u202egnp.exe"
LONG = "The very long name of a product that somebody in marketing thought of " * 3
HEBREW = "מערכת התשלומים של החנות"
ARABIC = "متجر إلكتروني للكتب القديمة"


@dataclass(frozen=True, slots=True)
class Tale:
    """What one project went through: how bad (0 calm, 1 a suspicion, 2 a bad release), and by which numbers."""

    window: Window
    period: ReportPeriod
    badness: int
    dice: random.Random

    @property
    def step(self) -> timedelta:
        if self.window.length <= 3 * DAY:
            return HOUR
        return 6 * HOUR if self.window.length <= 7 * DAY else DAY

    @property
    def moments(self) -> tuple[datetime, ...]:
        return tuple(self.window.start + n * self.step for n in range(math.ceil(self.window.length / self.step)))

    def at(self, share: float) -> datetime:
        return self.window.start + self.window.length * share

    def trouble(self, moment: datetime) -> float:
        """Return how bad it is at a moment, 0..1: one bump at six tenths of the window."""
        if not self.badness:
            return 0.0
        distance = abs((moment + self.step / 2 - self.at(0.6)) / self.step)
        return max(0.0, 1 - distance / 2) * self.badness / 2


def trend(previous: float, current: float, *, significant: bool | None, less_is_better: bool = True) -> Trend:
    step = (current - previous) / previous if previous else None
    if step is None:
        return Trend(Direction.NEW, None, previous, current, significant, None)
    if abs(step) <= 0.05:
        return Trend(Direction.FLAT, step, previous, current, False, None)
    direction = Direction.UP if step > 0 else Direction.DOWN
    good = (step < 0) is less_is_better if significant else None
    return Trend(direction, step, previous, current, significant, good)
