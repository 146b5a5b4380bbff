"""How Alembic gets at the database: by the connection that `migrate` hands over, on its command line by the URL."""

import os

from alembic import context
from sqlalchemy import Connection

from watchkeeper.store.engines import create_database_engine, database_address
from watchkeeper.store.schema import METADATA


def run(connection: Connection) -> None:
    # SQLite cannot alter most of a table: batches build it anew.
    context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()


def run_from_command_line() -> None:
    engine = create_database_engine(database_address(os.environ["WATCHKEEPER_DATABASE_URL"]))
    try:
        with engine.execution_options(watchkeeper_writes=True).begin() as connection:
            run(connection)
    finally:
        engine.dispose()


given = context.config.attributes.get("connection")
if given is None:
    run_from_command_line()
else:
    run(given)
