"""Who bought: billing and shipping as WooCommerce writes them, the same in orders and customers."""

from events.stores.reading import Row, part, store_id, text
from schemas.orders import Address, Buyer


def buyer(order: Row) -> Buyer:
    """The buyer of an order; ``customer_id`` 0 is a guest."""
    billing, shipping = part(order, "billing"), part(order, "shipping")
    return Buyer(
        customer_id=store_id(order, "customer_id"),
        email=text(billing, "email"),
        first_name=text(billing, "first_name"),
        last_name=text(billing, "last_name"),
        company=text(billing, "company"),
        phone=text(billing, "phone"),
        billing=address(billing),
        shipping=address(shipping),
    )


def address(row: Row) -> Address:
    """A postal address; ``state`` is a code in some countries and a name in others."""
    return Address(
        line1=text(row, "address_1"),
        line2=text(row, "address_2"),
        city=text(row, "city"),
        region=text(row, "state"),
        postal_code=text(row, "postcode"),
        country=text(row, "country"),
    )
