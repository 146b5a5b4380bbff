"""The mend of Prefect's server on SQLite, shown where it is needed: on an engine of Prefect's own."""

import asyncio
import gc
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from prefect.server.database.configurations import AioSqliteConfiguration
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from deployments.prefect_server import connect_so

WRITE = "INSERT INTO kept DEFAULT VALUES"


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    event.listen(Engine, "do_connect", connect_so)
    engine = await AioSqliteConfiguration(f"sqlite+aiosqlite:///{tmp_path / 'prefect.db'}").engine()
    yield engine
    await engine.dispose()
    event.remove(Engine, "do_connect", connect_so)


async def fail(connection: AsyncConnection, other: AsyncConnection) -> BaseException:
    """Write what was read before somebody else wrote, and return what that raises, with all that hangs on it."""
    for statement in ("BEGIN", "SELECT * FROM kept"):
        await connection.exec_driver_sql(statement)
    await other.exec_driver_sql(WRITE)
    with pytest.raises(OperationalError, match="locked") as raised:
        await connection.exec_driver_sql(WRITE)
    await connection.exec_driver_sql("ROLLBACK")
    return raised.value


async def test_what_is_left_of_a_failed_statement_waits_for_no_connection(engine: AsyncEngine) -> None:
    async with engine.connect() as first, engine.connect() as second:
        await first.exec_driver_sql("CREATE TABLE kept (id INTEGER PRIMARY KEY)")
        await second.exec_driver_sql("PRAGMA busy_timeout = 5000")
        failure = await fail(second, first)
        waits = asyncio.Event()
        loop = asyncio.get_running_loop()
        driver = (await second.get_raw_connection()).driver_connection
        assert driver is not None
        await driver.set_trace_callback(lambda _statement: loop.call_soon_threadsafe(waits.set))
        await first.exec_driver_sql("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(second.exec_driver_sql(WRITE))
        await waits.wait()
        del failure
        gc.collect()  # where the cursor is not closed this lasts as long as the second may wait for the first
        await first.exec_driver_sql("COMMIT")
        await waiting


async def test_who_reads_before_he_writes_waits_for_who_came_first(engine: AsyncEngine) -> None:
    database = AioSqliteConfiguration(str(engine.url))
    async with engine.connect() as connection:
        await connection.exec_driver_sql("CREATE TABLE kept (id INTEGER PRIMARY KEY)")

    async def read_and_write() -> None:
        session = await database.session(engine)
        async with session, database.begin_transaction(session):
            connection = await session.connection()
            await connection.exec_driver_sql("SELECT * FROM kept")
            await asyncio.sleep(0.01)
            await connection.exec_driver_sql(WRITE)

    await asyncio.gather(*(read_and_write() for _ in range(5)))
    async with engine.connect() as connection:
        assert len((await connection.exec_driver_sql("SELECT * FROM kept")).all()) == 5
