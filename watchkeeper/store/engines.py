"""Connections to SQLite and PostgreSQL, prepared so that both behave alike."""

import time
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection as SQLiteConnection
from sqlite3 import Cursor, OperationalError

from sqlalchemy import URL, Connection, Engine, event, make_url
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import create_engine

from watchkeeper.store.aggregates import add_aggregates
from watchkeeper.store.failures import explain
from watchkeeper.store.text import write_json

BUSY_TIMEOUT_S = 10
KINDS = "use sqlite:///file.db or postgresql://user@host/name"


def database_address(url: str) -> URL:
    """Return the address with the driver we use.

    Args:
        url: `sqlite:///file.db`, `postgresql://...` or `postgres://...`.

    Raises:
        ValueError: another kind of database, or SQLite without a file. The message holds no password.
    """
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        raise ValueError(f"WATCHKEEPER_DATABASE_URL is not the address of a database: {KINDS}") from None
    if address.drivername in {"postgres", "postgresql", "postgresql+psycopg"}:
        return address.set(drivername="postgresql+psycopg")
    if address.drivername not in {"sqlite", "sqlite+pysqlite"}:
        raise ValueError(f"WATCHKEEPER_DATABASE_URL names a database of kind {address.drivername}: {KINDS}")
    if address.database in {None, "", ":memory:"}:
        raise ValueError("a database in memory is gone after each run: name a file, as in sqlite:///watchkeeper.db")
    return address


def database_file(address: URL) -> Path | None:
    """Return the file of an SQLite database; None for PostgreSQL and for SQLite's own `file:` addresses."""
    if address.get_backend_name() != "sqlite" or "uri" in address.query:
        return None
    return Path(str(address.database))


def create_database_engine(address: URL) -> Engine:
    """Return an engine whose errors are named, without looking at the database yet."""
    sqlite = address.get_backend_name() == "sqlite"
    if sqlite and "timeout" not in address.query:
        address = address.update_query_dict({"timeout": str(BUSY_TIMEOUT_S)})
    engine = create_engine(
        address,
        connect_args={} if sqlite else _postgresql_arguments(address),
        json_serializer=write_json,
        hide_parameters=True,
        pool_pre_ping=not sqlite,
    )

    def raise_named_error(context: ExceptionContext) -> None:
        error = explain(context, address)
        if error is not None:
            raise error

    event.listen(engine, "handle_error", raise_named_error)
    if sqlite:
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _postgresql_arguments(address: URL) -> dict[str, object]:
    arguments: dict[str, object] = {
        "connect_timeout": BUSY_TIMEOUT_S,
        "application_name": "watchkeeper",
        "options": f"-c timezone=utc -c lock_timeout={BUSY_TIMEOUT_S}s",
    }
    return {name: value for name, value in arguments.items() if name not in address.query}


def _prepare_sqlite(connection: SQLiteConnection, _entry: ConnectionPoolEntry) -> None:
    # The driver would begin transactions too late and end them too early; the "begin" event does it instead.
    connection.isolation_level = None
    add_aggregates(connection)
    with closing(connection.cursor()) as cursor:
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA synchronous = NORMAL")
        _write_ahead(cursor)


def _write_ahead(cursor: Cursor) -> None:
    if cursor.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
        return
    # Changing the journal ignores the busy timeout, so two processes that open a new file together must take turns.
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return  # a file system that cannot do it keeps its journal: slower, not wrong


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes its lock at the start: a lock asked for after reading cannot be waited for.
    writes = connection.get_execution_options().get("watchkeeper_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
