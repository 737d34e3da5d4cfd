"""Statements of the hot path: made and compiled once, then given to PostgreSQL's driver as text.

SQLAlchemy looks at a statement and at its result anew each time, which costs a worker as much as the statement itself.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError

from workers.ledger.lists import SQLITE

Values: TypeAlias = Mapping[str, object] | Sequence[Mapping[str, object]]

STATEMENTS = 512
"""More than there are: joined ones (``together.py``) come in many forms."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    text: str
    constants: Mapping[str, object]
    write: Mapping[str, Callable[[Any], Any]]


def rows_of(connection: Connection, statement: Any, values: Values) -> list[tuple[Any, ...]]:
    """Run a statement that was made once; [] when it returns no rows. Times come back aware, in any zone.

    Raises:
        sqlalchemy.exc.DBAPIError: as ``Connection.execute`` would.
    """
    if connection.dialect.name == SQLITE:
        result = connection.execute(statement, values)
        return [tuple(row) for row in result] if result.returns_rows else []
    assert isinstance(values, Mapping), "lists are one value in PostgreSQL"
    prepared = _prepare(statement, connection.dialect)
    write = prepared.write
    given = {name: write[name](value) if name in write else value for name, value in values.items()}
    driver = connection.connection.driver_connection
    assert driver is not None, "a pooled connection has one"
    try:
        cursor = driver.execute(prepared.text, {**prepared.constants, **given}, prepare=True)
        return list(cursor.fetchall()) if cursor.pgresult.nfields else []
    except driver.Error as error:
        raise _as_sqlalchemy(connection, prepared.text, error) from error


@lru_cache(STATEMENTS)
def _prepare(statement: Any, dialect: Dialect) -> _Prepared:
    compiled = statement.compile(dialect=dialect)
    assert "POSTCOMPILE" not in str(compiled), "IN with a list: write it with or_, or see lists.py"
    given = compiled.construct_params(_check=False)
    write = {
        bind.key: process
        for bind in compiled.binds.values()
        if bind.required and (process := bind.type.dialect_impl(dialect).bind_processor(dialect))
    }
    required = {bind.key for bind in compiled.binds.values() if bind.required}
    constants = {name: value for name, value in given.items() if name not in required}
    return _Prepared(str(compiled), constants, write)


def _as_sqlalchemy(connection: Connection, text: str, error: Any) -> BaseException:
    driver_module = connection.dialect.loaded_dbapi
    broken = connection.dialect.is_disconnect(error, connection.connection, None)
    if broken:
        connection.invalidate(error)
    known: BaseException = DBAPIError.instance(
        text, None, error, driver_module.Error, connection_invalidated=broken, dialect=connection.dialect
    )
    return known
