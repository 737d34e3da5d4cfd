"""Products, stock levels and customers of a Shopify shop. Source: shopify.dev, REST Admin API 2026-04."""

from datetime import datetime

from ops.demo.shops.catalogue import Person, Ware
from ops.demo.shops.shopify.writing import stamp

LOCATION = 70_000_001


def product_body(ware: Ware, at: datetime) -> dict[str, object]:
    """A product without options: one variant."""
    return {
        "id": ware.product_id,
        "title": ware.name,
        "body_html": f"<p>{ware.name}</p>",
        "handle": ware.sku.lower(),
        "status": "active",
        "created_at": stamp(at),
        "updated_at": stamp(at),
        "vendor": "Demo",
        "variants": [
            {
                "id": ware.variant_id,
                "product_id": ware.product_id,
                "title": "Default Title",
                "price": str(ware.price),
                "sku": ware.sku,
                "inventory_item_id": ware.item_id,
                "inventory_management": "shopify",
                "inventory_quantity": ware.stock,
                "taxable": True,
            }
        ],
    }


def level_body(ware: Ware, quantity: int, at: datetime) -> dict[str, object]:
    """What one location has on its shelf."""
    return {
        "inventory_item_id": ware.item_id,
        "location_id": LOCATION,
        "available": quantity,
        "updated_at": stamp(at),
        "admin_graphql_api_id": f"gid://shopify/InventoryLevel/{LOCATION}?inventory_item_id={ware.item_id}",
    }


def customer_body(person: Person, at: datetime) -> dict[str, object]:
    """A customer, as in ``customers/*`` and inside an order."""
    return {
        "id": person.customer_id,
        "email": person.email,
        "created_at": stamp(at),
        "updated_at": stamp(at),
        "first_name": person.first_name,
        "last_name": person.last_name,
        "state": "enabled",
        "verified_email": True,
        "phone": person.phone,
        "currency": "USD",
        "default_address": address_body(person),
    }


def address_body(person: Person | None) -> dict[str, object] | None:
    """A billing, shipping or default address; null for nobody."""
    if person is None:
        return None
    place = person.place
    return {
        "first_name": person.first_name,
        "last_name": person.last_name,
        "company": None,
        "address1": place.street,
        "address2": None,
        "city": place.city,
        "province": place.state,
        "province_code": place.state,
        "country": place.country,
        "country_code": place.country,
        "zip": place.postal_code,
        "phone": person.phone,
    }
