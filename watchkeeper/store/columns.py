"""Many rows at once, as the drivers have them: several times as fast as rows that become objects.

What comes out is raw: SQLite's moments are text. What goes in is raw as well, and must be fit for a database.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import psycopg
from sqlalchemy import Engine, Select
from sqlalchemy.orm import Session

from watchkeeper.store.failures import explain_postgresql
from watchkeeper.store.tables import Base, table_of

CHUNK = 20_000  # rows written at once: bounds memory
SQLITE_MOMENT = "%Y-%m-%d %H:%M:%S.%f"
POSTGRESQL_TYPES = {
    "VARCHAR": "text",
    "BIGINT": "int8",
    "FLOAT": "float8",
    "BYTEA": "bytea",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
}


def is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def fetch_columns(session: Session, query: Select[Any]) -> list[Sequence[Any]]:
    """Return what a query finds, one sequence for each of its columns."""
    if is_sqlite(session):
        rows = session.connection().execute(query).cursor.fetchall()
    else:
        rows = _fetch_binary(session, query)
    return list(zip(*rows, strict=True)) if rows else [()] * len(query.selected_columns)


def insert_rows(session: Session, model: type[Base], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows whose keys are not there yet.

    Args:
        columns: what each row consists of; moments as `raw_moment` gives them.
    """
    table = table_of(model)
    if is_sqlite(session):
        places = ", ".join("?" for _ in columns)
        statement = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608 - our own names
        remaining = iter(rows)
        while chunk := list(islice(remaining, CHUNK)):
            session.connection().exec_driver_sql(statement, chunk)
        return
    types = [POSTGRESQL_TYPES[table.c[column].type.compile(session.get_bind().dialect)] for column in columns]
    with _cursor(session) as cursor:
        statement = f"COPY {table.name} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)"
        with cursor.copy(statement) as copy:
            copy.set_types(types)
            for row in rows:
                copy.write_row(row)


def raw_moment(session: Session, moment: datetime) -> datetime | str:
    """Return a moment as the driver takes it."""
    return moment.astimezone(UTC).strftime(SQLITE_MOMENT) if is_sqlite(session) else moment


def read_moment(raw: datetime | str) -> datetime:
    """Return a moment that the driver gave."""
    if isinstance(raw, str):
        return datetime.strptime(raw, SQLITE_MOMENT).replace(tzinfo=UTC)
    return raw.astimezone(UTC)


def _fetch_binary(session: Session, query: Select[Any]) -> list[tuple[Any, ...]]:
    compiled = query.compile(session.get_bind(), compile_kwargs={"render_postcompile": True})
    with _cursor(session, binary=True) as cursor:
        cursor.execute(str(compiled), compiled.params)
        return cursor.fetchall()


@contextmanager
def _cursor(session: Session, *, binary: bool = False) -> Iterator[psycopg.Cursor[tuple[Any, ...]]]:
    """Give a cursor of PostgreSQL's driver, within the transaction of the session, whose errors are named."""
    connection: psycopg.Connection[tuple[Any, ...]] = session.connection().connection.driver_connection  # type: ignore[assignment]
    bind = session.get_bind()
    url = (bind if isinstance(bind, Engine) else bind.engine).url
    try:
        with connection.cursor(binary=binary) as cursor:
            yield cursor
    except psycopg.Error as error:
        lost = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        named = explain_postgresql(error, url, connection_lost=lost)
        if named is None:
            raise
        raise named from error
