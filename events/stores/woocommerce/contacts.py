"""WooCommerce customers. Guests have none: their orders say who they are."""

from datetime import datetime

from events.stores.reading import Row, moment, need_id, part, text
from events.stores.woocommerce.buyers import address
from schemas.contacts import Contact


def changed_at(body: Row) -> datetime | None:
    """The customer's version; a customer who never changed has only a date of creation."""
    return (
        moment(body, "date_modified_gmt")
        or moment(body, "date_modified")
        or moment(body, "date_created_gmt")
        or moment(body, "date_created")
    )


def read_contact(body: Row, *, received_at: datetime) -> Contact:
    """One customer account; what the account leaves empty is taken from its billing address."""
    billing = part(body, "billing")
    return Contact(
        contact_id=need_id(body, "id", "The customer"),
        email=text(body, "email") or text(billing, "email"),
        first_name=text(body, "first_name") or text(billing, "first_name"),
        last_name=text(body, "last_name") or text(billing, "last_name"),
        company=text(billing, "company"),
        phone=text(billing, "phone"),
        billing=address(billing),
        shipping=address(part(body, "shipping")),
        updated_at=changed_at(body) or received_at,
    )
