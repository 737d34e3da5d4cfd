"""The SQLite option: what was answered is on disk before the answer leaves, so kill -9 loses nothing.

Kept is a journal of the writes, not the objects: a start seeds each company and carries its journal
out again, at the times of then (what came before the last clean stop is taken from a checkpoint). That is
exact as long as the same version of the sandbox does it.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ops.sandbox import checkpoints
from ops.sandbox.journal import replay

if TYPE_CHECKING:
    from ops.sandbox.realm import Realm
    from ops.sandbox.sandbox import Sandbox

VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS realms (realm_id TEXT PRIMARY KEY, country TEXT NOT NULL, seeded_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS journal (
  seq INTEGER PRIMARY KEY, realm_id TEXT NOT NULL, at TEXT NOT NULL, operation TEXT NOT NULL,
  entity TEXT NOT NULL, options TEXT NOT NULL, document BLOB NOT NULL, request_id TEXT NOT NULL,
  item_id TEXT NOT NULL, fingerprint BLOB NOT NULL, status INTEGER NOT NULL, answer BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS journal_of_realm ON journal (realm_id, seq);
CREATE TABLE IF NOT EXISTS files (
  realm_id TEXT NOT NULL, id TEXT NOT NULL, content BLOB NOT NULL, PRIMARY KEY (realm_id, id));
CREATE TABLE IF NOT EXISTS checkpoints (
  realm_id TEXT PRIMARY KEY, seq INTEGER NOT NULL, program TEXT NOT NULL, state BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


@dataclass(slots=True)
class JournalRow:
    """One write that took effect, and the answer that its request id gets from now on.

    ``operation`` is "" when nothing changed and only the answer is kept (a refused write), and
    "settings" when the company's settings were set to ``document``.
    """

    realm_id: str
    at: datetime
    operation: str
    entity: str
    options: str
    document: bytes
    request_id: str = ""
    item_id: str = ""
    fingerprint: bytes = b""
    status: int = 0
    answer: bytes = b""


class Storage:
    """The database file, or nothing at all."""

    def __init__(self, connection: sqlite3.Connection | None) -> None:
        self._connection = connection
        self.end = 0
        """Number of the last journal row."""

    @property
    def is_on(self) -> bool:
        """Whether anything is written."""
        return self._connection is not None

    @classmethod
    def nowhere(cls) -> Self:
        """Memory only: everything below does nothing."""
        return cls(None)

    @classmethod
    def open(cls, path: Path) -> Self:
        """A database file, made when it is not there.

        Raises:
            ValueError: the file was written by another version.
            sqlite3.Error: it cannot be opened, or is no database.
        """
        connection = sqlite3.connect(path, isolation_level=None)
        # Without fsync per commit: the process may die at any time, the machine is not the question.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version not in (0, VERSION):
            connection.close()
            raise ValueError(f"{path} was written by version {version} of the sandbox, this is {VERSION}")
        connection.executescript(f"{_SCHEMA} PRAGMA user_version = {VERSION};")
        storage = cls(connection)
        (storage.end,) = connection.execute("SELECT COALESCE(MAX(seq), 0) FROM journal").fetchone()
        return storage

    def close(self) -> None:
        """Give the file back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def append(self, rows: list[JournalRow]) -> None:
        """Write rows in one transaction."""
        if self._connection is None or not rows:
            return
        values = [
            (r.realm_id, r.at.isoformat(), r.operation, r.entity, r.options, r.document, r.request_id,
             r.item_id, r.fingerprint, r.status, r.answer)
            for r in rows
        ]  # fmt: skip
        first = self.end + 1
        self._connection.execute("BEGIN")
        self._connection.executemany(
            "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(first + number, *value) for number, value in enumerate(values)],
        )
        self._connection.execute("COMMIT")
        self.end += len(rows)

    def cut_back(self, realm_id: str, end: int) -> None:
        """Forget what one company did after the journal row ``end``."""
        self._run("DELETE FROM journal WHERE realm_id = ? AND seq > ?", realm_id, end)
        self._run("DELETE FROM checkpoints WHERE realm_id = ? AND seq > ?", realm_id, end)

    def add_file(self, realm_id: str, attachable_id: str, content: bytes) -> None:
        """Write an uploaded file."""
        self._run("INSERT OR REPLACE INTO files VALUES (?, ?, ?)", realm_id, attachable_id, content)

    def add_realm(self, realm_id: str, country: str, seeded_at: datetime) -> None:
        """A company is there from now on."""
        self._run("INSERT OR REPLACE INTO realms VALUES (?, ?, ?)", realm_id, country, seeded_at.isoformat())

    def remove_realm(self, realm_id: str) -> None:
        """A company and all that it did is gone."""
        self._run("DELETE FROM realms WHERE realm_id = ?", realm_id)
        self.cut_back(realm_id, 0)
        self.forget_front(realm_id)

    def keep(self, name: str, value: Any) -> None:
        """Write one value that is small and changes as a whole."""
        if self._connection is not None:
            self._run("INSERT OR REPLACE INTO kept VALUES (?, ?)", name, json.dumps(value))

    def keep_switches(self, realm_id: str, switches: Any) -> None:
        """Write the switches of one company."""
        self.keep(f"switches {realm_id}", switches)

    def forget_front(self, realm_id: str) -> None:
        """The company has default switches again, and no files."""
        self._run("DELETE FROM files WHERE realm_id = ?", realm_id)
        self._run("DELETE FROM kept WHERE name = ?", f"switches {realm_id}")

    def _run(self, statement: str, *values: object) -> None:
        if self._connection is not None:
            self._connection.execute(statement, values)

    def _kept(self, name: str) -> Any:
        assert self._connection is not None
        row = self._connection.execute("SELECT value FROM kept WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else None

    def save_checkpoints(self, realms: "Iterable[Realm]") -> None:
        """At a clean stop: write where each company is, if it has come far since the last time."""
        if self._connection is None:
            return
        for realm in realms:
            done, _ = self._checkpoint(realm.realm_id)
            (new,) = self._connection.execute(
                "SELECT COUNT(*) FROM journal WHERE realm_id = ? AND seq > ?", (realm.realm_id, done)
            ).fetchone()
            if new >= checkpoints.WORTH_IT:
                values = (realm.realm_id, self.end, checkpoints.program(), checkpoints.to_bytes(realm))
                self._run("INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?)", *values)

    def _checkpoint(self, realm_id: str) -> tuple[int, bytes]:
        """Its last journal row and its state; 0 and nothing when there is none of this program."""
        assert self._connection is not None
        row = self._connection.execute(
            "SELECT seq, state FROM checkpoints WHERE realm_id = ? AND program = ?",
            (realm_id, checkpoints.program()),
        ).fetchone()
        return row if row is not None else (0, b"")

    def _journal(self, realm_id: str, after: int) -> Iterator[JournalRow]:
        assert self._connection is not None
        rows = self._connection.execute(
            "SELECT * FROM journal WHERE realm_id = ? AND seq > ? ORDER BY seq", (realm_id, after)
        )
        for _, realm, at, *rest in rows:
            yield JournalRow(realm, datetime.fromisoformat(at), *rest)

    def load_into(self, sandbox: "Sandbox") -> None:
        """Put back companies, grants and clock as they were answered last."""
        if self._connection is None:
            return
        if (clock := self._kept("clock")) is not None:
            sandbox.clock.load(clock)
        if (grants := self._kept("grants")) is not None:
            sandbox.grants.load(grants)
        realms = self._connection.execute("SELECT realm_id, country, seeded_at FROM realms").fetchall()
        for realm_id, country, seeded_at in realms:
            with sandbox.clock.back_at(datetime.fromisoformat(seeded_at)):
                realm = sandbox.put_company(country, realm_id)
            done, state = self._checkpoint(realm_id)
            if state:
                checkpoints.put_back(realm, state)
            replay(realm, sandbox.clock, self._journal(realm_id, done))
            files = self._connection.execute("SELECT id, content FROM files WHERE realm_id = ?", (realm_id,))
            realm.files.update(files.fetchall())
            if (switches := self._kept(f"switches {realm_id}")) is not None:
                realm.set_switches(switches)
