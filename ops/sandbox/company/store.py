"""The company's data: tables of unchangeable rows, a journal that takes a refused request back, and snapshots.

A row is replaced, never changed in place, so a snapshot only copies the tables.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any

from ops.sandbox.company.effects import Effects
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.stock import ItemStock

_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Application:
    """A part of a payment, or a credit, that settles another transaction."""

    payment_id: str
    payment_type: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Removal:
    """A deleted object, for change data capture."""

    entity: str
    id: str
    at: float
    """Seconds since 1970."""
    stamp: str


@dataclass
class Tables:
    """Every table of one company."""

    rows: dict[str, dict[str, Json]] = field(default_factory=dict)
    """Entity, then id, then the object as it is answered."""
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    """Name space and folded name, then the id that holds it."""
    numbered: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """Entity and folded document number, then the ids that carry it, oldest first."""
    counters: dict[str, int] = field(default_factory=dict)
    effects: dict[str, Effects] = field(default_factory=dict)
    """Transaction id, then everything it did."""
    account_balances: dict[str, Decimal] = field(default_factory=dict)
    party_balances: dict[str, Decimal] = field(default_factory=dict)
    children: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Customer id, then its direct sub-customers."""
    applications: dict[str, tuple[Application, ...]] = field(default_factory=dict)
    """Transaction id, then what settles it."""
    deposited: dict[str, str] = field(default_factory=dict)
    """Transaction id, then the deposit it lies in."""
    stock: dict[str, ItemStock] = field(default_factory=dict)
    changed_at: dict[tuple[str, str], float] = field(default_factory=dict)
    touched: dict[str, tuple[float, str]] = field(default_factory=dict)
    """Customer id, then when its balance last moved."""
    removals: dict[tuple[str, str], Removal] = field(default_factory=dict)
    singletons: dict[str, Any] = field(default_factory=dict)

    def copy(self) -> "Tables":
        """A copy that shares every row."""
        copied = {
            one.name: dict(getattr(self, one.name))
            for one in fields(self)
            if one.name not in ("rows", "stock")
        }
        return Tables(
            rows={entity: dict(rows) for entity, rows in self.rows.items()},
            stock={item: stock.copy() for item, stock in self.stock.items()},
            **copied,
        )


class Store:
    """The tables, and the journal of the request that is being carried out."""

    def __init__(self) -> None:
        self.tables = Tables()
        self._undo: list[tuple[dict[Any, Any], Any, Any]] = []
        self._undo_calls: list[Callable[[], None]] = []

    def rows(self, entity: str) -> dict[str, Json]:
        """All rows of an entity by id; only ``put`` and ``remove`` may change it."""
        rows = self.tables.rows.get(entity)
        if rows is None:
            rows = self.tables.rows[entity] = {}
        return rows

    def put(self, table: dict[Any, Any], key: Any, value: Any) -> None:
        self._undo.append((table, key, table.get(key, _ABSENT)))
        table[key] = value

    def remove(self, table: dict[Any, Any], key: Any) -> None:
        if key in table:
            self._undo.append((table, key, table[key]))
            del table[key]

    def on_rollback(self, call: Callable[[], None]) -> None:
        """Undo for what is changed in place; runs between the rows, newest first."""
        self._undo.append(({}, None, _ABSENT))
        self._undo_calls.append(call)

    def next_number(self, counter: str, first: int = 1) -> int:
        value = self.tables.counters.get(counter, first)
        self.put(self.tables.counters, counter, value + 1)
        return value

    def commit(self) -> None:
        self._undo.clear()
        self._undo_calls.clear()

    def rollback(self) -> None:
        """As if the request had never come."""
        for table, key, value in reversed(self._undo):
            if key is None:
                self._undo_calls.pop()()
            elif value is _ABSENT:
                table.pop(key, None)
            else:
                table[key] = value
        self.commit()
