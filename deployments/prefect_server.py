"""`python -m deployments.prefect_server`: `prefect server start`, for several who write to one SQLite file.

Prefect's transactions read before they write, so they fail with "database is locked", without waiting, when another has
written in between: the server answers 503, and its client comes back two seconds later. Here they wait for each other.

Before Python 3.12 a cursor that failed with "database is locked" stays tied to its connection, and waits for it when
it is deleted. Prefect's event loop deletes such cursors at any later time, also while the connection waits for another
writer, who in turn waits for the loop: docs/decisions/0015-writers-wait.md.
"""

import sqlite3
import sys
from typing import Any

from sqlalchemy import Dialect, event
from sqlalchemy.engine import Engine

# Prefect begins what it only reads without any statement.
BEGINS = {"BEGIN DEFERRED": "BEGIN IMMEDIATE"}


class Cursor(sqlite3.Cursor):
    """A cursor whose transactions wait for their turn, and that is closed, by its own thread, when it has failed."""

    def execute(self, statement: str, *arguments: Any) -> "Cursor":  # noqa: ANN401 - handed through
        try:
            return super().execute(BEGINS.get(statement, statement), *arguments)
        except sqlite3.Error:
            self.close()
            raise

    def executemany(self, *arguments: Any) -> "Cursor":  # noqa: ANN401 - handed through
        try:
            return super().executemany(*arguments)
        except sqlite3.Error:
            self.close()
            raise


class Connection(sqlite3.Connection):
    """A connection with such cursors."""

    def cursor(self, factory: type[sqlite3.Cursor] = Cursor) -> Any:  # type: ignore[override]  # noqa: ANN401
        return super().cursor(factory)


def connect_so(dialect: Dialect, _record: object, _arguments: object, options: dict[str, Any]) -> None:
    """Have SQLAlchemy open SQLite with such connections; nothing changes for other databases."""
    if dialect.name == "sqlite":
        options["factory"] = Connection


def main() -> None:
    """Start Prefect's server in this process, until a signal."""
    from prefect.cli import app  # noqa: PLC0415 - reads the settings at import

    event.listen(Engine, "do_connect", connect_so)
    sys.argv[1:] = ["server", "start"]
    app()


if __name__ == "__main__":
    main()
