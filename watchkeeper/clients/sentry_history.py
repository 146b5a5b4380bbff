"""Sentry's past, hour by hour: two calls for each hour, for its requests and its people, and a few for all at once."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeVar

from watchkeeper.clients.base import VendorError, VendorRefused
from watchkeeper.clients.patience import Patience
from watchkeeper.clients.sentry_calls import SentryCalls
from watchkeeper.clients.sentry_found import Read, or_warning
from watchkeeper.clients.sentry_parsing import SessionCount, session_readings
from watchkeeper.domain.error_rates import ErrorCount, merge_counts
from watchkeeper.domain.errors import Denominator, Issue, SentryRelease
from watchkeeper.domain.history import ErrorHistory, ErrorHour
from watchkeeper.domain.verdicts import Gap, Missing
from watchkeeper.domain.windows import Window

T = TypeVar("T")

HISTORY_PAGES: Final[Mapping[str, int]] = {"projects": 50, "events": 50, "sessions": 100, "issues": 20, "releases": 20}
RELEASES_WITHIN: Final = timedelta(days=7)  # before what is asked for
_RESOLVED_WITHIN: Final = timedelta(days=14)  # an issue that nobody has met for longer may be resolved unseen
_LATELY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Past:
    """What the calls gave, before it is put together by project.

    Attributes:
        spans, users: by hour; one that could not be read says why.
        flaws: entries of the list of projects that could not be read.
    """

    hours: Sequence[datetime]
    spans: Mapping[datetime, Read[ErrorCount] | Missing]
    users: Mapping[datetime, Read[int] | Missing]
    sessions: Read[SessionCount]
    issues: tuple[Read[Issue], ...]
    releases: Read[SentryRelease]
    flaws: tuple[str, ...] = ()

    def history(self, slug: str, project_id: str, url: str) -> ErrorHistory | Missing:
        """Return the past of one project; missing when not a single hour is known."""
        hours = self._hours(slug, project_id)
        missing = [hour for hour in hours.values() if isinstance(hour, Missing)]
        if len(missing) == len(hours):
            return missing[0]
        return ErrorHistory(hours, self._issues(slug), tuple(self.releases.by_project[slug]), self._warnings(), url)

    def _hours(self, slug: str, project_id: str) -> dict[datetime, ErrorHour | Missing]:
        half = self.sessions.incomplete.get(project_id)
        sessions = _by_hour([] if half else self.sessions.by_project[project_id])
        spans = {hour: _counts(read, slug) for hour, read in self.spans.items()}
        sends_spans = any(counts for counts in spans.values() if not isinstance(counts, Missing))
        unknown = half or (self.sessions.refusal.missing() if self.sessions.refusal is not None else None)
        return {
            hour: self._hour(hour, slug, spans[hour], unknown or sessions[hour], sends_spans=sends_spans)
            for hour in self.hours
        }

    def _hour(
        self,
        hour: datetime,
        slug: str,
        spans: tuple[ErrorCount, ...] | Missing,
        sessions: Sequence[SessionCount] | Missing,
        *,
        sends_spans: bool,
    ) -> ErrorHour | Missing:
        """Return the hour, counted against requests where there are any, else against sessions."""
        refused = isinstance(spans, Missing)
        if isinstance(spans, Missing) and spans.gap is not Gap.REFUSED:
            return spans
        requests = () if isinstance(spans, Missing) else spans
        if isinstance(sessions, Missing):
            if not requests and (refused or not sends_spans):
                return sessions
            sessions = ()
        (reading,) = session_readings(sessions, [hour], hour + _HOUR)
        counted = tuple(count for count in reading.counts if count.total)
        by_requests = bool(requests) or (sends_spans and not counted)
        return ErrorHour(
            hour=hour,
            denominator=Denominator.SPANS if by_requests else Denominator.SESSIONS,
            counts=requests if by_requests else counted,
            sessions=sum(count.count for count in sessions),
            crashed=sum(count.count for count in sessions if count.status == "crashed"),
            users=_people(self.users[hour], slug),
        )

    def _issues(self, slug: str) -> tuple[Issue, ...]:
        found = {issue.id: issue for read in self.issues for issue in read.by_project[slug]}
        return tuple(sorted(found.values(), key=lambda issue: (issue.last_seen, issue.id), reverse=True))

    def _warnings(self) -> tuple[str, ...]:
        lacks = [
            *_lacks("spans are not used", self.spans.values(), only=Gap.REFUSED),
            *_lacks("how many people met an error is not known", self.users.values()),
        ]
        by_hour = [
            read.warnings for reads in (self.spans, self.users) for read in reads.values() if isinstance(read, Read)
        ]
        rest = [
            self.flaws,
            *by_hour,
            self.sessions.warnings,
            *(read.warnings for read in self.issues),
            self.releases.warnings,
        ]
        return tuple(dict.fromkeys([*lacks, *(warning for warnings in rest for warning in warnings)]))


async def read_past(calls: SentryCalls, hours: Sequence[datetime], now: datetime, flaws: tuple[str, ...] = ()) -> Past:
    """Read the hours, which are sorted, with all that lies between them.

    Args:
        flaws: entries of the list of projects that could not be read.

    Raises:
        VendorUnavailable: the sessions could not be read.
    """
    span = Window(hours[0], hours[-1] + _HOUR)
    spans, users, sessions, issues, releases = await asyncio.gather(
        _each_hour(calls.spans, hours),
        _each_hour(calls.users, hours),
        or_warning(calls.sessions(hours), "sessions are not known", VendorRefused),
        _issues(calls, span, now),
        or_warning(calls.releases(span.start - RELEASES_WITHIN), "releases are not known", VendorError),
    )
    return Past(hours, spans, users, sessions, issues, releases, flaws)


async def _issues(calls: SentryCalls, span: Window, now: datetime) -> tuple[Read[Issue], ...]:
    """Read the issues of any status that were seen in the span, and those resolved lately."""
    asked = [calls.issues(span, "")]
    if now - span.end <= _LATELY:
        asked.append(calls.issues(Window(now - _RESOLVED_WITHIN, now), "is:resolved"))
    return tuple(await asyncio.gather(*(or_warning(call, "issues are not known", VendorError) for call in asked)))


async def _each_hour(
    read: Callable[[Window], Coroutine[None, None, Read[T]]], hours: Sequence[datetime]
) -> dict[datetime, Read[T] | Missing]:
    """Ask for every hour, the newest first; when too many cannot be had, the rest is not asked for."""
    patience = Patience(VendorError)
    newest_first = sorted(hours, reverse=True)
    found = await asyncio.gather(*(patience.spend(partial(_whole, read, hour)) for hour in newest_first))
    return dict(zip(newest_first, found, strict=True))


async def _whole(read: Callable[[Window], Coroutine[None, None, Read[T]]], hour: datetime) -> Read[T] | Missing:
    """Return all of an hour; half of it would look like less traffic than there was."""
    found = await read(Window(hour, hour + _HOUR))
    return Missing(Gap.UNAVAILABLE, found.warnings[0]) if found.is_cut else found


def _counts(read: Read[ErrorCount] | Missing, slug: str) -> tuple[ErrorCount, ...] | Missing:
    if isinstance(read, Missing):
        return read
    if slug in read.incomplete:
        return read.incomplete[slug]
    return tuple(count for count in merge_counts(read.by_project[slug]) if count.total)


def _by_hour(counts: Sequence[SessionCount]) -> defaultdict[datetime, list[SessionCount]]:
    hours: defaultdict[datetime, list[SessionCount]] = defaultdict(list)
    for count in counts:
        hours[count.hour].append(count)
    return hours


def _people(read: Read[int] | Missing, slug: str) -> int | None:
    return None if isinstance(read, Missing) or slug in read.incomplete else sum(read.by_project[slug])


def _lacks(lack: str, reads: Iterable[Read[T] | Missing], only: Gap | None = None) -> list[str]:
    missing = [read for read in reads if isinstance(read, Missing)]
    return [f"{lack}: {read.reason}" for read in missing if only is None or read.gap is only]
