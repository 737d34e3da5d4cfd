"""An order that the store put into its trash or deleted."""

from dataclasses import replace

from schemas.orders import OrderRemoved
from workers.context import Context
from workers.mapping.frame import Frame
from workers.orders.cancel import trash_sale
from workers.orders.payments import booked_payments, payment_keys
from workers.orders.record import SaleRecord, order_key
from workers.outcomes import Skipped, Superseded
from workers.steps import Steps, recall, remember


def remove_order(order: OrderRemoved, context: Context) -> Steps:
    """Void what is open; book nothing more until the order comes back."""
    version = context.envelope.time
    key = order_key(order.order_id)
    known = yield from recall([key, *payment_keys(order.order_id)])
    record = SaleRecord.of(known[key]) if key in known else None
    if record is not None and record.version is not None and version < record.version:
        return Superseded()
    if record is None or not record.quickbooks_id:
        yield from remember(SaleRecord(order.order_id, version=version, why="trashed").mapping)
        return Skipped("trashed")
    if not record.standing:
        yield from remember(replace(record, version=version).mapping)
        return Skipped("trashed")
    payments = yield from booked_payments(order.order_id, known)
    frame = Frame.of(context, f"Order {record.number}")
    return (yield from trash_sale(record, payments, version, frame))
