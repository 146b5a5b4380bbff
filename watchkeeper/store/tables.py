"""What all tables share, and the one way in which rows get into them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from operator import itemgetter
from typing import Any, ClassVar, TypeVar

from sqlalchemy import ColumnElement, MetaData, Row, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.dml import Insert as PostgreSQLInsert
from sqlalchemy.dialects.sqlite.dml import Insert as SQLiteInsert
from sqlalchemy.orm import Session
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlmodel import SQLModel

from watchkeeper.store.text import is_plain, storable, storable_key

Value = TypeVar("Value")
Columns = ReadOnlyColumnCollection[str, Any]
Merge = Callable[[Columns, Columns], Mapping[str, ColumnElement[Any]]]

# Rows of these tables lie in the order of their key, which is the order that they are asked for.
IN_ORDER_OF_KEY = {"sqlite_with_rowid": False}
CHUNK = 2_000  # rows a statement: bounds memory, and costs no measurable time against more


class Base(SQLModel):
    """Base of all tables: constraints have the same names on both engines."""

    metadata: ClassVar[MetaData] = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def table_of(model: type[Base]) -> Table:
    return model.metadata.tables[str(model.__tablename__)]


def upsert(  # noqa: PLR0913 - what is usual needs three of them
    session: Session,
    model: type[Base],
    rows: Iterable[dict[str, Any]],
    *,
    key: Sequence[str] = (),
    keep: Collection[str] = (),
    merged: Merge | None = None,
    where: Callable[[Table], ColumnElement[bool]] | None = None,
) -> None:
    """Insert rows; one whose key is there already is updated. Of rows with the same key the last one counts.

    They go in in the order of their keys: two writers that lock the same rows in the same order never block each other
    for good.

    Args:
        rows: all with the same columns.
        key: the columns of the unique constraint; the primary key by default.
        keep: columns that keep the value they were inserted with.
        merged: given the columns of the old and of the new row, what becomes of some of them; the others are replaced.
        where: given the table, which of the existing rows may be updated; all by default.
    """
    table = table_of(model)
    names = tuple(key) or tuple(column.name for column in table.primary_key)
    ordered = _in_order_of_keys(rows, names, {foreign.parent.name for foreign in table.foreign_keys})
    statement: SQLiteInsert | PostgreSQLInsert | None = None
    while chunk := list(islice(ordered, CHUNK)):
        if statement is None:
            insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
            updated = set(chunk[0]) - {*names, *keep}
            statement = _or_update(insert(table), names, updated, merged, where and where(table))
        session.connection().execute(statement, chunk)


def _in_order_of_keys(
    rows: Iterable[dict[str, Any]], names: Sequence[str], foreign: Collection[str]
) -> Iterator[dict[str, Any]]:
    keys = {*names, *foreign}
    unique = {}
    key_of = itemgetter(*names) if len(names) > 1 else lambda row: (row[names[0]],)
    for row in rows:
        stored = row if is_plain(row) else _storable(row, keys)
        unique[key_of(stored)] = stored
    return (unique[key] for key in sorted(unique))


def _storable(row: dict[str, Any], keys: Collection[str]) -> dict[str, Any]:
    return {name: storable_key(value) if name in keys else storable(value) for name, value in row.items()}


def _or_update(
    statement: SQLiteInsert | PostgreSQLInsert,
    key: Sequence[str],
    updated: Collection[str],
    merged: Merge | None,
    where: ColumnElement[bool] | None,
) -> SQLiteInsert | PostgreSQLInsert:
    if not updated:
        return statement.on_conflict_do_nothing(index_elements=key)
    new = {name: statement.excluded[name] for name in sorted(updated)}
    kept = merged(statement.table.c, statement.excluded) if merged else {}
    return statement.on_conflict_do_update(index_elements=key, set_={**new, **kept}, where=where)


def by_project(
    rows: Iterable[Row[Any]], projects: Collection[str], value_of: Callable[[Row[Any]], Value]
) -> dict[str, tuple[Value, ...]]:
    """Return the rows as values of the domain, in their order; a project without any has an empty tuple."""
    found: dict[str, list[Value]] = {project: [] for project in projects}
    for row in rows:
        found[row.project].append(value_of(row))
    return {project: tuple(values) for project, values in found.items()}
