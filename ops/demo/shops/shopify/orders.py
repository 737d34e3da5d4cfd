"""Shopify orders as webhooks carry them. Source: shopify.dev, REST Admin API 2026-04, "Order"."""

from decimal import Decimal

from ops.demo.shops.sale import ZERO, Order, Snapshot
from ops.demo.shops.shopify.catalogue import address_body, customer_body
from ops.demo.shops.shopify.lines import line_body, tax_lines
from ops.demo.shops.shopify.refunds import refund_body
from ops.demo.shops.shopify.writing import money, stamp


def order_body(now: Snapshot) -> dict[str, object]:
    """The whole order, refunds inside. ``total_*`` is as sold, ``current_total_*`` after refunds."""
    order = now.order
    return {
        "id": order.order_id,
        "admin_graphql_api_id": f"gid://shopify/Order/{order.order_id}",
        "cancel_reason": "customer" if now.cancelled else None,
        "cancelled_at": stamp(now.changed_at) if now.cancelled else None,
        "closed_at": None,
        "confirmed": True,
        "contact_email": order.buyer.email if order.buyer else None,
        "created_at": stamp(order.placed_at),
        "currency": "USD",
        "current_total_price": str(ZERO if now.cancelled else order.total - now.given_back),
        "customer": customer_body(order.buyer, order.placed_at) if order.buyer else None,
        "discount_applications": _applications(order),
        "discount_codes": _codes(order),
        "email": order.buyer.email if order.buyer else "",
        "financial_status": _financial_status(now),
        "fulfillment_status": None,
        "line_items": [line_body(line, order, now) for line in order.lines],
        "name": f"#{order.number}",
        "note": None,
        "order_number": int(order.number),
        "original_total_duties_set": None,
        "payment_gateway_names": [order.gateway],
        "presentment_currency": "USD",
        "processed_at": stamp(order.placed_at),
        "refunds": [refund_body(refund, order) for refund in now.refunds],
        "billing_address": address_body(order.buyer),
        "shipping_address": address_body(order.buyer),
        "shipping_lines": _shipping(order),
        "source_name": "web",
        "subtotal_price": str(order.net),
        "subtotal_price_set": money(order.net),
        "tags": "",
        "tax_lines": tax_lines(order.tax, order.total_tax),
        "taxes_included": False,
        "test": False,
        "total_cash_rounding_payment_adjustment_set": money(ZERO),
        "total_discounts": str(order.discount),
        "total_line_items_price": str(order.net + order.discount),
        "total_outstanding": str(_outstanding(now)),
        "total_price": str(order.total),
        "total_price_set": money(order.total),
        "total_tax": str(order.total_tax),
        "total_tax_set": money(order.total_tax),
        "total_tip_received": str(order.tip),
        "updated_at": stamp(now.changed_at),
    }


def _outstanding(now: Snapshot) -> Decimal:
    return ZERO if now.cancelled else now.order.total - now.paid


def _financial_status(now: Snapshot) -> str:
    if now.cancelled:
        return "refunded" if now.paid else "voided"
    if now.given_back:
        return "refunded" if now.given_back >= now.order.total else "partially_refunded"
    if now.paid_in_full:
        return "paid"
    return "partially_paid" if now.paid else "pending"


def _applications(order: Order) -> list[dict[str, object]]:
    if not order.discount:
        return []
    return [
        {
            "target_type": "line_item",
            "type": "discount_code",
            "value": "10.0",
            "value_type": "percentage",
            "allocation_method": "across",
            "target_selection": "all",
            "code": order.code,
        }
    ]


def _codes(order: Order) -> list[dict[str, object]]:
    if not order.discount:
        return []
    return [{"code": order.code, "amount": str(order.discount), "type": "percentage"}]


def _shipping(order: Order) -> list[dict[str, object]]:
    if not order.shipping:
        return []
    return [
        {
            "id": order.order_id + 1,
            "code": "Standard",
            "discount_allocations": [],
            "discounted_price": str(order.shipping),
            "is_removed": False,
            "price": str(order.shipping),
            "price_set": money(order.shipping),
            "source": "shopify",
            "tax_lines": [],
            "title": "Standard",
        }
    ]
