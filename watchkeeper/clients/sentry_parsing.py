"""Sentry's JSON, read into values of ours."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, TypeVar

from watchkeeper.clients.base import VendorUnavailable
from watchkeeper.clients.parsing import MOST_COUNTED, Record
from watchkeeper.domain.errors import ErrorCount, Issue, IssueLevel, SentryRelease, SessionReading
from watchkeeper.domain.redaction import shortened
from watchkeeper.domain.verdicts import Gap, Missing
from watchkeeper.domain.windows import Window

T = TypeVar("T")

SESSIONS: Final = "sum(session)"
SPANS: Final = "count()"
FAILED_SPANS: Final = "failure_count()"
FAILURE_RATE: Final = "failure_rate()"
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
    """Return the project's slug and the spans of one of its releases.

    Failures are a count, or on an older Sentry a fraction of all. Sampled spans are scaled up, so neither is whole.
    """
    total = round(row.number(SPANS))
    share = FAILED_SPANS not in row.raw and FAILURE_RATE in row.raw
    failed = round(row.number(FAILURE_RATE) * total if share else row.number(FAILED_SPANS))
    if not 0 <= total <= MOST_COUNTED or failed < 0:
        raise VendorUnavailable(row.vendor, f"answered without a usable `{SPANS}`")
    return row.text("project").lower(), ErrorCount(row.text("release", ""), min(failed, total), total)


def read_users(row: Record) -> tuple[str, int]:
    """Return the project's slug and the people who met an error in it."""
    return row.text("project").lower(), row.count(USERS)


def read_each(
    rows: Iterable[Record], read: Callable[[Record], T], name: str, owner: str
) -> tuple[list[T], list[str], dict[str, Missing]]:
    """Return what could be read, a warning about the rest, and the projects whose figures lack a part for it.

    Args:
        name: what the rows are, in plural.
        owner: the key under which a row names its project.

    Raises:
        VendorUnavailable: a row that cannot be read does not say whose it is, so that any figure may lack it.
    """
    values, total = list[T](), 0
    incomplete: dict[str, Missing] = {}
    flaws: list[VendorUnavailable] = []
    for row in rows:
        total += 1
        try:
            values.append(read(row))
        except VendorUnavailable as flaw:
            flaws.append(flaw)
            incomplete[row.text(owner).lower()] = Missing(Gap.UNAVAILABLE, str(flaw))
    warnings = [f"{len(flaws)} of {total} {name} could not be read: {flaws[0]}"] if flaws else []
    return values, warnings, incomplete


def hours_of(answer: Record) -> list[datetime]:
    """Return the hours that an answer about sessions counts by."""
    return [Record(answer.vendor, {"start": start}).moment("start") for start in answer.values("intervals")]


def read_group(group: Record, hours: Sequence[datetime]) -> list[SessionCount]:
    """Return the sessions of one project and release that ended in one way, hour by hour."""
    by, values = group.record("by"), group.record("series").values(SESSIONS)
    if len(values) != len(hours):
        raise VendorUnavailable(group.vendor, f"answered with {len(values)} of {len(hours)} hours of sessions")
    project, release, status = by.text("project"), by.text("release", ""), by.text("session.status").lower()
    return [
        SessionCount(project, release, status, hour.astimezone(UTC), _sessions(group.vendor, value))
        for hour, value in zip(hours, values, strict=True)
    ]


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

    What stands at the top of the entry is of the range; its whole life stands under `lifetime`, and is unknown where
    Sentry leaves that out. It was seen in the range at the earliest, or it would not be in the list.

    Source: getsentry/sentry, `src/sentry/api/serializers/models/group_stream.py` and `group.py`.
    """
    life = raw.record("lifetime")
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
        count=_count_or_none(life, "count"),
        users=_count_or_none(life, "userCount"),
        first_seen=life.moment_or_none("firstSeen"),
        last_seen=life.moment_or_none("lastSeen") or raw.moment_or_none("lastSeen") or asked.start,
        url=raw.url("permalink"),
        is_unhandled=raw.flag("isUnhandled") is True,
        recent_count=_count_or_none(raw, "count"),
        recent_users=_count_or_none(raw, "userCount"),
    )


def _count_or_none(raw: Record, key: str) -> int | None:
    return None if raw.raw.get(key) is None else raw.count(key)


def read_releases(raw: Record, environment: str) -> tuple[tuple[str, SentryRelease], ...]:
    """Return a release by each of its projects, with the new issues of that project alone, of all environments.

    At the top of the entry Sentry adds up its projects. It counts as deployed when its last deploy went to
    `environment`.

    Source: getsentry/sentry, `src/sentry/api/serializers/models/release.py`.
    """
    projects = raw.records("projects")
    release = _read_release(raw, environment)
    return tuple(
        (project.text("slug", "").lower(), replace(release, new_issues=_new_issues(raw, project, len(projects))))
        for project in projects
    )


def _read_release(raw: Record, environment: str) -> SentryRelease:
    deploy = raw.record("lastDeploy")
    deployed_to = deploy.text("environment", "")
    return SentryRelease(
        version=raw.text("version"),
        projects=tuple(project.text("slug", "").lower() for project in raw.records("projects")),
        created_at=raw.moment_or_none("dateCreated") or raw.moment("dateReleased"),
        released_at=raw.moment_or_none("dateReleased"),
        deployed_at=deploy.moment_or_none("dateFinished") if deployed_to == environment else None,
        environment=deployed_to,
    )


def _new_issues(raw: Record, project: Record, projects: int) -> int | None:
    """Return the new issues of a project: null is none; where they are not said, the sum of a single one."""
    if "newGroups" in project.raw:
        return project.count("newGroups") if project.raw["newGroups"] is not None else 0
    return _count_or_none(raw, "newGroups") if projects == 1 else None


def _sessions(vendor: str, value: object) -> int:
    return 0 if value is None else Record(vendor, {SESSIONS: value}).count(SESSIONS)


def _short(text: str) -> str:
    return shortened(" ".join(text.split()), _LONGEST_TEXT)
