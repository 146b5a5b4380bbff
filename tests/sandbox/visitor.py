"""Somebody who asks the sandbox as a client of its vendors would."""

from collections import defaultdict
from typing import Any

import httpx

HEADERS = {
    "sentry": {"Authorization": "Bearer sandbox-sentry-token"},
    "vercel": {"Authorization": "Bearer sandbox-vercel-token"},
    "circleci": {"Circle-Token": "sandbox-circleci-token"},
    "github": {"Authorization": "Bearer sandbox-github-token"},
    "slack": {"Authorization": "Bearer sandbox-slack-token"},
}
TEAM = {"teamId": "team_sandboxacme"}
ORG = "/sentry/api/0/organizations/acme"


class Visitor:
    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        vendor = path.split("/")[1]
        params = {**(TEAM if vendor == "vercel" else {}), **more.pop("params", {})}
        return await self.http.request(method, path, headers=HEADERS.get(vendor), params=params or None, **more)

    async def get(self, path: str, **params: object) -> Any:
        response = await self.ask("GET", path, params=params)
        assert response.status_code == 200, response.text
        return response.json()

    async def play(self, name: str, vendor: str = "", project: str = "") -> None:
        body = {"name": name, "vendor": vendor, "project": project}
        response = await self.http.post("/sandbox/scenario", json=body)
        assert response.status_code == 200, response.text

    async def spans(self, period: str = "15m") -> dict[str, dict[str, tuple[int, int]]]:
        """Return total and failures by project and release."""
        fields = ["project", "release", "count()", "failure_count()"]
        rows = await self.get(
            f"{ORG}/events/",
            dataset="spans",
            field=fields,
            query="is_transaction:true",
            statsPeriod=period,
            per_page=100,
        )
        found: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
        for row in rows["data"]:
            found[row["project"]][row["release"]] = row["count()"], row["failure_count()"]
        return found

    async def issues(self, **params: object) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self.get(f"{ORG}/issues/", limit=100, **params)
        return found

    async def production(self, project: str = "shop") -> dict[str, Any]:
        found: dict[str, Any] = await self.get(f"/vercel/v9/projects/prj_{project}")
        return found

    async def deployments(self, project: str = "shop") -> list[dict[str, Any]]:
        page = await self.get("/vercel/v6/deployments", projectId=f"prj_{project}", target="production", limit=30)
        found: list[dict[str, Any]] = page["deployments"]
        return found
