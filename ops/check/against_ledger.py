"""Store against ledger: orders, payments and refunds that are not booked, or not as the store has them. Pure."""

from collections.abc import Iterator
from decimal import Decimal

from ops.check.finding import Finding
from ops.check.held import Held
from ops.check.shop import GivenBack, PaidOut, Sold
from ops.check.sides import Sides
from ops.check.told import about, differs, lacking, order_of, read_again
from workers.orders.record import SaleRecord
from workers.orders.sync_order import ENDED, reason_to_skip
from workers.steps import StoreKey

ZERO = Decimal(0)


def store_against_ledger(sides: Sides) -> Iterator[Finding]:
    """What the store has, as the ledger has it."""
    if sides.shop is None:
        return
    for subject, problem in sides.shop.unreadable:
        yield Finding(
            "missing_in_ledger",
            subject,
            f"The store told an object that cannot be read: {problem}",
            "Update Counterfoil, or book it by hand.",
        )
    for sold in sides.shop.orders.values():
        if _concerns_sale(sold, sides):
            yield from _kept(sold.subject, _order(sold, sides), sides)
    for given in sides.shop.refunds.values():
        if _concerns_refund(given, sides):
            yield from _kept(given.subject, _refund(given, sides), sides)
    for paid in sides.shop.payouts.values():
        if sides.days.has(paid.date) and not sides.is_on_its_way(paid.changed):
            yield from _kept(paid.subject, _payout(paid, sides), sides)
    yield from _gone(sides)


def _kept(subject: str, found: Iterator[Finding], sides: Sides) -> Iterator[Finding]:
    """What a person ignored is told as such."""
    ignored = sides.ledger.ignored.get(order_of(subject, sides))
    for one in found:
        yield one.accepted(ignored.event_id) if ignored is not None else one


def _concerns_sale(sold: Sold, sides: Sides) -> bool:
    held = sides.ledger.held.get(StoreKey("order", sold.order.order_id))
    if sides.is_on_its_way(sold.changed) or sold.subject in sides.ledger.under_way:
        return False
    return sides.days.has(sold.date) or (held is not None and _is_of_days(held, sides))


def _concerns_refund(given: GivenBack, sides: Sides) -> bool:
    if sides.is_on_its_way(given.changed) or f"order/{given.refund.order_id}" in sides.ledger.under_way:
        return False
    return sides.days.has(given.date)


def _is_of_days(held: Held, sides: Sides) -> bool:
    row = sides.row_of(held)
    return row is not None and sides.days.has(row.date)


def _order(sold: Sold, sides: Sides) -> Iterator[Finding]:
    record = sides.ledger.record_of(sold.order.order_id)
    if reason_to_skip(sold.order, record, sold.frame):
        return
    if record is None or not record.quickbooks_id:
        yield lacking(sold, f"Order {sold.order.number} is in the store and not in the ledger.", sides)
        return
    if record.version is not None and record.version > sold.changed:
        return  # the ledger heard of a change that came after the store was read
    if sold.order.lifecycle in ENDED:
        yield from _ended(sold, record, sides)
    elif record.ended:
        yield from _taken_back(sold, record, sides)
    else:
        yield from _sums(sold, record, sides)
        yield from _another_month(sold, StoreKey("order", record.order_id), sides)
        yield from _deleted_refunds(sold, record, sides)


def _ended(sold: Sold, record: SaleRecord, sides: Sides) -> Iterator[Finding]:
    """Cancelled or trashed in the store; money that came in for a trashed order stays booked."""
    left = record.total - record.refunded
    if record.ended or left <= 0 or (sold.order.lifecycle == "trashed" and not _is_unpaid(record, sides)):
        return
    order = f"Order {sold.order.number}"
    message = f"{order} is {sold.order.lifecycle} in the store; {left} of it still stand in the ledger."
    yield differs(sold, message, sides, store=ZERO, ledger=left)


def _taken_back(sold: Sold, record: SaleRecord, sides: Sides) -> Iterator[Finding]:
    held = sides.ledger.held.get(StoreKey("order", record.order_id))
    if held is not None and held.undone:
        message = f"{record.entity} {record.number} was undone; the store still has the order."
        todo = "To book it again, let the store send it again: counterfoil backfill."
        yield about(sold, Finding("undone", sold.subject, message, todo, store=sold.total, ledger=ZERO))
        return
    message = (
        f"{record.entity} {record.number} was taken back, but order {sold.order.number} stands in the store."
    )
    yield lacking(sold, message, sides)


def _sums(sold: Sold, record: SaleRecord, sides: Sides) -> Iterator[Finding]:
    if record.currency and sold.currency != record.currency:
        return  # the setting ``money`` was another when it was booked; an order that changes its currency fails
    if sold.total != record.total:
        message = f"Order {sold.order.number} is {sold.total} in the store and {record.total} in the ledger."
        yield differs(sold, message, sides, store=sold.total, ledger=record.total)
    if record.entity == "Invoice":
        yield from _payments(sold, record, sides)


def _another_month(told: Sold | GivenBack, key: StoreKey, sides: Sides) -> Iterator[Finding]:
    """A bookkeeper may move a document to another month, and so its revenue; an open day that we gave is no news."""
    held = sides.ledger.held.get(key)
    row = sides.row_of(held) if held is not None else None
    if row is None or held is None or held.dated or row.date[:7] == told.date[:7]:
        return
    message = f"{told.subject} is of {told.date} in the store; {row.name} is dated {row.date}."
    found = Finding(
        "another_month", told.subject, message, store=told.total, ledger=held.amount, quickbooks=row.amount
    )
    yield found.of(document=row.name, number=row.number, date=row.date, currency=told.currency)


def _payments(sold: Sold, record: SaleRecord, sides: Sides) -> Iterator[Finding]:
    paid = sides.ledger.paid(record)
    if record.carried:
        # its predecessor's credit pays it; what came in for both is all that can be compared, and where the store says
        # no more than "paid", it may be more than the order is by now
        paid = sides.ledger.received(record)
        if not paid or (sold.paid == sold.total < paid):
            return
    if sold.paid != paid:
        message = f"The store received {sold.paid} for order {sold.order.number}; {paid} is booked as paid."
        yield differs(sold, message, sides, store=sold.paid, ledger=paid)


def _deleted_refunds(sold: Sold, record: SaleRecord, sides: Sides) -> Iterator[Finding]:
    if sold.order.refund_ids is None:
        return
    for refund_id in sorted(record.refunds.keys() - set(sold.order.refund_ids)):
        note = record.refunds[refund_id]
        yield Finding(
            "different",
            f"refund/{refund_id}",
            f"Refund {refund_id} of order {sold.order.number} was deleted in the store; {note.entity} {note.number} "
            "still stands.",
            read_again(sold.date, sides),
            document=f"{note.entity} {note.quickbooks_id}",
            number=note.number,
            store=ZERO,
            ledger=note.total,
            currency=sold.currency,
        )


def _refund(given: GivenBack, sides: Sides) -> Iterator[Finding]:
    refund = given.refund
    record = sides.ledger.record_of(refund.order_id)
    if (
        refund.test
        or (not refund.total and not refund.lines)
        or _sale_is_skipped(refund.order_id, record, sides)
    ):
        return
    held = sides.ledger.held.get(StoreKey("refund", refund.refund_id))
    label = f"Refund {refund.refund_id} of order {refund.order_number}"
    if held is not None and held.undone:
        message = f"{label} was undone; the store still has it."
        yield about(given, Finding("undone", given.subject, message, store=given.total, ledger=ZERO))
    elif held is None or not held.stands:
        if record is None or not record.ended:
            yield lacking(given, f"{label} is in the store and not in the ledger.", sides)
    elif held.amount != given.total:
        message = f"{label} is {given.total} in the store and {held.amount} in the ledger."
        yield differs(given, message, sides, store=given.total, ledger=held.amount)
    else:
        yield from _another_month(given, held.key, sides)


def _payout(paid: PaidOut, sides: Sides) -> Iterator[Finding]:
    held = sides.ledger.held.get(StoreKey("payout", paid.payout.payout_id))
    first = sides.settings.start_date
    if first is not None and paid.payout.paid_on < first:
        return
    if held is None or not held.stands:
        message = f"Payout {paid.payout.payout_id} reached the bank and is not in the ledger."
        yield lacking(paid, message, sides)
    elif held.amount != paid.total:
        message = (
            f"Payout {paid.payout.payout_id} is {paid.total} in the store and {held.amount} in the ledger."
        )
        yield differs(paid, message, sides, store=paid.total, ledger=held.amount)


def _sale_is_skipped(order_id: str, record: SaleRecord | None, sides: Sides) -> bool:
    if record is not None and record.quickbooks_id:
        return False
    sold = sides.shop.orders.get(order_id) if sides.shop is not None else None
    return sold is None or bool(reason_to_skip(sold.order, record, sold.frame))


def _gone(sides: Sides) -> Iterator[Finding]:
    """Booked, and the store has it no longer: everything of these days was asked for."""
    assert sides.shop is not None, "only called with a store"
    begins = sides.days.begins
    for held in sides.ledger.held.values():
        told = held.told is not None and held.told >= begins
        if held.role != "sale" or not held.stands or not told or not sides.concerns(held):
            continue
        record = sides.ledger.record_of(held.order_id)
        if held.order_id not in sides.shop.orders and record is not None and not record.ended:
            yield _gone_sale(held, record, sides)


def _gone_sale(held: Held, record: SaleRecord, sides: Sides) -> Finding:
    """Money that came in stays booked; an invoice that nobody paid should have been voided."""
    message = (
        f"{held.entity} {held.number} is booked; the store has moved its order to the trash or deleted it."
    )
    if _is_unpaid(record, sides):
        todo = f"Take it back: counterfoil ledger show {held.subject} names the event, counterfoil ledger undo EVENT."
        found = Finding("different", held.subject, message, todo, store=ZERO, ledger=held.amount)
    else:
        todo = "Nothing, if the sale took place: what was paid stays booked."
        found = Finding("gone_from_store", held.subject, message, todo, ledger=held.amount)
    document = f"{held.entity} {held.quickbooks_id}"
    return found.of(document=document, number=held.number, date="", currency=held.currency)


def _is_unpaid(record: SaleRecord, sides: Sides) -> bool:
    return record.entity == "Invoice" and not sides.ledger.paid(record) and not record.refunds
