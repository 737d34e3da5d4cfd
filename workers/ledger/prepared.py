"""Statements of the hot path: made once, and run one after another in one trip where the database is far away."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import Connection

from workers.ledger.lists import SQLITE
from workers.ledger.trip import travel

Values: TypeAlias = Mapping[str, object] | Sequence[Mapping[str, object]]
Rows: TypeAlias = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Part:
    """A statement that was made once, and its values: one of several that a transaction needs."""

    statement: Any
    values: Values

    def run(self, connection: Connection) -> Any:
        """Run it by itself; SQLAlchemy's result."""
        return connection.execute(self.statement, self.values)


def run_in_turn(connection: Connection, parts: Sequence[Part], *, ends: bool = False) -> list[Rows]:
    """Run the parts one after another; the rows of each, [] where it returns none. Times come back aware, in any zone.

    ``ends``: nothing that belongs to this transaction follows, so its commit may travel along.

    Raises:
        sqlalchemy.exc.DBAPIError: as ``Connection.execute`` would; none of the later parts ran.
    """
    if connection.dialect.name == SQLITE:
        return [_rows(part.run(connection)) for part in parts]
    asked = []
    for part in parts:
        assert isinstance(part.values, Mapping), "lists are one value in PostgreSQL"
        asked.append((part.statement, part.values))
    return travel(connection, asked, ends=ends) if asked else []


def rows_of(connection: Connection, parts: Sequence[Part]) -> Rows:
    """The same, with the rows of all parts in one list."""
    return [row for rows in run_in_turn(connection, parts) for row in rows]


def rows_by_name(
    connection: Connection, named: Mapping[str, Sequence[Part]], *, ends: bool = False
) -> dict[str, Rows]:
    """The same for parts under names, in their order; the rows of each name."""
    found = iter(run_in_turn(connection, [part for parts in named.values() for part in parts], ends=ends))
    return {name: [row for _ in parts for row in next(found)] for name, parts in named.items()}


def _rows(result: Any) -> Rows:
    return [tuple(row) for row in result] if result.returns_rows else []
