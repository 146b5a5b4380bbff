"""The lines of the lists of a report: one release, issue, build, test, endpoint, workflow or area each."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from watchkeeper.domain.trends import Trend


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
    """An issue worth naming. `kind`: new, regressed or top. `title` and `culprit` are text from outside.

    Attributes:
        events, users: since it was first seen, not in the period; None, as `first_seen`, where that is not known.
    """

    kind: str
    level: str
    short_id: str
    title: str
    culprit: str
    events: int | None
    users: int | None
    first_seen: datetime | None
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
