"""Which orders and refunds move stock, and what of it a store's level and QuickBooks' quantity hold (rule A74).

Pure: no ledger, no clock. A row says of one product in one order or refund how many pieces it moves: negative out of
stock, positive back into it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal

ZERO = Decimal(0)
Phase = Literal["seen", "booked", "dropped", "superseded", "removed"]


@dataclass(frozen=True, slots=True)
class Movement:
    """How many pieces of a product an order or refund moves. ``product_id`` is the id that items are remembered by."""

    product_id: str
    sku: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class NoteStock:
    """A step: remember what an order or refund (``source``: its subject) moves. Answer: None.

    ``seen``: the store did it, QuickBooks may follow. ``booked``: QuickBooks did the same. ``dropped``: QuickBooks
    will not follow. ``superseded``: a newer state is booked. ``removed``: QuickBooks took it back. ``moved_at`` is
    the earliest moment at which the store may have moved its stock: a level that is not older is taken to hold it.
    """

    source: str
    object_key: str
    phase: Phase
    version: datetime
    moved_at: datetime
    movements: tuple[Movement, ...] = ()
    touched: bool = False
    """Documents were written for it, so what was counted meanwhile is counted again."""


@dataclass(frozen=True, slots=True)
class StockRow:
    """One product of one order or refund.

    ``wanted`` is what its newest known state moves, ``before`` what the state moved that was last seen at
    ``known_at``, ``booked`` what QuickBooks' documents move. ``unseen``: no count of the item has looked at it since
    it changed; ``noted_at`` None: it changed just now.
    """

    source: str
    object_key: str
    product_id: str
    sku: str
    moved_at: datetime
    version: datetime
    known_at: datetime
    before: Decimal
    wanted: Decimal
    booked: Decimal = ZERO
    unseen: bool = True
    noted_at: datetime | None = None

    def in_level(self, counted_at: datetime) -> Decimal:
        """What of it is in the store's level of that moment."""
        if counted_at < self.moved_at:
            return ZERO
        return self.before if counted_at <= self.known_at else self.wanted

    @property
    def open(self) -> bool:
        """True while QuickBooks has not done what the store did."""
        return self.wanted != self.booked

    @property
    def empty(self) -> bool:
        """True when it moves nothing any more."""
        return not (self.wanted or self.before or self.booked)


@dataclass(frozen=True, slots=True)
class RecallStock:
    """A step: ask the ledger which orders and refunds moved an item. Answer: ``StockMoves``.

    Rows are found by the products that the ledger maps to the item, by ``store_ids`` and by ``skus``. Those whose
    movement both the level of ``counted_at`` and QuickBooks hold may be left out.
    """

    item_id: str
    counted_at: datetime
    store_ids: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StockMoves:
    """Rows of one item. ``in_flight``: a write of one of its orders is under way or of unknown outcome."""

    rows: tuple[StockRow, ...] = ()
    in_flight: bool = False


@dataclass(frozen=True, slots=True)
class SeeStock:
    """A step: these rows were counted as they are; rows that changed since stay unseen. Answer: None."""

    rows: tuple[StockRow, ...]


def not_in_level(rows: Iterable[StockRow], counted_at: datetime) -> Decimal:
    """What QuickBooks' documents moved and the level does not hold, less what the level holds and they did not move.

    The store's level plus this is what QuickBooks must have on hand just now.
    """
    return sum((row.booked - row.in_level(counted_at) for row in rows), ZERO)


def noted(rows: Mapping[str, StockRow], note: NoteStock) -> dict[str, StockRow]:
    """The rows of one source, by product, after a note. Rows that did not change are the same objects."""
    match note.phase:
        case "seen":
            return _seen(rows, note)
        case "booked":
            return _booked(_seen(rows, note), note)
        case "dropped":
            return {product: _settled(row, row.booked) for product, row in rows.items()}
        case "superseded":
            return {
                product: _settled(row, row.booked) if row.version == note.version else row
                for product, row in rows.items()
            }
        case "removed":
            return {product: _settled(row, ZERO) for product, row in rows.items()}


def _seen(rows: Mapping[str, StockRow], note: NoteStock) -> dict[str, StockRow]:
    found = dict(rows)
    wanted = _totals(note)
    for product in {**wanted, **rows}:
        sku, quantity = wanted.get(product, ("", ZERO))
        row = rows.get(product)
        if row is None:
            if quantity:
                found[product] = _new(note, product, sku, quantity, rows)
        elif note.version >= row.version:
            found[product] = _moved_on(row, quantity, note.version)
    return found


def _new(
    note: NoteStock, product: str, sku: str, quantity: Decimal, known: Mapping[str, StockRow]
) -> StockRow:
    """A product that came by an edit was not there when its order was seen last."""
    last = max((row.version for row in known.values()), default=None)
    return StockRow(
        source=note.source,
        object_key=note.object_key,
        product_id=product,
        sku=sku,
        moved_at=note.moved_at,
        version=note.version,
        known_at=last or note.version,
        before=ZERO if last else quantity,
        wanted=quantity,
    )


def _moved_on(row: StockRow, quantity: Decimal, version: datetime) -> StockRow:
    if quantity == row.wanted:
        return row if version == row.version else replace(row, version=version)
    if row.empty:  # it was dropped, and comes back
        return replace(
            row,
            before=quantity,
            known_at=version,
            wanted=quantity,
            version=version,
            unseen=True,
            noted_at=None,
        )
    return replace(
        row,
        before=row.wanted,
        known_at=row.version,
        wanted=quantity,
        version=version,
        unseen=True,
        noted_at=None,
    )


def _booked(rows: Mapping[str, StockRow], note: NoteStock) -> dict[str, StockRow]:
    wanted = _totals(note)
    return {
        product: _touched(_changed(row, row.before, row.wanted, wanted.get(product, ("", ZERO))[1]), note)
        for product, row in rows.items()
    }


def _touched(row: StockRow, note: NoteStock) -> StockRow:
    return replace(row, unseen=True, noted_at=None) if note.touched else row


def _settled(row: StockRow, quantity: Decimal) -> StockRow:
    return _changed(row, quantity, quantity, quantity)


def _changed(row: StockRow, before: Decimal, wanted: Decimal, booked: Decimal) -> StockRow:
    if (before, wanted, booked) == (row.before, row.wanted, row.booked):
        return row
    return replace(row, before=before, wanted=wanted, booked=booked, unseen=True, noted_at=None)


def _totals(note: NoteStock) -> dict[str, tuple[str, Decimal]]:
    found: dict[str, tuple[str, Decimal]] = {}
    for one in note.movements:
        sku, quantity = found.get(one.product_id, (one.sku, ZERO))
        found[one.product_id] = (sku, quantity + one.quantity)
    return found
