"""Opening the ledger's database, and the one way to write to it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import orjson
from sqlalchemy import Connection, Dialect, Engine, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DisconnectionError

IDLE_SECONDS = 2.0
"""A connection that was idle so long is tried before it is used: the server may have gone away meanwhile."""

_USED_AT = "counterfoil_used_at"
SQLITE_BUSY_SECONDS = 30.0
"""How long a writer waits for another one; SQLite has one writer at a time."""


def open_ledger(url: str, *, pool_size: int = 8, by_index: bool = False) -> Engine:
    """Open the database behind ``url`` (``sqlite:///…`` or ``postgresql+psycopg://…``). Connects when first used.

    ``by_index``: for those who only look up and change single rows. PostgreSQL keeps the plan of a statement that it
    made while a table was small; one that reads the whole table then stays when the table has grown.
    """
    json: dict[str, Any] = {
        "json_serializer": lambda value: orjson.dumps(value).decode(),
        "json_deserializer": orjson.loads,
        "hide_parameters": True,  # an error's text goes into logs, and a parameter may be a buyer
    }
    if url.startswith("sqlite"):
        engine = create_engine(
            url, connect_args={"timeout": SQLITE_BUSY_SECONDS}, pool_size=pool_size, max_overflow=8, **json
        )
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)
        return engine
    options = "-c lock_timeout=30000" + (" -c enable_seqscan=off" if by_index else "")
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=8,
        connect_args={"connect_timeout": 5, "options": options},
        **json,
    )
    event.listen(engine, "checkin", _note_use)
    event.listen(engine, "checkout", partial(_ping_when_idle, engine))
    return engine


def _note_use(_connection: Any, record: Any) -> None:
    record.info[_USED_AT] = time.monotonic()


def _ping_when_idle(engine: Engine, connection: Any, record: Any, _proxy: Any) -> None:
    """SQLAlchemy's own ping asks before every transaction; a worker has eight of them in a round."""
    if time.monotonic() - record.info.get(_USED_AT, 0.0) < IDLE_SECONDS:
        return
    try:
        engine.dialect.do_ping(connection)
    except engine.dialect.loaded_dbapi.Error as error:
        raise DisconnectionError from error  # the pool makes a new connection


def _sqlite_connect(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we begin transactions ourselves, see _sqlite_begin
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")  # an acked event must survive a power cut
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    # IMMEDIATE: two readers that both turn into writers would else fail at once instead of waiting
    immediate = connection.get_execution_options().get("counterfoil_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that writes: committed at the end, rolled back on any exception."""
    with engine.connect().execution_options(counterfoil_writes=True) as connection, connection.begin():
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One transaction that only reads."""
    with engine.connect() as connection, connection.begin():
        yield connection


def insert_for(dialect: Dialect, table: Any) -> Any:
    """The dialect's own INSERT, which knows ON CONFLICT. Both databases we support have it."""
    return sqlite.insert(table) if dialect.name == "sqlite" else postgresql.insert(table)
