"""A buyer as a QuickBooks customer."""

from collections.abc import Mapping
from hashlib import sha256

from schemas.orders import Buyer
from workers.mapping.addresses import addresses_of
from workers.mapping.names import (
    LONGEST_DISPLAY_NAME,
    LONGEST_NAME,
    LONGEST_PHONE,
    clean,
    usable_email,
)
from workers.steps import Json

OWNED = ("GivenName", "FamilyName", "CompanyName", "PrimaryEmailAddr", "PrimaryPhone", "BillAddr", "ShipAddr")
"""Fields that the store owns: only these are ever updated (A66). The display name stays as it was given."""


def customer_fields(buyer: Buyer) -> Json:
    """What the store knows of a buyer; empty fields are left out."""
    fields: Json = {
        "GivenName": clean(buyer.first_name, LONGEST_NAME),
        "FamilyName": clean(buyer.last_name, LONGEST_NAME),
        "CompanyName": clean(buyer.company, LONGEST_NAME),
    }
    email, phone = usable_email(buyer.email), buyer.phone.strip()[:LONGEST_PHONE]
    if email:
        fields["PrimaryEmailAddr"] = {"Address": email}
    if phone:
        fields["PrimaryPhone"] = {"FreeFormNumber": phone}
    fields.update(addresses_of(buyer))
    return {name: value for name, value in fields.items() if value}


def shortened_fields(buyer: Buyer) -> tuple[str, ...]:
    """What of a buyer does not fit and is cut; the customer's note says so (A64)."""
    values = (
        ("display name", f"{buyer.first_name} {buyer.last_name}", LONGEST_DISPLAY_NAME),
        ("first name", buyer.first_name, LONGEST_NAME),
        ("last name", buyer.last_name, LONGEST_NAME),
        ("company", buyer.company, LONGEST_NAME),
        ("phone", buyer.phone, LONGEST_PHONE),
        *(("address", line, 500) for of in (buyer.billing, buyer.shipping) for line in (of.line1, of.line2)),
    )
    return tuple(dict.fromkeys(name for name, text, longest in values if len(text.strip()) > longest))


def customer_document(display_name: str, fields: Json, *, note: str, currency: str = "") -> Json:
    """A new customer; ``currency`` only in a company that keeps several."""
    document = {"DisplayName": display_name, **fields, "Notes": note}
    if currency:
        document["CurrencyRef"] = {"value": currency}
    return document


def field_marks(fields: Json) -> dict[str, str]:
    """A short hash of each field, to see later which changed without keeping personal data in the ledger."""
    return {name: _mark(fields.get(name)) for name in OWNED if fields.get(name)}


def changed_fields(fields: Json, marks: Mapping[str, str]) -> Json:
    """Fields whose value is another than the one whose mark was kept. A field that became empty is cleared."""
    new = field_marks(fields)
    changed: Json = {name: fields[name] for name, mark in new.items() if marks.get(name) != mark}
    for name in marks:
        if name not in new:
            changed[name] = {} if name in ("PrimaryEmailAddr", "PrimaryPhone", "BillAddr", "ShipAddr") else ""
    return changed


def _mark(value: object) -> str:
    text = repr(sorted(value.items())) if isinstance(value, dict) else repr(value)
    return sha256(text.encode()).hexdigest()[:12]
