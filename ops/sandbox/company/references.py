"""References: does it exist, is it active, what is its name.

Nothing there is 2500, something inactive is 610. Source: faults recorded by public integrations.
"""

from ops.sandbox.company.books import Books
from ops.sandbox.company.faults import invalid_reference, object_not_found
from ops.sandbox.company.json_values import Json

_ELEMENT_WORDS = {
    "Customer": "Names",
    "Vendor": "Names",
    "Employee": "Names",
    "Account": "Accounts",
    "Item": "Items",
    "Class": "Klasses",
    "Department": "Departments",
    "TaxCode": "TaxCodes",
    "Term": "Terms",
    "PaymentMethod": "PaymentMethods",
}
_NAME_FIELDS = {
    "Customer": "DisplayName",
    "Vendor": "DisplayName",
    "Employee": "DisplayName",
    "TaxAgency": "DisplayName",
    "Account": "FullyQualifiedName",
    "Item": "FullyQualifiedName",
    "Class": "FullyQualifiedName",
    "Department": "FullyQualifiedName",
}


def find(books: Books, target: str, id: str) -> Json:
    """The object with this id; active ones only.

    Raises:
        QuickBooksFault: 2500 when there is none, 610 when it is inactive.
    """
    row = books.row(target, id)
    if row is None:
        word = _ELEMENT_WORDS.get(target, target)
        raise invalid_reference(f"{word} element id {id} not found")
    if row.get("Active") is False:
        raise object_not_found()
    return row


def resolve(books: Books, holder: Json, name: str, target: str, before: Json | None = None) -> Json | None:
    """Check one reference, put the target's name into it, and return the target.

    What the stored document already refers to may have become inactive since.
    """
    reference = holder.get(name)
    if reference is None:
        return None
    id = reference["value"]
    row = books.row(target, id)
    if row is None or row.get("Active") is False:
        known = before is not None and row is not None and before.get(name, {}).get("value") == id
        if not known:
            find(books, target, id)
    assert row is not None
    holder[name] = {"value": id}
    if target != "Term":  # terms come back without their name, as in recorded vendors and invoices
        holder[name]["name"] = row[_NAME_FIELDS.get(target, "Name")]
    return row


def resolve_all(
    books: Books, holder: Json, references: tuple[tuple[str, str], ...], before: Json | None
) -> None:
    """Every reference that the shape declares and the holder has."""
    for name, target in references:
        if name in holder:
            resolve(books, holder, name, target, before)
