"""Lists in statements, as one parameter each, and statements that are made once.

A list written out as ``IN (:1, :2, …)`` makes another statement for each length: SQLAlchemy expands it, psycopg
translates it and PostgreSQL plans it again each time, which cost a worker more than all else it does in the ledger.
SQLite, which has no arrays, gets the lists written out.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Select,
    String,
    Table,
    any_,
    bindparam,
    func,
    literal_column,
    select,
    text,
    true,
    tuple_,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY

SQLITE = "sqlite"


def among(dialect: str, one: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """``one`` is one of the texts that the parameter ``name`` holds as a list."""
    if dialect == SQLITE:
        return one.in_(bindparam(name, expanding=True))
    return one == any_(_texts(name))


def _texts(name: str) -> ColumnElement[Any]:
    """A list as JSON: psycopg writes an array in Python, one item after another."""
    items = select(func.json_array_elements_text(bindparam(name, type_=JSON))).scalar_subquery()
    return func.array(items, type_=ARRAY(String))


def rows_among(dialect: str, name: str, *columns: ColumnElement[Any]) -> ColumnElement[bool]:
    """The columns together are one of the tuples of texts that the parameter ``name`` holds as a list.

    For rows to change; those to read are found by ``rows_by_key``. Name all columns of an index: with some of them
    outside, a PostgreSQL without statistics compares each with each.
    """
    both = tuple_(*columns)
    if dialect == SQLITE:
        return both.in_(bindparam(name, expanding=True))
    wanted = func.json_array_elements(bindparam(name, type_=JSON)).column_valued("wanted")
    return both.in_(select(*(wanted.op("->>")(number) for number in range(len(columns)))))


def rows_by_key(
    dialect: str,
    name: str,
    key: Sequence[ColumnElement[Any]],
    *columns: ColumnElement[Any],
    where: Sequence[ColumnElement[bool]] = (),
) -> Select[Any]:
    """The columns of the rows whose key is one of the tuples of texts that the parameter ``name`` holds as a list.

    PostgreSQL looks each of them up in the key's index, whatever it believes of the table. Left to itself it
    compared each of 60 keys with each of 10,000 entries, 0.7 s a time: almost all of them are booked, so "not
    skipped" promised it no rows at all (the plan is kept, and made without the values).
    """
    if dialect == SQLITE:
        return select(*columns).where(tuple_(*key).in_(bindparam(name, expanding=True)), *where)
    wanted = func.json_array_elements(bindparam(name, type_=JSON)).table_valued("value", name="wanted")
    same = (column == wanted.c.value.op("->>")(number) for number, column in enumerate(key))
    # OFFSET keeps the planner from turning the look-up into a join
    found = select(*columns).where(*same, *where).offset(literal_column("0")).lateral("found")
    return select(*found.c).select_from(wanted.join(found, true()))


def insert_rows(dialect: str, table: Table, *leave_out: str) -> Any:
    """An INSERT of ``new_rows``, of all columns but some; a conflict clause and RETURNING may follow."""
    if dialect == SQLITE:
        return sqlite.insert(table)
    names = [column.name for column in table.c if column.name not in leave_out]
    new = func.json_populate_recordset(
        text(f"NULL::{table.name}"), bindparam(_new(table), type_=JSON)
    ).table_valued(*names, name="new")
    return postgresql.insert(table).from_select(names, select(*(new.c[name] for name in names)))


def new_rows(dialect: str, table: Table, rows: Sequence[Mapping[str, object]]) -> Any:
    """The values of an ``insert_rows`` statement."""
    return rows if dialect == SQLITE else {_new(table): rows}


def _new(table: Table) -> str:
    return f"new_{table.name}"
