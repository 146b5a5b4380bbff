"""Loads what is stored around some hours, for all projects at once."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from watchkeeper.domain.errors import Denominator
from watchkeeper.domain.health import CheckType
from watchkeeper.domain.hour_samples import HourFacts
from watchkeeper.domain.hours import SourceHour
from watchkeeper.domain.observations import Observation
from watchkeeper.domain.samples import Sample
from watchkeeper.domain.windows import Window
from watchkeeper.store import (
    alias_requests,
    build_runs,
    builds,
    commits,
    delivery,
    endpoints,
    health,
    issue_events,
    metrics,
    observations,
    releases,
)
from watchkeeper.store.health import HourlyHealth

BROKEN_FOR: Final = timedelta(days=7)  # how long before the hours the default branch may have failed first
BUILT_WITHIN: Final = timedelta(days=2)
RELEASES_BACK, COMMITS_BACK = timedelta(days=30), timedelta(days=45)
FLAKY_BACK: Final = timedelta(days=14)
VERDICTS: Final = ("healthy", "warning", "critical", "unknown")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What is stored around a span of hours.

    Attributes:
        facts: by project.
        earlier: how the hours stood that were aggregated before, by project, source and hour.
        first_probes: by project.
    """

    facts: dict[str, HourFacts]
    earlier: dict[tuple[str, str, datetime], SourceHour]
    first_probes: dict[str, datetime]


def load(session: Session, slugs: Collection[str], span: Window, now: datetime) -> Loaded:
    """Return what the samples of the hours in `span` are made of; the number of queries is always the same."""

    def back(reach: timedelta) -> Window:
        return Window(span.start - reach, span.end)

    pipelines = builds.pipelines(session, slugs, back(BROKEN_FOR))
    runs = build_runs.build_runs(session, slugs, span)
    flaky = build_runs.flaky_times(session, slugs, Window(span.start - FLAKY_BACK, now + timedelta(days=1)))
    deployments = delivery.deployments(session, slugs, back(BUILT_WITHIN))
    moves = alias_requests.alias_requests(session, slugs, span)
    live = releases.live_releases(session, slugs, back(RELEASES_BACK))
    written = commits.commits(session, slugs, back(COMMITS_BACK))
    events = issue_events.issue_events(session, slugs, span)
    checks = health.checks(session, slugs, span, CheckType.FULL, with_components=False)
    together = health.hourly_health(session, slugs, span)
    earlier = metrics.source_hours(session, slugs, span)
    facts = {
        slug: HourFacts(
            pipelines=pipelines[slug],
            runs=runs[slug],
            flaky_times=flaky[slug],
            deployments=deployments[slug],
            moves=moves[slug],
            releases=live[slug],
            commits=written[slug],
            issue_events=events[slug],
            checks=checks[slug],
            earlier_samples=tuple(sample for hour in together[slug] for sample in _samples_of(hour)),
        )
        for slug in slugs
    }
    states = {(each.project, each.source, each.hour): each for several in earlier.values() for each in several}
    return Loaded(facts, states, endpoints.first_probes(session, slugs))


def failures_observed(session: Session, slugs: Collection[str], span: Window) -> dict[str, list[Observation]]:
    """Return the failed requests and sessions that checks have observed in the span, by project."""
    found: defaultdict[str, list[Observation]] = defaultdict(list)
    for denominator in Denominator:
        metric = f"failed_{denominator.noun}s"
        for slug, several in observations.observations(session, slugs, span, "sentry", metric).items():
            found[slug] += several
    return found


def _samples_of(hour: HourlyHealth) -> list[Sample]:
    """Return the samples of checks that were put together: as many as there were, with the same mean and least."""
    counts = {verdict: getattr(hour, verdict) for verdict in VERDICTS}
    samples = [Sample("checks", verdict, hour.hour, count) for verdict, count in counts.items() if count]
    if hour.mean_score is not None and hour.least_score is not None:
        others = max(0, hour.checks - hour.unknown - 1)
        samples.append(Sample("score", "", hour.hour, hour.least_score))
        if others:
            rest = (hour.mean_score * (others + 1) - hour.least_score) / others
            samples += [Sample("score", "", hour.hour, rest)] * others
    return samples
