"""Lines of a Shopify order with their taxes and discounts."""

from decimal import Decimal

from ops.demo.shops.sale import ZERO, Order, ShopTax, Snapshot, Sold
from ops.demo.shops.shopify.writing import money


def tax_lines(tax: ShopTax, amount: Decimal) -> list[dict[str, object]]:
    """One tax of a line or of the whole order; a line without tax has none."""
    if not amount:
        return []
    rate = float(tax.percent / 100)
    return [
        {
            "title": tax.name,
            "rate": rate,
            "price": str(amount),
            "price_set": money(amount),
            "channel_liable": False,
        }
    ]


def line_body(line: Sold, order: Order, now: Snapshot) -> dict[str, object]:
    """One line as sold; ``current_quantity`` is what refunds and a cancellation left of it."""
    back = sum(refund.quantity for refund in now.refunds if refund.line == line)
    whole = now.cancelled or any(refund.whole for refund in now.refunds)
    return {
        "id": line.line_id,
        "admin_graphql_api_id": f"gid://shopify/LineItem/{line.line_id}",
        "current_quantity": 0 if whole else line.quantity - back,
        "discount_allocations": _allocations(line),
        "duties": [],
        "fulfillable_quantity": line.quantity,
        "fulfillment_service": "manual",
        "gift_card": False,
        "grams": 250,
        "name": line.ware.name,
        "price": str(line.ware.price),
        "price_set": money(line.ware.price),
        "product_exists": True,
        "product_id": line.ware.product_id,
        "properties": [],
        "quantity": line.quantity,
        "requires_shipping": True,
        "sku": line.ware.sku,
        "tax_lines": tax_lines(order.tax, order.line_tax(line)),
        "taxable": True,
        "title": line.ware.name,
        "total_discount": "0.00",
        "total_discount_set": money(ZERO),
        "variant_id": line.ware.variant_id,
        "variant_inventory_management": "shopify",
        "variant_title": None,
        "vendor": "Demo",
    }


def _allocations(line: Sold) -> list[dict[str, object]]:
    if not line.discount:
        return []
    return [
        {"amount": str(line.discount), "amount_set": money(line.discount), "discount_application_index": 0}
    ]
