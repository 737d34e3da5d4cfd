"""Voiding: the document stays, with every amount at zero (seen in recorded answers)."""

from ops.sandbox.company.books import Books
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.money.rounding import ZERO

NOTE = "Voided"


def voided_note(document: Json) -> str:
    """ "Voided" before what the note said."""
    note = document.get("PrivateNote")
    return f"{NOTE} - {note}" if note else NOTE


def voided_form(_books: Books, document: Json) -> Json:
    """A sales form after it was voided."""
    voided = {**document, "PrivateNote": voided_note(document), "TotalAmt": ZERO}
    voided["Line"] = [_voided_line(line) for line in document["Line"]]
    voided["TxnTaxDetail"] = {"TotalTax": ZERO}
    if "HomeTotalAmt" in document:
        voided["HomeTotalAmt"] = ZERO
    return voided


def _voided_line(line: Json) -> Json:
    voided = dict(line)
    if "Amount" in voided:
        voided["Amount"] = ZERO
    detail = voided.get("SalesItemLineDetail")
    if detail is not None:
        changed = dict(detail)
        for name in ("Qty", "UnitPrice", "TaxInclusiveAmt"):
            if name in changed:
                changed[name] = ZERO
        voided["SalesItemLineDetail"] = changed
    group = voided.get("GroupLineDetail")
    if group is not None:
        voided["GroupLineDetail"] = {
            **group,
            "Quantity": ZERO,
            "Line": [_voided_line(inner) for inner in group.get("Line", ())],
        }
    return voided
