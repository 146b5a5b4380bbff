"""The single calls to Sentry about projects of an organization: each is read to its end, and bounded."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from urllib.parse import quote

import httpx

from watchkeeper.clients.base import Answer, Pages, Params, VendorClient, VendorRefused
from watchkeeper.clients.parsing import Record, readable, record_of, records_of
from watchkeeper.clients.sentry_found import Listed, Read
from watchkeeper.clients.sentry_parsing import (
    FAILED_SPANS,
    FAILURE_RATE,
    SESSIONS,
    SPANS,
    USERS,
    SessionCount,
    hours_of,
    read_each,
    read_group,
    read_issue,
    read_releases,
    read_spans,
    read_users,
)
from watchkeeper.clients.sentry_sessions import Part, read_whole
from watchkeeper.domain.errors import ErrorCount, Issue, SentryRelease
from watchkeeper.domain.verdicts import Gap, Missing
from watchkeeper.domain.windows import Window

_PAGE_SIZE: Final = 100
MOST_PAGES: Final[Mapping[str, int]] = {"projects": 50, "events": 50, "sessions": 10, "issues": 5, "releases": 5}
_SCOPES: Final = {"issues": "event:read", "releases": "project:read"}
_MOST_NAMED_PROJECTS: Final = 50  # above that the whole organization is read: the address would become too long
_HOUR: Final = timedelta(hours=1)
_OLDER: Final = (
    "Sentry does not count failures (it is older than July 2025): they are its failure rate times all requests"
)


@dataclass(frozen=True, slots=True)
class SentryCalls:
    """Asks about some projects of an organization.

    Attributes:
        ids: the vendor's ids of the projects.
        most_pages: bounds, by what is read; of sessions, how often they are asked for.
    """

    client: VendorClient
    organization: str
    environment: str
    ids: tuple[str, ...] = ()
    most_pages: Mapping[str, int] = field(default_factory=lambda: MOST_PAGES)

    async def listed(self, projects: Collection[str]) -> Listed:
        """List the organization's projects until every wanted one was seen."""
        wanted = {project.lower() for project in projects}
        ids: dict[str, str] = {}
        flaws: list[str] = []

        def next_page(answer: Answer) -> Params | None:
            known, unread = readable(
                records_of(answer), lambda raw: (raw.text("slug").lower(), raw.text("id")), "projects"
            )
            ids.update(known)
            flaws.extend(unread)
            return None if wanted <= ids.keys() else _next_page(answer)

        pages = await self.client.get_pages(
            self._path("projects"),
            {"per_page": _PAGE_SIZE},
            next_page,
            most=self.most_pages["projects"],
            scope="org:read",
            about=f"organization {self.organization}",
        )
        return Listed(ids, pages.is_cut, tuple(flaws))

    async def spans(self, window: Window) -> Read[ErrorCount]:
        """Read all and failed requests by project and release; Sentry has scaled sampled spans up.

        A Sentry of one's own from before July 2025 does not count failures, but knows their rate since March 2025.

        Source: getsentry/sentry#94471, #87323.
        """
        try:
            return await self._spans(window, FAILED_SPANS)
        except VendorRefused as refused:
            if refused.status != httpx.codes.BAD_REQUEST or FAILED_SPANS.removesuffix("()") not in str(refused):
                raise
        found = await self._spans(window, FAILURE_RATE)
        return replace(found, warnings=(*found.warnings, _OLDER))

    async def _spans(self, window: Window, failed: str) -> Read[ErrorCount]:
        pages = await self._pages(
            "events",
            {
                "dataset": "spans",
                "query": "is_transaction:true",
                "field": ["project", "release", SPANS, failed],
                "sort": f"-{SPANS}",
                "per_page": _PAGE_SIZE,
                **_between(window),
            },
        )
        rows, flaws, incomplete = read_each(pages.rows("data"), read_spans, "rows of spans", "project")
        # A row that moved from one page to the next while they were read counts once.
        distinct = {(project, count.release): (project, count) for project, count in rows}
        return Read.of(distinct.values(), (*pages.warnings, *flaws), is_cut=pages.is_cut, incomplete=incomplete)

    async def users(self, window: Window) -> Read[int]:
        """Read how many people met an error, by project."""
        pages = await self._pages(
            "events",
            {
                "dataset": "errors",
                "field": ["project", USERS],
                "sort": f"-{USERS}",
                "per_page": _PAGE_SIZE,
                **_between(window),
            },
        )
        rows, flaws, incomplete = read_each(pages.rows("data"), read_users, "rows of errors", "project")
        return Read.of(dict(rows).items(), (*pages.warnings, *flaws), is_cut=pages.is_cut, incomplete=incomplete)

    async def sessions(self, hours: Sequence[datetime]) -> Read[SessionCount]:
        """Read sessions by project, release and how they ended, hour by hour: Sentry has nothing finer.

        Projects of which Sentry keeps more than it answers with are incomplete.
        """
        parts = await read_whole(self._sessions, Part(hours, self.ids), self.most_pages["sessions"])
        counts: list[SessionCount] = []
        warnings: list[str] = []
        incomplete = {project: _too_many_sessions(part) for part in parts.cut for project in part.ids}
        for answer in parts.answers:
            by_hour = partial(read_group, hours=hours_of(answer))
            groups, flaws, lacking = read_each(answer.records("groups"), by_hour, "groups of sessions", "by.project")
            counts.extend(count for group in groups for count in group)
            warnings.extend(flaws)
            incomplete.update(lacking)
        warnings.extend(dict.fromkeys(missing.reason for missing in incomplete.values() if not warnings))
        return Read.of(((count.project, count) for count in counts), warnings, incomplete=incomplete)

    async def _sessions(self, part: Part) -> Record:
        answer = await self._asked(
            "sessions",
            {
                "project": _named(part.ids),
                "field": [SESSIONS],
                "groupBy": ["project", "release", "session.status"],
                "interval": "1h",
                "includeTotals": 0,
                **_between(Window(part.hours[0], part.hours[-1] + _HOUR)),
            },
            lambda _: None,
            most=1,
        )
        return record_of(answer.answers[0])

    async def issues(self, window: Window, query: str) -> Read[Issue]:
        """Read the issues that had an event in the window, last seen first; an empty query finds any status."""
        pages = await self._pages(
            "issues",
            {
                "query": query,
                "sort": "date",
                "collapse": ["filtered"],  # `stats` takes counts and dates with it, `lifetime` those of the whole life
                "limit": _PAGE_SIZE,
                **_between(window),
            },
        )
        issues, flaws = readable(pages.rows(), partial(read_issue, asked=window), "issues")
        unknown = sum(issue.count is None for issue in issues)
        if unknown:
            flaws.append(f"Sentry does not say how often {unknown} of {len(issues)} issues happened")
        return Read.of(((issue.project, issue) for issue in issues), (*pages.warnings, *flaws), is_cut=pages.is_cut)

    async def releases(self, oldest: datetime) -> Read[SentryRelease]:
        """Read the releases created since `oldest` and a few more, newest first."""

        def next_page(answer: Answer) -> Params | None:
            created = [raw.moment_or_none("dateCreated") for raw in records_of(answer)]
            return None if any(moment and moment < oldest for moment in created) else _next_page(answer)

        pages = await self._pages("releases", {"per_page": _PAGE_SIZE}, next_page)
        releases, flaws = readable(pages.rows(), partial(read_releases, environment=self.environment), "releases")
        pairs = (pair for several in releases for pair in several)
        return Read.of(pairs, (*pages.warnings, *flaws), is_cut=pages.is_cut)

    async def _pages(
        self, what: str, params: Params, next_page: Callable[[Answer], Params | None] | None = None
    ) -> "_Rows":
        """Return the rows of the pages, and a warning if there were more than the bound lets through."""
        most = self.most_pages[what]
        params = {"project": _named(self.ids), **params}
        pages = await self._asked(what, params, next_page or _next_page, most=most)
        cut = f"Sentry: only the first {most} pages of {what} of organization {self.organization} were read"
        return _Rows(pages.answers, (cut,) if pages.is_cut else (), pages.is_cut)

    async def _asked(
        self, what: str, params: Params, next_page: Callable[[Answer], Params | None], *, most: int
    ) -> Pages:
        environment = {"environment": [self.environment]} if self.environment else {}
        try:
            return await self.client.get_pages(
                self._path(what),
                {**environment, **params},
                next_page,
                most=most,
                scope=_SCOPES.get(what, "org:read"),
                about=f"the {what} of organization {self.organization}",
            )
        except VendorRefused as refused:
            raise self._of_environment(refused, what) from None

    def _of_environment(self, refused: VendorRefused, what: str) -> VendorRefused:
        """Return what a 404 means here: the organization was listed, so it is the environment that is not there.

        Events are 404 as well where the plan has none.
        """
        if refused.status != httpx.codes.NOT_FOUND or not self.environment:
            return refused
        said = f'has no environment "{self.environment}" in organization {self.organization}'
        plan = ", or its plan has no events" if what == "events" else ""
        todo = "correct `sentry.environment` in the configuration"
        return VendorRefused(self.client.vendor, f"{said}{plan} (404): {todo}", refused.status)

    def _path(self, what: str) -> str:
        return f"/api/0/organizations/{quote(self.organization, safe='')}/{what}/"


@dataclass(frozen=True, slots=True)
class _Rows:
    """The answers of a paged call."""

    answers: tuple[Answer, ...]
    warnings: tuple[str, ...]
    is_cut: bool

    def rows(self, key: str = "") -> list[Record]:
        """Return the entries of all answers, which are lists, or hold one under `key`."""
        return [
            raw for answer in self.answers for raw in (record_of(answer).records(key) if key else records_of(answer))
        ]


def _named(ids: Sequence[str]) -> list[str]:
    return list(ids) if len(ids) <= _MOST_NAMED_PROJECTS else ["-1"]


def _too_many_sessions(part: Part) -> Missing:
    span = f"{part.hours[0]:%Y-%m-%d %H:%M} to {part.hours[-1] + _HOUR:%Y-%m-%d %H:%M} UTC"
    return Missing(Gap.UNAVAILABLE, f"Sentry: has more releases with sessions from {span} than it answers with")


def _between(window: Window) -> dict[str, str]:
    return {"start": f"{window.start:%Y-%m-%dT%H:%M:%SZ}", "end": f"{window.end:%Y-%m-%dT%H:%M:%SZ}"}


def _next_page(answer: Answer) -> Params | None:
    """Return where the next page begins; Sentry always sends the link, and `results` says whether to follow it."""
    for link in answer.headers.get("link", "").split(","):
        said = dict(re.findall(r'(\w+)="([^"]*)"', link))
        if said.get("rel") == "next" and said.get("results") == "true" and said.get("cursor"):
            return {"cursor": said["cursor"]}
    return None
