"""What customers, vendors and employees have in common: one name space, contacts, currency."""

from ops.sandbox.company.books import Books
from ops.sandbox.company.entity import Draft
from ops.sandbox.company.faults import business_rule, invalid_reference, refusal
from ops.sandbox.company.fields import Field, text
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.money.rounding import ZERO
from ops.sandbox.company.names import check_characters, claim, mark_inactive
from ops.sandbox.company.shapes import EMAIL, PHONE, WEB_ADDRESS, nested

SPACE = "person"
"""Customers, vendors and employees share their names. Source: Intuit's reference of Customer."""

NAME_PARTS = ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")

PERSON_FIELDS: tuple[Field, ...] = (
    text("Title", 16),
    text("GivenName", 100, filterable=True),
    text("MiddleName", 100, filterable=True),
    text("FamilyName", 100, filterable=True),
    text("Suffix", 16),
    text("DisplayName", 500, filterable=True),
    text("PrintOnCheckName", 110, filterable=True),
    nested("PrimaryPhone", PHONE),
    nested("AlternatePhone", PHONE),
    nested("Mobile", PHONE),
    nested("Fax", PHONE),
    nested("PrimaryEmailAddr", EMAIL, filterable=True),
    nested("WebAddr", WEB_ADDRESS),
)


def name_person(draft: Draft) -> None:
    """DisplayName, given or made of the parts, and PrintOnCheckName.

    Raises:
        QuickBooksFault: 6080 when nothing names the person, 2040 for characters that names cannot have.
    """
    document = draft.document
    display: str = document.get("DisplayName", "").strip()
    if not display:
        display = " ".join(document[part].strip() for part in NAME_PARTS if document.get(part, "").strip())
    if not display:
        raise refusal(
            "6080",
            "No Name Provided",
            "At least one of the following fields must be provided: "
            "Title, GivenName, MiddleName, FamilyName, DisplayName, Suffix",
        )
    for part in ("DisplayName", *NAME_PARTS, "PrintOnCheckName"):
        if document.get(part):
            check_characters(document[part], part)
    check_characters(display, "DisplayName")
    document["DisplayName"] = display
    document.setdefault("PrintOnCheckName", document.get("CompanyName") or display)
    document.setdefault("Active", True)


def check_email(draft: Draft) -> None:
    """Raises 2210 for an address without @ or a dot."""
    for name in ("PrimaryEmailAddr", "BillEmail", "BillEmailCc", "BillEmailBcc"):
        address = (draft.document.get(name) or {}).get("Address")
        if address and name in draft.sent:
            check_address(address, name)


def check_address(address: str, element: str) -> None:
    """Raises 2210 for an e-mail address without @ or a dot."""
    if "@" not in address or "." not in address:
        raise refusal(
            "2210",
            "Invalid Email Address format",
            f"Email Address does not conform to the RFC 822 syntax. Supplied value:{address}",
            element,
        )


def hold_name(draft: Draft) -> None:
    mark_inactive(draft, "DisplayName", SPACE)
    claim(draft, SPACE, "DisplayName")


def check_currency(draft: Draft) -> None:
    """The home currency unless another one was given; it never changes.

    Raises:
        QuickBooksFault: 6000 without multicurrency or on a change, 2500 for a currency the company lacks.
    """
    books, document = draft.books, draft.document
    code = (document.get("CurrencyRef") or {}).get("value") or books.country.currency
    if draft.before is not None and draft.before["CurrencyRef"]["value"] != code:
        raise business_rule("The currency of a name cannot be changed after it was created.")
    if code != books.country.currency:
        if not books.multicurrency:
            raise business_rule("Multi Currency should be enabled to perform this operation.")
        if not company_has_currency(books, code):
            raise invalid_reference(f"Currency element id {code} not found")
    document["CurrencyRef"] = books.currency_reference(code)


def company_has_currency(books: Books, code: str) -> bool:
    if code == books.country.currency:
        return True
    rows = books.store.rows("CompanyCurrency").values()
    return any(row["Code"] == code and row["Active"] for row in rows)


def check_no_balance(draft: Draft) -> None:
    """Raises 6220 when someone with an open balance is made inactive."""
    if draft.document.get("Active") is not False or draft.before is None or draft.before["Active"] is False:
        return
    if draft.books.store.tables.party_balances.get(draft.id, ZERO) != 0:
        raise refusal(
            "6220",
            "Delete Entity Has Balance Error",
            "The object you're trying to delete has an open balance",
        )


def with_balance(books: Books, row: Json) -> Json:
    """The row with Balance as the postings have it, and the time it last moved."""
    tables = books.store.tables
    id = row["Id"]
    shown = {**row, "Balance": tables.party_balances.get(id, ZERO)}
    touched = tables.touched.get(id)
    if touched is not None and touched[0] > tables.changed_at.get((row_entity(row), id), 0.0):
        shown["MetaData"] = {**row["MetaData"], "LastUpdatedTime": touched[1]}
    return shown


def row_entity(row: Json) -> str:
    return "Vendor" if "Vendor1099" in row else "Customer"
