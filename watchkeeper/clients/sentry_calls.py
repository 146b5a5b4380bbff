"""The single calls to Sentry about projects of an organization: each is paged, and bounded."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

import httpx

from watchkeeper.clients.base import Answer, Params, VendorClient, VendorRefused
from watchkeeper.clients.parsing import readable, record_of, records_of
from watchkeeper.clients.sentry_found import Listed, Read
from watchkeeper.clients.sentry_parsing import (
    FAILED_SPANS,
    SESSIONS,
    SPANS,
    USERS,
    SessionCount,
    read_issue,
    read_releases,
    read_sessions,
    read_spans,
    read_users,
)
from watchkeeper.domain.errors import ErrorCount, Issue, SentryRelease
from watchkeeper.domain.windows import Window

_PAGE_SIZE: Final = 100
MOST_PAGES: Final[Mapping[str, int]] = {"projects": 50, "events": 50, "sessions": 10, "issues": 5, "releases": 5}
_SCOPES: Final = {"issues": "event:read", "releases": "project:read"}
_MOST_NAMED_PROJECTS: Final = 50  # above that the whole organization is read: the address would become too long
_MOST_POINTS: Final = 10_000
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SentryCalls:
    """Asks about some projects of an organization.

    Attributes:
        ids: the vendor's ids of the projects.
        most_pages: bounds, by what is read.
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

        def next_page(answer: Answer) -> Params | None:
            ids.update((raw.text("slug").lower(), raw.text("id")) for raw in records_of(answer))
            return None if wanted <= ids.keys() else _next_page(answer)

        pages = await self.client.get_pages(
            self._path("projects"),
            {"per_page": _PAGE_SIZE},
            next_page,
            most=self.most_pages["projects"],
            scope="org:read",
            about=f"organization {self.organization}",
        )
        return Listed(ids, pages.is_cut)

    async def spans(self, window: Window) -> Read[ErrorCount]:
        """Read all and failed requests by project and release; Sentry has scaled sampled spans up."""
        answers, warnings = await self._pages(
            "events",
            {
                "dataset": "spans",
                "query": "is_transaction:true",
                "field": ["project", "release", SPANS, FAILED_SPANS],
                "sort": f"-{SPANS}",
                "per_page": _PAGE_SIZE,
                **_between(window),
            },
        )
        # A row that moved from one page to the next while they were read counts once.
        rows = [read_spans(raw) for answer in answers for raw in record_of(answer).records("data")]
        distinct = {(project, count.release): count for project, count in rows}
        return Read.of(((project, count) for (project, _), count in distinct.items()), warnings)

    async def users(self, window: Window) -> Read[int]:
        """Read how many people met an error, by project."""
        answers, warnings = await self._pages(
            "events",
            {
                "dataset": "errors",
                "field": ["project", USERS],
                "sort": f"-{USERS}",
                "per_page": _PAGE_SIZE,
                **_between(window),
            },
        )
        rows = dict(read_users(raw) for answer in answers for raw in record_of(answer).records("data"))
        return Read.of(rows.items(), warnings)

    async def sessions(self, hours: Sequence[datetime]) -> Read[SessionCount]:
        """Read sessions by project, release and how they ended, hour by hour: Sentry has nothing finer."""
        answers, warnings = await self._pages(
            "sessions",
            {
                "field": [SESSIONS],
                "groupBy": ["project", "release", "session.status"],
                "interval": "1h",
                "includeTotals": 0,
                "per_page": _PAGE_SIZE,  # without it Sentry leaves out groups and does not say so
                **_between(Window(hours[0], hours[-1] + _HOUR)),
            },
        )
        if any(_is_cut_silently(answer, len(hours)) for answer in answers):
            warnings = (*warnings, "Sentry: it may have left out sessions of some releases")
        counts = [count for answer in answers for count in read_sessions(record_of(answer))]
        return Read.of(((count.project, count) for count in counts), warnings)

    async def issues(self, window: Window, query: str) -> Read[Issue]:
        """Read the issues that had an event in the window, last seen first; an empty query finds any status."""
        answers, warnings = await self._pages(
            "issues",
            {
                "query": query,
                "sort": "date",
                "collapse": ["filtered"],  # `stats` takes counts and dates with it, `lifetime` those of the whole life
                "limit": _PAGE_SIZE,
                **_between(window),
            },
        )
        raws = [raw for answer in answers for raw in records_of(answer)]
        issues, flaws = readable(raws, lambda raw: read_issue(raw, window), "issues")
        unknown = sum(not issue.is_counted for issue in issues)
        if unknown:
            flaws.append(f"Sentry does not say how often {unknown} of {len(issues)} issues happened")
        return Read.of(((issue.project, issue) for issue in issues), (*warnings, *flaws))

    async def releases(self, oldest: datetime) -> Read[SentryRelease]:
        """Read the releases created since `oldest` and a few more, newest first."""

        def next_page(answer: Answer) -> Params | None:
            created = [raw.moment_or_none("dateCreated") for raw in records_of(answer)]
            return None if any(moment and moment < oldest for moment in created) else _next_page(answer)

        answers, warnings = await self._pages("releases", {"per_page": _PAGE_SIZE}, next_page)
        raws = [raw for answer in answers for raw in records_of(answer)]
        releases, flaws = readable(raws, lambda raw: read_releases(raw, self.environment), "releases")
        return Read.of((pair for pairs in releases for pair in pairs), (*warnings, *flaws))

    async def _pages(
        self, what: str, params: Params, next_page: Callable[[Answer], Params | None] | None = None
    ) -> tuple[tuple[Answer, ...], tuple[str, ...]]:
        """Return the answers, and a warning if there were more than the bound lets through."""
        most = self.most_pages[what]
        named = list(self.ids) if len(self.ids) <= _MOST_NAMED_PROJECTS else ["-1"]
        environment = {"environment": [self.environment]} if self.environment else {}
        try:
            pages = await self.client.get_pages(
                self._path(what),
                {"project": named, **environment, **params},
                next_page or _next_page,
                most=most,
                scope=_SCOPES.get(what, "org:read"),
                about=f"the {what} of organization {self.organization}",
            )
        except VendorRefused as refused:
            raise self._of_environment(refused) from None
        cut = f"Sentry: only the first {most} pages of {what} of organization {self.organization} were read"
        return pages.answers, (cut,) if pages.is_cut else ()

    def _of_environment(self, refused: VendorRefused) -> VendorRefused:
        """Return what a 404 means here: the organization was listed, so it is the environment that is not there."""
        if refused.status != httpx.codes.NOT_FOUND or not self.environment:
            return refused
        told = f'has no environment "{self.environment}" in organization {self.organization}'
        return VendorRefused(self.client.vendor, f"{told}: correct `sentry.environment` in the configuration", 404)

    def _path(self, what: str) -> str:
        return f"/api/0/organizations/{quote(self.organization, safe='')}/{what}/"


def _between(window: Window) -> dict[str, str]:
    return {"start": f"{window.start:%Y-%m-%dT%H:%M:%SZ}", "end": f"{window.end:%Y-%m-%dT%H:%M:%SZ}"}


def _is_cut_silently(answer: Answer, hours: int) -> bool:
    """Return whether a page is full and nothing says whether there is another one.

    Source: getsentry/sentry#48327: as many groups as make 10,000 points, whatever was asked for.
    """
    groups = record_of(answer).records("groups")
    pairs = {(group.text("by.project", ""), group.text("by.release", "")) for group in groups}
    return len(pairs) >= min(_PAGE_SIZE, _MOST_POINTS // (hours + 1)) and not answer.headers.get("link")


def _next_page(answer: Answer) -> Params | None:
    """Return where the next page begins; Sentry always sends the link, and `results` says whether to follow it."""
    for link in answer.headers.get("link", "").split(","):
        said = dict(re.findall(r'(\w+)="([^"]*)"', link))
        if said.get("rel") == "next" and said.get("results") == "true" and said.get("cursor"):
            return {"cursor": said["cursor"]}
    return None
