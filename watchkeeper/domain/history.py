"""What the vendors tell of past hours, nothing decided yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchkeeper.domain.builds import Pipeline, WorkflowStatus
from watchkeeper.domain.commits import Commit
from watchkeeper.domain.delivery import DeliveryReport
from watchkeeper.domain.error_rates import merge_counts
from watchkeeper.domain.errors import Denominator, ErrorCount, Issue, SentryRelease, merge_releases
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
        issues: of any status with an event in the span, and those resolved lately where it is recent; last seen first.
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


def merge_error_histories(histories: Sequence[ErrorHistory | Missing]) -> ErrorHistory | Missing:
    """Return the sum of a project's several Sentry projects; one that is missing leaves the sum unknown.

    People who met an error in several of them are counted several times.
    """
    known = [history for history in histories if isinstance(history, ErrorHistory)]
    missing = next((history for history in histories if isinstance(history, Missing)), None)
    if missing is not None or len(known) == 1:
        return missing or known[0]
    return ErrorHistory(
        hours={hour: _merge_hours([history.hours[hour] for history in known]) for hour in known[0].hours},
        issues=tuple(issue for history in known for issue in history.issues),
        releases=merge_releases(release for history in known for release in history.releases),
        warnings=tuple(dict.fromkeys(warning for history in known for warning in history.warnings)),
        url=next((history.url for history in known if history.url), ""),
    )


def _merge_hours(hours: Sequence[ErrorHour | Missing]) -> ErrorHour | Missing:
    """Return the sum: of requests where any were counted, else of sessions, since the two cannot be added."""
    missing = next((hour for hour in hours if isinstance(hour, Missing)), None)
    if missing is not None:
        return missing
    known = [hour for hour in hours if isinstance(hour, ErrorHour)]
    counted = {hour.denominator for hour in known if hour.counts} or {hour.denominator for hour in known}
    denominator = Denominator.SPANS if Denominator.SPANS in counted else Denominator.SESSIONS
    users = [hour.users for hour in known]
    return ErrorHour(
        hour=known[0].hour,
        denominator=denominator,
        counts=merge_counts(count for hour in known if hour.denominator is denominator for count in hour.counts),
        sessions=sum(hour.sessions for hour in known),
        crashed=sum(hour.crashed for hour in known),
        users=None if None in users else sum(count for count in users if count is not None),
    )
