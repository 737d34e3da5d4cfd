"""Shopify refunds, with the money that went back. Source: shopify.dev, REST Admin API 2026-04, "Refund"."""

from decimal import Decimal

from ops.demo.shops.sale import ZERO, GivenBack, Order, Snapshot, Sold, cents
from ops.demo.shops.shopify.lines import line_body
from ops.demo.shops.shopify.writing import money, stamp


def refund_body(refund: GivenBack, order: Order) -> dict[str, object]:
    """One refund, with the money that went back. A whole one also gives the shipping back."""
    whole = [(line, line.quantity, line.total, order.line_tax(line)) for line in order.lines]
    part = [(refund.line, refund.quantity, refund.net, refund.tax)] if refund.line else []
    lines = whole if refund.whole else part
    shipping = order.shipping if refund.whole else ZERO
    rest = refund.amount - sum((net + tax for _, _, net, tax in lines), ZERO) - shipping
    return {
        "id": refund.refund_id,
        "admin_graphql_api_id": f"gid://shopify/Refund/{refund.refund_id}",
        "order_id": order.order_id,
        "created_at": stamp(refund.at),
        "processed_at": stamp(refund.at),
        "note": refund.reason,
        "user_id": 1,
        "duties": [],
        "total_duties_set": money(ZERO),
        "refund_line_items": [
            _line_back(refund, line, quantity, net, tax, order) for line, quantity, net, tax in lines
        ],
        "order_adjustments": [
            *([_adjustment(refund, "shipping_refund", shipping)] if shipping else []),
            *([_adjustment(refund, "refund_discrepancy", rest)] if rest else []),
        ],
        "transactions": [_transaction(refund, order)],
    }


def _line_back(
    refund: GivenBack, line: Sold, quantity: int, net: Decimal, tax: Decimal, order: Order
) -> dict[str, object]:
    return {
        "id": refund.refund_id * 10 + line.line_id % 10,
        "line_item_id": line.line_id,
        "location_id": None,
        "quantity": quantity,
        "restock_type": "no_restock",
        "subtotal": float(net),
        "subtotal_set": money(net),
        "total_tax": float(tax),
        "total_tax_set": money(tax),
        "line_item": line_body(line, order, Snapshot(order, order.placed_at)),
    }


def _adjustment(refund: GivenBack, kind: str, amount: Decimal) -> dict[str, object]:
    """Negative: so much more went back than the lines say."""
    return {
        "id": refund.refund_id + 7,
        "refund_id": refund.refund_id,
        "kind": kind,
        "reason": kind.replace("_", " ").capitalize(),
        "amount": str(-amount),
        "amount_set": money(-amount),
        "tax_amount": "0.00",
        "tax_amount_set": money(ZERO),
    }


def _transaction(refund: GivenBack, order: Order) -> dict[str, object]:
    return {
        "id": refund.refund_id + 3,
        "order_id": order.order_id,
        "kind": "refund",
        "gateway": order.gateway,
        "status": "success",
        "amount": str(cents(refund.amount)),
        "currency": "USD",
        "authorization": None,
        "test": False,
        "created_at": stamp(refund.at),
        "processed_at": stamp(refund.at),
    }
