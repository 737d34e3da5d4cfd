"""Shopify's topics, and what we do with each. What is not here is not used.

``orders/edited`` says what was added and removed, but no prices: the ``orders/updated`` beside it does.
``refunds/create`` has its own reader.
"""

from schemas.envelope import Workflow

ORDER_EVENTS = {
    "orders/create": "orders.created",
    "orders/paid": "orders.paid",
    "orders/updated": "orders.updated",
    "orders/cancelled": "orders.cancelled",
    "orders/fulfilled": "orders.updated",
    "orders/partially_fulfilled": "orders.updated",
}

PRODUCT_EVENTS = {
    "products/create": "inventory.product_created",
    "products/update": "inventory.product_updated",
}

CONTACT_EVENTS = {
    "customers/create": "contacts.created",
    "customers/update": "contacts.updated",
    "customers/enable": "contacts.updated",
    "customers/disable": "contacts.updated",
}

LEVELS = frozenset({"inventory_levels/update", "inventory_levels/connect"})
REFUND = "refunds/create"
TRANSACTION = "order_transactions/create"
"""Says how much of an order a gift card paid; the order says only that one did."""

PRIVACY = frozenset({"customers/redact", "shop/redact", "customers/data_request"})
"""What every app must answer. Source: shopify.dev, "Privacy law compliance"."""

PAYOUT = "shopify_payments/payouts"
"""Ours: what the API tells of a payout. Shopify sends no webhook of it."""

DELETIONS = frozenset({"orders/delete", "products/delete", "customers/delete"})

USED = frozenset(
    {
        *ORDER_EVENTS,
        *PRODUCT_EVENTS,
        *CONTACT_EVENTS,
        *LEVELS,
        REFUND,
        TRANSACTION,
        PAYOUT,
        *PRIVACY,
        *DELETIONS,
    }
)


def workflow(topic: str) -> Workflow:
    """The workflow that a topic belongs to; orders where it is unknown."""
    resource = topic.partition("/")[0]
    if resource in ("products", "variants") or resource.startswith("inventory_"):
        return "inventory"
    return "contacts" if resource.startswith("customer") or topic in PRIVACY else "orders"
