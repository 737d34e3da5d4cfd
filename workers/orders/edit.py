"""An order that was edited after it was booked (rule A10)."""

from collections.abc import Generator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

from schemas.orders import Order
from workers.answers import Change, changed
from workers.errors import BeforeStockStart, CurrencyUnsupported, PeriodClosed
from workers.mapping.as_booked import order_as_booked
from workers.mapping.fingerprint import fingerprint
from workers.mapping.frame import Frame
from workers.mapping.sale import SaleKind, sale_kind
from workers.orders.booking import UNCHECKED, Known, book, prepare, with_equal_sums
from workers.orders.open_days import dates_on_open_day
from workers.orders.payments import Payments
from workers.orders.record import SaleRecord, order_key
from workers.orders.reverse import apply_credit, reverse
from workers.orders.stock_start import held_before_stock
from workers.outcomes import Document
from workers.steps import Step, Write

ZERO = Decimal(0)


def edit_sale(
    order: Order, record: SaleRecord, payments: Payments, known: Known, version: datetime, frame: Frame
) -> Generator[Step, Any, tuple[SaleRecord, list[Document]]]:
    """Update an open and unpaid invoice; take any other document, or one of a closed period, back and book a new one.

    Refunds stay as they are: what the store says of an order is always as sold, refunds not taken off.

    Raises:
        ChangedInQuickBooks, RemovedInQuickBooks: a person was at the document.
        CurrencyUnsupported: the order changed its currency.
    """
    paid = payments.of_invoice(record.quickbooks_id) + record.paid_before
    currency = order_as_booked(order, frame).currency
    if record.currency and record.currency != currency:
        raise _other_currency(currency, record, frame)
    if record.entity == "Invoice" and not paid:
        try:
            return (yield from _update(order, record, known, version, frame)), []
        except PeriodClosed:
            if not dates_on_open_day(frame):
                raise
        except BeforeStockStart as error:
            if frame.settings.sale_before_stock == "hold":
                raise held_before_stock(error, frame) from error
    if record.entity == "Invoice":
        return (yield from _replace_invoice(order, record, paid, known, version, frame))
    return (yield from _replace_receipt(order, record, known, version, frame))


def _other_currency(currency: str, record: SaleRecord, frame: Frame) -> CurrencyUnsupported:
    """A document keeps its currency in QuickBooks, and so do its payments."""
    return CurrencyUnsupported(
        f"{frame.subject} is in {currency} by now, but {record.entity} {record.number} was booked in "
        f"{record.currency}. Correct the order in the store, then Retry; or book it by hand and Ignore it.",
        cause=f"{record.currency} became {currency}",
        fix="counterfoil errors ignore EVENT",
    )


def _update(
    order: Order, record: SaleRecord, known: Known, version: datetime, frame: Frame
) -> Generator[Step, Any, SaleRecord]:
    prepared = yield from prepare(
        order, cast(SaleKind, record.entity), record.generation, known, version, frame
    )
    body = {**prepared.body, "TxnDate": record.dated} if record.dated else prepared.body
    new = replace(
        prepared.record,
        quickbooks_id=record.quickbooks_id,
        refunds=record.refunds,
        gift_cards=record.gift_cards,
        dated=record.dated,
        expected=fingerprint(body),
    )
    change = Change(
        "edit",
        record.entity,
        "update",
        record.quickbooks_id,
        record.sync_token,
        record.expected,
        frame.subject,
        body=body,
        key=order_key(order.order_id),
        version=version,
        detail=replace(new, differs=UNCHECKED).detail,
    )
    answer = yield from changed(change)
    step = Write("edit", record.entity, "update", body, change.key, version, change.detail)
    return (yield from with_equal_sums(step, answer, new, frame))


def _replace_receipt(
    order: Order, record: SaleRecord, known: Known, version: datetime, frame: Frame
) -> Generator[Step, Any, tuple[SaleRecord, list[Document]]]:
    """Reversal and new document; the money passes through the clearing account and nets out there."""
    kind = sale_kind(order, frame)
    prepared = yield from prepare(order, kind, record.generation + 1, known, version, frame)
    reversal = yield from reverse(record, "RefundReceipt", version, frame)
    new = replace(prepared.record, refunds=record.refunds, gift_cards=record.gift_cards)
    return (yield from book(replace(prepared, record=new), frame)), [reversal.document]


def _replace_invoice(
    order: Order, record: SaleRecord, paid: Decimal, known: Known, version: datetime, frame: Frame
) -> Generator[Step, Any, tuple[SaleRecord, list[Document]]]:
    """A credit memo settles the old invoice; its rest, what had settled that one before, pays the new one."""
    prepared = yield from prepare(order, "Invoice", record.generation + 1, known, version, frame)
    reversal = yield from reverse(record, "CreditMemo", version, frame)
    credit_id = reversal.document.quickbooks_id
    settlement = paid + record.credited
    name = f"settle-{record.generation}"
    settled = yield from apply_credit(record, name, credit_id, record.total - settlement, version, frame)
    rest = min(settlement, prepared.record.total)
    carried = replace(
        prepared.record,
        carried=credit_id,
        paid_before=rest,
        beyond=record.beyond + max(paid - rest, ZERO),
        refunds=record.refunds,
        gift_cards=record.gift_cards,
    )
    new = yield from book(replace(prepared, record=carried), frame)
    return new, [reversal.document, *settled]


def carry_credit(record: SaleRecord, version: datetime, frame: Frame) -> Generator[Step, Any, list[Document]]:
    """Pay a new invoice with the rest of the credit that its predecessor left; done once, also after a crash."""
    if not record.carried:
        return []
    name = f"carry-{record.generation}"
    return (yield from apply_credit(record, name, record.carried, record.paid_before, version, frame))
