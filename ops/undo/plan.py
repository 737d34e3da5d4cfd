"""What must be voided or deleted to take one event back, or why that cannot be done. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Literal

from workers.ledger.bookings import BookedEvent, Standing
from workers.orders.record import SaleRecord, order_key
from workers.outcomes import Document
from workers.steps import Json, StoreKey, SyncMapping

SALES = ("SalesReceipt", "Invoice")
BACK = ("RefundReceipt", "CreditMemo")
LISTS = ("Customer", "Item")
LONGEST_ID = 128


class UndoRefused(Exception):
    """It cannot be taken back; the text is a sentence for a person."""


@dataclass(frozen=True, slots=True)
class Reversal:
    """One document and how it goes: void keeps its number, delete takes it out (A8). ``after`` is what is remembered.

    ``done``: an undo that was killed has done this part already.
    """

    document: Document
    operation: Literal["void", "delete"]
    mapping: SyncMapping
    after: Json
    done: bool


@dataclass(frozen=True, slots=True)
class Undo:
    """The whole plan. ``payments`` are ids of payments that go with the sale; ``sale`` is a refund's order."""

    event: BookedEvent
    undo_id: str
    object_key: str
    reversals: tuple[Reversal, ...]
    sale: StoreKey | None = None
    payments: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger knows around an event.

    ``same_subject``: all entries of its store object; ``standing``: mappings of its documents; ``payments``: all
    payment mappings of its order; ``refund_events``: the events of the order's refunds, by refund id.
    """

    same_subject: Sequence[BookedEvent]
    standing: Mapping[Document, Standing]
    payments: Sequence[SyncMapping] = ()
    refund_events: Mapping[str, str] = field(default_factory=dict)


def undo_id_of(event_id: str) -> str:
    """The id under which the ledger keeps the undo of an event."""
    undo_id = f"undo-{event_id}"
    return undo_id if len(undo_id) <= LONGEST_ID else f"undo-{sha256(event_id.encode()).hexdigest()[:32]}"


def plan_undo(event: BookedEvent, known: Known) -> Undo:
    """Plan it: money first, then what it paid or refunded.

    Raises:
        UndoRefused
    """
    undo_id = undo_id_of(event.event_id)
    _check_not_done(event, undo_id, known.same_subject)
    made = _made_by(event, known.same_subject)
    _check_kinds(event, made)
    parts = [_part(event, document, known, undo_id) for document in made]
    parts.sort(key=lambda part: _ORDER.index(part.document.entity))
    sales = [part for part in parts if part.document.entity in SALES]
    backs = [part for part in parts if part.document.entity in BACK]
    if sales and backs:
        raise UndoRefused(
            f"Event {event.event_id} replaced one document by another. That is not undone: correct the order in the "
            "store, and the books follow."
        )
    if sales:
        return _undo_of_sale(event, undo_id, sales[0], parts, known)
    if backs:
        return _undo_of_refund(event, undo_id, backs[0], parts)
    return Undo(event, undo_id, _object_key(event, parts), tuple(parts))


_ORDER = ("Payment", "Deposit", *BACK, *SALES)


def _check_not_done(event: BookedEvent, undo_id: str, same: Sequence[BookedEvent]) -> None:
    if event.event_id.startswith("undo-") and event.type.endswith(".undone"):
        raise UndoRefused(f"{event.event_id} is an undo itself, which is not undone. Send the order again.")
    done = next((one for one in same if one.event_id == undo_id and one.status == "booked"), None)
    if done is not None:
        raise UndoRefused(f"Event {event.event_id} was undone already, on {done.settled_at:%Y-%m-%d %H:%M}.")
    if event.status != "booked":
        word = f"{event.status} ({event.why})" if event.why else event.status
        raise UndoRefused(f"Event {event.event_id} booked nothing: it was {word}.")


def _made_by(event: BookedEvent, same: Sequence[BookedEvent]) -> list[Document]:
    """The documents that no earlier event of the store object had already."""
    place = [one.event_id for one in same].index(event.event_id)
    owners = {document: one for one in reversed(same[:place]) for document in one.documents}
    made = [document for document in event.documents if document not in owners]
    if not made:
        first = owners[event.documents[0]].event_id if event.documents else ""
        booked = f": what it is about was booked by event {first}. Undo that one" if first else ""
        raise UndoRefused(f"Event {event.event_id} booked no document of its own{booked}.")
    return made


def _check_kinds(event: BookedEvent, made: Sequence[Document]) -> None:
    entities = {one.entity for one in made}
    if entities & set(LISTS):
        raise UndoRefused(
            f"Event {event.event_id} made or matched a {made[0].entity.lower()}. QuickBooks does not delete those: "
            "make it inactive there if nobody needs it."
        )
    if "InventoryAdjustment" in entities:
        raise UndoRefused(
            f"Event {event.event_id} adjusted stock to the store's level. The next count would do it again: correct "
            "the level in the store, and QuickBooks follows."
        )
    strange = sorted(entities - set(_ORDER))
    if strange:
        raise UndoRefused(f"Event {event.event_id} booked a {strange[0]}, which is not undone.")


def _part(event: BookedEvent, document: Document, known: Known, undo_id: str) -> Reversal:
    found = known.standing.get(document)
    if found is None:
        raise UndoRefused(
            f"The ledger does not know {document.entity} {document.quickbooks_id} of event {event.event_id} any more: "
            "something else stands for it by now. Take it back by hand in QuickBooks."
        )
    mapping = found.mapping
    done = mapping.removed and found.event_id == undo_id
    if mapping.removed and not done:
        raise UndoRefused(
            f"{document.entity} {document.quickbooks_id} of event {event.event_id} was taken back already, by event "
            f"{found.event_id}."
        )
    voided = document.entity in SALES or (document.entity == "Payment" and "invoice" in mapping.detail)
    after = dict(mapping.detail)
    if document.entity in SALES:
        after = replace(SaleRecord.of(mapping), ended="voided").detail
    return Reversal(document, "void" if voided else "delete", mapping, after, done)


def _undo_of_sale(
    event: BookedEvent, undo_id: str, sale: Reversal, parts: Sequence[Reversal], known: Known
) -> Undo:
    record = SaleRecord.of(sale.mapping)
    if record.refunds:
        events = [known.refund_events.get(one, f"of refund {one}") for one in record.refunds]
        raise UndoRefused(
            f"{record.entity} {record.number} has refunds. Undo these first: {', '.join(sorted(events))}."
        )
    if record.gift_cards:
        raise UndoRefused(
            f"A gift card paid {record.paid_by_gift_card} of {record.entity} {record.number}, by a journal entry of "
            "its own. Cancel the order in the store: that takes both back."
        )
    mine = {part.document.quickbooks_id for part in parts}
    others = [
        one
        for one in known.payments
        if not one.removed
        and one.quickbooks_id not in mine
        and one.detail.get("invoice") == record.quickbooks_id
    ]
    if others or record.paid_before:
        paid = f"Payment {others[0].quickbooks_id}" if others else "A payment that was there before"
        raise UndoRefused(
            f"{paid} is applied to {record.entity} {record.number}. Undo the event that booked it first."
        )
    key = f"order/{record.order_id}"
    return Undo(event, undo_id, key, tuple(parts), payments=frozenset(mine - {record.quickbooks_id}))


def _undo_of_refund(event: BookedEvent, undo_id: str, refund: Reversal, parts: Sequence[Reversal]) -> Undo:
    if refund.mapping.key.store_id.startswith("reversal/"):
        raise UndoRefused(
            f"Event {event.event_id} took the sale back since the order was cancelled. That is not undone: restore the "
            "order in the store, and it is booked again."
        )
    order_id = str(refund.mapping.detail.get("order", ""))
    return Undo(event, undo_id, f"order/{order_id}", tuple(parts), sale=order_key(order_id))


def _object_key(event: BookedEvent, parts: Sequence[Reversal]) -> str:
    """A payment's order; else the event's own object."""
    key = parts[0].mapping.key
    return f"order/{key.store_id.rpartition('/')[0]}" if key.kind == "payment" else event.subject
