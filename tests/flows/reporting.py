"""The hourly metrics and the reports of one test: runs of the real flows, and what they leave behind."""

import asyncio
import shutil
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate
from prefect.client.schemas.objects import State
from sqlalchemy import create_engine, text

from flows.metrics_aggregation import metrics_aggregation
from flows.period_report import period_report
from tasks.store import database
from tests.flows import dying
from tests.flows.company import Company, SlackPost
from tests.flows.seen_before import CHECK, PROBE, checks, probes
from tests.flows.watch import Watch, document, project

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SLUGS = ("shop", "portal", "api")
CHANNEL = "reports"


@dataclass(frozen=True, slots=True)
class Desk:
    """A watch whose reports go to a channel of the make-believe Slack."""

    watch: Watch
    home: Path

    @property
    def company(self) -> Company:
        return self.watch.company

    @property
    def folder(self) -> Path:
        return self.home / "reports"

    def configure(self, channel: str = CHANNEL, **more: Any) -> None:
        self.watch.configure(reporting_document(self.company, channel, **more))

    async def aggregate(self, **parameters: Any) -> State[Any]:
        return await metrics_aggregation(**parameters, return_state=True)

    async def report(self, **parameters: Any) -> State[Any]:
        return await period_report(**parameters, return_state=True)

    def posts(self, channel: str = CHANNEL) -> list[SlackPost]:
        return self.company.posts(channel)

    def files(self) -> list[str]:
        """Return the names of the files in the thread of the only message, sorted."""
        (message,) = self._slack("conversations.history", channel=f"C000{CHANNEL.upper()}")["messages"]
        thread = self._slack("conversations.replies", channel=f"C000{CHANNEL.upper()}", ts=message["ts"])
        return sorted(file["name"] for each in thread["messages"] for file in each.get("files", ()))

    def kept(self) -> list[str]:
        """Return the names of all files in the folder of reports, sorted."""
        return sorted(file.name for file in self.folder.rglob("*")) if self.folder.exists() else []

    def let_deliveries_go(self) -> None:
        """Let claims run out and waits pass, as minutes would."""
        self.execute("UPDATE report_deliveries SET not_before = NULL, claimed_until = NULL")

    def execute(self, statement: str, *rows: Mapping[str, Any]) -> None:
        engine = create_engine(self.watch.url)
        with engine.begin() as connection:
            connection.execute(text(statement), list(rows) or None)
        engine.dispose()

    def _slack(self, method: str, **arguments: str) -> dict[str, Any]:
        token = {"Authorization": "Bearer sandbox-slack-token"}
        found: dict[str, Any] = httpx.get(
            f"{self.company.url}/slack/api/{method}", params=arguments, headers=token
        ).json()
        assert found["ok"], found
        return found


@pytest.fixture(scope="module")
async def filled(
    registered: None, open_company: Company, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A store of a watch that stood yesterday and three days ago, with the hours of the last four days aggregated."""
    folder = tmp_path_factory.mktemp("filled")
    file, configuration = folder / "filled.db", folder / "projects.yaml"
    shutil.copy(sqlite_template, file)
    configuration.write_text(yaml.safe_dump(reporting_document(open_company)))
    open_company.restart()
    _let_the_watch_have_stood(f"sqlite:///{file}")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("WATCHKEEPER_HOME", str(folder / "home"))
        patch.setenv("WATCHKEEPER_PROJECTS", str(configuration))
        patch.setenv("WATCHKEEPER_DATABASE_URL", f"sqlite:///{file}")
        database.cache_clear()
        state = await metrics_aggregation(start=midnight(-4), most_hours=2400, return_state=True)
        database().dispose()
        database.cache_clear()
    assert state.is_completed(), state.message
    return file


def _let_the_watch_have_stood(url: str) -> None:
    """Write what it has seen: of the shop the whole day, of the portal some hours of it, of the API nothing."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for day in (midnight(-3), midnight(-1)):
            for slug, hours in (("shop", range(24)), ("portal", range(9, 15))):
                connection.execute(text(PROBE), list(probes(slug, day, hours, seed=7)))
                connection.execute(text(CHECK), list(checks(slug, day, hours, seed=7)))
    engine.dispose()


def midnight(days: int) -> datetime:
    """Return when the day so many days from now begins, in UTC."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + days * DAY


def reporting_document(company: Company, channel: str = CHANNEL, **more: Any) -> dict[str, Any]:
    """Return a configuration of all three products, with their commits, whose reports go to the channel."""
    products = [project(slug, company, github={"repository": f"acme/{slug}"}) for slug in SLUGS]
    reports = {"channel": f"#{channel}", "credentials": "sandbox"}
    return document(company, products, reports=reports, **more)


def snapshot(watch: Watch) -> dict[str, list[Any]]:
    """Return everything that aggregating has written, but for the moments at which it was written."""
    hours = "SELECT project, hour, source, state, reason, is_final FROM metric_hours ORDER BY project, hour, source"
    buckets = "SELECT * FROM metric_buckets ORDER BY project, period, metric, start, label"
    incidents = "SELECT * FROM outages ORDER BY 1, 2, 3"
    return {"hours": watch.rows(hours), "buckets": watch.rows(buckets), "incidents": watch.rows(incidents)}


def states(watch: Watch, source: str) -> dict[str, set[str]]:
    """Return in which states the hours of a source are, with the reasons."""
    found: dict[str, set[str]] = {}
    for state, reason in watch.rows(
        "SELECT DISTINCT state, reason FROM metric_hours WHERE source = :source", source=source
    ):
        found.setdefault(state, set()).add(reason)
    return found


def hours_done(watch: Watch) -> int:
    return int(watch.rows("SELECT count(DISTINCT hour) FROM metric_hours")[0][0])


def last_hour() -> datetime:
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def copied(database: Path, folder: Path, name: str) -> str:
    """Return the address of a copy of a database that nobody has open."""
    return f"sqlite:///{shutil.copy(database, folder / name)}"


async def free_slots() -> None:
    """Free the slots of the vendors that killed runs still hold, as the janitor does after some minutes."""
    async with get_client() as client:
        for limit in await client.read_global_concurrency_limits(limit=200):
            if limit.name.startswith("watchkeeper-"):
                await client.update_global_concurrency_limit(limit.name, GlobalConcurrencyLimitUpdate(active_slots=0))


async def killed(code: str, dies: str, **environment: str) -> None:
    """Run the code in a process of its own until it kills itself at a write; see `dying.start`."""
    assert await _exit_code(dying.start(code, dies=dies, **environment)) == -signal.SIGKILL, "it came to its end"
    await free_slots()


async def lived(code: str, **environment: str) -> None:
    """Run the code in a process of its own to its end."""
    assert await _exit_code(dying.start(code, **environment)) == 0


async def _exit_code(process: ForkServerProcess) -> int | None:
    await asyncio.to_thread(process.join)
    try:
        return process.exitcode
    finally:
        process.close()
