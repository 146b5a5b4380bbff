"""What the signals of a project are made of: what is stored of it, and what of that was known at a moment."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import Final, Self, TypeVar
from zoneinfo import ZoneInfo

from watchkeeper.domain.blame import Fault
from watchkeeper.domain.builds import Pipeline
from watchkeeper.domain.costs import Prices
from watchkeeper.domain.endpoints import Endpoint, Probe
from watchkeeper.domain.error_rates import ErrorCount
from watchkeeper.domain.health import HealthCheck
from watchkeeper.domain.issues import Issue
from watchkeeper.domain.limits import HealthLimits
from watchkeeper.domain.production import VercelDeployment
from watchkeeper.domain.rollback import Rollback
from watchkeeper.domain.slo import SloTarget
from watchkeeper.domain.verdicts import Component, Judgement

STALE: Final = timedelta(minutes=35)  # after two quarters of an hour without a look, what it said is not known any more
US: Final = "us"
PLATFORM: Final = "platform:vercel"


@dataclass(frozen=True, slots=True)
class Tally:
    """Bad ones and all of them over time, in an order by time, so that any span is added up at once."""

    starts: tuple[datetime, ...] = ()
    bad: tuple[int, ...] = (0,)
    total: tuple[int, ...] = (0,)

    @classmethod
    def of(cls, counts: Iterable[tuple[datetime, int, int]]) -> Self:
        """Return the tally of (start, bad, total), in any order."""
        ordered = sorted(counts)
        return cls(
            tuple(start for start, _, _ in ordered),
            tuple(accumulate((bad for _, bad, _ in ordered), initial=0)),
            tuple(accumulate((total for _, _, total in ordered), initial=0)),
        )

    def between(self, start: datetime, end: datetime) -> tuple[int, int]:
        """Return how many bad ones of how many began in `[start, end)`."""
        first, last = bisect_left(self.starts, start), bisect_left(self.starts, end)
        return self.bad[last] - self.bad[first], self.total[last] - self.total[first]

    def newest_before(self, moment: datetime) -> datetime | None:
        place = bisect_right(self.starts, moment)
        return self.starts[place - 1] if place else None


@dataclass(frozen=True, slots=True)
class Counted:
    """What an objective counts: looks of the last hours one by one, what was before by the clock hour.

    Attributes:
        step: length of one of the looks.
    """

    looks: Tally = Tally()
    hours: Tally = Tally()
    step: timedelta = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class IssueLife:
    """An issue from when it was new, or came back, until it was resolved, as far as that is known.

    Attributes:
        is_new: False when it came back.
    """

    issue: Issue
    is_new: bool
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """What is stored of one project, as it is configured.

    Attributes:
        checks: full ones, oldest first; the newest with its components.
        probes: oldest first.
        answered: when anything of any project answered us at all, oldest first: proof that our own line works.
        counted: by metric of an objective: `failures`, `availability`.
        deployments, pipelines: newest first.
        costs: by local day, all sources together.
        ways_back: how the newest one stood from when on, oldest first; dry runs are none.
        custody: the way back by which the project is in custody.
        is_past: True for facts that later moments have changed: then only what was known at the moment counts.
    """

    project: str
    limits: HealthLimits = field(default_factory=HealthLimits)
    components: frozenset[Component] = frozenset()
    endpoints: tuple[Endpoint, ...] = ()
    targets: tuple[SloTarget, ...] = ()
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    prices: Prices = field(default_factory=Prices)
    checks: Sequence[HealthCheck] = ()
    probes: Sequence[Probe] = ()
    answered: Sequence[datetime] = ()
    counted: Mapping[str, Counted] = field(default_factory=dict)
    issues: Sequence[IssueLife] = ()
    deployments: Sequence[VercelDeployment] = ()
    pipelines: Sequence[Pipeline] = ()
    costs: Mapping[date, float] = field(default_factory=dict)
    ways_back: Sequence[tuple[datetime, Rollback]] = ()
    custody: Rollback | None = None
    is_past: bool = False

    def check_at(self, now: datetime) -> HealthCheck | None:
        """Return the newest check at that moment; None when it is too old to tell of it, or there is none."""
        place = bisect_right(self.checks, now, key=_end)
        check = self.checks[place - 1] if place else None
        return check if check is not None and now - check.window.end <= STALE else None

    def way_back_at(self, now: datetime) -> Rollback | None:
        """Return the newest way back as it stood at that moment."""
        place = bisect_right(self.ways_back, now, key=_since)
        return self.ways_back[place - 1][1] if place else None

    def checks_until(self, now: datetime) -> Sequence[HealthCheck]:
        return self.checks[: bisect_right(self.checks, now, key=_end)]

    def probes_between(self, start: datetime, end: datetime) -> Sequence[Probe]:
        """Return the probes in `(start, end]`."""
        return self.probes[bisect_right(self.probes, start, key=_at) : bisect_right(self.probes, end, key=_at)]

    def was_online(self, start: datetime, end: datetime) -> bool:
        """Return True when something has answered us in `[start, end]`."""
        place = bisect_left(self.answered, start)
        return place < len(self.answered) and self.answered[place] <= end


BUILDS_BACK: Final = timedelta(days=2)  # as far as the vendors are asked back
Made = TypeVar("Made", Pipeline, VercelDeployment)


def made_lately(several: Sequence[Made], now: datetime) -> Sequence[Made]:
    """Return those that were made by then, and not longer ago than the vendors are asked for; newest first."""
    first = bisect_left(several, -now.timestamp(), key=_age)
    return several[first : bisect_right(several, -(now - BUILDS_BACK).timestamp(), key=_age)]


def _age(made: Pipeline | VercelDeployment) -> float:
    return -made.created_at.timestamp()


def _since(stood: tuple[datetime, Rollback]) -> datetime:
    return stood[0]


def _at(probe: Probe) -> datetime:
    return probe.at


def _end(check: HealthCheck) -> datetime:
    return check.window.end


def cause_of(check: HealthCheck | None) -> str:
    """Return what the trouble of a project is laid on; "" when it is laid on nothing that we know."""
    if check is None:
        return ""
    if check.blame.fault is Fault.RELEASE and check.blame.release:
        return f"release:{check.blame.release}"
    return {Fault.PLATFORM: PLATFORM, Fault.US: US}.get(check.blame.fault, "")


def count_of(judgement: Judgement) -> tuple[ErrorCount, str] | None:
    """Return failures and total of the errors as they were judged, and what was counted; None when nothing was."""
    facts = {fact.name: fact.value for fact in judgement.evidence}
    for noun in ("request", "session"):
        failures, total = facts.get(f"failed {noun}s"), facts.get(f"{noun}s")
        if isinstance(failures, int) and isinstance(total, int):
            return ErrorCount("", failures, total), noun
    return None
