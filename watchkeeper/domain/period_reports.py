"""What a report says of a period: figures with their trends, lists worth reading, what needs doing. No layout here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from watchkeeper.domain.outages import Outage
from watchkeeper.domain.report_incidents import PeriodIncidents
from watchkeeper.domain.report_lines import (
    Area,
    BuildLine,
    EndpointLine,
    FlakyTestLine,
    IssueLine,
    ReleaseLine,
    WorkflowLine,
)
from watchkeeper.domain.report_numbers import Figure, Point, Series
from watchkeeper.domain.rollback_replay import Replay
from watchkeeper.domain.verdicts import Verdict
from watchkeeper.domain.windows import Window

__all__ = [
    "Area",
    "BuildLine",
    "Cost",
    "Coverage",
    "Dora",
    "DoraFigure",
    "EndpointLine",
    "Figure",
    "FlakyTestLine",
    "IssueLine",
    "Objective",
    "PeriodIncidents",
    "PeriodReport",
    "Point",
    "ProjectReport",
    "Recommendation",
    "ReleaseLine",
    "ReportPeriod",
    "SentLine",
    "Series",
    "TimeSaved",
    "WorkflowLine",
]


class ReportPeriod(StrEnum):
    """Which span of the calendar a report covers."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    CUSTOM = "custom"


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
        replay: what the triggers of ways back would have done; None when nothing.
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
    incidents: tuple[Outage, ...] = ()
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
    replay: Replay | None = None


@dataclass(frozen=True, slots=True)
class SentLine:
    """How many messages of the period went to a channel, and how many did not arrive: they wait, or were lost."""

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
        incidents: what people worked on together; None when that was not looked up.
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
    incidents: PeriodIncidents | None = None
    why_empty: str = ""
