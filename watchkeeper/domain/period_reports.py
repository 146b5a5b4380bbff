"""What a report says of a period: figures with their trends, lists worth reading, what needs doing. No layout here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from watchkeeper.domain.incidents import Incident
from watchkeeper.domain.trends import Trend
from watchkeeper.domain.verdicts import Verdict
from watchkeeper.domain.windows import Window


class ReportPeriod(StrEnum):
    """Which span of the calendar a report covers."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a report that can be traced to its source.

    Attributes:
        name: of the metric, or one of `cost_per_deployment`, `deployment_frequency`, `change_failure_rate`, ...
        value: in `unit`; None when it is not known, and `note` says why.
        unit: "%" (value is then a fraction 0..1), ms, s, days, points, credits, the currency's code, "per day" or "".
        interval: bounds of the true value, 95 %; None where that makes no sense.
        numerator, denominator: what a share is made of, `3 of 1,204`; None for what is no share.
        sample: how many single measurements it rests on.
        source: where it comes from, a short sentence: `Sentry, spans, 24 of 24 hours`.
        trends: by what it is held against, in this order: `previous` (the period before), `week` (the same day, week or
            month one week, four weeks or a year ago, as far as that makes sense), `compare_to` (asked for by hand);
            of the cost also `expected`.
        note: a sentence about what is special; "" for nothing.
    """

    name: str
    title: str
    value: float | None
    unit: str = ""
    interval: tuple[float, float] | None = None
    numerator: float | None = None
    denominator: float | None = None
    sample: int = 0
    source: str = ""
    trends: Mapping[str, Trend] = field(default_factory=dict)
    note: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a line: `value` None is a gap. `low`, `high`: bounds or a band around it; None for none."""

    at: datetime
    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """Lines of one chart, by name, all with points at the same moments, oldest first.

    Names: `score` {score}; `failures` {rate}; `latency_ms` {p50, p95, p99}; `builds` {passed, failed};
    `cost` {actual, expected}; `releases` {released, failed}. `step` is the span of a point. The cost of a day is shown
    among the four weeks before it. A monthly report also has `score_by_week`, `failures_by_week`, `latency_ms_by_week`,
    `builds_by_week` and `cost_by_week` {actual}, of the last thirteen weeks.
    """

    name: str
    title: str
    unit: str
    step: timedelta
    lines: Mapping[str, tuple[Point, ...]]


@dataclass(frozen=True, slots=True)
class ReleaseLine:
    """A release that went live in the period. `outcome`: well, failed, rolled back or not known.

    `failures` of `total` requests or sessions of the period were its own.
    """

    name: str
    sha: str
    live_at: datetime
    outcome: str
    failures: int
    total: int
    reason: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class IssueLine:
    """An issue worth naming. `kind`: new, regressed or top. `title` and `culprit` are text from outside."""

    kind: str
    level: str
    short_id: str
    title: str
    culprit: str
    events: int
    users: int
    first_seen: datetime
    last_seen: datetime
    url: str


@dataclass(frozen=True, slots=True)
class BuildLine:
    """A build of the default branch that failed. `name`: workflow; `failed_jobs`: names of them."""

    name: str
    number: int
    sha: str
    at: datetime
    failed_jobs: tuple[str, ...]
    reason: str
    url: str


@dataclass(frozen=True, slots=True)
class FlakyTestLine:
    """A test that fails and passes on the same commit. `time_lost`: of the runs that were repeated for it."""

    name: str
    job: str
    times: int
    time_lost: timedelta
    url: str = ""


@dataclass(frozen=True, slots=True)
class EndpointLine:
    """How one endpoint did.

    Attributes:
        availability: a fraction 0..1 of `probes`; like the latencies None when not known.
        limit_ms: above which `p95_ms` makes it slow.
        trend: of `p95_ms` against the period before; None when there is nothing to compare.
    """

    name: str
    probes: int
    availability: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    is_slow: bool
    certificate_days: float | None = None
    limit_ms: float | None = None
    trend: Trend | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class WorkflowLine:
    """How one workflow of CircleCI did.

    Attributes:
        runs, passed: of the default branch; `reruns` of them repeated one on the same commit.
        p95_s: build time in seconds; `queue_s` p95 of the time before its first job started; None when not known.
        credits, credits_before: on all branches, in the period and in the one before (of a day: on the same weekday a
            week before); `credits_before` None when nothing is known of it.
        trend: of `p95_s` against the period before; None when there is nothing to compare.
    """

    name: str
    runs: int
    passed: int
    p95_s: float | None
    queue_s: float | None
    reruns: int
    credits: float
    credits_before: float | None
    trend: Trend | None = None


@dataclass(frozen=True, slots=True)
class Area:
    """Where problems gather.

    Attributes:
        kind: route, culprit, file or release.
        events: of a release, its failed requests in the period; else events of the issues that were seen in the period,
            counted since each was first seen.
        share: of all events of areas of this kind, 0..1.
    """

    kind: str
    name: str
    events: int
    issues: int
    share: float


@dataclass(frozen=True, slots=True)
class DoraFigure:
    """One of the four. `level`: elite, high, medium, low, or "" when the figure is not known."""

    figure: Figure
    level: str
    limits: str  # the published levels, in a sentence


@dataclass(frozen=True, slots=True)
class Dora:
    """The four keys, with what could not be attributed. Source: dora.dev, Accelerate State of DevOps 2023."""

    deployment_frequency: DoraFigure
    lead_time: DoraFigure
    change_failure_rate: DoraFigure
    time_to_restore: DoraFigure
    unattributed: int  # incidents that are laid on no release
    incidents: int

    @property
    def figures(self) -> tuple[DoraFigure, ...]:
        return self.deployment_frequency, self.lead_time, self.change_failure_rate, self.time_to_restore


@dataclass(frozen=True, slots=True)
class Cost:
    """What the period has cost, and what was to be expected. Money in `currency`.

    Attributes:
        actual: None when nothing of it is known; `by_source` has its parts.
        expected: sum of the same weekdays' medians of the eight weeks before; None with less than two of them.
        variance: (actual - expected) / expected, a fraction; None when one is not known.
        verdict: by the cost limits; unknown when the variance is.
        note: what is not in it.
    """

    currency: str
    actual: float | None
    expected: float | None
    variance: float | None
    verdict: Verdict
    by_source: Mapping[str, float]
    per_deployment: float | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Objective:
    """One service level objective over its period.

    Attributes:
        name: availability or success rate, with what it is of.
        target, actual: fractions 0..1; `actual` None when not known.
        good, total: what `actual` is made of.
        budget_left: share of the error budget that is left, 1 = untouched, below 0 = overspent; None when not known.
    """

    name: str
    target: float
    actual: float | None
    good: int
    total: int
    budget_left: float | None
    note: str = ""

    @property
    def is_met(self) -> bool | None:
        return None if self.actual is None else self.actual >= self.target


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Something to do, because of numbers.

    Attributes:
        rule: the rule's name, stable: with project and subject it is known again in the next period.
        subject: what it is about (an endpoint, a test, a workflow ...); "" for the project as a whole.
        severity: critical (today), warning (this week) or info (when there is time), as a word.
        sentence: what to do; `evidence`: the numbers; `effect`: what is to be expected of it, with numbers.
        weight: what it is ranked by, greatest first.
        measured: the number that it is judged by next time.
        follow_up: whether an earlier one of the same rule has helped: a sentence; "" when it is new.
    """

    project: str
    rule: str
    subject: str
    severity: str
    sentence: str
    evidence: str
    effect: str
    weight: float
    measured: float
    url: str = ""
    follow_up: str = ""


@dataclass(frozen=True, slots=True)
class TimeSaved:
    """What the watch has saved, with what that is reckoned from: each assumption a sentence with its number."""

    total: timedelta
    assumptions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the period is known, by source: (hours complete, hours of the period), and why the rest is not.

    `not_begun`: sources that nobody had begun to watch; they are missing from no judgement.
    """

    hours: Mapping[str, tuple[int, int]]
    reasons: tuple[str, ...]
    not_begun: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProjectReport:
    """One project's part of a report.

    Attributes:
        verdict: unknown when nothing vital is known of the period; `reasons`, the weightiest first.
        score: mean of the health score, 0..100; None when not known.
        figures: by name, in the order in which they are read; `key_figures` names the five that stand first.
        series: by name.
        calendar: releases by local day: (releases, failed ones).
        cut: how many more there are of a list that was cut, by the name of its field.
        custody_since: since when production is held at an earlier release by a rollback; None when it is not.
        waiting: finished production builds that do not go live because of it.
        checks: full health checks of the period.
        broken_since: since when the default branch was broken at the end of the period; None when it was not.
    """

    slug: str
    name: str
    verdict: Verdict
    reasons: tuple[str, ...]
    score: float | None
    figures: Mapping[str, Figure]
    key_figures: tuple[str, ...]
    series: Mapping[str, Series]
    coverage: Coverage
    releases: tuple[ReleaseLine, ...] = ()
    incidents: tuple[Incident, ...] = ()
    issues: tuple[IssueLine, ...] = ()
    builds: tuple[BuildLine, ...] = ()
    flaky_tests: tuple[FlakyTestLine, ...] = ()
    endpoints: tuple[EndpointLine, ...] = ()
    areas: tuple[Area, ...] = ()
    better: tuple[str, ...] = ()  # sentences: what got better, significantly
    dora: Dora | None = None
    cost: Cost | None = None
    objectives: tuple[Objective, ...] = ()
    recommendations: tuple[Recommendation, ...] = ()
    calendar: Mapping[date, tuple[int, int]] = field(default_factory=dict)
    is_empty: bool = False  # nothing at all is known of the period
    workflows: tuple[WorkflowLine, ...] = ()
    cut: Mapping[str, int] = field(default_factory=dict)
    custody_since: datetime | None = None
    waiting: int = 0
    checks: int = 0
    broken_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class SentLine:
    """How many messages went to a channel in the period, and how many did not arrive."""

    channel: str
    sent: int
    failed: int


@dataclass(frozen=True, slots=True)
class PeriodReport:
    """A whole report.

    Attributes:
        zone: name of the time zone in which days begin.
        compared_with: the window that `compare_to` asked for; None for none.
        headline: one sentence; `sentences`: at most three, what happened; `actions`: what needs doing today, ranked.
        why_empty: why nothing is known of any project; "" when something is.
        time_saved: None in a daily report.
    """

    period: ReportPeriod
    window: Window
    zone: str
    generated_at: datetime
    verdict: Verdict
    headline: str
    sentences: tuple[str, ...]
    actions: tuple[Recommendation, ...]
    projects: tuple[ProjectReport, ...]
    compared_with: Window | None = None
    time_saved: TimeSaved | None = None
    sent: tuple[SentLine, ...] = ()
    why_empty: str = ""
