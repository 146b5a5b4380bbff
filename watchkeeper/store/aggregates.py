"""What stands in many rows as the bytes of one: all numbers of a group, or all byte strings, one behind the other.

PostgreSQL has what it takes; SQLite gets it from here.
"""

from functools import reduce
from sqlite3 import Connection
from typing import Any, Final

import numpy as np
from sqlalchemy import ColumnElement, LargeBinary, func, literal
from sqlalchemy.orm import Session

from watchkeeper.domain.bucket_columns import Floats
from watchkeeper.store.columns import is_sqlite

FLOAT8: Final = ">f8"  # how PostgreSQL sends a number
NOTHING: Final = literal(b"", LargeBinary)


def add_aggregates(connection: Connection) -> None:
    """Teach SQLite what the two functions below ask of it."""
    # The stubs know of aggregates that give a number only.
    connection.create_aggregate("pack_numbers", -1, _Numbers)  # type: ignore[arg-type]
    connection.create_aggregate("string_agg", 2, _Bytes)  # type: ignore[arg-type]


def packed_numbers(session: Session, *columns: ColumnElement[Any]) -> ColumnElement[bytes]:
    """Return the expression for the numbers of a group, row by row, as `read_numbers` reads them; NULL becomes NaN."""
    if is_sqlite(session):
        return func.pack_numbers(*columns)
    row: list[ColumnElement[Any]] = [func.float8send(func.coalesce(column, float("nan"))) for column in columns]
    return func.string_agg(reduce(lambda joined, each: joined.concat(each), row), NOTHING)


def joined_bytes(column: ColumnElement[Any]) -> ColumnElement[bytes]:
    """Return the expression for all byte strings of a group, one behind the other; NULL adds nothing."""
    return func.string_agg(column, NOTHING)


def read_numbers(packed: bytes) -> Floats:
    """Return the numbers of a group, or of several groups whose bytes are joined."""
    return np.frombuffer(packed, FLOAT8).astype(np.float64)


class _Numbers(list[float | None]):
    def step(self, *row: float | None) -> None:
        self += row

    def finalize(self) -> bytes:
        return np.array(self, FLOAT8).tobytes()


class _Bytes(list[bytes]):
    def step(self, value: bytes | None, _between: bytes) -> None:
        if value is not None:
            self.append(value)

    def finalize(self) -> bytes:
        return b"".join(self)
