"""Short words for the columns and constraints of migrations, so that a table reads as a list.

Released migrations use them: add to them, never change what one means.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

IN_ORDER_OF_KEY = {"sqlite_with_rowid": False}


def words(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(), nullable=null)


def moment(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=null)


def number(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=null)


def big_number(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=null)


def real(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Float(), nullable=null)


def flag(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(), nullable=null)


def json(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON(), nullable=null)


def key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=f"uq_{table}_{'_'.join(columns)}")


def belongs_to(table: str, owner: str, **columns: str) -> sa.ForeignKeyConstraint:
    """Return the foreign key from columns of `table` to those of `owner`, whose rows take these with them.

    Args:
        columns: column of `table` = column of `owner`.
    """
    references = [f"{owner}.{column}" for column in columns.values()]
    return sa.ForeignKeyConstraint(list(columns), references, name=f"fk_{table}_{owner}", ondelete="CASCADE")


def index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def drop(*tables: str) -> None:
    for table in tables:
        op.drop_table(table)
