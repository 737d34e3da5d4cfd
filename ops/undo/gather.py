"""What the ledger knows around an event that is to be undone."""

from sqlalchemy import Connection as Database

from ops.undo.plan import BACK, SALES, Known, UndoRefused
from workers.ledger.bookings import BookedEvent, find_documents, find_entries
from workers.ledger.mappings import recall_mappings
from workers.orders.payments import PAGE, payment_keys
from workers.orders.record import SaleRecord
from workers.outcomes import Document
from workers.steps import SyncMapping


def booked_event(database: Database, event_id: str, connection_id: str | None) -> BookedEvent:
    """The entry of an event.

    Raises:
        UndoRefused: there is none, or two connections have one of that id.
    """
    found = [one for one in find_entries(database, event_id, connection_id) if one.event_id == event_id]
    if not found:
        raise UndoRefused(
            f"Nothing is booked under event {event_id}. `counterfoil ledger show` knows subjects too."
        )
    if len(found) > 1:
        names = ", ".join(one.connection_id for one in found)
        raise UndoRefused(
            f"Several connections have an event {event_id}: {names}. Say which: --connection NAME."
        )
    return found[0]


def known_around(database: Database, event: BookedEvent) -> Known:
    """Everything that the plan looks at."""
    same = [
        one
        for one in find_entries(database, event.subject, event.connection_id)
        if one.subject == event.subject
    ]
    standing = find_documents(database, event.connection_id, event.documents)
    sales = [one.mapping for document, one in standing.items() if document.entity in SALES]
    payments: list[SyncMapping] = []
    refund_events: dict[str, str] = {}
    for sale in sales:
        payments += _payments(database, event.connection_id, sale.key.store_id)
        refund_events |= _refund_events(database, event.connection_id, SaleRecord.of(sale))
    return Known(same, standing, payments, refund_events)


def _payments(database: Database, connection_id: str, order_id: str) -> list[SyncMapping]:
    found: list[SyncMapping] = []
    while True:
        page = recall_mappings(database, connection_id, payment_keys(order_id, len(found) + 1))
        found += page.values()
        if len(page) < PAGE:
            return found


def _refund_events(database: Database, connection_id: str, record: SaleRecord) -> dict[str, str]:
    documents = {
        Document(note.entity, note.quickbooks_id): refund_id for refund_id, note in record.refunds.items()
    }
    standing = find_documents(database, connection_id, documents)
    return {
        documents[document]: one.event_id for document, one in standing.items() if document.entity in BACK
    }
