"""Sentry's JSON, read into values of ours."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from watchkeeper.clients.parsing import Record
from watchkeeper.domain.errors import ErrorCount, Issue, IssueLevel, SentryRelease, SessionReading
from watchkeeper.domain.windows import Window

SESSIONS: Final = "sum(session)"
SPANS: Final = "count()"
FAILED_SPANS: Final = "failure_count()"
USERS: Final = "count_unique(user)"

# `errored` sessions met an error that the application handled, so they count as sessions that went well.
_FAILED_STATUSES: Final = frozenset({"crashed", "abnormal", "unhandled"})
_ISSUE_STATUSES: Final = frozenset({"resolved", "unresolved", "ignored"})
_LONGEST_TEXT: Final = 300


@dataclass(frozen=True, slots=True)
class SessionCount:
    """Sessions of one hour that ended in one way. `project` is the vendor's id of the project."""

    project: str
    release: str
    status: str
    hour: datetime
    count: int


def read_spans(row: Record) -> tuple[str, ErrorCount]:
    """Return the project's slug and the spans of one of its releases."""
    total = row.count(SPANS)
    count = ErrorCount(row.text("release", ""), min(row.count(FAILED_SPANS), total), total)
    return row.text("project", "").lower(), count


def read_users(row: Record) -> tuple[str, int]:
    """Return the project's slug and the people who met an error in it."""
    return row.text("project", "").lower(), row.count(USERS)


def read_sessions(answer: Record) -> list[SessionCount]:
    """Return the counts of all groups and hours of an answer."""
    hours = [Record(answer.vendor, {"start": start}).moment("start") for start in answer.values("intervals")]
    return [count for group in answer.records("groups") for count in _group(group, hours)]


def session_readings(
    counts: Iterable[SessionCount], hours: Sequence[datetime], taken_at: datetime
) -> tuple[SessionReading, ...]:
    """Return a reading for each of the hours, an empty one for an hour without sessions."""
    tally: defaultdict[datetime, defaultdict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for count in counts:
        failures_and_total = tally[count.hour][count.release]
        failures_and_total[0] += count.count if count.status in _FAILED_STATUSES else 0
        failures_and_total[1] += count.count
    return tuple(
        SessionReading(
            hour=hour,
            taken_at=taken_at,
            counts=tuple(ErrorCount(release, *tally[hour][release]) for release in sorted(tally[hour])),
        )
        for hour in hours
    )


def crash_free_rate(counts: Sequence[SessionCount]) -> float | None:
    total = sum(count.count for count in counts)
    crashed = sum(count.count for count in counts if count.status == "crashed")
    return 1 - crashed / total if total else None


def read_issue(raw: Record, asked: Window) -> Issue:
    """Return an issue of a list that was asked for over a range of time.

    What stands at the top of the entry is of the range; its whole life stands under `lifetime`. Where Sentry does not
    say when the issue was first seen it is taken to be older than the range: unknown is not new.

    Source: getsentry/sentry, `src/sentry/api/serializers/models/group_stream.py` and `group.py`.
    """
    life = raw.record("lifetime")
    is_ranged = bool(life.raw)
    whole = life if is_ranged else raw
    last_seen = whole.moment_or_none("lastSeen") or raw.moment_or_none("lastSeen") or asked.end
    status = raw.text("status", "")
    return Issue(
        id=raw.text("id"),
        short_id=raw.text("shortId", ""),
        project=raw.text("project.slug").lower(),
        title=_short(raw.text("title", "")),
        culprit=_short(raw.text("culprit", "")),
        level=raw.choice("level", IssueLevel, IssueLevel.UNKNOWN),
        status=status if status in _ISSUE_STATUSES else "unknown",
        substatus=raw.text("substatus", ""),
        count=whole.count("count", 0),
        users=whole.count("userCount", 0),
        first_seen=whole.moment_or_none("firstSeen") or asked.start - timedelta(seconds=1),
        last_seen=last_seen,
        url=raw.url("permalink"),
        is_unhandled=raw.flag("isUnhandled") is True,
        recent_count=raw.count("count", 0) if is_ranged and "count" in raw.raw else None,
        recent_users=raw.count("userCount", 0) if is_ranged and "userCount" in raw.raw else None,
        is_counted="count" in whole.raw,
    )


def read_releases(raw: Record, environment: str) -> tuple[tuple[str, SentryRelease], ...]:
    """Return a release by each of its projects, with the new issues of that project alone.

    At the top of the entry Sentry adds them up.

    Source: getsentry/sentry, `src/sentry/api/serializers/models/release.py`.
    """
    release = read_release(raw, environment)
    return tuple(
        (project.text("slug", "").lower(), replace(release, new_issues=project.count("newGroups", release.new_issues)))
        for project in raw.records("projects")
    )


def read_release(raw: Record, environment: str) -> SentryRelease:
    """Return a release; it counts as deployed when its last deploy went to `environment`."""
    deploy = raw.record("lastDeploy")
    deployed_to = deploy.text("environment", "")
    return SentryRelease(
        version=raw.text("version"),
        projects=tuple(project.text("slug", "").lower() for project in raw.records("projects")),
        created_at=raw.moment_or_none("dateCreated") or raw.moment("dateReleased"),
        released_at=raw.moment_or_none("dateReleased"),
        deployed_at=deploy.moment_or_none("dateFinished") if deployed_to == environment else None,
        environment=deployed_to,
        new_issues=raw.count("newGroups", 0),
    )


def _group(group: Record, hours: Sequence[datetime]) -> Iterable[SessionCount]:
    by = group.record("by")
    project, release, status = by.text("project"), by.text("release", ""), by.text("session.status").lower()
    for hour, value in zip(hours, group.record("series").values(SESSIONS), strict=False):
        sessions = 0 if value is None else Record(group.vendor, {SESSIONS: value}).count(SESSIONS)
        yield SessionCount(project, release, status, hour.astimezone(UTC), sessions)


def _short(text: str) -> str:
    return " ".join(text.split())[:_LONGEST_TEXT]
