"""A cancelled or trashed order whose document is booked (rules A8, A9)."""

from collections.abc import Generator
from dataclasses import replace
from datetime import datetime
from typing import Any

from workers.answers import Change, changed
from workers.errors import PeriodClosed
from workers.mapping.frame import Frame
from workers.orders.gift_cards import give_cards_back
from workers.orders.open_days import dates_on_open_day
from workers.orders.payments import Payments
from workers.orders.record import SaleRecord, order_key
from workers.orders.reverse import apply_credit, reverse
from workers.outcomes import Booked, Document, Outcome, Skipped
from workers.steps import Step, remember


def cancel_sale(
    record: SaleRecord, payments: Payments, version: datetime, frame: Frame
) -> Generator[Step, Any, Outcome]:
    """Void an unpaid invoice, or credit it where its period is closed and the setting says so; take a paid sale back
    as a full refund. What refunds took back already stays so.
    """
    paid = payments.of_invoice(record.quickbooks_id) + record.paid_before
    if record.entity == "Invoice" and not paid and not record.refunds:
        try:
            return (yield from void_invoice(record, version, frame))
        except PeriodClosed:
            if not dates_on_open_day(frame):
                raise
    if record.refunded >= record.total:
        yield from remember(replace(record, version=version).mapping)
        return Booked((Document(record.entity, record.quickbooks_id),))
    still_open = record.total - paid - record.credited
    entity = "CreditMemo" if record.entity == "Invoice" and still_open > 0 else "RefundReceipt"
    less = tuple(record.refunds.values())
    came_into = replace(record, account_id=record.account_id or payments.account_id)
    reversal = yield from reverse(came_into, entity, version, frame, less=less)
    documents = [Document(record.entity, record.quickbooks_id), reversal.document]
    if entity == "CreditMemo":
        amount = min(still_open, reversal.total)
        name = f"cancel-{record.generation}"
        documents += yield from apply_credit(
            record, name, reversal.document.quickbooks_id, amount, version, frame
        )
    documents += yield from give_cards_back(came_into, version, frame)
    yield from remember(replace(record, version=version, ended="reversed").mapping)
    return Booked(tuple(documents))


def trash_sale(
    record: SaleRecord, payments: Payments, version: datetime, frame: Frame
) -> Generator[Step, Any, Outcome]:
    """The store put the order into its trash: an unpaid invoice is voided, money that came in stays booked.

    Stores empty their lists of old orders this way, and an order may come back from the trash.
    """
    paid = payments.of_invoice(record.quickbooks_id) + record.paid_before
    if record.entity == "Invoice" and not paid and not record.refunds:
        return (yield from void_invoice(record, version, frame))
    yield from remember(replace(record, version=version).mapping)
    return Skipped("paid_sale_stays_booked")


def void_invoice(record: SaleRecord, version: datetime, frame: Frame) -> Generator[Step, Any, Outcome]:
    """Void keeps the number, unlike a delete (A8)."""
    ended = replace(record, version=version, ended="voided")
    yield from changed(
        Change(
            f"void-{record.generation}",
            record.entity,
            "void",
            record.quickbooks_id,
            record.sync_token,
            record.expected,
            frame.subject,
            key=order_key(record.order_id),
            version=version,
            detail=ended.detail,
        )
    )
    return Booked((Document(record.entity, record.quickbooks_id),))
