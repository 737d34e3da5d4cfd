"""The event that every bench sends: a paid order of about 2 KB, as a WooCommerce shop's webhook becomes one."""

from datetime import UTC, datetime
from typing import Any

CUSTOMERS = 1000
PRODUCTS = 50
LINES = 6
MOMENT = "2026-11-20T10:00:00Z"


def event_id(connection_id: str, number: int) -> str:
    """The event's id."""
    return f"{connection_id}-order-{number}-paid"


def order_event(number: int, connection_id: str, *, lines: int = LINES) -> dict[str, Any]:
    """A paid order of a known customer with known products. ``sentat`` is when it was made, for latencies."""
    customer = number % CUSTOMERS
    address = {
        "line1": f"{customer} Long Road", "line2": "", "city": "Springfield", "region": "OR",
        "postal_code": "97477", "country": "US",
    }  # fmt: skip
    order_lines = [_line(number, position) for position in range(1, lines + 1)]
    total = sum(int(line["total"].replace(".", "")) for line in order_lines) + 500
    money = f"{total // 100}.{total % 100:02}"
    data = {
        "order_id": str(number), "number": str(number), "store_status": "processing", "payment": "paid",
        "created_at": MOMENT, "updated_at": MOMENT, "paid_at": MOMENT, "currency": "USD",
        "buyer": {
            "customer_id": str(customer), "email": f"buyer{customer}@example.com", "first_name": "Ada",
            "last_name": f"Buyer {customer}", "company": "", "phone": "+1 541 555 0100",
            "billing": address, "shipping": address,
        },
        "lines": order_lines,
        "shipping": [{"line_id": "90", "name": "Flat rate", "total": "5.00"}],
        "total": money, "amount_paid": money,
        "payment_method": {"gateway": "stripe", "title": "Card", "transaction_id": f"ch_{number:020}"},
        "note": "",
    }  # fmt: skip
    return {
        "specversion": "1.0",
        "id": event_id(connection_id, number),
        "source": f"counterfoil/connections/{connection_id}",
        "type": "orders.paid",
        "subject": f"order/{number}",
        "time": MOMENT,
        "datacontenttype": "application/json",
        "connection": connection_id,
        "sentat": datetime.now(UTC).timestamp(),
        "data": data,
    }


def _line(number: int, position: int) -> dict[str, str]:
    product = (number * 7 + position) % PRODUCTS
    quantity = position % 3 + 1
    cents = (999 + product) * quantity
    amount = f"{cents // 100}.{cents % 100:02}"
    return {
        "line_id": str(position), "product_id": str(product), "sku": f"SKU-{product:05}",
        "name": f"Product {product} with a name of some length", "quantity": str(quantity),
        "subtotal": amount, "total": amount,
    }  # fmt: skip
