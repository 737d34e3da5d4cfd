"""Shopify orders, as sold: ``total_*`` fields, never ``current_total_*``.

Source: shopify.dev, "Order" (REST). Flat amounts are in the shop's currency.
"""

from datetime import datetime
from decimal import Decimal

from events.stores.platform import Unreadable
from events.stores.reading import ZERO, Row, amount, amount_or_none, moment, need_id, rows, text
from events.stores.reading import flag as is_true
from events.stores.shopify.buyers import buyer
from events.stores.shopify.lines import Pricing, fees, product_lines, shipping_lines, tip
from events.stores.shopify.money import set_amount
from events.stores.shopify.payments import Paid, due_at, paid, payment_method
from events.stores.shopify.presentment import as_seen, seen_currency, store_rate
from events.stores.shopify.refunds import Sale, read_refund
from events.stores.shopify.taxes import tax_of, totals
from schemas.orders import ChargeLine, Lifecycle, Order, OrderAmounts, OrderLine, Refund


def is_test(body: Row) -> bool:
    """True for an order paid through the test gateway, and for a sample that Shopify made up."""
    return is_true(body, "test")


def changed_at(body: Row) -> datetime | None:
    """The order's version."""
    return moment(body, "updated_at")


def read_order(body: Row, *, received_at: datetime) -> tuple[Order, list[Refund]]:
    """One order as it stands, and its refunds so far; in the shop's currency, and in the buyer's beside it."""
    order, refunds = _read_order(body, received_at=received_at)
    seen = seen_currency(body, "total_price")
    if seen and seen != order.currency:
        other, _ = _read_order(as_seen(body, seen), received_at=received_at)
        amounts = {name: getattr(other, name) for name in OrderAmounts.model_fields}
        amounts["exchange_rate"] = store_rate(body, order.currency)
        order = order.model_copy(update={"presentment": OrderAmounts(**amounts)})
    return order, _told(refunds, order)


def _read_order(body: Row, *, received_at: datetime) -> tuple[Order, list[Refund]]:
    """In the currency of the body's flat fields.

    A cash sale is rounded when it is paid: the rounding is part of what the buyer owed, so it is in ``total``.
    """
    order_id = need_id(body, "id", "The order")
    currency = _currency(body, order_id)
    pricing = Pricing(taxes_included=is_true(body, "taxes_included"))
    number = text(body, "name").lstrip("#").strip() or text(body, "order_number") or order_id
    sale = Sale(
        order_id,
        number,
        currency,
        pricing.taxes_included,
        buyer(body),
        payment_method(body),
        next(iter(rows(body, "shipping_lines")), {}),
    )
    refunds = [
        read_refund(row, sale=sale, sequence=position)
        for position, row in enumerate(rows(body, "refunds"), start=1)
    ]
    lines, shipping, extra = product_lines(body, pricing), shipping_lines(body, pricing), fees(body)
    parts: tuple[OrderLine | ChargeLine, ...] = (*lines, *shipping, *extra)
    shares = [share for line in parts for share in line.taxes]
    rounding = set_amount(body, "total_cash_rounding_payment_adjustment_set")
    priced = _total(body, order_id)
    total = priced + rounding if rounding else priced
    credited = sum((refund.total for refund in refunds if not refund.money_returned), ZERO)
    payment = paid(body, total, credited)
    cancelled_at = moment(body, "cancelled_at")
    created_at = moment(body, "processed_at") or moment(body, "created_at")
    updated_at = changed_at(body) or created_at or received_at
    tax = amount_or_none(body, "total_tax")
    return Order(
        order_id=order_id,
        number=number,
        store_status=text(body, "financial_status"),
        lifecycle=_lifecycle(cancelled_at, payment, refunds),
        payment=payment.state,
        created_at=created_at or updated_at,
        updated_at=updated_at,
        due_at=due_at(body),
        cancelled_at=cancelled_at,
        currency=currency,
        prices_include_tax=pricing.taxes_included,
        buyer=sale.buyer,
        lines=lines,
        shipping=shipping,
        fees=extra,
        tip=tip(body),
        cash_rounding=rounding,
        taxes=totals(body, shares),
        total_tax=tax_of(shares) if tax is None else tax,
        total=total,
        amount_paid=payment.amount,
        payment_method=sale.payment_method,
        note=text(body, "note"),
    ), refunds


def _told(refunds: list[Refund], order: Order) -> list[Refund]:
    """Refunds that are news: of a cancelled order none is, since the cancellation takes all of it back."""
    if order.lifecycle == "cancelled":
        return []
    return [refund for refund in refunds if refund.total or refund.lines]


def _lifecycle(cancelled_at: datetime | None, payment: Paid, refunds: list[Refund]) -> Lifecycle:
    """A cancelled order of which the shop kept a part of the money stays "open": its refunds say what went back."""
    if cancelled_at is None:
        return "open"
    given_back = sum((refund.total for refund in refunds if refund.money_returned), ZERO)
    return "open" if 0 < given_back < payment.amount else "cancelled"


def _currency(body: Row, order_id: str) -> str:
    currency = text(body, "currency").strip().upper()
    if len(currency) != 3 or not currency.isascii() or not currency.isalpha():
        raise Unreadable(f'Order {order_id}: "{currency[:20]}" is not a currency of three letters.')
    return currency


def _total(body: Row, order_id: str) -> Decimal:
    if body.get("total_price") in (None, ""):
        raise Unreadable(f"Order {order_id} has no total_price: this is not a Shopify order.")
    return amount(body, "total_price")
