"""The spool's file: SQLite, one row a message, in the order of arrival, bounded by number.

Several processes of one machine may use the same file. One object belongs to one thread.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import orjson

from events.outgoing import HeaderValue, Outgoing

BUSY_SECONDS = 5.0
OWNER_ONLY = 0o600
"""The rows hold customers' orders."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    exchange TEXT NOT NULL,
    routing_key TEXT NOT NULL,
    message_id TEXT,
    headers BLOB NOT NULL,
    content_type TEXT,
    body BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS size (messages INTEGER NOT NULL);
INSERT INTO size SELECT (SELECT count(*) FROM message) WHERE NOT EXISTS (SELECT * FROM size);
"""
# "size" is kept by hand: counting reads every page, and the bound is checked at every write.

_INSERT = """
INSERT INTO message (exchange, routing_key, message_id, headers, content_type, body) VALUES (?, ?, ?, ?, ?, ?)
"""


class Spooled(NamedTuple):
    """A message and its place in the spool."""

    place: int
    message: Outgoing


class SpoolFile:
    """Open the spool, and make it if it is not there.

    Raises:
        sqlite3.Error, OSError: the file cannot be used (rights, a full disk, another program's lock).
    """

    def __init__(self, path: Path, *, limit: int) -> None:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, OWNER_ONLY))
        self._limit = limit
        self._sqlite = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        self._sqlite.execute("PRAGMA journal_mode = WAL")
        self._sqlite.execute("PRAGMA synchronous = FULL")  # a commit survives a power cut, also in WAL mode
        with self._writing():
            for statement in _SCHEMA.split(";"):
                self._sqlite.execute(statement)

    def put(self, groups: Sequence[Sequence[Outgoing]]) -> list[bool]:
        """Store groups of messages in one commit; False for a group that does not fit, of which nothing is stored."""
        with self._writing():
            size = self.count()
            stored: list[bool] = []
            for group in groups:
                fits = size + len(group) <= self._limit
                if fits:
                    self._sqlite.executemany(_INSERT, map(_row, group))
                    size += len(group)
                stored.append(fits)
            self._sqlite.execute("UPDATE size SET messages = ?", (size,))
        return stored

    def oldest(self, limit: int, *, limit_bytes: int = 4_000_000) -> list[Spooled]:
        """The first messages, in order: ``limit`` at most, and one at least unless the spool is empty."""
        found: list[Spooled] = []
        size = 0
        for place, *columns in self._sqlite.execute("SELECT * FROM message ORDER BY place LIMIT ?", (limit,)):
            found.append(Spooled(place, _message(*columns)))
            size += len(found[-1].message.body)
            if size >= limit_bytes:
                break
        return found

    def remove(self, places: Sequence[int]) -> None:
        """Forget messages; those that are gone already do not matter."""
        with self._writing():
            # One by one: rowcount of executemany is the sum, and each place is a look-up by key.
            gone = self._sqlite.executemany(
                "DELETE FROM message WHERE place = ?", [(place,) for place in places]
            )
            self._sqlite.execute("UPDATE size SET messages = messages - ?", (gone.rowcount,))

    def count(self) -> int:
        """How many messages there are."""
        return int(self._sqlite.execute("SELECT messages FROM size").fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self._sqlite.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._sqlite.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._sqlite.execute("ROLLBACK")
            raise
        self._sqlite.execute("COMMIT")


def _row(message: Outgoing) -> tuple[str, str, str | None, bytes, str | None, bytes]:
    headers = orjson.dumps(
        {
            name: {"time": value.isoformat()} if isinstance(value, datetime) else value
            for name, value in message.headers.items()
        }
    )
    return (
        message.exchange,
        message.routing_key,
        message.message_id,
        headers,
        message.content_type,
        message.body,
    )


def _message(
    exchange: str,
    routing_key: str,
    message_id: str | None,
    headers: bytes,
    content_type: str | None,
    body: bytes,
) -> Outgoing:
    values: dict[str, HeaderValue] = {
        name: datetime.fromisoformat(value["time"]) if isinstance(value, dict) else value
        for name, value in orjson.loads(headers).items()
    }
    return Outgoing(exchange, routing_key, body, message_id, values, content_type)
