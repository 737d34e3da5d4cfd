"""Statements that one commit needs, sent as one where the database can: PostgreSQL writes to many tables in one.

Each statement costs the worker and the server about the same, however little it does, and a lone event's commit
needs six.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, literal, select, union_all

from workers.ledger.lists import SQLITE
from workers.ledger.prepared import Values, rows_of

VARIANTS = 256
"""Statements kept in their joined forms: which parts a commit has depends on what happened."""


@dataclass(frozen=True, slots=True)
class Part:
    """A statement that was made once, and its values. ``returns``: its rows matter.

    Parts that travel together see the ledger as it was before all of them, and name their values differently.
    """

    statement: Any
    values: Values
    returns: bool = False

    def run(self, connection: Connection) -> Any:
        """Run it by itself; SQLAlchemy's result."""
        return connection.execute(self.statement, self.values)


def run_together(connection: Connection, parts: Sequence[Part]) -> list[tuple[Any, ...]]:
    """Run all parts, and return the rows of those that return any, in no order.

    Those parts must return the same columns.
    """
    if connection.dialect.name == SQLITE or len(parts) == 1:
        return [row for part in parts for row in rows_of(connection, part.statement, part.values)]
    if not parts:
        return []
    values: dict[str, object] = {}
    for part in parts:
        assert isinstance(part.values, Mapping), "lists in PostgreSQL are one value"
        values.update(part.values)
    joined = _joined(tuple(part.statement for part in parts), tuple(part.returns for part in parts))
    return [row for row in rows_of(connection, joined, values) if row[0] is not None]


@lru_cache(VARIANTS)
def _joined(statements: tuple[Any, ...], returns: tuple[bool, ...]) -> Any:
    named = [statement.cte(f"part_{number}") for number, statement in enumerate(statements)]
    answers = [select(*part.c) for part, wanted in zip(named, returns, strict=True) if wanted]
    silent = [part for part, wanted in zip(named, returns, strict=True) if not wanted]
    whole = union_all(*answers) if answers else select(literal(None))
    return whole.add_cte(*silent)
