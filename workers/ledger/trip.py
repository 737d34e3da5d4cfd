"""Statements sent to PostgreSQL together: libpq's pipeline, with each statement compiled and prepared once.

SQLAlchemy and psycopg look at a statement and its result anew each time, and every trip to the server wakes two
processes. Both cost a worker more than what a statement of the hot path does there.
"""

import select
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any

import orjson
from psycopg import DataError, Error, OperationalError
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult
from sqlalchemy import JSON, BindParameter, Connection, Dialect
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError

STATEMENTS = 512
"""Statements that stay compiled; there are a few dozen."""

_COMPILER: Dialect = PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call] # libpq's: $1, $2
_KNOWN = "counterfoil_prepared"
"""Where a pooled connection keeps the names of the statements that its server has prepared."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A compiled statement. ``values``: in their order the name of a value, or the bytes that it always is."""

    name: bytes
    text: bytes
    values: tuple[str | bytes | None, ...]
    write: Mapping[str, Callable[[Any], Any]]


def travel(
    connection: Connection, asked: Sequence[tuple[Any, Mapping[str, object]]], *, ends: bool
) -> list[list[tuple[Any, ...]]]:
    """Run statements with their values one after another; the rows of each. See ``prepared.run_in_turn``."""
    pooled = connection.connection
    driver: Any = pooled.driver_connection
    prepared = [_prepare(statement, connection.dialect) for statement, _ in asked]
    try:
        return _there_and_back(
            driver,
            prepared,
            [values for _, values in asked],
            pooled.info.setdefault(_KNOWN, set()),
            ends=ends,
        )
    except Error as error:
        raise _as_sqlalchemy(connection, error) from error


def _there_and_back(
    driver: Any,
    prepared: Sequence[_Prepared],
    values: Sequence[Mapping[str, object]],
    known: set[bytes],
    *,
    ends: bool,
) -> list[list[tuple[Any, ...]]]:
    pgconn: PGconn = driver.pgconn
    given = [_given(one, of) for one, of in zip(prepared, values, strict=True)]
    new = {one.name: one for one in prepared if one.name not in known}
    begins = pgconn.transaction_status == TransactionStatus.IDLE
    pgconn.enter_pipeline_mode()
    try:
        if begins:
            pgconn.send_query_params(b"BEGIN", None)
        for one in new.values():
            pgconn.send_prepare(one.name, one.text)
        for one, parameters in zip(prepared, given, strict=True):
            pgconn.send_query_prepared(one.name, parameters)
        if ends:
            pgconn.send_query_params(b"COMMIT", None)
        pgconn.pipeline_sync()
        results = list(_results(pgconn))
    finally:
        try:
            pgconn.exit_pipeline_mode()
        except Error:  # we were stopped in the middle: nobody can use it any more
            pgconn.finish()
    failed = next((result for result in results if not _is_done(result)), None)
    results = results[begins:]
    known.update(name for name, result in zip(new, results, strict=False) if _is_done(result))
    if failed is not None:
        raise error_from_result(failed)
    if len(results) != len(new) + len(prepared) + ends:
        raise OperationalError("the connection was lost in the middle of a transaction")
    adapter = Transformer.from_context(driver)
    return [_rows(result, adapter) for result in results[len(new) : len(new) + len(prepared)]]


def _results(pgconn: PGconn) -> Iterator[PGresult]:
    """What the server answers, up to the end of the trip or of the connection. Other threads run while it thinks."""
    to_read, to_write = select.poll(), select.poll()
    to_read.register(pgconn.socket, select.POLLIN)
    to_write.register(pgconn.socket, select.POLLIN | select.POLLOUT)
    # what comes is read meanwhile, so that neither side waits for the other with full hands
    while pgconn.flush():
        to_write.poll()
        pgconn.consume_input()
    while True:
        while pgconn.is_busy():
            to_read.poll()
            pgconn.consume_input()
        result = pgconn.get_result()
        if result is not None and result.status == ExecStatus.PIPELINE_SYNC:
            return
        if result is not None:
            yield result
        elif pgconn.status == ConnStatus.BAD:
            return


def _is_done(result: PGresult) -> bool:
    return result.status in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)


def _rows(result: PGresult, adapter: Any) -> list[tuple[Any, ...]]:
    if result.status != ExecStatus.TUPLES_OK:
        return []
    adapter.set_pgresult(result)
    rows: list[tuple[Any, ...]] = adapter.load_rows(0, result.ntuples, tuple)
    return rows


def _given(one: _Prepared, values: Mapping[str, object]) -> list[bytes | None]:
    """The values as text for the server."""
    return [one.write[name](values[name]) if isinstance(name, str) else name for name in one.values]


@lru_cache(STATEMENTS)
def _prepare(statement: Any, dialect: Dialect) -> _Prepared:
    compiled = statement.compile(dialect=_COMPILER)
    assert "POSTCOMPILE" not in str(compiled), "IN with a list: write it with or_, or see lists.py"
    constants = compiled.construct_params(_check=False)
    write = {name: _writer(bind, dialect) for name, bind in compiled.binds.items()}
    values = tuple(
        name if compiled.binds[name].required else write[name](constants[name])
        for name in compiled.positiontup or ()
    )
    text = str(compiled).encode()
    return _Prepared(f"counterfoil_{sha256(text).hexdigest()[:24]}".encode(), text, values, write)


def _writer(bind: BindParameter[Any], dialect: Dialect) -> Callable[[Any], bytes | None]:
    """What makes PostgreSQL's text of a value; the statement says its type."""
    if isinstance(bind.type, JSON):
        return orjson.dumps
    process = bind.type.dialect_impl(dialect).bind_processor(dialect)

    def write(value: Any) -> bytes | None:
        value = process(value) if process is not None else value
        if value is None:
            return None
        assert isinstance(value, str | int | datetime), "give it a type here first"
        written = str(value).encode()
        if b"\0" in written:  # libpq would leave out the rest without a word
            raise DataError("a text with a NUL character does not go into the ledger")
        return written

    return write


def _as_sqlalchemy(connection: Connection, error: Any) -> BaseException:
    broken = connection.dialect.is_disconnect(error, connection.connection, None)
    if broken:
        connection.invalidate(error)
    known: BaseException = DBAPIError.instance(
        None, None, error, Error, connection_invalidated=broken, dialect=connection.dialect
    )
    return known
