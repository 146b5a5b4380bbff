"""Whether an hour of a project is complete, source by source: an hour with something missing is never merely low."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from watchkeeper.domain.delivery import DeliveryReport
from watchkeeper.domain.errors import Denominator
from watchkeeper.domain.history import BuildHistory, ErrorHistory, ErrorHour, History
from watchkeeper.domain.hours import CREDITS, GITHUB, SOURCES, WATCH, HourState, SourceHour
from watchkeeper.domain.observations import Observation, counts_before
from watchkeeper.domain.verdicts import Gap, Missing

HOUR: Final = timedelta(hours=1)
SETTLED: Final = timedelta(
    hours=6
)  # after its end nobody looks at an hour any more: probes and checks do not come late
INSIGHTS_REACH: Final = timedelta(days=90)

NOT_READ: Final = "the vendor did not tell this hour"
NOT_RUNNING: Final = "the watch was not running"
NO_PROBE: Final = "no endpoint was probed"
NO_CHECK: Final = "no health check has looked"
FROM_HISTORY: Final = "no health check has looked: the score is what the errors alone give"
CREDITS_LATER: Final = "CircleCI tells what a run has cost up to a day later"
CREDITS_GONE: Final = "CircleCI tells what a run has cost for 90 days only"
STAND_IN: Final = "checks of a quarter of an hour stand in"


@dataclass(frozen=True, slots=True)
class Seen:
    """What the watch itself has seen of one hour.

    Attributes:
        first_probe: when the first probe was made that is known of the project; None when there is none.
        stands_in: True when observations stand in for what Sentry does not tell.
        has_score: True when there is a score though no check has looked.
    """

    has_probes: bool = False
    first_probe: datetime | None = None
    has_checks: bool = False
    has_score: bool = False
    stands_in: bool = False


def source_hours(  # noqa: PLR0913, PLR0917 - all that decides
    project: str, sources: Collection[str], history: History, hour: datetime, seen: Seen, now: datetime
) -> tuple[SourceHour, ...]:
    """Return the state of each configured source in an hour.

    Args:
        sources: those that are configured.
    """
    settled = hour + HOUR <= now - SETTLED
    ask: dict[str, Callable[[], State]] = {
        "sentry": lambda: _errors(history.errors, hour, seen),
        "endpoints": lambda: _probes(hour, seen, settled=settled),
        "circleci": lambda: _known(history.builds),
        CREDITS: lambda: _credits(history.builds, hour, now),
        "vercel": lambda: _known(history.delivery),
        GITHUB: lambda: _known(history.commits),
        WATCH: lambda: _checks(seen, settled=settled),
    }
    return tuple(SourceHour(project, hour, source, *ask[source]()) for source in SOURCES if source in sources)


def error_hour(history: History, hour: datetime) -> ErrorHour | None:
    """Return what Sentry tells of an hour; None when it does not."""
    found = history.errors.hours.get(hour) if isinstance(history.errors, ErrorHistory) else None
    return found if isinstance(found, ErrorHour) else None


def observed_hour(hour: datetime, observations: Iterable[Observation]) -> ErrorHour | None:
    """Return the failures of an hour by what checks have observed within it; None when they have not.

    Args:
        observations: of failed requests and failed sessions; requests count where there are any of both.
    """
    end = hour + HOUR
    inside = [each for each in observations if hour <= each.window.start and each.window.end <= end]
    for denominator in (Denominator.SPANS, Denominator.SESSIONS):
        own = [each for each in inside if each.metric == f"failed_{denominator.noun}s"]
        counts = counts_before(own, denominator, end)
        if counts:
            return ErrorHour(hour, denominator, counts, 0, 0, None)
    return None


def told_gaps(hours: Sequence[SourceHour]) -> tuple[str, ...]:
    """Return what is missing and may still come, one sentence a source and reason, those of most hours first."""
    gaps: dict[tuple[str, str], list[SourceHour]] = {}
    for each in hours:
        if each.state is HourState.INCOMPLETE and not each.is_final:
            gaps.setdefault((each.source, each.reason), []).append(each)
    ordered = sorted(gaps.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(_gap(source, reason, several) for (source, reason), several in ordered)


def _gap(source: str, reason: str, hours: Sequence[SourceHour]) -> str:
    projects = sorted({each.project for each in hours})
    named = ", ".join(projects[:3]) + (f" and {len(projects) - 3} more" if len(projects) > 3 else "")
    number = len({each.hour for each in hours})
    return f"{source} of {named}, {number} {'hour' if number == 1 else 'hours'}: {reason}"


State = tuple[HourState, str, bool]
COMPLETE: Final[State] = (HourState.COMPLETE, "", False)


def _missing(missing: Missing) -> State:
    if missing.gap is Gap.NOT_CONFIGURED:
        return HourState.NOT_CONFIGURED, "", False
    return HourState.INCOMPLETE, missing.reason, False


def _known(part: BuildHistory | DeliveryReport | tuple[object, ...] | Missing) -> State:
    return _missing(part) if isinstance(part, Missing) else COMPLETE


def _errors(errors: ErrorHistory | Missing, hour: datetime, seen: Seen) -> State:
    found = errors if isinstance(errors, Missing) else errors.hours.get(hour, Missing(Gap.UNAVAILABLE, NOT_READ))
    if not isinstance(found, Missing):
        return COMPLETE
    state, reason, is_final = _missing(found)
    return state, f"{reason} ({STAND_IN})" if seen.stands_in and reason else reason, is_final


def _probes(hour: datetime, seen: Seen, *, settled: bool) -> State:
    if seen.has_probes:
        return COMPLETE
    running = seen.first_probe is not None and seen.first_probe < hour + HOUR
    return HourState.INCOMPLETE, NO_PROBE if running else NOT_RUNNING, settled


def _credits(builds: BuildHistory | Missing, hour: datetime, now: datetime) -> State:
    if isinstance(builds, Missing):
        return _missing(builds)
    if hour < now - INSIGHTS_REACH:
        return HourState.INCOMPLETE, CREDITS_GONE, True
    return COMPLETE if hour + HOUR <= builds.credits_until else (HourState.INCOMPLETE, CREDITS_LATER, False)


def _checks(seen: Seen, *, settled: bool) -> State:
    if seen.has_checks:
        return COMPLETE
    return HourState.INCOMPLETE, FROM_HISTORY if seen.has_score else NO_CHECK, settled
