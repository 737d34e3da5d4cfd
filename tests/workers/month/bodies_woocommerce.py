"""An order's state as WooCommerce writes it. Source: WooCommerce REST API v3, "Orders" and "Order refunds"."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.workers.month.facts import (
    ZERO,
    Charge,
    Priced,
    Refund,
    Sale,
    Sold,
    State,
    Sums,
    by_tax,
    rounded,
    sums,
)

Json = dict[str, Any]
STATUS = {"cancelled": "cancelled", "trashed": "trash"}


def order_body(sale: Sale, state: State) -> Json:
    """The REST object of ``order.updated``."""
    told = sums(sale, state)
    return {
        "id": sale.order_id,
        "number": str(sale.order_id),
        "status": _status(sale, state, told),
        "currency": sale.currency,
        "date_created_gmt": _gmt(sale.created_at),
        "date_modified_gmt": _gmt(state.at),
        "date_paid_gmt": _gmt(state.paid_at) if state.paid_at else None,
        "total": _text(told.total),
        "total_tax": _text(told.total_tax),
        "prices_include_tax": sale.reckoner.inclusive,
        "customer_id": sale.buyer,
        "billing": _billing(sale),
        "shipping": {},
        "payment_method": sale.gateway,
        "payment_method_title": sale.gateway.title(),
        "transaction_id": f"ch_{sale.order_id}" if state.paid_at else "",
        "meta_data": [],
        "line_items": [
            _line(sale, line, priced) for line, priced in zip(state.sold, told.lines, strict=True)
        ],
        "shipping_lines": [
            _charge(one, priced, "method_title")
            for one, priced in zip(state.shipping, told.shipping, strict=True)
        ],
        "fee_lines": [
            _charge(one, priced, "name") for one, priced in zip(state.fees, told.fees, strict=True)
        ],
        "tax_lines": _tax_lines(told),
        "coupon_lines": [],
        "gift_cards": [{"id": 1, "code": "GIFT", "amount": _text(state.gift_cards)}]
        if state.gift_cards
        else [],
        "refunds": [
            {"id": one.refund_id, "reason": "", "total": f"-{one.amount}"} for one in reversed(state.refunds)
        ],
    }


def refund_row(refund: Refund) -> Json:
    """What only the API says of a refund."""
    return {
        "id": refund.refund_id,
        "date_created_gmt": _gmt(refund.at),
        "amount": _text(refund.amount),
        "line_items": [
            {
                "id": refund.refund_id * 100 + position,
                "name": back.line.sku.title(),
                "product_id": product_id(back.line.sku),
                "variation_id": 0,
                "quantity": -back.quantity,
                "sku": back.line.sku,
                **_negative(back.priced),
                "subtotal": _text(-back.priced.net),
                "meta_data": [{"id": 1, "key": "_refunded_item_id", "value": str(back.line.line_id)}],
            }
            for position, back in enumerate(refund.backs)
        ],
        "shipping_lines": []
        if refund.shipping is None
        else [{"id": refund.refund_id * 100 + 99, "method_title": "Parcel", **_negative(refund.shipping)}],
        "fee_lines": [],
    }


def product_id(sku: str) -> int:
    """The store's own number of a product."""
    return 500 + sum(map(ord, sku)) if sku else 0


def _status(sale: Sale, state: State, told: Sums) -> str:
    if not sale.real:
        return "checkout-draft"
    if state.ending:
        return STATUS[state.ending]
    if state.refunds and sum((one.amount for one in state.refunds), ZERO) == told.total:
        return "refunded"
    if state.paid_at is None:
        return "processing" if sale.gateway == "cod" else "on-hold"
    return "completed" if sale.order_id % 2 else "processing"


def _billing(sale: Sale) -> Json:
    return {
        "first_name": "Robin",
        "last_name": f"Number {sale.buyer or sale.order_id % 40}",
        "address_1": f"{sale.order_id % 99} Elm Street",
        "city": "Town",
        "state": sale.region,
        "postcode": "10001",
        "country": "US",
        "email": f"buyer{sale.buyer}@example.com" if sale.buyer else "",
    }


def _line(sale: Sale, line: Sold, priced: Priced) -> Json:
    before = sale.reckoner.priced(line.price * line.quantity, line.taxes)
    return {
        "id": line.line_id,
        "name": line.sku.title(),
        "product_id": product_id(line.sku),
        "variation_id": 0,
        "quantity": line.quantity,
        "sku": line.sku,
        "subtotal": _text(before.net),
        "subtotal_tax": _text(before.tax),
        "price": float(priced.net / line.quantity),
        **_amounts(priced),
    }


def _charge(charge: Charge, priced: Priced, title: str) -> Json:
    return {"id": charge.line_id, title: charge.name, **_amounts(priced)}


def _amounts(priced: Priced) -> Json:
    return {
        "total": _text(priced.net),
        "total_tax": _text(priced.tax),
        "taxes": [{"id": rate_id(tax.name), "total": str(amount)} for tax, amount in priced.taxes],
    }


def _negative(priced: Priced) -> Json:
    return _amounts(Priced(-priced.net, tuple((tax, -amount) for tax, amount in priced.taxes)))


def rate_id(name: str) -> int:
    """The store's own number of a tax rate."""
    return sum(map(ord, name))


def _tax_lines(told: Sums) -> list[Json]:
    shipping = by_tax(told.shipping)
    return [
        {
            "rate_id": rate_id(tax.name),
            "rate_code": tax.name.upper(),
            "label": tax.name,
            "rate_percent": float(tax.percent),
            "tax_total": _text(rounded(amount) - rounded(shipping.get(tax, ZERO))),
            "shipping_tax_total": _text(rounded(shipping.get(tax, ZERO))),
        }
        for tax, amount in by_tax(told.parts).items()
    ]


def _text(amount: Decimal) -> str:
    return f"{amount:f}"


def _gmt(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S")
