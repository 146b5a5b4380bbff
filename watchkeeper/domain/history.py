"""What the vendors tell of past hours, nothing decided yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchkeeper.domain.builds import Pipeline, WorkflowStatus
from watchkeeper.domain.commits import Commit
from watchkeeper.domain.delivery import DeliveryReport
from watchkeeper.domain.errors import Denominator, ErrorCount, Issue, SentryRelease
from watchkeeper.domain.verdicts import Missing


@dataclass(frozen=True, slots=True)
class ErrorHour:
    """One clock hour of one project, all its Sentry projects added up.

    Attributes:
        hour: its start, aware UTC.
        counts: failures and totals by release, sorted by release; () when there was no traffic at all.
        sessions, crashed: of the hour; both 0 when the project sends no sessions.
        users: people who met an error in the hour, each Sentry project counted on its own; None when not known.
    """

    hour: datetime
    denominator: Denominator
    counts: tuple[ErrorCount, ...]
    sessions: int
    crashed: int
    users: int | None


@dataclass(frozen=True, slots=True)
class ErrorHistory:
    """The errors of one project over a span of hours.

    Attributes:
        hours: every hour that was asked for, by its start; one that could not be read stands there as `Missing`.
        issues: of any status that were seen in the span or since, or were first seen in it; those seen last come first.
        url: the vendor's page with these numbers.
    """

    hours: Mapping[datetime, ErrorHour | Missing]
    issues: tuple[Issue, ...] = ()
    releases: tuple[SentryRelease, ...] = ()
    warnings: tuple[str, ...] = ()
    url: str = ""


@dataclass(frozen=True, slots=True)
class BuildRun:
    """One run of a workflow on any branch, as CircleCI Insights tells it: refreshed once a day, kept for 90."""

    id: str
    workflow: str
    branch: str
    status: WorkflowStatus
    created_at: datetime
    stopped_at: datetime | None
    credits: int


@dataclass(frozen=True, slots=True)
class FlakyTest:
    """A test that passed and failed on the same commit within the last 14 days; `times` it flaked in them."""

    name: str
    file: str
    job: str
    workflow: str
    times: int
    time_lost: timedelta
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class BuildHistory:
    """The builds of one project over a span of hours.

    Attributes:
        pipelines: of the default branch, created in the span, newest first, their workflows with the time they queued.
        runs: on all branches, created in the span, newest first.
        credits_until: credits of runs that ended after this are not known yet.
    """

    pipelines: tuple[Pipeline, ...]
    runs: tuple[BuildRun, ...]
    flaky_tests: tuple[FlakyTest, ...]
    credits_until: datetime
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    """What each vendor tells of a project's past; what could not be had is `Missing` for itself alone."""

    errors: ErrorHistory | Missing
    builds: BuildHistory | Missing
    delivery: DeliveryReport | Missing
    commits: tuple[Commit, ...] | Missing
