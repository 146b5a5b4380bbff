"""Runs in processes of their own, to be killed: forked from one that has imported the flows, so each begins at once."""

import os
import sys
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from prefect.settings import PREFECT_API_URL, PREFECT_LOGGING_LEVEL, temporary_settings

FLOWS = Path(__file__).resolve().parents[2] / "flows"
BESIDES = ["prefect.flow_engine", "prefect.task_engine", "reports.charts", "altair", "vl_convert", "apprise"]

_context = get_context("forkserver")
_context.set_forkserver_preload([*BESIDES, *(f"flows.{file.stem}" for file in FLOWS.glob("*.py"))])


def start(code: str, *arguments: str, **environment: str) -> ForkServerProcess:
    """Run Python code in a process of its own, on the Prefect server of this test."""
    given = (code, arguments, {**os.environ, **environment}, PREFECT_API_URL.value())
    process = _context.Process(target=_run, args=given, daemon=True)
    process.start()
    return process


def _run(code: str, arguments: tuple[str, ...], environment: dict[str, str], api: str) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.argv[1:] = arguments
    with temporary_settings({PREFECT_API_URL: api, PREFECT_LOGGING_LEVEL: "CRITICAL"}):
        exec(code, {"__name__": "__main__"})  # noqa: S102 - of the tests themselves
