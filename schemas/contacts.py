"""Canonical contacts: a store's customers."""

from schemas.orders import Address, Buyer
from schemas.shape import Shape, StoreId, Text, Time


class Contact(Shape):
    """A customer account of the store."""

    contact_id: StoreId
    email: Text = ""
    first_name: Text = ""
    last_name: Text = ""
    company: Text = ""
    phone: Text = ""
    billing: Address = Address()
    shipping: Address = Address()
    updated_at: Time

    @property
    def buyer(self) -> Buyer:
        """The same person as orders name them."""
        return Buyer(
            customer_id=self.contact_id,
            email=self.email,
            first_name=self.first_name,
            last_name=self.last_name,
            company=self.company,
            phone=self.phone,
            billing=self.billing,
            shipping=self.shipping,
        )


class ContactRemoved(Shape):
    """The store deleted a customer account, or asks that its personal data be erased."""

    contact_id: StoreId
    email: Text = ""


class StoreErased(Shape):
    """The store's owner has left: the personal data of all its customers is to be erased."""


class DataRequest(Shape):
    """A customer asks the store which of their personal data it keeps."""

    request_id: StoreId
    contact_id: StoreId
    email: Text = ""
