"""Open the database, and read or write it in one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from watchkeeper.store.engines import create_database_engine, database_address
from watchkeeper.store.versions import check_version, downgrade, migrate

__all__ = ["downgrade", "migrate", "open_database", "opened", "reading", "transaction"]


def open_database(url: str) -> Engine:
    """Return the pooled engine of a database that was migrated before.

    Args:
        url: `sqlite:///file.db`, `postgresql://...` or `postgres://...`.

    Raises:
        StoreUnavailable: it cannot be reached or opened.
        StoreNotMigrated: it is not there yet, or older than the code.
        StoreTooNew: it is newer than the code.
    """
    engine = create_database_engine(database_address(url))
    try:
        check_version(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    """Open a migrated database, and close its connections in the end."""
    engine = open_database(url)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """Write in one transaction: all of it or nothing.

    Raises:
        StoreUnavailable: locked, full, gone or unwritable; nothing was written.
    """
    with Session(engine.execution_options(watchkeeper_writes=True)) as session, session.begin():
        session.connection()  # takes the writer's lock now, not at the first write
        yield session


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """Read in one transaction, so that all queries see the same moment."""
    snapshot = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    with Session(engine.execution_options(**snapshot)) as session, session.begin():
        yield session
