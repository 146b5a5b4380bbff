"""Failures of the running application: samples, releases, issues (source: Sentry)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from watchkeeper.domain.windows import Window


class Denominator(StrEnum):
    """What the failures are counted against."""

    SPANS = "spans"  # requests: root spans of the window
    SESSIONS = "sessions"  # sessions: difference of two readings of the running hour


@dataclass(frozen=True, slots=True)
class ErrorCount:
    """Failures out of all requests or sessions of one release; `release` is "" where the vendor names none."""

    release: str
    failures: int
    total: int


@dataclass(frozen=True, slots=True)
class ErrorSample:
    """Failures and totals of one project, by release, sorted by release.

    Attributes:
        window: what was really measured; wider than what was asked for when `note` says so.
        note: a sentence about what the sample does not cover; "" when there is nothing to say.
        crash_free_rate: sessions without a crash, a fraction 0..1, over the running hour; None if not known.
        url: the vendor's page with these numbers.
    """

    window: Window
    denominator: Denominator
    counts: tuple[ErrorCount, ...]
    note: str = ""
    crash_free_rate: float | None = None
    url: str = ""

    @property
    def failures(self) -> int:
        return sum(count.failures for count in self.counts)

    @property
    def total(self) -> int:
        return sum(count.total for count in self.counts)


@dataclass(frozen=True, slots=True)
class SessionReading:
    """The sessions of one clock hour as they stood when they were read: cumulative, so two readings give a difference.

    Attributes:
        hour: start of the hour, aware UTC.
        taken_at: when the vendor was asked.
        counts: cumulative since `hour`, by release. A failure is a session that crashed, errored unhandled or abnormal.
    """

    hour: datetime
    taken_at: datetime
    counts: tuple[ErrorCount, ...]


class IssueLevel(StrEnum):
    FATAL = "fatal"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    DEBUG = "debug"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Issue:
    """A group of errors of one cause.

    Attributes:
        project: the vendor's project slug.
        status: resolved, unresolved, ignored or unknown; `substatus` new, regressed, escalating, ongoing ... or "".
        count: events since it was first seen; `users`: people affected.
    """

    id: str
    short_id: str
    project: str
    title: str
    culprit: str
    level: IssueLevel
    status: str
    substatus: str
    count: int
    users: int
    first_seen: datetime
    last_seen: datetime
    url: str
    is_unhandled: bool = False


@dataclass(frozen=True, slots=True)
class SentryRelease:
    """A release as Sentry names it. `version` may be a SHA, a short SHA, or `package@1.2.3+sha`."""

    version: str
    projects: tuple[str, ...]
    created_at: datetime
    released_at: datetime | None = None
    deployed_at: datetime | None = None
    environment: str = ""
    new_issues: int = 0


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """Everything read about the errors of one project in one go, nothing decided yet.

    Attributes:
        spans: failed and all root spans of the asked window, by release; empty when the project sent none.
        readings: the session hours that the asked window touches, oldest first; empty when the project sends none.
        crash_free_rate: sessions without a crash in those hours, a fraction 0..1; None if not known.
        warnings: sentences about what could not be read to the end.
        url: the vendor's page with these numbers.
    """

    spans: tuple[ErrorCount, ...] = ()
    readings: tuple[SessionReading, ...] = ()
    crash_free_rate: float | None = None
    issues: tuple[Issue, ...] = ()
    releases: tuple[SentryRelease, ...] = ()
    warnings: tuple[str, ...] = ()
    url: str = ""
