"""Who bought: the customer and the two addresses of a Shopify order."""

from events.stores.reading import Row, part, store_id, text
from schemas.orders import Address, Buyer


def buyer(order: Row) -> Buyer:
    """The buyer; a sale at a till has no customer, a buyer by phone has no e-mail."""
    customer = part(order, "customer")
    billing = part(order, "billing_address") or part(customer, "default_address")
    shipping = part(order, "shipping_address")
    return Buyer(
        customer_id=store_id(customer, "id"),
        email=text(order, "email") or text(order, "contact_email") or text(customer, "email"),
        first_name=text(customer, "first_name") or text(billing, "first_name"),
        last_name=text(customer, "last_name") or text(billing, "last_name"),
        company=text(billing, "company"),
        phone=text(order, "phone") or text(customer, "phone") or text(billing, "phone"),
        billing=address(billing),
        shipping=address(shipping),
    )


def address(row: Row) -> Address:
    """A postal address; codes where Shopify knows them, names otherwise."""
    return Address(
        line1=text(row, "address1"),
        line2=text(row, "address2"),
        city=text(row, "city"),
        region=text(row, "province_code") or text(row, "province"),
        postal_code=text(row, "zip"),
        country=text(row, "country_code") or text(row, "country"),
    )
