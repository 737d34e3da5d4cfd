"""Products and customers of a WooCommerce shop. Source: WooCommerce REST API v3."""

from datetime import datetime

from ops.demo.shops.catalogue import Person, Ware
from ops.demo.shops.woocommerce.writing import address, times


def product_body(ware: Ware, at: datetime, *, stock: int | None) -> dict[str, object]:
    """A simple product; ``stock`` None: the shop does not count it (yet)."""
    return {
        "id": ware.product_id,
        "name": ware.name,
        "slug": ware.sku.lower(),
        **times("date_created", at),
        **times("date_modified", at),
        "type": "simple",
        "status": "publish",
        "description": f"<p>{ware.name}</p>",
        "short_description": "",
        "sku": ware.sku,
        "price": str(ware.price),
        "regular_price": str(ware.price),
        "sale_price": "",
        "manage_stock": stock is not None,
        "stock_quantity": stock,
        "stock_status": "instock",
        "variations": [],
        "attributes": [],
        "meta_data": [],
    }


def customer_body(person: Person, at: datetime) -> dict[str, object]:
    """A customer account."""
    return {
        "id": person.customer_id,
        **times("date_created", at),
        **times("date_modified", at),
        "email": person.email,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "role": "customer",
        "username": person.email.partition("@")[0],
        "billing": address(person, person.email),
        "shipping": address(person),
        "is_paying_customer": False,
        "meta_data": [],
    }
