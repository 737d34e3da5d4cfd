"""Bodies of the legacy API: wrapped in ``{"order": …}``, with keys of their own. Made to look like today's.

Source: WooCommerce, legacy REST API v3 (removed from core in 9.0, still there as a plugin).
"""

from events.stores.reading import Row, part, rows

WRAPPERS = ("order", "product", "customer")


def unwrapped(body: Row) -> Row:
    """Today's REST object; a body of the current API comes back as it is."""
    if "id" in body:
        return body
    for wrapper in WRAPPERS:
        inner = part(body, wrapper)
        if inner:
            return _order(inner) if wrapper == "order" else _with_times(inner)
    return body


def _with_times(inner: Row) -> Row:
    return {
        **inner,
        "name": inner.get("name") or inner.get("title"),
        "billing": inner.get("billing_address"),
        "shipping": inner.get("shipping_address"),
        "date_created_gmt": inner.get("created_at"),
        "date_modified_gmt": inner.get("updated_at") or inner.get("last_update"),
        "manage_stock": inner.get("managing_stock"),
        "variations": [],
    }


def _order(inner: Row) -> Row:
    payment = part(inner, "payment_details")
    paid = payment.get("paid") is True
    return {
        **_with_times(inner),
        "number": inner.get("order_number"),
        "date_paid_gmt": (inner.get("completed_at") or inner.get("created_at")) if paid else None,
        "payment_method": payment.get("method_id"),
        "payment_method_title": payment.get("method_title"),
        "transaction_id": payment.get("transaction_id"),
        "customer_note": inner.get("note"),
        "shipping_lines": _shipping(inner),
        "fee_lines": [{**line, "name": line.get("title")} for line in rows(inner, "fee_lines")],
        "tax_lines": [
            {
                **line,
                "label": line.get("title"),
                "rate_code": line.get("code"),
                "tax_total": line.get("total"),
            }
            for line in rows(inner, "tax_lines")
        ],
        "refunds": None,
    }


def _shipping(inner: Row) -> list[Row]:
    """The legacy API says the tax of all shipping together: it goes to the first shipping line."""
    lines = [dict(line) for line in rows(inner, "shipping_lines")]
    if lines and "total_tax" not in lines[0]:
        lines[0]["total_tax"] = inner.get("shipping_tax")
    return list(lines)
