"""Sentry: failures and totals by release, session health, issues and releases of an organization.

A fixed number of organization-wide calls, each paged: what they cost grows with pages, not with projects.

Source: https://docs.sentry.io/api/
"""

import asyncio
import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

import httpx

from watchkeeper.clients.base import VendorClient, VendorError, VendorRefused
from watchkeeper.clients.rate_limits import LimitHeaders
from watchkeeper.clients.sentry_calls import SentryCalls
from watchkeeper.clients.sentry_found import Found, Listed, or_warning
from watchkeeper.clients.sentry_history import HISTORY_PAGES, RELEASES_WITHIN, read_past
from watchkeeper.clients.sentry_parsing import crash_free_rate, session_readings
from watchkeeper.domain.errors import ErrorReport
from watchkeeper.domain.history import ErrorHistory
from watchkeeper.domain.verdicts import Gap, Missing
from watchkeeper.domain.windows import Window

_LIMITS: Final = LimitHeaders(
    pairs=(("x-sentry-rate-limit-remaining", "x-sentry-rate-limit-reset"),), reset_is_epoch=True
)
_ISSUES_ACTIVE_SINCE: Final = timedelta(hours=1)  # before the window


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
        calls, listed, ids = await self._prepared(SentryCalls(self, organization, environment), projects)
        found = await _found(calls, window, listed.flaws) if ids else None
        return {
            project: self._report(organization, window, found, project, ids[project], now)
            if found and project in ids
            else _unlisted(organization, project, listed)
            for project in projects
        }

    async def error_history(
        self, organization: str, environment: str, projects: Collection[str], hours: Sequence[datetime], now: datetime
    ) -> dict[str, ErrorHistory | Missing]:
        """Read what Sentry tells of past hours of each project.

        An hour that cannot be read is missing, the others stand. Issues, releases and people that cannot be read
        become warnings, and so do spans that the plan leaves out: then sessions are counted.

        Args:
            projects: slugs; they are the keys of the result.
            hours: starts of whole hours that are over; one call asks for them and for all that lies between.

        Raises:
            VendorError: nothing can be said about any project.
        """
        calls = SentryCalls(self, organization, environment, most_pages=HISTORY_PAGES)
        calls, listed, ids = await self._prepared(calls, projects)
        past = await read_past(calls, sorted(hours), now, listed.flaws) if ids else None
        return {
            project: past.history(project.lower(), ids[project], self._page_of(organization, project))
            if past and project in ids
            else _unlisted(organization, project, listed)
            for project in projects
        }

    async def _prepared(
        self, calls: SentryCalls, projects: Collection[str]
    ) -> tuple[SentryCalls, Listed, dict[str, str]]:
        """Return the calls about those of the projects that Sentry knows, and their ids."""
        listed = await calls.listed(projects)
        ids = {project: listed.ids[project.lower()] for project in projects if project.lower() in listed.ids}
        return replace(calls, ids=tuple(ids.values())), listed, ids

    def _report(  # noqa: PLR0913, PLR0917 - what was found, of whom and when
        self, organization: str, window: Window, found: Found, project: str, project_id: str, now: datetime
    ) -> ErrorReport | Missing:
        slug = project.lower()
        if slug in found.spans.incomplete:
            return found.spans.incomplete[slug]
        spans, half = found.spans.by_project[slug], found.sessions.incomplete.get(project_id)
        sessions = [] if half else found.sessions.by_project[project_id]
        if not spans and half:
            return half
        if not spans and found.sessions.refusal is not None:
            return found.sessions.refusal.missing()
        return ErrorReport(
            spans=tuple(sorted(spans, key=lambda count: count.release)),
            readings=session_readings(sessions, window.hours(), now) if sessions else (),
            crash_free_rate=crash_free_rate(sessions),
            issues=tuple(found.issues.by_project[slug]),
            releases=tuple(found.releases.by_project[slug]),
            warnings=found.warnings,
            url=self._page_of(organization, project),
        )

    def _page_of(self, organization: str, project: str) -> str:
        return f"{self._web_url}/organizations/{quote(organization)}/projects/{quote(project)}/"


async def _found(calls: SentryCalls, window: Window, flaws: tuple[str, ...]) -> Found:
    active = Window(window.start - _ISSUES_ACTIVE_SINCE, window.end)
    spans, sessions, issues, releases = await asyncio.gather(
        or_warning(calls.spans(window), "spans are not used", VendorRefused),
        or_warning(calls.sessions(window.hours()), "sessions are not known", VendorRefused),
        or_warning(calls.issues(active, "is:unresolved"), "issues are not known", VendorError),
        or_warning(calls.releases(window.start - RELEASES_WITHIN), "releases are not known", VendorError),
    )
    return Found(spans, sessions, issues, releases, flaws)


def _unlisted(organization: str, project: str, listed: Listed) -> Missing:
    if listed.is_cut:
        return Missing(Gap.UNAVAILABLE, f"Sentry: project {project} is not among the first {len(listed.ids)}")
    if listed.flaws:
        return Missing(
            Gap.UNAVAILABLE, f"Sentry: project {project} is not among those that could be read: {listed.flaws[0]}"
        )
    return Missing(
        Gap.REFUSED,
        f"Sentry: does not know project {project} in organization {organization}, or hides it from the token: "
        "check `sentry` in the configuration, and the token in the block Watchkeeper Sentry",
    )
