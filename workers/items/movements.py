"""What an order or a refund moves in stock, noted beside what it does to the books (rule A74)."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from schemas.orders import Order, OrderLine, OrderRemoved, Refund, RefundLine, RefundRemoved
from schemas.shape import Shape
from workers.context import Context
from workers.items.bundles import bundle_of, bundles_of, part_key
from workers.items.lookup import wanted_item
from workers.mapping.bundle import Bundle
from workers.mapping.frame import Frame
from workers.outcomes import Booked, Outcome, Skipped, Superseded
from workers.steps import Step, Steps, Write
from workers.stock import Movement, NoteStock

SALES = frozenset({"SalesReceipt", "Invoice", "RefundReceipt", "CreditMemo"})
"""Documents of QuickBooks that move stock."""

BundlesBySku = Mapping[str, Bundle]


def with_stock(steps: Steps, payload: Shape, context: Context) -> Steps:
    """The workflow function, with notes of what it moves: before it does anything, and how it ended.

    The first note is stored with the first intent, so an order whose write is under way is always known.
    """
    note = note_of(payload, context) if context.settings.stock == "follow" else None
    return steps if note is None else _noted(steps, note, payload, context)


def _noted(steps: Steps, note: NoteStock, payload: Shape, context: Context) -> Steps:
    bundles = yield from _bundles(payload, context)
    if bundles:
        note = note_of(payload, context, bundles) or note
    if note.phase == "seen":
        yield note
    watched = _Watched(steps)
    outcome = yield from watched.run()
    match outcome:
        case Booked() if note.phase == "seen":
            yield replace(note, phase="booked", touched=watched.touched)
        case Booked():
            yield note
        case Skipped() if note.phase == "seen":
            yield replace(note, phase="dropped")
        case Superseded() if note.phase == "seen":
            yield replace(note, phase="superseded")
        case _:
            pass
    return outcome


def _bundles(payload: Shape, context: Context) -> Generator[Step, Any, BundlesBySku]:
    """What stands for several items at once, by SKU."""
    if not isinstance(payload, Order | Refund) or not context.settings.bundles:
        return {}
    frame = Frame.of(context, "Stock")
    skus = [line.sku.strip() for line in payload.lines]
    found = yield from bundles_of(skus, context.envelope.time, frame)
    return {sku: found[item_id] for sku in skus if (item_id := bundle_of(sku, frame))}


def note_of(payload: Shape, context: Context, bundles: BundlesBySku | None = None) -> NoteStock | None:
    """What is noted of an event; None when it moves no stock or tells of a test. ``bundles`` move their parts."""
    apart = bundles or {}
    match payload:
        case Order() if not payload.test and payload.lifecycle != "draft":
            lines = payload.lines if payload.lifecycle == "open" else ()
            source, order_id, moved_at = f"order/{payload.order_id}", payload.order_id, payload.created_at
            movements = tuple(_apart(_sold(lines), apart))
        case Refund() if not payload.test:
            source, order_id, moved_at = f"refund/{payload.refund_id}", payload.order_id, payload.created_at
            movements = tuple(_apart(_back(payload.lines), apart))
        case OrderRemoved():
            return _removed(f"order/{payload.order_id}", payload.order_id, context)
        case RefundRemoved():
            return _removed(f"refund/{payload.refund_id}", payload.order_id, context)
        case _:
            return None
    version = context.envelope.time
    return NoteStock(source, _key(order_id, context), "seen", version, moved_at, movements)


def _removed(source: str, order_id: str, context: Context) -> NoteStock:
    version: datetime = context.envelope.time
    return NoteStock(source, _key(order_id, context), "removed", version, version)


def _key(order_id: str, context: Context) -> str:
    """The object whose events run one after another; intents are kept under it."""
    return context.envelope.partitionkey or f"order/{order_id}"


def _sold(lines: Iterable[OrderLine]) -> Iterator[Movement]:
    for line in lines:
        if not line.gift_card:
            yield from _movement(line, -line.quantity)


def _back(lines: Iterable[RefundLine]) -> Iterator[Movement]:
    """Goods that did not come back move nothing, here as in the documents (A5)."""
    for line in lines:
        if line.restocked and not line.gift_card:
            yield from _movement(line, line.quantity)


def _apart(movements: Iterable[Movement], bundles: BundlesBySku) -> Iterator[Movement]:
    """The parts of a bundle instead of itself, as its document moves them (A78)."""
    for one in movements:
        bundle = bundles.get(one.sku)
        if bundle is None:
            yield one
            continue
        for part in bundle.parts:
            if part.stocked:
                yield Movement(part_key(part.item_id).store_id, "", one.quantity * part.quantity)


def _movement(line: OrderLine | RefundLine, quantity: Decimal) -> Iterator[Movement]:
    key = wanted_item(line.product_id, line.variant_id, line.sku, line.name).key
    if key is not None and quantity:
        yield Movement(key.store_id, line.sku.strip(), quantity)


@dataclass
class _Watched:
    """Runs a workflow function and sees whether it asks for documents that move stock."""

    steps: Steps
    touched: bool = False

    def run(self) -> Steps:
        """As the function itself would run."""
        move: Callable[[], Step] = partial(next, self.steps)
        while True:
            try:
                step = move()
            except StopIteration as stop:
                outcome: Outcome = stop.value
                return outcome
            if isinstance(step, Write) and step.entity in SALES:
                self.touched = True
            try:
                answer: Any = yield step
            except GeneratorExit:
                self.steps.close()
                raise
            except BaseException as error:  # whatever it is, it is the function's
                move = partial(self.steps.throw, error)
            else:
                move = partial(self.steps.send, answer)
