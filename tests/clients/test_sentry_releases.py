"""A deploy is written down once, at the release that its commit belongs to."""

import json
from datetime import UTC, datetime

import httpx
import pytest

from watchkeeper.clients.base import VendorRefused
from watchkeeper.clients.sentry_releases import Deploy, SentryReleasesClient

TOKEN = "sentry-token-123456"
SHA = "abcdef0123456789abcdef0123456789abcdef01"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DEPLOY = Deploy(SHA, "production", "watchkeeper rollback #7", "https://acme.test/7", NOW, NOW)
LONG = Deploy(SHA, "production", "n" * 99, "https://acme.test/" + "x" * 300, NOW, NOW)


class Sentry:
    def __init__(self, *versions: str) -> None:
        self.versions = versions
        self.deploys: list[dict[str, object]] = []
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.method == "POST":
            self.deploys.append(json.loads(request.content))
            return httpx.Response(201, json={"id": "1", **self.deploys[-1]})
        if request.url.path.endswith("/deploys/"):
            return httpx.Response(200, json=self.deploys)
        return httpx.Response(200, json=[{"version": version, "ref": None} for version in self.versions])

    async def record(self, deploy: Deploy = DEPLOY) -> str:
        async with SentryReleasesClient(TOKEN, transport=httpx.MockTransport(self)) as client:
            return await client.record_deploy("acme", ("shop-web",), deploy)


@pytest.mark.parametrize("version", [SHA, SHA[:12], f"shop-web@1.2.3+{SHA[:12]}"])
async def test_a_deploy_is_written_down_once(version: str) -> None:
    sentry = Sentry("shop-web@9.9.9+1234567", version)
    assert await sentry.record() == version
    assert await sentry.record() == version
    assert sentry.deploys == [
        {
            "environment": "production",
            "name": "watchkeeper rollback #7",
            "dateStarted": "2026-03-01T12:00:00Z",
            "dateFinished": "2026-03-01T12:00:00Z",
            "url": "https://acme.test/7",
            "projects": ["shop-web"],
        }
    ]


async def test_the_version_is_one_encoded_segment() -> None:
    sentry = Sentry(f"shop/web@1.2.3+{SHA}")
    await sentry.record()
    raw = [request.url.raw_path.decode() for request in sentry.asked if request.method == "POST"]
    assert raw == [f"/api/0/organizations/acme/releases/shop%2Fweb%401.2.3%2B{SHA}/deploys/"]


async def test_long_names_are_cut_and_long_addresses_left_out() -> None:
    sentry = Sentry(SHA)
    await sentry.record(LONG)
    await sentry.record(LONG)
    (deploy,) = sentry.deploys
    assert (deploy["name"], "url" in deploy) == ("n" * 64, False)


async def test_an_unknown_release_is_refused() -> None:
    with pytest.raises(VendorRefused, match="knows no release of commit abcdef0 in acme"):
        await Sentry("shop-web@9.9.9+1234567").record()


async def test_a_token_without_the_scope_is_told_which() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(403))
    async with SentryReleasesClient(TOKEN, transport=transport) as client:
        with pytest.raises(VendorRefused, match="project:releases"):
            await client.record_deploy("acme", (), DEPLOY)
