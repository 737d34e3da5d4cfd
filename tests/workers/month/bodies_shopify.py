"""An order's state as Shopify writes it. Source: shopify.dev, "Order" and "Refund" (REST)."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.workers.month.facts import (
    ZERO,
    Back,
    Charge,
    Priced,
    Refund,
    Sale,
    Sold,
    State,
    Sums,
    by_tax,
    sums,
)

Json = dict[str, Any]
STORE_CREDIT = "gift_card"


def order_body(sale: Sale, state: State) -> Json:
    """The body of ``orders/updated``."""
    told = sums(sale, state)
    return {
        "id": sale.order_id,
        "name": f"#{sale.order_id}",
        "order_number": sale.order_id,
        "test": not sale.real,
        "created_at": _time(sale.created_at),
        "processed_at": _time(sale.created_at),
        "updated_at": _time(state.at),
        "cancelled_at": _time(state.at) if state.ending == "cancelled" else None,
        "currency": sale.currency,
        "taxes_included": sale.reckoner.inclusive,
        "financial_status": _financial_status(state, told),
        "total_outstanding": str(_outstanding(state, told)),
        "payment_gateway_names": [*([STORE_CREDIT] if sale.card_paid else []), sale.gateway],
        "total_price": str(told.total - state.cash_rounding),
        "total_tax": str(told.total_tax),
        "total_tip_received": str(state.tip),
        "total_cash_rounding_payment_adjustment_set": _set(state.cash_rounding, sale.currency),
        "customer": _customer(sale),
        "email": f"buyer{sale.buyer}@example.com" if sale.buyer else "",
        "billing_address": _address(sale),
        "shipping_address": _address(sale),
        "line_items": [_line(line, priced) for line, priced in zip(state.sold, told.lines, strict=True)],
        "shipping_lines": [
            _shipping(one, priced) for one, priced in zip(state.shipping, told.shipping, strict=True)
        ],
        "tax_lines": [_tax(tax.name, tax.percent, amount) for tax, amount in by_tax(told.parts).items()],
        "refunds": [refund_body(sale, one) for one in state.refunds],
    }


def refund_body(sale: Sale, refund: Refund) -> Json:
    """The body of ``refunds/create``, which is also in the order's."""
    return {
        "id": refund.refund_id,
        "order_id": sale.order_id,
        "created_at": _time(refund.at),
        "note": None,
        "refund_line_items": [_back(sale, back, refund) for back in refund.backs],
        "order_adjustments": [*_shipping_back(sale, refund), *_unexplained(sale, refund)],
        "transactions": _transactions(sale, refund) if refund.money else [],
    }


def transaction_body(sale: Sale) -> Json:
    """The body of ``order_transactions/create`` for what a gift card paid."""
    return {
        "id": sale.order_id * 10,
        "order_id": sale.order_id,
        "kind": "sale",
        "status": "success",
        "gateway": STORE_CREDIT,
        "amount": str(sale.card_paid),
        "currency": sale.currency,
        "test": False,
        "created_at": _time(sale.created_at),
    }


def _financial_status(state: State, told: Sums) -> str:
    given_back = sum((one.amount for one in state.refunds if one.money), ZERO)
    if not state.paid:
        return "voided" if state.ending else "pending"
    if given_back:
        return "refunded" if given_back >= state.paid else "partially_refunded"
    credited = sum((one.amount for one in state.refunds if not one.money), ZERO)
    return "paid" if state.paid + credited >= told.total else "partially_paid"


def _outstanding(state: State, told: Sums) -> Decimal:
    credited = sum((one.amount for one in state.refunds if not one.money), ZERO)
    return max(told.total - state.paid - credited, ZERO)


def _customer(sale: Sale) -> Json | None:
    if not sale.buyer:
        return None
    email = f"buyer{sale.buyer}@example.com"
    return {
        "id": 9000 + sale.buyer,
        "email": email,
        "first_name": "Robin",
        "last_name": f"Number {sale.buyer}",
    }


def _address(sale: Sale) -> Json:
    return {
        "first_name": "Robin",
        "last_name": f"Number {sale.buyer or sale.order_id % 40}",
        "address1": f"{sale.order_id % 99} Elm Street",
        "city": "Town",
        "province_code": sale.region,
        "country_code": "US",
        "zip": "10001",
    }


def _line(line: Sold, priced: Priced) -> Json:
    return {
        "id": line.line_id,
        "product_id": 70_000 + sum(map(ord, line.sku)),
        "variant_id": 80_000 + sum(map(ord, line.sku)),
        "sku": line.sku,
        "name": line.sku.title(),
        "quantity": line.quantity,
        "current_quantity": line.quantity,
        "price": str(line.price),
        "gift_card": line.gift_card,
        "total_discount": "0.00",
        "discount_allocations": [{"amount": str(line.discount), "discount_application_index": 0}]
        if line.discount
        else [],
        "tax_lines": [_tax(tax.name, tax.percent, amount) for tax, amount in priced.taxes],
    }


def _shipping(charge: Charge, priced: Priced) -> Json:
    return {
        "id": charge.line_id,
        "title": charge.name,
        "price": str(charge.charged),
        "discount_allocations": [],
        "tax_lines": [_tax(tax.name, tax.percent, amount) for tax, amount in priced.taxes],
    }


def _tax(name: str, percent: Decimal, amount: Decimal) -> Json:
    return {"title": name, "rate": float(percent / 100), "price": str(amount), "channel_liable": False}


def _back(sale: Sale, back: Back, refund: Refund) -> Json:
    whole = sale.reckoner.priced(back.line.charged, back.line.taxes)
    subtotal = back.priced.gross if sale.reckoner.inclusive else back.priced.net
    return {
        "id": refund.refund_id * 10 + back.line.line_id % 10,
        "line_item_id": back.line.line_id,
        "quantity": back.quantity,
        "restock_type": "return" if refund.restocked else "no_restock",
        "subtotal": float(subtotal),
        "total_tax": float(back.priced.tax),
        "subtotal_set": _set(subtotal, sale.currency),
        "total_tax_set": _set(back.priced.tax, sale.currency),
        "line_item": _line(back.line, whole),
    }


def _shipping_back(sale: Sale, refund: Refund) -> list[Json]:
    if refund.shipping is None:
        return []
    return [_adjustment("shipping_refund", -refund.shipping.net, -refund.shipping.tax, refund, sale)]


def _unexplained(sale: Sale, refund: Refund) -> list[Json]:
    if refund.backs or refund.shipping is not None:
        return []
    return [_adjustment("refund_discrepancy", -refund.amount, ZERO, refund, sale)]


def _adjustment(kind: str, amount: Decimal, tax: Decimal, refund: Refund, sale: Sale) -> Json:
    return {
        "id": refund.refund_id * 10 + 9,
        "kind": kind,
        "reason": kind.replace("_", " ").capitalize(),
        "amount": str(amount),
        "tax_amount": str(tax),
        "amount_set": _set(amount, sale.currency),
        "tax_amount_set": _set(tax, sale.currency),
    }


def _transactions(sale: Sale, refund: Refund) -> list[Json]:
    parts = [(sale.gateway, refund.amount - refund.store_credit), (STORE_CREDIT, refund.store_credit)]
    return [
        {
            "id": refund.refund_id * 10 + position,
            "kind": "refund",
            "status": "success",
            "gateway": gateway,
            "amount": str(amount),
            "currency": sale.currency,
            "test": False,
        }
        for position, (gateway, amount) in enumerate(parts)
        if amount
    ]


def _set(amount: Decimal, currency: str) -> Json:
    money = {"amount": str(amount), "currency_code": currency}
    return {"shop_money": money, "presentment_money": money}


def _time(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
