"""Vercel: what serves production, what was built for it, and the platform's own status.

Source: https://vercel.com/docs/rest-api and https://www.vercel-status.com/api
"""

import asyncio
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeVar
from urllib.parse import quote

import httpx

from watchkeeper.clients.base import Answer, Params, VendorClient, VendorError, VendorRefused, VendorUnavailable
from watchkeeper.clients.parsing import Record, record_of
from watchkeeper.clients.vercel_account import Account, VercelCaller
from watchkeeper.clients.vercel_parsing import (
    read_deployment,
    read_platform_status,
    read_production,
    read_rolling_release,
    read_serving_deployment,
)
from watchkeeper.domain.delivery import DeliveryReport, PlatformStatus, Production, RollingRelease, VercelDeployment
from watchkeeper.domain.verdicts import Missing

_PAGE_SIZE: Final = 100
_NAMED: Final = "named "  # stands for the id of a project of which a list says only the name
_MOST_PROJECT_PAGES: Final = 50
_MOST_DEPLOYMENT_PAGES: Final = 100

Parsed = TypeVar("Parsed")


class VercelClient(VercelCaller):
    """Reads the projects and production deployments of teams."""

    async def delivery_reports(
        self, team: str, projects: Collection[str], since: datetime, until: datetime | None = None
    ) -> dict[str, DeliveryReport | Missing]:
        """Read what serves production of each project, and the production deployments created since then.

        Args:
            team: `team_...` or the team's slug; "" for the personal account.
            projects: ids or names; they are the keys of the result.
            until: deployments created at this moment or later are left out; None for up to now.
        """
        account = Account(team)
        found, built = await asyncio.gather(self._projects(account, projects), self._deployments(account, since, until))
        reports = await asyncio.gather(*(self._report(account, found, name, built) for name in projects))
        return dict(zip(projects, reports, strict=True))

    async def _report(
        self, account: Account, found: "_Projects", name: str, built: "_Deployments"
    ) -> DeliveryReport | Missing:
        try:
            project = found.named(name)
            rolling, warnings = await self._rolling_release(account, project)
            production = read_production(project, rolling)
            serving = read_serving_deployment(project)
        except VendorError as error:
            return error.missing()
        return DeliveryReport(
            production=production,
            deployments=_newest_first(built.of(production), serving),
            warnings=(*built.warnings, *warnings),
        )

    async def _projects(self, account: Account, wanted: Collection[str]) -> "_Projects":
        """List the account's projects until every wanted one was seen."""
        found = _Projects(self.vendor, account)

        def following(answer: Answer) -> Params | None:
            found.add(record_of(answer).records("projects"))
            return None if found.has_all(wanted) else next_page(answer, "from")

        pages = await self.get_pages(
            "/v10/projects",
            {"limit": str(_PAGE_SIZE), **account.params},
            following,
            most=_MOST_PROJECT_PAGES,
            about=f"the projects of {account.name}",
        )
        found.is_cut = pages.is_cut
        return found

    async def _deployments(self, account: Account, since: datetime, until: datetime | None) -> "_Deployments":
        pages = await self.get_pages(
            "/v6/deployments",
            {
                "target": "production",
                "since": int(since.timestamp() * 1000),
                **({"until": int(until.timestamp() * 1000)} if until else {}),
                "limit": _PAGE_SIZE,
                **account.params,
            },
            lambda answer: next_page(answer, "until"),
            most=_MOST_DEPLOYMENT_PAGES,
            about=f"the deployments of {account.name}",
        )
        records = [raw for answer in pages.answers for raw in record_of(answer).records("deployments")]
        deployments, warnings = _read_all(records, lambda raw: read_deployment(raw, f"{_NAMED}{raw.text('name', '')}"))
        if pages.is_cut:
            warnings.append(f"Vercel: only the newest {len(records)} deployments of {account.name} were read")
        return _Deployments(deployments, tuple(warnings))

    async def _rolling_release(
        self, account: Account, project: Record
    ) -> tuple[RollingRelease | None, tuple[str, ...]]:
        """Return the project's rolling release if it makes any, and a warning where it could not be read."""
        if not project.record("rollingRelease").raw:
            return None, ()
        name = project.text("name", "")
        path = f"/v1/projects/{quote(project.text('id'), safe='')}/rolling-release"
        try:
            answer = await self.get(path, account.params, about=f"the rolling release of {name}")
            return read_rolling_release(record_of(answer)), ()
        except VendorError as error:
            return None, (f"the rolling release is not known: {error}",)


class VercelStatusClient(VendorClient):
    """Reads the public status page, which must never see the token."""

    def __init__(
        self, base_url: str = "https://www.vercel-status.com", transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        super().__init__(vendor="Vercel status", base_url=base_url, headers={}, secrets=(), transport=transport)

    async def platform_status(self) -> PlatformStatus:
        return read_platform_status(record_of(await self.get("/api/v2/summary.json", about="the status page")))


class _Projects:
    """The projects that were listed, by id and by name. `is_cut`: the account has more of them."""

    def __init__(self, vendor: str, account: Account) -> None:
        self._vendor = vendor
        self._account = account
        self._listed: dict[str, Record] = {}
        self.is_cut = False

    def add(self, records: Iterable[Record]) -> None:
        for raw in records:
            self._listed[raw.text("name", "")] = raw
            self._listed[raw.text("id", "")] = raw

    def has_all(self, names: Collection[str]) -> bool:
        return all(name in self._listed for name in names)

    def named(self, name: str) -> Record:
        """Return the project with this id or name.

        Raises:
            VendorUnavailable: not all projects could be listed.
            VendorRefused: it is not there.
        """
        if name in self._listed:
            return self._listed[name]
        if self.is_cut:
            raise VendorUnavailable(self._vendor, f"project {name} is not among the projects that could be listed")
        raise VendorRefused(
            self._vendor,
            f"does not know project {name} in {self._account.name}, or hides it from the token: "
            "check `vercel` in the configuration, and the token in the block Watchkeeper Vercel",
        )


class _Deployments:
    """The production deployments of an account, by project id."""

    def __init__(self, deployments: Iterable[VercelDeployment], warnings: tuple[str, ...]) -> None:
        self.by_project: dict[str, list[VercelDeployment]] = {}
        self.warnings = warnings
        for deployment in deployments:
            self.by_project.setdefault(deployment.project_id, []).append(deployment)

    def of(self, production: Production) -> list[VercelDeployment]:
        """Return those of a project; an entry that leaves out the id of its project still has its name."""
        named = self.by_project.get(f"{_NAMED}{production.project_name}", [])
        known = [replace(deployment, project_id=production.project_id) for deployment in named]
        return [*self.by_project.get(production.project_id, []), *known]


def next_page(answer: Answer, parameter: str) -> Params | None:
    """Return `parameter` with where the next page begins: a time or a token; None on the last page."""
    page = record_of(answer)
    following = page.text("pagination.next", "") or page.whole("pagination.next", 0)
    return {parameter: following} if following else None


def _read_all(records: Iterable[Record], read: Callable[[Record], Parsed]) -> tuple[list[Parsed], list[str]]:
    """Return what could be read, and a warning that counts the rest."""
    values: list[Parsed] = []
    flaws: list[VendorUnavailable] = []
    for raw in records:
        try:
            values.append(read(raw))
        except VendorUnavailable as flaw:
            flaws.append(flaw)
    return values, [f"{len(flaws)} of the deployments could not be read: {flaws[0]}"] if flaws else []


def _newest_first(
    deployments: Iterable[VercelDeployment], serving: VercelDeployment | None
) -> tuple[VercelDeployment, ...]:
    """Return the deployments with the serving one, which may be older than what was asked for, among them."""
    by_id = {deployment.id: deployment for deployment in ([serving] if serving else [])}
    by_id |= {deployment.id: deployment for deployment in deployments}
    return tuple(sorted(by_id.values(), key=lambda deployment: deployment.created_at, reverse=True))
