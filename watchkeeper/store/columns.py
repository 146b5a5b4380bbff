"""Many rows at once, as the drivers have them: several times as fast as rows that become objects.

What comes out is raw: SQLite's moments are text. What goes in is raw as well, and must be fit for a database.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import psycopg
from psycopg.types.string import BytesBinaryDumper
from sqlalchemy import Engine, Select
from sqlalchemy.orm import Session

from watchkeeper.store.failures import explain_postgresql
from watchkeeper.store.tables import Base, table_of

CHUNK = 20_000  # rows written at once: bounds memory
SQLITE_MOMENT = "%Y-%m-%d %H:%M:%S.%f"
POSTGRESQL_TYPES = {
    "VARCHAR": "text",
    "INTEGER": "int4",
    "BOOLEAN": "bool",
    "BIGINT": "int8",
    "FLOAT": "float8",
    "BYTEA": "bytea",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
}


def is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def fetch_each(
    session: Session, query: Select[Any], parameters: Iterable[Mapping[str, Any]]
) -> Iterator[Sequence[tuple[Any, ...]]]:
    """Ask a query once with each of the parameters; yield the rows that it finds each time.

    Args:
        parameters: values of the query's own `bindparam`s, by name.
    """
    if is_sqlite(session):
        for each in parameters:
            yield session.connection().execute(query, each).cursor.fetchall()
        return
    compiled = query.compile(session.get_bind(), compile_kwargs={"render_postcompile": True})
    with _cursor(session, binary=True) as cursor:
        for each in parameters:
            yield cursor.execute(str(compiled), {**compiled.params, **each}).fetchall()


def insert_rows(
    session: Session, model: type[Base], columns: Sequence[str], rows: Iterable[Sequence[Any]], *, replace: bool = False
) -> None:
    """Insert rows.

    Args:
        columns: what each row consists of; moments as `raw_moment` gives them.
        replace: True puts them in the place of those with the same primary key; False when there are none.
    """
    if is_sqlite(session):
        _insert_sqlite(session, model, columns, rows, "INSERT OR REPLACE" if replace else "INSERT")
    elif replace:
        _copy_over(session, model, columns, rows)
    else:
        _copy(session, model, str(model.__tablename__), columns, rows)


def _insert_sqlite(
    session: Session, model: type[Base], columns: Sequence[str], rows: Iterable[Sequence[Any]], insert: str
) -> None:
    places = ", ".join("?" for _ in columns)
    statement = f"{insert} INTO {model.__tablename__} ({', '.join(columns)}) VALUES ({places})"
    remaining = iter(rows)
    while chunk := list(islice(remaining, CHUNK)):
        session.connection().exec_driver_sql(statement, chunk)


def _copy_over(session: Session, model: type[Base], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Copy rows beside the table, and from there into it."""
    name, beside = str(model.__tablename__), f"new_{model.__tablename__}"
    key = [column.name for column in table_of(model).primary_key]
    new = ", ".join(f"{column} = excluded.{column}" for column in columns if column not in key)
    listed = ", ".join(columns)
    into = f"INSERT INTO {name} ({listed}) SELECT {listed} FROM {beside} ORDER BY {', '.join(key)}"  # noqa: S608 - our own names
    session.connection().exec_driver_sql(f"CREATE TEMPORARY TABLE {beside} (LIKE {name}) ON COMMIT DROP")
    _copy(session, model, beside, columns, rows)
    session.connection().exec_driver_sql(f"{into} ON CONFLICT ({', '.join(key)}) DO UPDATE SET {new}")
    session.connection().exec_driver_sql(f"DROP TABLE {beside}")


def _copy(
    session: Session, model: type[Base], name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    table, dialect = table_of(model), session.get_bind().dialect
    types = [POSTGRESQL_TYPES[table.c[column].type.compile(dialect)] for column in columns]
    statement = f"COPY {name} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)"
    with _cursor(session) as cursor:
        cursor.adapters.register_dumper(bytes, BytesBinaryDumper)  # or a slower one for wrapped bytes is taken
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
