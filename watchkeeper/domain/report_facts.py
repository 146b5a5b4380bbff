"""All that a report is made of, as it is loaded: nothing summed up and nothing judged yet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from watchkeeper.domain.builds import Pipeline
from watchkeeper.domain.commits import Commit
from watchkeeper.domain.costs import Prices
from watchkeeper.domain.delivery import AliasRequest, VercelDeployment
from watchkeeper.domain.endpoints import Endpoint
from watchkeeper.domain.health import HealthCheck
from watchkeeper.domain.history import FlakyTest
from watchkeeper.domain.issue_events import IssueEvent
from watchkeeper.domain.issues import Issue
from watchkeeper.domain.limits import HealthLimits
from watchkeeper.domain.metrics import Bucket
from watchkeeper.domain.outages import Outage
from watchkeeper.domain.period_reports import Recommendation
from watchkeeper.domain.releases import Release
from watchkeeper.domain.rollback_replay import Replay
from watchkeeper.domain.slo import SloTarget

CHART_METRICS: Final = frozenset({"score", "failures", "latency_ms", "builds", "cost"})  # all that `steps` needs
LONG_METRICS: Final = frozenset({"score", "failures", "latency_ms", "builds", "cost"})  # all that `weeks` needs


@dataclass(frozen=True, slots=True)
class SourceState:
    """How much one source is known of a period: hours complete, hours there should be, and why the rest is missing."""

    complete: int
    expected: int
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """All that is known of one project.

    Windows are those of `calendar.in_zone(zone)`; what lies outside of them may be there and is left out.

    Attributes:
        zone: name of the time zone in which the project's days begin.
        totals: buckets of the size `calendar.whole`, every metric, that start in one of `calendar.windows`.
        steps: buckets of the size `calendar.step`, of CHART_METRICS, that start in `calendar.window`.
        cost_days: buckets of a day, of `cost`, that start in `calendar.cost_window` or in `calendar.window`.
        weeks: buckets of a week, of LONG_METRICS, that start in `calendar.long_window`; only for a monthly report.
        states: by source (see `hours.SOURCES`), of `calendar.window`; a source
            that is not configured is left out.
        states_before: the same of the other windows, by the name that they have in `calendar.windows`; what is not
            there is taken for complete.
        releases, deployments, pipelines, commits, alias_requests: of `calendar.story`; deployments are production's,
            pipelines the default branch's, with jobs where they failed.
        issues: that were seen in `calendar.window`; `issue_events`: of `calendar.story`.
        incidents: that overlap `calendar.story`.
        commits: None when no repository is configured or it could not be read.
        latest: the newest full check; None when there is none.
        earlier: recommendations of the report before.
        replay: the triggers of ways back over `calendar.window`; None where nothing can have triggered any.
        links: web pages by source, where its numbers can be looked up.
    """

    slug: str
    name: str
    zone: str = "UTC"
    limits: HealthLimits = field(default_factory=HealthLimits)
    prices: Prices = field(default_factory=Prices)
    targets: tuple[SloTarget, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    totals: tuple[Bucket, ...] = ()
    steps: tuple[Bucket, ...] = ()
    cost_days: tuple[Bucket, ...] = ()
    weeks: tuple[Bucket, ...] = ()
    states: Mapping[str, SourceState] = field(default_factory=dict)
    states_before: Mapping[str, Mapping[str, SourceState]] = field(default_factory=dict)
    releases: tuple[Release, ...] = ()
    deployments: tuple[VercelDeployment, ...] = ()
    pipelines: tuple[Pipeline, ...] = ()
    issues: tuple[Issue, ...] = ()
    issue_events: tuple[IssueEvent, ...] = ()
    flaky_tests: tuple[FlakyTest, ...] = ()
    incidents: tuple[Outage, ...] = ()
    alias_requests: tuple[AliasRequest, ...] = ()
    commits: tuple[Commit, ...] | None = None
    latest: HealthCheck | None = None
    earlier: tuple[Recommendation, ...] = ()
    replay: Replay | None = None
    links: Mapping[str, str] = field(default_factory=dict)
