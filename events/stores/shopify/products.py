"""Shopify products with their variants, and stock levels.

Source: shopify.dev, "Product" and "InventoryLevel" (REST). A level names the inventory item, not the variant.
"""

from datetime import datetime

from events.stores.reading import Row, amount_or_none, moment, need_id, rows, store_id, text
from schemas.inventory import Product, StockLevel, Variant

ONLY_VARIANT = "Default Title"
"""What Shopify calls the one variant of a product without options."""


def is_draft(body: Row) -> bool:
    """True for a product that is not on sale yet."""
    return text(body, "status") == "draft"


def changed_at(body: Row) -> datetime | None:
    """The product's or level's version."""
    return moment(body, "updated_at")


def read_product(body: Row, *, received_at: datetime) -> Product:
    """A product; one without options has a single variant without a name of its own."""
    product_id = need_id(body, "id", "The product")
    return Product(
        product_id=product_id,
        name=text(body, "title") or product_id,
        variants=tuple(_variant(row) for row in rows(body, "variants")),
        updated_at=changed_at(body) or received_at,
    )


def _variant(row: Row) -> Variant:
    title = text(row, "title")
    return Variant(
        variant_id=need_id(row, "id", "A variant"),
        inventory_item_id=store_id(row, "inventory_item_id"),
        sku=text(row, "sku"),
        name="" if title == ONLY_VARIANT else title,
        price=amount_or_none(row, "price"),
        stock=amount_or_none(row, "inventory_quantity") if text(row, "inventory_management") else None,
    )


def read_level(body: Row, *, received_at: datetime) -> StockLevel | None:
    """The absolute quantity at one location; None where the store does not count it there."""
    item_id = need_id(body, "inventory_item_id", "The stock level")
    quantity = amount_or_none(body, "available")
    if quantity is None:
        return None
    return StockLevel(
        item_id=item_id,
        location_id=store_id(body, "location_id"),
        quantity=quantity,
        updated_at=changed_at(body) or received_at,
    )
