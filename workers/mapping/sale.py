"""A paid order as a sales receipt, any other as an invoice (rules A1 to A3)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from schemas.money import to_cents
from schemas.orders import Order
from workers.mapping.accounts import clearing_account, payment_fields
from workers.mapping.addresses import addresses_of
from workers.mapping.document import body_of
from workers.mapping.frame import Frame
from workers.mapping.marks import LONGEST_NUMBER, book_date, doc_number, private_note
from workers.mapping.sale_lines import sale_lines
from workers.mapping.taxes import TaxRules
from workers.mapping.totals import Reckoning, matched, reckon
from workers.steps import Json

SaleKind = Literal["SalesReceipt", "Invoice"]
LONGEST_MEMO = 1000
"""Characters of CustomerMemo. Source: Intuit's API reference."""


@dataclass(frozen=True, slots=True)
class SaleDocument:
    """A sales document ready to be sent, but for its customer. ``total`` is what QuickBooks must answer."""

    kind: SaleKind
    body: Json
    total: Decimal
    tax: Decimal
    number: str
    account_id: str
    """Where the money of this order goes; "" while none came in."""


def sale_kind(order: Order, frame: Frame) -> SaleKind:
    """Never a sales receipt for an order that is not fully paid (A2)."""
    paid = order.payment == "paid"
    return "SalesReceipt" if paid and frame.settings.document == "sales_receipt" else "Invoice"


def sale_document(
    order: Order, kind: SaleKind, items: Mapping[str, str], frame: Frame, *, generation: int = 1
) -> SaleDocument:
    """Build it from an order as booked. ``generation`` counts its documents: a second follows a reversal or a void.

    Raises:
        NeedsAttention: of the kind that says what is unmapped or does not add up.
    """
    rules = TaxRules.of(frame, order.taxes, order.total_tax)
    inclusive = order.prices_include_tax and frame.company.tax == "elsewhere" and not rules.out_of_scope
    rules = replace(rules, inclusive=inclusive)
    reckoning = matched(_reckoned(order, items, rules), order.total, rules, frame.settings.items.rounding)
    suffix = f"-{generation}" if generation > 1 else ""
    number = doc_number(frame.settings.number_prefix, order.number, suffix)
    body = {
        "DocNumber": number,
        "TxnDate": sale_date(order, frame),
        "PrivateNote": private_note(sale_mark(order.order_id, generation, frame), *_remarks(order)),
        **addresses_of(order.buyer),
        **body_of(reckoning, order.currency, frame),
    }
    if order.note:
        body["CustomerMemo"] = {"value": order.note[:LONGEST_MEMO]}
    account = _account(order, reckoning, frame)
    if kind == "SalesReceipt":
        body.update(payment_fields(order.payment_method, frame))
        if account:
            body["DepositToAccountRef"] = {"value": account}
    else:
        body.update(_terms(order, frame))
    return SaleDocument(kind, body, reckoning.total, reckoning.tax, number, account)


def _reckoned(order: Order, items: Mapping[str, str], rules: TaxRules) -> Reckoning:
    """The order's lines and their tax. QuickBooks spreads a discount line also over a line for leftover cents, which
    bears another code, and the tax would change again: then each product bears its own discount.
    """
    lines = sale_lines(order, items, rules)
    reckoning = reckon(lines, order.total_tax, rules, inclusive=rules.inclusive)
    spread = any(line.account_id for line in lines) and rules.frame.company.tax != "us_automated"
    if not spread or reckoning.total == to_cents(order.total):
        return reckoning
    lines = sale_lines(order, items, rules, one_discount=False)
    return reckon(lines, order.total_tax, rules, inclusive=rules.inclusive)


def _terms(order: Order, frame: Frame) -> Json:
    """When an invoice is due: on the day that the store agreed on, else by the terms of the setting (A2)."""
    if order.due_at is not None:
        return {"DueDate": book_date(order.due_at, frame.settings.time_zone)}
    return {"SalesTermRef": {"value": frame.settings.terms}} if frame.settings.terms else {}


def sale_mark(order_id: str, generation: int, frame: Frame) -> str:
    """The mark of an order's document; later generations say so."""
    store_id = order_id if generation == 1 else f"{order_id}/{generation}"
    return frame.marker("order", store_id)


def sale_date(order: Order, frame: Frame) -> str:
    """The document's day, by the setting ``order_date``."""
    moment = order.created_at
    if frame.settings.order_date == "payment" and order.paid_at is not None:
        moment = order.paid_at
    return book_date(moment, frame.settings.time_zone)


def amount_paid(order: Order) -> Decimal:
    """Money received so far, to the cent; a store that says only "paid" means all of it."""
    if order.payment == "paid" and not order.amount_paid:
        return to_cents(order.total)
    return to_cents(order.amount_paid)


def _account(order: Order, reckoning: Reckoning, frame: Frame) -> str:
    """Raises AccountUnmapped before anything is written, also when the money follows as a payment."""
    if not reckoning.total or not amount_paid(order):
        return ""
    return clearing_account(order.payment_method, order.currency, frame)


def _remarks(order: Order) -> tuple[str, ...]:
    """What did not fit its field is said in the note (A64)."""
    transaction = order.payment_method.transaction_id
    return (
        f"Order {order.number}",
        f"Paid with {order.payment_method.title}" if "," in order.payment_method.title else "",
        f"Gateway transaction {transaction}" if len(transaction) > LONGEST_NUMBER else "",
        f"The buyer's note is {len(order.note)} characters long; it is cut."
        if len(order.note) > LONGEST_MEMO
        else "",
    )
