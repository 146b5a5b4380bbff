"""Sentry: failures and totals by release, session health, issues and releases of an organization.

A fixed number of organization-wide calls, each paged: what they cost grows with pages, not with projects.

Source: https://docs.sentry.io/api/
"""

import asyncio
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar
from urllib.parse import quote

import httpx

from watchkeeper.clients.base import Answer, Params, VendorClient, VendorError, VendorRefused
from watchkeeper.clients.parsing import readable, record_of, records_of
from watchkeeper.clients.rate_limits import LimitHeaders
from watchkeeper.clients.sentry_found import Found, Listed, Read
from watchkeeper.clients.sentry_parsing import (
    FAILED_SPANS,
    SESSIONS,
    SPANS,
    SessionCount,
    crash_free_rate,
    read_issue,
    read_release,
    read_sessions,
    read_spans,
    session_readings,
)
from watchkeeper.domain.errors import ErrorCount, ErrorReport, Issue, SentryRelease
from watchkeeper.domain.verdicts import Gap, Missing
from watchkeeper.domain.windows import Window

T = TypeVar("T")

_LIMITS: Final = LimitHeaders(
    pairs=(("x-sentry-rate-limit-remaining", "x-sentry-rate-limit-reset"),), reset_is_epoch=True
)
_PAGE_SIZE: Final = 100
_MOST_PAGES: Final = {"projects": 50, "events": 50, "sessions": 10, "issues": 5, "releases": 5}
_SCOPES: Final = {"issues": "event:read", "releases": "project:read"}
_MOST_NAMED_PROJECTS: Final = 50  # above that the whole organization is read: the address would become too long
_ISSUES_ACTIVE_SINCE: Final = timedelta(hours=1)  # before the window
_RELEASES_WITHIN: Final = timedelta(days=7)


class SentryClient(VendorClient):
    """Reads the error reports of organizations."""

    def __init__(
        self, token: str, base_url: str = "https://sentry.io", transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        super().__init__(
            vendor="Sentry",
            base_url=base_url,
            headers={"Authorization": f"Bearer {token}"},
            secrets=(token,),
            transport=transport,
            limits=_LIMITS,
            credential="SENTRY_AUTH_TOKEN",
        )
        # People look things up at sentry.io also where the API is asked by region.
        self._web_url = re.sub(r"^https://\w+\.sentry\.io", "https://sentry.io", base_url.rstrip("/"))

    async def error_reports(
        self, organization: str, environment: str, projects: Collection[str], window: Window, now: datetime
    ) -> dict[str, ErrorReport | Missing]:
        """Read what is known about the errors of each project in `window`.

        Spans that the plan leaves out, and issues or releases that cannot be read, become warnings.

        Args:
            projects: slugs; they are the keys of the result.
            now: when the sessions count as read.

        Raises:
            VendorError: nothing can be said about any project.
        """
        listed = await self._listed(organization, projects)
        ids = {project: listed.ids[project.lower()] for project in projects if project.lower() in listed.ids}
        asked = _Asked(organization, environment, window, tuple(ids.values()))
        found = await self._found(asked) if ids else None
        return {
            project: self._report(asked, found, project, ids[project], now)
            if found and project in ids
            else _unlisted(organization, project, listed)
            for project in projects
        }

    def _report(
        self, asked: "_Asked", found: Found, project: str, project_id: str, now: datetime
    ) -> ErrorReport | Missing:
        slug = project.lower()
        spans, sessions = found.spans.by_project[slug], found.sessions.by_project[project_id]
        if not spans and found.sessions.refusal is not None:
            return found.sessions.refusal.missing()
        return ErrorReport(
            spans=tuple(sorted(spans, key=lambda count: count.release)),
            readings=session_readings(sessions, asked.window.hours(), now) if sessions else (),
            crash_free_rate=crash_free_rate(sessions),
            issues=tuple(found.issues.by_project[slug]),
            releases=tuple(found.releases.by_project[slug]),
            warnings=found.warnings,
            url=f"{self._web_url}/organizations/{quote(asked.organization)}/projects/{quote(project)}/",
        )

    async def _listed(self, organization: str, projects: Collection[str]) -> Listed:
        """List the organization's projects until every wanted one was seen."""
        wanted = {project.lower() for project in projects}
        ids: dict[str, str] = {}

        def next_page(answer: Answer) -> Params | None:
            ids.update((raw.text("slug").lower(), raw.text("id")) for raw in records_of(answer))
            return None if wanted <= ids.keys() else _next_page(answer)

        pages = await self.get_pages(
            _path(organization, "projects"),
            {"per_page": _PAGE_SIZE},
            next_page,
            most=_MOST_PAGES["projects"],
            scope="org:read",
            about=f"organization {organization}",
        )
        return Listed(ids, pages.is_cut)

    async def _found(self, asked: "_Asked") -> Found:
        spans, sessions, issues, releases = await asyncio.gather(
            _or_warning(self._spans(asked), "spans are not used", VendorRefused),
            _or_warning(self._sessions(asked), "sessions are not known", VendorRefused),
            _or_warning(self._issues(asked), "issues are not known", VendorError),
            _or_warning(self._releases(asked), "releases are not known", VendorError),
        )
        return Found(spans, sessions, issues, releases)

    async def _spans(self, asked: "_Asked") -> Read[ErrorCount]:
        """Read all and failed requests by project and release; Sentry has scaled sampled spans up."""
        answers, warnings = await self._pages(
            asked,
            "events",
            {
                "dataset": "spans",
                "query": "is_transaction:true",
                "field": ["project", "release", SPANS, FAILED_SPANS],
                "sort": f"-{SPANS}",
                "per_page": _PAGE_SIZE,
                **asked.between(asked.window.start, asked.window.end),
            },
        )
        # A row that moved from one page to the next while they were read counts once.
        rows = [read_spans(raw) for answer in answers for raw in record_of(answer).records("data")]
        distinct = {(project, count.release): count for project, count in rows}
        return Read.of(((project, count) for (project, _), count in distinct.items()), warnings)

    async def _sessions(self, asked: "_Asked") -> Read[SessionCount]:
        """Read sessions by project, release and how they ended, hour by hour: Sentry has nothing finer."""
        hours = asked.window.hours()
        answers, warnings = await self._pages(
            asked,
            "sessions",
            {
                "field": [SESSIONS],
                "groupBy": ["project", "release", "session.status"],
                "interval": "1h",
                "includeTotals": 0,
                **asked.between(hours[0], hours[-1] + timedelta(hours=1)),
            },
        )
        counts = [count for answer in answers for count in read_sessions(record_of(answer))]
        return Read.of(((count.project, count) for count in counts), warnings)

    async def _issues(self, asked: "_Asked") -> Read[Issue]:
        """Read the unresolved issues that were active in the window or shortly before, last seen first."""
        answers, warnings = await self._pages(
            asked,
            "issues",
            {
                "query": "is:unresolved",
                "sort": "date",
                "collapse": ["stats", "lifetime", "filtered"],
                "limit": _PAGE_SIZE,
                **asked.between(asked.window.start - _ISSUES_ACTIVE_SINCE, asked.window.end),
            },
        )
        raws = [raw for answer in answers for raw in records_of(answer)]
        issues, flaws = readable(raws, read_issue, "issues")
        return Read.of(((issue.project, issue) for issue in issues), (*warnings, *flaws))

    async def _releases(self, asked: "_Asked") -> Read[SentryRelease]:
        """Read the releases of the last days, newest first."""
        oldest = asked.window.start - _RELEASES_WITHIN

        def next_page(answer: Answer) -> Params | None:
            created = [raw.moment_or_none("dateCreated") for raw in records_of(answer)]
            return None if any(moment and moment < oldest for moment in created) else _next_page(answer)

        answers, warnings = await self._pages(asked, "releases", {"per_page": _PAGE_SIZE}, next_page)
        raws = [raw for answer in answers for raw in records_of(answer)]
        releases, flaws = readable(raws, lambda raw: read_release(raw, asked.environment), "releases")
        pairs = ((project, release) for release in releases for project in release.projects)
        return Read.of(pairs, (*warnings, *flaws))

    async def _pages(
        self, asked: "_Asked", what: str, params: Params, next_page: Callable[[Answer], Params | None] | None = None
    ) -> tuple[tuple[Answer, ...], tuple[str, ...]]:
        """Return the answers, and a warning if there were more than the bound lets through."""
        most = _MOST_PAGES[what]
        pages = await self.get_pages(
            _path(asked.organization, what),
            {**asked.params, **params},
            next_page or _next_page,
            most=most,
            scope=_SCOPES.get(what, "org:read"),
            about=f"the {what} of organization {asked.organization}",
        )
        cut = f"Sentry: only the first {most} pages of {what} of organization {asked.organization} were read"
        return pages.answers, (cut,) if pages.is_cut else ()


@dataclass(frozen=True, slots=True)
class _Asked:
    """Whose errors are asked for. `ids` are the vendor's ids of the projects."""

    organization: str
    environment: str
    window: Window
    ids: tuple[str, ...]

    @property
    def params(self) -> dict[str, list[str]]:
        named = list(self.ids) if len(self.ids) <= _MOST_NAMED_PROJECTS else ["-1"]
        return {"project": named} | ({"environment": [self.environment]} if self.environment else {})

    def between(self, start: datetime, end: datetime) -> dict[str, str]:
        return {"start": f"{start:%Y-%m-%dT%H:%M:%SZ}", "end": f"{end:%Y-%m-%dT%H:%M:%SZ}"}


async def _or_warning(call: Coroutine[None, None, Read[T]], lack: str, tolerated: type[VendorError]) -> Read[T]:
    try:
        return await call
    except tolerated as error:
        return Read(defaultdict(list), (f"{lack}: {error}",), error)


def _next_page(answer: Answer) -> Params | None:
    """Return where the next page begins; Sentry always sends the link, and `results` says whether to follow it."""
    for link in answer.headers.get("link", "").split(","):
        said = dict(re.findall(r'(\w+)="([^"]*)"', link))
        if said.get("rel") == "next" and said.get("results") == "true" and said.get("cursor"):
            return {"cursor": said["cursor"]}
    return None


def _path(organization: str, what: str) -> str:
    return f"/api/0/organizations/{quote(organization, safe='')}/{what}/"


def _unlisted(organization: str, project: str, listed: Listed) -> Missing:
    if listed.is_cut:
        return Missing(Gap.UNAVAILABLE, f"Sentry: project {project} is not among the first {len(listed.ids)}")
    return Missing(
        Gap.REFUSED,
        f"Sentry: does not know project {project} in organization {organization}, or hides it from the token: "
        "check `sentry` in the configuration, and the token in the block Watchkeeper Sentry",
    )
