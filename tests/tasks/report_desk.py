"""Everything that a report needs to be delivered: the sandbox, a store, a folder, and something that goes wrong."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from prefect import flow
from pydantic import SecretStr
from sqlalchemy import text
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from blocks.apprise import Apprise
from blocks.github import GitHub
from blocks.slack import Slack
from tasks import store
from tasks.report_plans import Kept
from tasks.reports import Drawn, deliver_report, keep, retry_deliveries
from tests.reports.period_makers import period_report
from tests.sandbox.serving import serving
from watchkeeper.config import Configuration, read_configuration
from watchkeeper.domain.deliveries import Delivered
from watchkeeper.domain.period_reports import PeriodReport
from watchkeeper.sandbox.app import create_app
from watchkeeper.store.database import transaction

STEM = "daily-2026-11-20"  # of the report that is made up
FILES = [f"{STEM}.png", f"{STEM}.html"]
DELIVERING = ("/slack/api/", "/slack/upload/", "/sandbox/hook/", "/github/")
PROJECTS = "projects:\n" + "".join(
    f"  - {{slug: {slug}, name: {slug}, circleci: {{project: gh/acme/{slug}}}, reports: {{{own}}}}}\n"
    for slug, own in (("shop", ""), ("api", ""), ("portal", ""))
)


def saying(headline: str) -> PeriodReport:
    return replace(period_report(), headline=headline)


@dataclass(slots=True)
class Gremlin:
    """Stands before the sandbox, and holds one request for ever: before it is done, or after, so that nobody hears."""

    app: ASGIApp
    countdown: int = 0
    is_done_first: bool = False
    asked: list[str] = field(default_factory=list)
    caught: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def wait_for(self, number: int, *, is_done_first: bool) -> None:
        self.countdown, self.is_done_first, self.caught = number, is_done_first, asyncio.Event()
        self.released = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_counted = scope["type"] == "http" and scope["path"].startswith(DELIVERING) and scope["method"] != "HEAD"
        if is_counted:
            self.asked.append(scope["path"].rpartition("/")[2])
            self.countdown -= 1
        if not (is_counted and self.countdown == 0):
            await self.app(scope, receive, send)
            return
        if self.is_done_first:
            await self.app(scope, receive, _to_nobody)
        self.caught.set()
        await self.released.wait()


async def _to_nobody(_: Message) -> None: ...


@dataclass(slots=True)
class Desk:
    """Where a report is kept and delivered from."""

    url: str
    folder: Path
    gremlin: Gremlin

    def configuration(self, reports: str = 'channel: "#reports"', projects: str = PROJECTS) -> Configuration:
        credentials = "" if "hook" in reports else "credentials: desk, "
        return read_configuration(f"reports: {{storage: {self.folder}, {credentials}{reports}}}\n{projects}", {})

    async def keep(
        self, configuration: Configuration, report: PeriodReport | None = None, html: str = "<p>Report</p>"
    ) -> Kept:
        drawn = Drawn(report or period_report(), html, b"\x89PNG")

        @flow
        async def keeping() -> Kept:
            return await keep(configuration, drawn, datetime.now(UTC))

        return await keeping()

    async def deliver(self, configuration: Configuration, kept: Kept) -> tuple[Delivered, ...]:
        @flow
        async def delivering() -> tuple[Delivered, ...]:
            return await deliver_report(configuration, kept, datetime.now(UTC))

        return await delivering()

    async def retry(self, configuration: Configuration, now: datetime) -> tuple[Delivered, ...]:
        @flow
        async def retrying() -> tuple[Delivered, ...]:
            return await retry_deliveries(configuration, now)

        return await retrying()

    async def killed_while(self, delivering: Callable[[], Any], request: int, *, is_done_first: bool) -> None:
        """Deliver, and die at the n-th request; the claim of the dead runs out."""
        self.gremlin.wait_for(request, is_done_first=is_done_first)
        running = asyncio.create_task(delivering())
        await asyncio.wait_for(self.gremlin.caught.wait(), 30)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        self.gremlin.released.set()
        self.let_claims_run_out()

    def let_claims_run_out(self) -> None:
        past = datetime.now(UTC) - timedelta(seconds=1)
        with transaction(store.database()) as session:
            table = "UPDATE report_deliveries SET claimed_until = :past WHERE claimed_until IS NOT NULL"
            session.connection().execute(text(table), {"past": _stored(past)})

    def state(self) -> list[dict[str, Any]]:
        with transaction(store.database()) as session:
            rows = session.connection().execute(text("SELECT * FROM report_deliveries ORDER BY id"))
            return [dict(row) for row in rows.mappings()]

    async def slack(self, method: str, **arguments: str) -> dict[str, Any]:
        async with httpx.AsyncClient() as http:
            headers = {"Authorization": "Bearer sandbox-slack-token"}
            answer = await http.get(f"{self.url}/slack/api/{method}", params=arguments, headers=headers)
            found: dict[str, Any] = answer.json()
            assert found["ok"], found
            return found

    async def messages(self, channel: str = "C000REPORTS") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.slack("conversations.history", channel=channel))["messages"]
        return found

    async def files(self, message: dict[str, Any], channel: str = "C000REPORTS") -> list[str]:
        """Return the names of the files in the thread of a message."""
        thread = await self.slack("conversations.replies", channel=channel, ts=message["ts"])
        return [file["name"] for each in thread["messages"] for file in each.get("files", ())]

    async def hooks(self, name: str = "reports") -> list[dict[str, Any]]:
        async with httpx.AsyncClient() as http:
            found: list[dict[str, Any]] = (await http.get(f"{self.url}/sandbox/hook/{name}")).json()
            return found


def _stored(moment: datetime) -> str | datetime:
    is_sqlite = store.database().dialect.name == "sqlite"
    return moment.replace(tzinfo=None).isoformat(sep=" ") if is_sqlite else moment


@asynccontextmanager
async def open_desk(folder: Path) -> AsyncIterator[Desk]:
    gremlin = Gremlin(create_app())
    async with serving(gremlin) as url:
        port = url.rpartition(":")[2]
        await Slack(bot_token=SecretStr("sandbox-slack-token"), base_url=f"{url}/slack/api/").asave(
            "desk", overwrite=True
        )
        await GitHub(token=SecretStr("sandbox-github-token"), base_url=f"{url}/github").asave("desk", overwrite=True)
        address = f"json://127.0.0.1:{port}/sandbox/hook/"
        await Apprise(addresses=SecretStr(f"{address}reports")).asave("desk", overwrite=True)
        await Apprise(addresses=SecretStr(f"{address}reports {address}down-for-now")).asave("half", overwrite=True)
        yield Desk(url, folder, gremlin)
