"""The documents of an undo as they stand in QuickBooks now: what a person sees before saying yes."""

from dataclasses import dataclass
from typing import Protocol

from ops.undo.plan import Reversal, Undo, UndoRefused
from workers.mapping.fingerprint import fingerprint, is_void
from workers.mapping.names import quoted
from workers.steps import Json


class Asks(Protocol):
    """Reads of the company."""

    def query(self, statement: str) -> list[Json]:
        """The rows of one query."""
        ...


@dataclass(frozen=True, slots=True)
class Shown:
    """One document that goes."""

    operation: str
    entity: str
    quickbooks_id: str
    number: str
    date: str
    total: str
    currency: str


def look(undo: Undo, reader: Asks) -> list[Shown]:
    """Read each document that still stands.

    Raises:
        UndoRefused: a person removed or changed one, or something that is not ours is linked to it.
        SyncError: QuickBooks cannot be asked now.
    """
    return [_shown(part, _read(part, undo, reader)) for part in undo.reversals if not part.done]


def _read(part: Reversal, undo: Undo, reader: Asks) -> Json:
    entity, quickbooks_id = part.document.entity, part.document.quickbooks_id
    rows = reader.query(f"select * from {entity} where Id = {quoted(quickbooks_id)}")  # noqa: S608
    if not rows or is_void(rows[0]):
        raise UndoRefused(
            f"{entity} {quickbooks_id} is deleted or void in QuickBooks already; nothing to undo."
        )
    document = rows[0]
    name = f"{entity} {document.get('DocNumber') or quickbooks_id}"
    expected = part.mapping.detail.get("expected")
    if expected and fingerprint(document) != expected:
        raise UndoRefused(
            f"{name} was changed in QuickBooks after it was booked. Take it back by hand there."
        )
    ours = undo.payments | {one.document.quickbooks_id for one in undo.reversals}
    for link in document.get("LinkedTxn") or ():
        if str(link.get("TxnId")) not in ours and link.get("TxnType") in ("Payment", "Deposit", "CreditMemo"):
            raise UndoRefused(
                f"{link['TxnType']} {link['TxnId']} in QuickBooks is linked to {name} and is not of this event. "
                "Unlink it there first."
            )
    return document


def _shown(part: Reversal, document: Json) -> Shown:
    total = document.get("TotalAmt")
    return Shown(
        operation=part.operation,
        entity=part.document.entity,
        quickbooks_id=part.document.quickbooks_id,
        number=str(document.get("DocNumber") or document.get("PaymentRefNum") or ""),
        date=str(document.get("TxnDate", "")),
        total=f"{total:.2f}" if total is not None else "",
        currency=str((document.get("CurrencyRef") or {}).get("value", "")),
    )
