"""WooCommerce orders as webhooks carry them. Source: WooCommerce REST API v3, "Orders"."""

from ops.demo.shops.sale import ZERO, GivenBack, Order, Snapshot, Sold
from ops.demo.shops.woocommerce.writing import address, times

RATE_ID, FOREIGN_RATE_ID = 1, 2
WORDS = {"stripe": "Credit card", "paypal": "PayPal", "bacs": "Direct bank transfer"}


def order_body(now: Snapshot, *, foreign: bool) -> dict[str, object]:
    """The whole order. Every later body repeats all refunds; the total never shrinks."""
    order = now.order
    rate = FOREIGN_RATE_ID if foreign else RATE_ID
    return {
        "id": order.order_id,
        "parent_id": 0,
        "status": _status(now),
        "currency": "USD",
        "version": "9.8.1",
        "prices_include_tax": False,
        **times("date_created", order.placed_at),
        **times("date_modified", now.changed_at),
        "discount_total": str(order.discount),
        "discount_tax": str(order.tax.on(order.discount)),
        "shipping_total": str(order.shipping),
        "shipping_tax": "0.00",
        "cart_tax": str(order.total_tax),
        "total": str(order.total),
        "total_tax": str(order.total_tax),
        "customer_id": (order.buyer.customer_id if order.buyer else None) or 0,
        "order_key": f"wc_order_{order.order_id:x}",
        "billing": address(order.buyer, order.buyer.email if order.buyer else ""),
        "shipping": address(order.buyer),
        "payment_method": order.gateway,
        "payment_method_title": WORDS[order.gateway],
        "transaction_id": f"ch_{order.order_id}" if now.paid and order.gateway != "bacs" else "",
        "customer_ip_address": "203.0.113.9",
        "created_via": "checkout",
        "customer_note": "",
        **times("date_completed", None),
        **times("date_paid", now.paid_at),
        "number": order.number,
        "meta_data": [],
        "line_items": [_line(line, order, rate) for line in order.lines],
        "tax_lines": [_tax_line(order, rate)] if order.total_tax else [],
        "shipping_lines": _shipping(order),
        "fee_lines": _fees(order),
        "coupon_lines": _coupons(order),
        "refunds": [_refund(refund) for refund in reversed(now.refunds)],
        "gift_cards": [{"id": 1, "code": "GIFT-0001", "amount": float(order.gift_card)}]
        if order.gift_card
        else [],
        "payment_url": "",
        "is_editable": not now.paid,
        "currency_symbol": "$",
        "_links": {"self": [{"href": f"https://shop.example/wp-json/wc/v3/orders/{order.order_id}"}]},
    }


def _status(now: Snapshot) -> str:
    if now.cancelled:
        return "cancelled"
    if not now.paid_in_full:
        return "on-hold"
    return "refunded" if now.given_back >= now.order.total else "processing"


def _line(line: Sold, order: Order, rate: int) -> dict[str, object]:
    tax, full_tax = order.line_tax(line), order.tax.on(line.subtotal)
    return {
        "id": line.line_id,
        "name": line.ware.name,
        "product_id": line.ware.product_id,
        "variation_id": 0,
        "quantity": line.quantity,
        "tax_class": "",
        "subtotal": str(line.subtotal),
        "subtotal_tax": str(full_tax),
        "total": str(line.total),
        "total_tax": str(tax),
        "taxes": [{"id": rate, "total": str(tax), "subtotal": str(full_tax)}],
        "meta_data": [],
        "sku": line.ware.sku,
        "price": float(line.total / line.quantity),
    }


def _tax_line(order: Order, rate: int) -> dict[str, object]:
    return {
        "id": order.order_id * 10 + 8,
        "rate_code": f"{order.tax.name.upper().replace(' ', '-')}-1",
        "rate_id": rate,
        "label": order.tax.name,
        "compound": False,
        "tax_total": str(order.total_tax),
        "shipping_tax_total": "0.00",
        "rate_percent": float(order.tax.percent),
        "meta_data": [],
    }


def _shipping(order: Order) -> list[dict[str, object]]:
    if not order.shipping:
        return []
    return [
        {
            "id": order.order_id * 10 + 7,
            "method_title": "Parcel",
            "method_id": "flat_rate",
            "instance_id": "1",
            "total": str(order.shipping),
            "total_tax": "0.00",
            "taxes": [],
            "meta_data": [],
        }
    ]


def _fees(order: Order) -> list[dict[str, object]]:
    if not order.fee:
        return []
    return [
        {
            "id": order.order_id * 10 + 6,
            "name": "Gift wrapping",
            "tax_class": "0",
            "tax_status": "none",
            "amount": str(order.fee),
            "total": str(order.fee),
            "total_tax": "0.00",
            "taxes": [],
            "meta_data": [],
        }
    ]


def _coupons(order: Order) -> list[dict[str, object]]:
    if not order.discount:
        return []
    tax = order.tax.on(order.discount)
    return [
        {
            "id": order.order_id * 10 + 5,
            "code": order.code.lower(),
            "discount": str(order.discount),
            "discount_tax": str(tax),
            "meta_data": [],
        }
    ]


def _refund(refund: GivenBack) -> dict[str, object]:
    return {"id": refund.refund_id, "reason": refund.reason, "total": str(ZERO - refund.amount)}
