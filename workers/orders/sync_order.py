"""An order's snapshot: recall what is booked for it, and do what is missing."""

from collections.abc import Generator
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from schemas.orders import Order
from workers.context import Context
from workers.mapping.as_booked import order_as_booked
from workers.mapping.fingerprint import order_hash
from workers.mapping.frame import Frame
from workers.mapping.sale import sale_kind
from workers.orders.booking import book, party_keys, prepare, recheck_sums, wanted_items
from workers.orders.cancel import cancel_sale, trash_sale
from workers.orders.edit import carry_credit, edit_sale
from workers.orders.payments import Payments, book_payments, booked_payments, payment_keys
from workers.orders.record import LET_GO, SaleRecord, order_key
from workers.orders.refunds_gone import drop_unlisted
from workers.orders.reverse import is_taken_back
from workers.outcomes import Booked, Document, Outcome, Skipped, Superseded
from workers.steps import Step, Steps, StoreKey, SyncMapping, recall, remember

ENDED = ("cancelled", "trashed")


def sync_order(order: Order, context: Context) -> Steps:
    """Make the books hold what this order's snapshot says.

    Safe to run again: what is booked is recalled first, and a snapshot older than that is superseded (A13).
    """
    frame = Frame.of(context, f"Order {order.number}")
    version = context.envelope.time
    known = yield from recall(_keys(order, frame))
    mapping = known.get(order_key(order.order_id))
    record = SaleRecord.of(mapping) if mapping else None
    if record is not None and _is_older(order, version, record, context):
        return Superseded()
    why = reason_to_skip(order, record, frame)
    if why:
        return (yield from skip(order.order_id, why, record, version))
    payments = yield from booked_payments(order.order_id, known)
    return (yield from _bring_up_to_date(order, record, payments, known, version, frame))


def _is_older(order: Order, version: datetime, record: SaleRecord, context: Context) -> bool:
    """Stores tell time by the second. Of two states of one second the one that ended the order came last."""
    if record.version is None or version > record.version:
        return False
    if version < record.version:
        return True
    ended = record.ended not in ("", LET_GO) or record.why in ENDED
    return ended and order.lifecycle not in ENDED and context.envelope.action != "restored"


def reason_to_skip(order: Order, record: SaleRecord | None, frame: Frame) -> str:
    """Why nothing is to be done; "" when something is. What is booked already is always followed up."""
    if order.test:
        return "test_order"
    if order.lifecycle == "draft":
        return "draft"
    if record is not None and record.quickbooks_id:
        return ""
    if order.lifecycle in ENDED:
        return order.lifecycle  # A7
    settings = frame.settings
    day = order.created_at.astimezone(ZoneInfo(settings.time_zone)).date()
    if settings.start_date is not None and day < settings.start_date:
        return "before_start_date"  # A91
    if settings.statuses and order.store_status not in settings.statuses:
        return "status_not_chosen"  # A92
    if not order.total and settings.zero_orders == "skip":
        return "zero_total"  # A14
    return "no_lines" if is_empty(order) else ""


def is_empty(order: Order) -> bool:
    """True for an order that somebody began by hand and put nothing into yet: QuickBooks takes no empty document."""
    return not (order.lines or order.shipping or order.fees or order.tip or order.total)


def skip(
    order_id: str, why: str, record: SaleRecord | None, version: datetime
) -> Generator[Step, Any, Outcome]:
    """Book nothing, and remember the version, so that an older event that comes later books nothing either."""
    if record is None or not record.quickbooks_id:
        yield from remember(SaleRecord(order_id, version=version, why=why).mapping)
    return Skipped(why)


def _keys(order: Order, frame: Frame) -> list[StoreKey]:
    """Everything that may be remembered for this order, asked for at once."""
    items = [one.key for one in wanted_items(order).values() if one.key is not None]
    return list(
        dict.fromkeys(
            [order_key(order.order_id), *payment_keys(order.order_id), *party_keys(order, frame), *items]
        )
    )


def _bring_up_to_date(
    order: Order,
    record: SaleRecord | None,
    payments: Payments,
    known: dict[StoreKey, SyncMapping],
    version: datetime,
    frame: Frame,
) -> Generator[Step, Any, Outcome]:
    documents: list[Document] = []
    booked_before = record is not None and record.standing
    if record is None or not record.standing:
        if record is not None and record.ended and (order.lifecycle != "open" or is_empty(order)):
            return (yield from _remembered(record, version))
        generation = record.generation + 1 if record is not None and record.quickbooks_id else 1
        kind = sale_kind(order, frame)
        prepared = yield from prepare(order, kind, generation, known, version, frame)
        if record is not None and record.ended == LET_GO:  # its refunds stand, and are refunds of the new one
            prepared = replace(prepared, record=replace(prepared.record, refunds=record.refunds))
        record = yield from book(prepared, frame)
    if order.lifecycle == "cancelled":
        return (yield from cancel_sale(record, payments, version, frame))
    if order.lifecycle == "trashed" or is_empty(order):
        return (yield from trash_sale(record, payments, version, frame))
    if record.differs:
        record = yield from recheck_sums(record, frame)
    record = yield from drop_unlisted(record, order.refund_ids, version, frame)
    # also when the order is as it was booked: a failed edit that was undone since has taken its document back
    if booked_before and (order_hash(order) != record.hash or (yield from is_taken_back(record))):
        record, documents = yield from edit_sale(order, record, payments, known, version, frame)
    documents += yield from carry_credit(record, version, frame)
    documents += yield from book_payments(order_as_booked(order, frame), record, payments, version, frame)
    if record.version != version or record.listed != order.refund_ids:
        yield from remember(replace(record, version=version, listed=order.refund_ids).mapping)
    return Booked((Document(record.entity, record.quickbooks_id), *documents))


def _remembered(record: SaleRecord, version: datetime) -> Generator[Step, Any, Outcome]:
    """The document ended before; only the version is news."""
    yield from remember(replace(record, version=version).mapping)
    return Booked((Document(record.entity, record.quickbooks_id),))
