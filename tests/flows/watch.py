"""A watch for one test: its own store and configuration file, and what the flows left in them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Engine, create_engine, inspect, text

from flows.alert_dispatch import alert_dispatch
from flows.health_check import health_check
from tests.flows.company import Company
from watchkeeper.domain.health import HealthCheck
from watchkeeper.domain.verdicts import Verdict

Checks = dict[str, HealthCheck]


@dataclass(frozen=True, slots=True)
class Watch:
    company: Company
    file: Path
    url: str

    def configure(self, document: dict[str, Any]) -> None:
        self.file.write_text(yaml.safe_dump(document))

    async def check(self, **parameters: Any) -> Checks:
        """Run the real flow, and return its judgements by project."""
        found: tuple[HealthCheck, ...] = await health_check(**parameters)
        return {check.project: check for check in found}

    async def alert(self) -> None:
        """Tell whoever must know of what the checks have found."""
        await alert_dispatch()

    async def look_back(self) -> None:
        """Judge the last ninety minutes in one go and tell nobody, so that no later check has to catch up."""
        await self.check(window_minutes=90, at=now() - minutes(1))

    def rows(self, query: str, **values: object) -> list[Any]:
        engine = self._engine()
        with engine.connect() as connection:
            found = list(connection.execute(text(query), values))
        engine.dispose()
        return found

    def count(self, table: str) -> int:
        return int(self.rows(f"SELECT count(*) FROM {table}")[0][0])  # noqa: S608 - a table of ours

    def counts(self) -> dict[str, int]:
        engine = self._engine()
        tables = inspect(engine).get_table_names()
        engine.dispose()
        return {table: self.count(table) for table in tables if table != "alembic_version"}

    def windows(self) -> list[tuple[str, str, int]]:
        """Return project, end and number of rows of every window that was judged."""
        key = "project, window_start, window_end"
        found = self.rows(f"SELECT project, window_end, count(*) FROM health_checks GROUP BY {key}")  # noqa: S608
        return sorted((row[0], str(row[1]), row[2]) for row in found)

    def let_messages_go(self) -> None:
        """Let claims run out and waits pass, as minutes would."""
        engine = self._engine()
        with engine.begin() as connection:
            connection.execute(text("UPDATE alert_messages SET not_before = NULL, claimed_until = NULL"))
            connection.execute(text("DELETE FROM channel_states"))
        engine.dispose()

    def _engine(self) -> Engine:
        return create_engine(self.url.replace("postgresql://", "postgresql+psycopg://").split("?timeout")[0])


def verdicts(checks: Checks) -> dict[str, Verdict]:
    return {project: check.verdict for project, check in checks.items()}


def project(slug: str, company: Company, **more: Any) -> dict[str, Any]:
    """Return a product of the make-believe company as a person would configure it."""
    address = f"{company.url}/products/{slug}"
    return {
        "slug": slug,
        "name": slug.title(),
        "sentry": {"organization": "acme", "projects": [f"{slug}-web"]},
        "vercel": {"team": "team_sandboxacme", "project": f"prj_{slug}"},
        "circleci": {"project": f"gh/acme/{slug}"},
        "endpoints": [{"name": "health", "url": f"{address}/health"}, {"name": "home", "url": f"{address}/"}],
        **more,
    }


def document(company: Company, projects: Iterable[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    """Return a configuration of these projects, by default of the two that send spans, so that one look is enough."""
    return {
        "slack": {"channel": "#releases", "credentials": "sandbox"},
        "connectivity": [f"{company.url}/connectivity"],
        "defaults": {"credentials": "sandbox", "rollback": {"auto": "off"}},
        "alerts": {"timing": {"group_wait_seconds": 0}},
        "projects": list(projects) if projects is not None else [project("shop", company), project("api", company)],
        **more,
    }


def now() -> datetime:
    return datetime.now(UTC)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)
