"""Sentry: tells it that an earlier release serves again, so that its pages show it.

Of what the API offers, a deploy says exactly that, and changes nothing that others wrote: updating the release itself
would replace its link, and without a date its release date.

Source: https://docs.sentry.io/api/releases/create-a-deploy/
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from watchkeeper.clients.base import VendorRefused
from watchkeeper.clients.parsing import Record, records_of
from watchkeeper.clients.sentry import SentryClient
from watchkeeper.domain.commits import same_commit

_SCOPE: Final = "project:releases"
_SHORT: Final = 7
_LONGEST_NAME: Final = 64
_LONGEST_URL: Final = 200


@dataclass(frozen=True, slots=True)
class Deploy:
    """A release that serves in an environment since `finished_at`. `name` tells it from other deploys of it."""

    sha: str
    environment: str
    name: str
    url: str
    started_at: datetime
    finished_at: datetime


class SentryReleasesClient(SentryClient):
    """Writes down deploys of releases. The token needs the scope `project:releases`."""

    async def record_deploy(self, organization: str, projects: tuple[str, ...], deploy: Deploy) -> str:
        """Write a deploy down unless it is there, and return the version of the release it belongs to.

        Raises:
            VendorRefused: Sentry knows no release of that commit, or the token may not write.
        """
        version = await self._version(organization, deploy.sha)
        path = f"/api/0/organizations/{quote(organization, safe='')}/releases/{quote(version, safe='')}/deploys/"
        about = f"the deploys of release {version[:100]}"
        known = records_of(await self.get(path, scope=_SCOPE, about=about))
        name = deploy.name[:_LONGEST_NAME]
        if all(raw.text("name", "") != name for raw in known):
            await self.send("POST", path, _body(deploy, name, projects), scope=_SCOPE, about=about)
        return version

    async def _version(self, organization: str, sha: str) -> str:
        """Return the version that Sentry knows a commit by."""
        path = f"/api/0/organizations/{quote(organization, safe='')}/releases/"
        about = f"the releases of organization {organization}"
        answer = await self.get(path, {"query": sha[:_SHORT], "per_page": 25}, scope=_SCOPE, about=about)
        found = [raw.text("version", "") for raw in records_of(answer) if _is_of(raw, sha)]
        if not found:
            raise VendorRefused(self.vendor, f"knows no release of commit {sha[:_SHORT]} in {organization}")
        return found[0]


def _is_of(raw: Record, sha: str) -> bool:
    return any(same_commit(name, sha) for name in (raw.text("version", ""), raw.text("ref", "")))


def _body(deploy: Deploy, name: str, projects: tuple[str, ...]) -> dict[str, object]:
    url = {"url": deploy.url} if len(deploy.url) <= _LONGEST_URL and deploy.url else {}
    return {
        "environment": deploy.environment,
        "name": name,
        "dateStarted": _iso(deploy.started_at),
        "dateFinished": _iso(deploy.finished_at),
        **url,
        **({"projects": list(projects)} if projects else {}),
    }


def _iso(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
