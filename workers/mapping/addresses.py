"""Addresses and limits of text."""

from schemas.orders import Address, Buyer
from workers.steps import Json

_LIMITS = {
    "Line1": 500,
    "Line2": 500,
    "City": 255,
    "CountrySubDivisionCode": 255,
    "PostalCode": 30,
    "Country": 255,
}
"""Source: Intuit's API reference, PhysicalAddress."""


def address(of: Address) -> Json:
    """PhysicalAddress; {} when the buyer typed nothing."""
    parts = {
        "Line1": of.line1,
        "Line2": of.line2,
        "City": of.city,
        "CountrySubDivisionCode": of.region,
        "PostalCode": of.postal_code,
        "Country": of.country,
    }
    return {name: text.strip()[: _LIMITS[name]] for name, text in parts.items() if text.strip()}


def addresses_of(buyer: Buyer) -> Json:
    """BillAddr and ShipAddr; goods that name no place go where the bill goes (automated tax needs one, A40)."""
    billing, shipping = address(buyer.billing), address(buyer.shipping)
    found = {"BillAddr": billing or shipping, "ShipAddr": shipping or billing}
    return {name: place for name, place in found.items() if place}
