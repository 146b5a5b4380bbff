"""What the watch has saved people, with everything that is assumed for it said beside it."""

from dataclasses import dataclass
from datetime import timedelta

from watchkeeper.domain.period_reports import TimeSaved
from watchkeeper.domain.phrases import amount, span


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What things would take a person.

    Attributes:
        looks_a_day: how often someone would look at a project by hand on a day that was watched.
        look: at the pages of Sentry, Vercel and CircleCI and at the product itself.
        triage: to find out that something is wrong, and since when.
        attribution: to find out which release it was.
        report: to gather the numbers of one project for a report.
    """

    looks_a_day: int = 3
    look: timedelta = timedelta(minutes=5)
    triage: timedelta = timedelta(minutes=20)
    attribution: timedelta = timedelta(minutes=25)
    report: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Watched:
    """What was done in a period, all projects together.

    Attributes:
        checks: full health checks.
        days: days of the period, times projects.
        incidents: that were found; `attributed` of them were laid on a release, or on the platform, with evidence.
    """

    checks: int
    days: float
    projects: int
    incidents: int
    attributed: int


def time_saved(watched: Watched, assumed: Assumptions | None = None) -> TimeSaved:
    """Return what a period of watching has saved. Checks count only as often as a person would have looked."""
    assumed = assumed or Assumptions()
    looks = min(watched.checks, round(watched.days * assumed.looks_a_day))
    by_hand = f"({assumed.looks_a_day} a day and project, {span(assumed.look)} each)"
    parts = (
        (looks * assumed.look, f"{_checks(watched)}, of which a person would have made {looks:,} by hand {by_hand}"),
        (watched.incidents * assumed.triage, _each(watched.incidents, "incident", "found", assumed.triage)),
        (watched.attributed * assumed.attribution, _each(watched.attributed, "cause", "named", assumed.attribution)),
        (watched.projects * assumed.report, _each(watched.projects, "project", "summed up", assumed.report)),
    )
    told = tuple(f"{sentence}: {span(time)}" for time, sentence in parts)
    return TimeSaved(sum((time for time, _ in parts), timedelta(0)), told)


def _checks(watched: Watched) -> str:
    return amount(watched.checks, "health check")


def _each(number: int, noun: str, done: str, time: timedelta) -> str:
    return f"{amount(number, noun)} {done}, {span(time)} by hand each"
