"""All samples of a project: everything that happened to it in some hours, whatever the source."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from watchkeeper.domain.build_samples import build_samples, flaky_samples, recovery_samples, run_samples
from watchkeeper.domain.builds import Pipeline
from watchkeeper.domain.commits import Commit
from watchkeeper.domain.costs import Prices, fixed_costs
from watchkeeper.domain.delivery import AliasRequest, VercelDeployment
from watchkeeper.domain.delivery_samples import (
    deployment_samples,
    lead_time_samples,
    move_samples,
    release_samples,
)
from watchkeeper.domain.health import HealthCheck
from watchkeeper.domain.history import BuildRun, ErrorHour
from watchkeeper.domain.hours import GITHUB
from watchkeeper.domain.issue_events import IssueEvent
from watchkeeper.domain.limits import HealthLimits
from watchkeeper.domain.releases import Release
from watchkeeper.domain.samples import Sample, check_samples, error_samples, issue_samples, score_of_errors
from watchkeeper.domain.windows import Period


@dataclass(frozen=True, slots=True)
class Subject:
    """A project as far as its metrics depend on its configuration. `sources` are those that are configured."""

    slug: str
    zone: ZoneInfo
    limits: HealthLimits
    prices: Prices
    sources: frozenset[str]


@dataclass(frozen=True, slots=True)
class HourFacts:
    """What is stored of one project around some hours; more than belongs to the hours does no harm.

    Attributes:
        pipelines: with those some days before, to know since when the default branch was broken.
        flaky_times: when each flaky test was noticed first, and when it flaked last.
        releases, commits: with those some weeks before, to know what a release consists of.
        checks: full ones, one a window.
        earlier_samples: of checks that retention has put together by the hour.
    """

    pipelines: tuple[Pipeline, ...] = ()
    runs: tuple[BuildRun, ...] = ()
    flaky_times: tuple[tuple[datetime, datetime], ...] = ()
    deployments: tuple[VercelDeployment, ...] = ()
    moves: tuple[AliasRequest, ...] = ()
    releases: tuple[Release, ...] = ()
    commits: tuple[Commit, ...] = ()
    issue_events: tuple[IssueEvent, ...] = ()
    checks: tuple[HealthCheck, ...] = ()
    earlier_samples: tuple[Sample, ...] = ()

    def checked_hours(self) -> frozenset[datetime]:
        """Return the hours in which a check has looked."""
        single = {Period.HOUR.around(check.window.start).start for check in self.checks}
        return frozenset(single | {sample.hour for sample in self.earlier_samples})


def hour_samples(
    subject: Subject, facts: HourFacts, errors: Mapping[datetime, ErrorHour], hours: Collection[datetime]
) -> Iterator[Sample]:
    """Yield the samples of these hours, and of hours around them.

    Args:
        errors: what is known of the failures, by hour.
    """
    for hour in errors.values():
        yield from error_samples(hour)
    yield from issue_samples(facts.issue_events)
    yield from build_samples(facts.pipelines)
    yield from recovery_samples(facts.pipelines)
    yield from flaky_samples(facts.flaky_times, hours)
    yield from _costs(subject, facts.runs, hours)
    yield from deployment_samples(facts.deployments)
    yield from move_samples(facts.moves)
    yield from release_samples(facts.releases)
    if GITHUB in subject.sources:
        yield from lead_time_samples(facts.releases, facts.commits)
    yield from check_samples(facts.checks)
    yield from facts.earlier_samples
    yield from _scores_of_errors(subject, facts, errors.values())


def scored_by_errors(subject: Subject, facts: HourFacts, errors: Mapping[datetime, ErrorHour]) -> frozenset[datetime]:
    """Return the hours in which no check has looked, and whose score is the one that the errors alone give."""
    return frozenset(sample.hour for sample in _scores_of_errors(subject, facts, errors.values()))


def _costs(subject: Subject, runs: Iterable[BuildRun], hours: Iterable[datetime]) -> Iterator[Sample]:
    yield from run_samples(runs, subject.prices)
    for hour in hours:
        for label, money in fixed_costs(subject.prices, hour, subject.zone).items():
            yield Sample("cost", label, hour, money)


def _scores_of_errors(subject: Subject, facts: HourFacts, errors: Iterable[ErrorHour]) -> Iterator[Sample]:
    checked = facts.checked_hours()
    for hour in errors:
        score = None if hour.hour in checked else score_of_errors(hour, subject.limits.errors)
        if score is not None:
            yield score
