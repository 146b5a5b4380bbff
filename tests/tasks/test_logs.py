"""What vendors and people have typed does nothing to whoever reads the log of a run."""

import asyncio
import logging
from collections.abc import Iterator
from io import StringIO

import pytest
from prefect import flow, get_run_logger, task
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId
from prefect.client.schemas.objects import Log, State

import tasks.mistakes  # noqa: F401 - any module of the package guards the logs
from tasks.logs import RUN_LOGGERS, CarefulRecords, guard_run_logs
from tests.reports.hostile import HOSTILE, TOKEN, assert_harmless
from tests.waiting import LIMIT_SECONDS, PAUSE_SECONDS


@pytest.fixture(params=RUN_LOGGERS)
def written(request: pytest.FixtureRequest) -> Iterator[tuple[logging.Logger, StringIO]]:
    logger, stream = logging.getLogger(request.param), StringIO()
    handler = logging.StreamHandler(stream)
    before, logger.handlers, logger.propagate = logger.handlers, [handler], False
    level = logger.level
    logger.setLevel(logging.DEBUG)
    yield logger, stream
    logger.handlers, logger.propagate = before, True
    logger.setLevel(level)


def test_a_record_is_one_line(written: tuple[logging.Logger, StringIO]) -> None:
    logger, stream = written
    logger.warning("%s: %s.", "shop", HOSTILE)
    assert_harmless(stream.getvalue())
    assert len(stream.getvalue().splitlines()) == 1
    assert stream.getvalue().startswith("shop: a [2J")


def test_a_traceback_keeps_its_lines_and_nothing_else(written: tuple[logging.Logger, StringIO]) -> None:
    logger, stream = written
    try:
        fail()
    except RuntimeError:
        logger.exception("it failed")
    assert_harmless(stream.getvalue())
    assert "\nRuntimeError: a [2J" in stream.getvalue()
    assert len(stream.getvalue().splitlines()) > 3


def test_a_wrong_call_is_left_to_logging() -> None:
    record = logging.LogRecord("x", logging.INFO, "x.py", 1, "%d", ("no number",), None)
    assert CarefulRecords().filter(record)
    assert (record.msg, record.args) == ("%d", ("no number",))


def test_the_guard_stands_once() -> None:
    guard_run_logs()
    for name in RUN_LOGGERS:
        assert sum(isinstance(each, CarefulRecords) for each in logging.getLogger(name).filters) == 1


def fail() -> None:
    raise RuntimeError(HOSTILE)


@task
def tell() -> None:
    get_run_logger().error("Nobody was told: %s.", HOSTILE)


@flow
def telling() -> None:
    get_run_logger().warning("The configuration: %s", HOSTILE)
    tell()
    fail()


@pytest.mark.usefixtures("prefect_server")
async def test_what_the_server_keeps_of_a_run_is_harmless() -> None:
    state: State[None] = telling(return_state=True)
    run = state.state_details.flow_run_id
    assert run is not None
    async with get_client() as client, asyncio.timeout(LIMIT_SECONDS):
        found: list[Log] = []
        while sum("override" in each.message for each in found) < 3:  # they are sent every few seconds
            await asyncio.sleep(PAUSE_SECONDS)
            found = await client.read_logs(LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run])))
    for each in found:
        assert_harmless(each.message)
        assert TOKEN not in each.message
