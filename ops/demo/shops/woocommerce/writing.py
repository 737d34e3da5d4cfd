"""How WooCommerce writes times and addresses."""

from datetime import datetime, timedelta

from ops.demo.shops.catalogue import Person

SHOP_HOURS_BEHIND = 5
"""The shop's local clock; bodies have both times, neither with an offset."""


def times(name: str, at: datetime | None) -> dict[str, object]:
    """The pair of fields of one time, local and UTC."""
    if at is None:
        return {name: None, f"{name}_gmt": None}
    local = at - timedelta(hours=SHOP_HOURS_BEHIND)
    return {name: f"{local:%Y-%m-%dT%H:%M:%S}", f"{name}_gmt": f"{at:%Y-%m-%dT%H:%M:%S}"}


def address(person: Person | None, email: str | None = None) -> dict[str, object]:
    """An address; ``email`` only where the field exists (billing)."""
    place = person.place if person else None
    found: dict[str, object] = {
        "first_name": person.first_name if person else "",
        "last_name": person.last_name if person else "",
        "company": "",
        "address_1": place.street if place else "",
        "address_2": "",
        "city": place.city if place else "",
        "state": place.state if place else "",
        "postcode": place.postal_code if place else "",
        "country": place.country if place else "",
        "phone": person.phone if person else "",
    }
    return found if email is None else {**found, "email": email}
