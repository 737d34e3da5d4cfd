"""Where a refund's goods had been sent: automated tax follows the address (A40)."""

from collections.abc import Generator
from typing import Any

from workers.mapping.frame import Frame
from workers.mapping.names import quoted
from workers.orders.record import SaleRecord
from workers.steps import Json, Step, find

PLACES = ("BillAddr", "ShipAddr")


def with_place(body: Json, record: SaleRecord, frame: Frame) -> Generator[Step, Any, Json]:
    """The document with its sale's addresses, where a refund that was told without its order has none.

    Without them QuickBooks takes the tax back from the company's own state, not from the one that is owed.
    """
    if frame.company.tax != "us_automated" or "ShipAddr" in body:
        return body
    rows = yield from find(record.entity, f"Id = {quoted(record.quickbooks_id)}")
    sale = rows[0] if rows else {}
    return {**body, **{name: sale[name] for name in PLACES if sale.get(name)}}
