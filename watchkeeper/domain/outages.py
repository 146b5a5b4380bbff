"""Times in which a project was critical, and the release that they are laid on."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from typing import Final

from watchkeeper.domain.blame import Fault
from watchkeeper.domain.commits import commit_of
from watchkeeper.domain.error_rates import (
    Comparison,
    ErrorCount,
    compare_releases,
    merge_counts,
    wilson_interval,
)
from watchkeeper.domain.health import CheckType, HealthCheck
from watchkeeper.domain.history import ErrorHour
from watchkeeper.domain.limits import ErrorLimits
from watchkeeper.domain.phrases import amount, clock, percent, span
from watchkeeper.domain.verdicts import Verdict

HOUR: Final = timedelta(hours=1)
CALM_CHECKS: Final = 2  # in a row that end an incident
GAP: Final = timedelta(hours=1)  # between two checks, from which it is said that nobody looked
ENOUGH: Final = 0.25  # of an hour's requests: what one check of a quarter of an hour would have seen of a release
BEFORE: Final = timedelta(days=1)  # how far back the release before is looked for


@dataclass(frozen=True, slots=True)
class Outage:
    """A stretch in which a project was critical.

    Attributes:
        started_at: exact to a health check, or to the hour where only the vendor's own history tells of it.
        ended_at: when it was first seen not critical any more; None while it lasts.
        release: commit SHA (or the vendor's name) of the release that it is laid on; "" when it is laid on none.
        reason: a sentence: why it counts, and why it is laid there.
        from_history: True when no health check has looked, and only the vendors' history tells of it.
    """

    project: str
    started_at: datetime
    ended_at: datetime | None
    fault: Fault
    release: str
    reason: str
    from_history: bool = False

    def length(self, now: datetime) -> timedelta:
        return (self.ended_at or now) - self.started_at


# --- from health checks


@dataclass(slots=True)
class _Stretch:
    """Checks of one incident so far: the critical ones, and those since that were not."""

    critical: list[HealthCheck]
    calm: list[HealthCheck]

    @property
    def ended_at(self) -> datetime | None:
        if len(self.calm) < CALM_CHECKS:
            return None
        return max(self.calm[0].window.start, self.critical[-1].window.end)


def find_outages(checks: Sequence[HealthCheck], now: datetime) -> tuple[Outage, ...]:
    """Return the critical stretches of full checks, oldest first.

    Two checks in a row that are healthy or in warning end one. What is unknown neither ends nor begins one, and neither
    does a gap in the watch: the incident lasts until someone sees that it does not, and says how long nobody looked.

    Args:
        checks: of any project and kind, in any order; those that end after `now` are left out.
    """
    full = [c for c in checks if c.check_type is CheckType.FULL and c.window.end <= now]
    ordered = sorted(full, key=lambda check: (check.project, check.window))
    found = []
    for _, own in groupby(ordered, key=lambda check: check.project):
        known = [check for check in own if check.verdict is not Verdict.UNKNOWN]
        found += [_incident(stretch, known, now) for stretch in _stretches(known)]
    return tuple(found)


def _stretches(checks: Iterable[HealthCheck]) -> list[_Stretch]:
    found: list[_Stretch] = []
    current: _Stretch | None = None
    for check in checks:
        if check.verdict is Verdict.CRITICAL:
            if current is None:
                current = _Stretch([], [])
                found.append(current)
            current.critical.append(check)
            current.calm.clear()
        elif current is not None:
            current.calm.append(check)
            current = current if current.ended_at is None else None
    return found


def _incident(stretch: _Stretch, known: Sequence[HealthCheck], now: datetime) -> Outage:
    first, ended_at = stretch.critical[0], stretch.ended_at
    fault, release, why = _laid_on(stretch.critical)
    reason = "; ".join(filter(None, [first.reasons[0], why, _unwatched(stretch, known, now)]))
    return Outage(first.project, first.window.start, ended_at, fault, release, reason)


def _laid_on(checks: Sequence[HealthCheck]) -> tuple[Fault, str, str]:
    """Return whose fault it was, by most of the checks that could tell; a release before anything else."""
    for fault in (Fault.RELEASE, Fault.PLATFORM, Fault.US):
        blames = [check.blame for check in checks if check.blame.fault is fault]
        if blames:
            release = Counter(blame.release for blame in blames).most_common(1)[0][0]
            return fault, release, next(blame.reason for blame in blames if blame.release == release)
    return Fault.UNKNOWN, "", "it is laid on no release"


def _unwatched(stretch: _Stretch, known: Sequence[HealthCheck], now: datetime) -> str:
    """Return how long nobody looked in the middle of it, or since; "" when someone did."""
    start, end = stretch.critical[0].window.end, stretch.ended_at or now
    seen = [start, *(check.window.end for check in known if start < check.window.end < end), end]
    longest, since = max((later - earlier, earlier) for earlier, later in pairwise([*seen, end]))
    return f"nobody could look for {span(longest)} from {clock(since)} on" if longest > GAP else ""


# --- from the vendors' own history, where nobody has looked


def outages_of_hours(project: str, hours: Sequence[ErrorHour], limits: ErrorLimits) -> tuple[Outage, ...]:
    """Return the stretches of hours in which certainly more failed than the critical limit allows, oldest first.

    An hour counts when the lower bound of all its requests crosses the limit, or that of a release which had at least a
    quarter of them: a bad release that was taken back within the hour. It is laid on a release only when that one fails
    more than another, never for having gone live shortly before. Hours with too few requests say nothing.

    Args:
        hours: in any order, also ones that were well: a release is held against them. An hour that is not there ends
            an incident at the end of the one before it.
    """
    ordered = sorted(hours, key=lambda hour: hour.hour)
    return tuple(_of_stretch(project, stretch, ordered) for stretch in _critical_hours(ordered, limits))


def _critical_hours(hours: Sequence[ErrorHour], limits: ErrorLimits) -> list[list[ErrorHour]]:
    found: list[list[ErrorHour]] = []
    quiet: list[ErrorHour] = []
    current: list[ErrorHour] = []
    for hour in hours:
        last = (*current, *quiet)[-1:]
        if last and hour.hour - last[0].hour > HOUR:
            current = []
        if _is_critical(hour, limits):
            if not current:
                current, quiet = [], []
                found.append(current)
            current += [*quiet, hour]
            quiet = []
        elif current and sum(count.total for count in hour.counts) < limits.min_total:
            quiet.append(hour)
        else:
            current, quiet = [], []
    return found


def _is_critical(hour: ErrorHour, limits: ErrorLimits) -> bool:
    counts = merge_counts(hour.counts)
    total = sum(count.total for count in counts)
    together = ErrorCount("", sum(count.failures for count in counts), total)
    large = [count for count in counts if count.release and count.total >= ENOUGH * total]
    return any(_crosses(count, limits) for count in (together, *large))


def _crosses(count: ErrorCount, limits: ErrorLimits) -> bool:
    enough = count.total >= max(1, limits.min_total) and count.failures >= limits.min_failures
    return enough and wilson_interval(count.failures, count.total)[0] > limits.critical


def _of_stretch(project: str, stretch: Sequence[ErrorHour], hours: Sequence[ErrorHour]) -> Outage:
    start, end = stretch[0].hour, stretch[-1].hour + HOUR
    counts = merge_counts(count for hour in stretch for count in hour.counts)
    earlier = merge_counts(c for h in hours if start - BEFORE <= h.hour < start for c in h.counts)
    noun = stretch[0].denominator.noun
    failures, total = sum(count.failures for count in counts), sum(count.total for count in counts)
    told = f"{percent(failures / total)} of {amount(total, noun)} failed ({failures:,})"
    guilty = _guilty(counts, earlier, noun)
    if guilty is None:
        reason = f"{told}; no release fails more than another by these numbers, so it is laid on none"
        return Outage(project, start, end, Fault.UNKNOWN, "", reason, from_history=True)
    release = commit_of(guilty.this.release) or guilty.this.release
    return Outage(project, start, end, Fault.RELEASE, release, f"{told}; {guilty.reason}", from_history=True)


def _guilty(counts: Sequence[ErrorCount], earlier: Sequence[ErrorCount], noun: str) -> Comparison | None:
    """Return the case against the release with most failures that is worse than the others; None when none is."""
    for this in sorted((c for c in counts if c.release), key=lambda c: (-c.failures, c.release)):
        for others in (counts, earlier):
            before = _busiest([other for other in others if other.release and other.release != this.release])
            comparison = compare_releases(this, before, noun) if before else None
            if comparison and comparison.is_worse:
                return comparison
    return None


def _busiest(counts: Sequence[ErrorCount]) -> ErrorCount | None:
    return max(counts, key=lambda count: (count.total, count.release), default=None)


# --- together


def join_outages(incidents: Iterable[Outage]) -> tuple[Outage, ...]:
    """Return one incident where several of a project overlap or touch, oldest first.

    What a health check has seen outweighs what only the history tells; a known release outweighs an unknown one.
    """
    joined: list[Outage] = []
    for incident in sorted(incidents, key=lambda i: (i.project, i.started_at, i.from_history)):
        if joined and _touch(joined[-1], incident):
            joined[-1] = _joined(joined[-1], incident)
        else:
            joined.append(incident)
    return tuple(sorted(joined, key=lambda incident: (incident.started_at, incident.project)))


def _touch(first: Outage, second: Outage) -> bool:
    same = first.project == second.project
    return same and (first.ended_at is None or second.started_at <= first.ended_at)


def _joined(first: Outage, second: Outage) -> Outage:
    leading = min(first, second, key=lambda i: (i.fault is not Fault.RELEASE, i.from_history, i.started_at))
    ends = [incident.ended_at for incident in (first, second)]
    return replace(
        leading,
        started_at=min(first.started_at, second.started_at),
        ended_at=max((end for end in ends if end is not None), default=None) if None not in ends else None,
        from_history=first.from_history and second.from_history,
    )
