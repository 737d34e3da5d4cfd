"""Shopify customers, and the requests to forget one."""

from datetime import datetime

from events.stores.reading import Row, moment, need_id, part, text
from events.stores.shopify.buyers import address
from schemas.contacts import Contact, ContactRemoved, DataRequest


def changed_at(body: Row) -> datetime | None:
    """The customer's version."""
    return moment(body, "updated_at") or moment(body, "created_at")


def read_contact(body: Row, *, received_at: datetime) -> Contact:
    """One customer; e-mail, phone and address may all be missing."""
    home = part(body, "default_address")
    return Contact(
        contact_id=need_id(body, "id", "The customer"),
        email=text(body, "email"),
        first_name=text(body, "first_name") or text(home, "first_name"),
        last_name=text(body, "last_name") or text(home, "last_name"),
        company=text(home, "company"),
        phone=text(body, "phone") or text(home, "phone"),
        billing=address(home),
        shipping=address(home),
        updated_at=changed_at(body) or received_at,
    )


def read_erasure(body: Row) -> ContactRemoved:
    """A request to erase one customer's personal data. Source: shopify.dev, "Privacy law compliance"."""
    customer = part(body, "customer")
    contact_id = need_id(customer, "id", "The customer to erase")
    return ContactRemoved(contact_id=contact_id, email=text(customer, "email"))


def read_data_request(body: Row) -> DataRequest:
    """A customer's question which of their data is kept; same source."""
    customer = part(body, "customer")
    return DataRequest(
        request_id=need_id(part(body, "data_request"), "id", "The data request"),
        contact_id=need_id(customer, "id", "The customer who asks"),
        email=text(customer, "email"),
    )
