"""Runs in processes of their own, each to be killed by itself at a write that has a name: of the store, or of a file.

They are forked from one that has imported the flows, so each begins at once.
"""

import os
import signal
import sys
from collections.abc import Callable, Mapping
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, Final

from prefect.settings import (
    PREFECT_API_REQUEST_TIMEOUT,
    PREFECT_API_URL,
    PREFECT_LOGGING_LEVEL,
    temporary_settings,
)
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tests.waiting import LIMIT_SECONDS

FLOWS = Path(__file__).resolve().parents[2] / "flows"
BESIDES = ["prefect.flow_engine", "prefect.task_engine", "reports.charts", "altair", "vl_convert", "apprise"]

# Writes to a row that is there, by the columns that they set. Those that take a rollback to a state go by the state.
WRITES: Final[Mapping[str, tuple[str, Callable[[str, Mapping[str, Any]], bool]]]] = {
    "adopted": ("rollbacks", lambda _, values: "flow_run_id" in values),
    "claimed": ("rollbacks", lambda _, values: bool(values.get("claimed_by"))),
    "called": ("rollbacks", lambda statement, _: "move_calls=" in statement),
    "released": ("rollbacks", lambda _, values: values.get("claimed_by") == ""),
    "delivery taken": ("report_deliveries", lambda statement, _: "attempts=" in statement),
    "delivery begun": ("report_deliveries", lambda _, values: values.get("unsure_since") is not None),
    "delivery arrived": ("report_deliveries", lambda statement, _: "parts=" in statement),
    "delivery done": ("report_deliveries", lambda statement, _: "sent_digest=" in statement),
}

_context = get_context("forkserver")
_context.set_forkserver_preload([*BESIDES, *(f"flows.{file.stem}" for file in FLOWS.glob("*.py"))])


def start(code: str, *arguments: str, dies: str = "", **environment: str) -> ForkServerProcess:
    """Run Python code in a process of its own, on the Prefect server of this test.

    Args:
        dies: "after" or "before" and the name of a write: a state that it takes a rollback to, one of `WRITES`,
            a table that it inserts into, or the ending of a file that it is about to put in its place, with its
            dot; left out, it lives to its end.
    """
    given = (code, arguments, {**os.environ, **environment}, PREFECT_API_URL.value(), dies)
    process = _context.Process(target=_run, args=given, daemon=True)
    process.start()
    return process


def die_at(dies: str) -> None:
    """Let this process kill itself right before a write, or once it is committed."""
    moment, _, write = dies.partition(" ")
    if write.startswith("."):
        _die_at_file(write)
        return
    table, matches = WRITES.get(write, ("rollbacks", lambda _, values: values.get("state") == write))
    found = False

    def look(_connection: object, _cursor: object, statement: str, _given: object, context: Any, _many: object) -> None:
        nonlocal found
        is_row = statement.startswith(f"UPDATE {table} ") or (
            statement.startswith("INSERT INTO rollbacks ") and write not in WRITES
        )
        is_insert = statement.startswith((f"INSERT INTO {write} ", f"INSERT OR REPLACE INTO {write} "))
        found = found or is_insert or (is_row and matches(statement, context.compiled_parameters[0]))
        if found and moment == "before":
            die()

    def committed(_session: Session) -> None:
        if found:
            die()

    event.listen(Engine, "before_cursor_execute", look)
    event.listen(Session, "after_commit", committed)


def _die_at_file(ending: str) -> None:
    def look(event: str, given: tuple[Any, ...]) -> None:
        if event == "os.rename" and str(given[1]).endswith(ending):
            die()

    sys.addaudithook(look)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _run(code: str, arguments: tuple[str, ...], environment: dict[str, str], api: str, dies: str) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.argv[1:] = arguments
    if dies:
        die_at(dies)
    patient = {PREFECT_API_URL: api, PREFECT_API_REQUEST_TIMEOUT: LIMIT_SECONDS, PREFECT_LOGGING_LEVEL: "CRITICAL"}
    with temporary_settings(patient):
        exec(code, {"__name__": "__main__"})  # noqa: S102 - of the tests themselves
