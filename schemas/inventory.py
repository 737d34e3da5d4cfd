"""Canonical products and stock levels."""

from schemas.money import CurrencyCode, Money, Quantity
from schemas.shape import Shape, StoreId, Text, Time


class Variant(Shape):
    """What is sold: a product without variants has exactly one, with the product's own id.

    ``inventory_item_id`` is the id that stock levels name where it differs from the variant's (Shopify).
    ``stock`` None: the store does not track it.
    """

    variant_id: StoreId
    inventory_item_id: StoreId | None = None
    sku: Text = ""
    name: Text = ""
    price: Money | None = None
    stock: Quantity | None = None


class Product(Shape):
    """A product with its variants."""

    product_id: StoreId
    name: Text
    description: Text = ""
    currency: CurrencyCode | None = None
    variants: tuple[Variant, ...] = ()
    updated_at: Time


class ProductRemoved(Shape):
    """The store deleted a product."""

    product_id: StoreId


class StockLevel(Shape):
    """The absolute quantity of one thing at one place; ``location_id`` None: the shop's only place.

    ``item_id`` is the inventory item's id (Shopify) or the variant's or product's id (WooCommerce).
    """

    item_id: StoreId
    location_id: StoreId | None = None
    sku: Text = ""
    quantity: Quantity
    updated_at: Time


class Recount(Shape):
    """Look again at the stock of one thing: its orders changed after it was counted, or an operator asks for it.

    ``item_id`` as in ``StockLevel``.
    """

    item_id: StoreId


class CountedPlace(Shape):
    """What lies at one place; ``location_id`` as in ``StockLevel``."""

    location_id: StoreId | None = None
    quantity: Quantity
    updated_at: Time


class StockCount(Shape):
    """What the store has of one thing at all of its places: a person has agreed that QuickBooks follows it.

    ``item_id`` as in ``StockLevel``.
    """

    item_id: StoreId
    sku: Text = ""
    places: tuple[CountedPlace, ...]
