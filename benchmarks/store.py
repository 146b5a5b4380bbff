"""How long saving one check run takes, against plain sqlite3 writing the same rows, and reading it back.

Run it with: python -m benchmarks.store [PROJECTS] [postgresql://...]
"""

import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Table

from watchkeeper.domain.builds import Pipeline, Workflow, WorkflowStatus
from watchkeeper.domain.delivery import DeploymentState, ServingState, VercelDeployment
from watchkeeper.domain.endpoints import Probe
from watchkeeper.domain.error_rates import ErrorCount
from watchkeeper.domain.errors import ErrorReport
from watchkeeper.domain.health import CheckType, HealthCheck
from watchkeeper.domain.observations import Observation
from watchkeeper.domain.sessions import SessionReading
from watchkeeper.domain.verdicts import Component, Evidence, Judgement, Verdict
from watchkeeper.domain.windows import Window
from watchkeeper.store.builds import pipelines, save_pipelines
from watchkeeper.store.database import migrate, opened, reading, transaction
from watchkeeper.store.delivery import save_deployments
from watchkeeper.store.endpoints import probes, save_probes
from watchkeeper.store.errors import save_error_reports, session_readings
from watchkeeper.store.health import latest_checks, save_checks
from watchkeeper.store.observations import save_observations
from watchkeeper.store.projects import save_projects
from watchkeeper.store.schema import METADATA

START = datetime(2026, 3, 1, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
ENDPOINTS = ("home", "health", "checkout")


def window_of(number: int) -> Window:
    return Window(START + number * QUARTER, START + (number + 1) * QUARTER)


def check_of(project: str, window: Window) -> HealthCheck:
    facts = tuple(Evidence(f"fact {n}", n * 1.5, "%", "https://vendor.example/page") for n in range(4))
    judgement = Judgement(Verdict.HEALTHY, ("0.3 % of 1,000 requests fail (limit 2.5 %)",), 97.0, facts)
    parts = dict.fromkeys(Component, judgement)
    return HealthCheck(project, window, CheckType.FULL, Verdict.HEALTHY, 97.0, 1.0, ("all is well",), parts)


def observations_of(project: str, window: Window) -> list[Observation]:
    return [Observation(project, "sentry", f"metric_{n}", window, n * 0.5, 1000, f"{n:040x}") for n in range(10)]


def probes_of(window: Window) -> list[Probe]:
    times = [window.start + timedelta(minutes=minute) for minute in (2, 7, 12)]
    return [Probe(e, at, None, "", 200, 1.1, 2.2, 3.3, 44.4, 55.5, START, "") for e in ENDPOINTS for at in times]


def report_of(window: Window) -> ErrorReport:
    counts = tuple(ErrorCount(f"{n:040x}", n, 1000) for n in range(2))
    return ErrorReport(readings=(SessionReading(window.hours()[0], window.end, counts),))


def deployments_of(project: str, window: Window) -> list[VercelDeployment]:
    ready, live = DeploymentState.READY, ServingState.PROMOTED
    name = f"dpl_{project}_{window.start.hour}"
    return [VercelDeployment(name, "prj", project, "a.example", "production", ready, live, window.start)]


def pipelines_of(project: str, window: Window) -> list[Pipeline]:
    name = f"{project}-{window.start.hour}"
    workflow = Workflow(f"w-{name}", "build", WorkflowStatus.SUCCESS, window.start, window.end)
    return [Pipeline(f"p-{name}", 7, f"gh/acme/{project}", "main", "a" * 40, "created", window.start, (), (workflow,))]


def save_run(engine: Engine, projects: Sequence[str], window: Window) -> None:
    with transaction(engine) as session:
        save_projects(session, {project: project for project in projects}, window.end)
        save_error_reports(session, {project: report_of(window) for project in projects}, window.end)
        save_deployments(session, {project: deployments_of(project, window) for project in projects})
        save_pipelines(session, {project: pipelines_of(project, window) for project in projects})
        save_probes(session, {project: probes_of(window) for project in projects})
        save_observations(session, [value for project in projects for value in observations_of(project, window)])
        save_checks(session, [check_of(project, window) for project in projects], "run", window.end)


def recall_run(engine: Engine, projects: Sequence[str], window: Window) -> None:
    with reading(engine) as session:
        session_readings(session, projects, window.hours())
        probes(session, projects, Window(window.start - 8 * QUARTER, window.end))
        pipelines(session, projects, Window(window.start - timedelta(days=3), window.end))
        latest_checks(session, projects, CheckType.FULL)


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def rows_of(engine: Engine) -> dict[Table, list[tuple[Any, ...]]]:
    """Return the rows of every table as the driver has them, ready to be written by hand."""
    raw = engine.raw_connection()
    with closing(raw.cursor()) as cursor:
        found = {t: cursor.execute(f"SELECT * FROM {t.name}").fetchall() for t in METADATA.sorted_tables}  # noqa: S608
    raw.close()
    return found


def write_by_hand(connection: sqlite3.Connection, rows: dict[Table, list[tuple[Any, ...]]]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for table, values in rows.items():
        places = ", ".join("?" for _ in table.columns)
        connection.executemany(f"INSERT OR REPLACE INTO {table.name} VALUES ({places})", values)  # noqa: S608
    connection.execute("COMMIT")


def bare_seconds(folder: Path, rows: dict[Table, list[tuple[Any, ...]]]) -> float:
    migrate(f"sqlite:///{folder / 'bare.db'}")
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    for statement in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {statement}")
    taken = seconds(lambda: write_by_hand(connection, rows))
    connection.close()
    return taken


def measure(url: str, count: int) -> tuple[float, float, float]:
    """Return seconds to save a first window, to save the eighth, and to recall what judging needs then."""
    projects = [f"p{number:04}" for number in range(count)]
    migrate(url)
    with opened(url) as engine:
        first = seconds(lambda: save_run(engine, projects, window_of(0)))
        for number in range(1, 7):
            save_run(engine, projects, window_of(number))
        later = seconds(lambda: save_run(engine, projects, window_of(7)))
        back = seconds(lambda: recall_run(engine, projects, window_of(8)))
    return first, later, back


def main(count: int, url: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        single = f"sqlite:///{folder / 'single.db'}"
        migrate(single)
        with opened(single) as engine:
            save_run(engine, [f"p{number:04}" for number in range(count)], window_of(0))
            rows = rows_of(engine)
        bare = bare_seconds(folder, rows)
        first, later, back = measure(url or f"sqlite:///{folder / 'measured.db'}", count)
    total = sum(map(len, rows.values()))
    print(f"| one run of {count} projects, {total} rows | seconds | against plain sqlite3 |")
    print("| --- | --- | --- |")
    print(f"| plain sqlite3, rows ready | {bare:.3f} | 1.0 |")
    for label, taken in (("save into an empty database", first), ("save after seven runs", later)):
        print(f"| {label} | {taken:.3f} | {taken / bare:.1f} |")
    print(f"| recall two hours of the past | {back:.3f} | |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000, sys.argv[2] if len(sys.argv) > 2 else "")
