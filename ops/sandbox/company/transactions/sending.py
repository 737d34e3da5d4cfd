"""Sending a form by e-mail: nothing leaves the sandbox, the form only says that it was sent.

Source: Intuit's reference, "Send an invoice".
"""

from ops.sandbox.company.books import Books
from ops.sandbox.company.faults import missing, wrong_length
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.lists.people import check_address
from ops.sandbox.company.sync_tokens import as_changed

SENDABLE = frozenset({"Invoice", "Estimate", "SalesReceipt", "CreditMemo"})
_LONGEST = 100


def sent_form(books: Books, stored: Json, address: str) -> Json:
    """The form after it was sent, to this address or else to its own.

    Raises:
        QuickBooksFault: 2020 without an address, 2210 for one without @ or a dot, 2050 for a long one.
    """
    known = stored.get("BillEmail") or {}
    address = address or known.get("Address", "")
    if not address:
        raise missing("BillEmail")
    check_address(address, "BillEmail")
    if len(address) > _LONGEST:
        raise wrong_length("Address", 0, _LONGEST, len(address))
    delivered = {"DeliveryType": "Email", "DeliveryTime": books.stamp(books.now())}
    marks = {
        "EmailStatus": "EmailSent",
        "BillEmail": {**known, "Address": address},
        "DeliveryInfo": delivered,
    }
    return as_changed(books, {**stored, **marks}, stored)
