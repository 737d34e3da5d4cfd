"""WooCommerce orders as the store sends them, signed. Source of the shape: WooCommerce REST API v3, "Orders"."""

import json
from typing import Any

from tests.events.webhooks.store import Delivery, woo

GST = ("GST", 5.0, "0.50")
"""A tax of 5 % on ten dollars; our name for it is ``GST 5%``."""


def order(number: int, *, changed: str = "10:00:00", note: str = "", **changes: Any) -> dict[str, Any]:
    """A paid order over ten dollars and no tax. ``changed`` is the time of day of its last change."""
    address = {"first_name": "Mara", "last_name": "Olsen", "country": "US", "email": "mara@example.org"}
    return {
        "id": number,
        "parent_id": 0,
        "number": str(number),
        "status": "processing",
        "currency": "USD",
        "version": "9.8.1",
        "prices_include_tax": False,
        "date_created": "2026-11-20T02:00:00",
        "date_created_gmt": "2026-11-20T10:00:00",
        "date_modified": "2026-11-20T02:00:00",
        "date_modified_gmt": f"2026-11-20T{changed}",
        "date_paid": "2026-11-20T02:00:00",
        "date_paid_gmt": "2026-11-20T10:00:00",
        "discount_total": "0.00",
        "discount_tax": "0.00",
        "shipping_total": "0.00",
        "shipping_tax": "0.00",
        "cart_tax": "0.00",
        "total": "10.00",
        "total_tax": "0.00",
        "customer_id": 0,
        "customer_note": note,
        "billing": address,
        "shipping": address,
        "payment_method": "stripe",
        "payment_method_title": "Credit card",
        "transaction_id": f"ch_{number}",
        "line_items": [_line("0.00", [])],
        "tax_lines": [],
        "shipping_lines": [],
        "fee_lines": [],
        "coupon_lines": [],
        "refunds": [],
        "meta_data": [],
        **changes,
    }


def taxed_order(number: int, *, tax: tuple[str, float, str] = GST, **changes: Any) -> dict[str, Any]:
    """A paid Canadian order over ten dollars and a tax (name, percent, amount)."""
    name, percent, amount = tax
    return order(
        number,
        currency="CAD",
        cart_tax=amount,
        total_tax=amount,
        total=f"{10 + float(amount):.2f}",
        line_items=[_line(amount, [{"id": 1, "total": amount, "subtotal": amount}])],
        tax_lines=[
            {
                "id": 8,
                "rate_code": f"CA-{name}-1",
                "rate_id": 1,
                "label": name,
                "compound": False,
                "tax_total": amount,
                "shipping_tax_total": "0.00",
                "rate_percent": percent,
                "meta_data": [],
            }
        ],
        **changes,
    )


def delivery(body: object, *, topic: str = "order.updated") -> Delivery:
    """A webhook of it, signed with the store's secret."""
    return woo(topic, json.dumps(body).encode())


def _line(tax: str, taxes: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": 1,
        "name": "Mug",
        "product_id": 7,
        "variation_id": 0,
        "quantity": 2,
        "tax_class": "",
        "subtotal": "10.00",
        "subtotal_tax": tax,
        "total": "10.00",
        "total_tax": tax,
        "taxes": taxes,
        "meta_data": [],
        "sku": "MUG-1",
        "price": 5,
    }
