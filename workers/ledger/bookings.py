"""What the ledger knows of booked events: read by a person who shows or undoes one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, or_, select, tuple_

from workers.ledger.tables import entries, intents, sync_mappings
from workers.outcomes import Document
from workers.steps import StoreKey, SyncMapping


@dataclass(frozen=True, slots=True)
class BookedEvent:
    """One entry. ``version`` is the store's time of what it said, ``why`` a word for what was skipped."""

    connection_id: str
    event_id: str
    workflow: str
    type: str
    subject: str
    version: datetime
    status: str
    why: str
    documents: tuple[Document, ...]
    settled_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """The mapping of a document, and the event that wrote it last."""

    mapping: SyncMapping
    event_id: str


def find_entries(
    connection: Connection, event_or_subject: str, connection_id: str | None = None
) -> Sequence[BookedEvent]:
    """The entries of an event or of a store object, in the order in which they ended."""
    wanted: ColumnElement[bool] = or_(
        entries.c.event_id == event_or_subject, entries.c.subject == event_or_subject
    )
    statement = select(entries).where(wanted)
    if connection_id is not None:
        statement = statement.where(entries.c.connection_id == connection_id)
    ordered = statement.order_by(entries.c.connection_id, entries.c.settled_at, entries.c.version)
    return [_entry(row) for row in connection.execute(ordered)]


def find_documents(
    connection: Connection, connection_id: str, documents: Iterable[Document]
) -> dict[Document, Standing]:
    """The mappings that these documents belong to; those without one are left out."""
    wanted = sorted({(one.entity, one.quickbooks_id) for one in documents})
    if not wanted:
        return {}
    table = sync_mappings
    found = connection.execute(
        select(table).where(
            table.c.connection_id == connection_id,
            tuple_(table.c.entity, table.c.quickbooks_id).in_(wanted),
        )
    )
    return {Document(row.entity, row.quickbooks_id): standing_of(row) for row in found}


def under_way(connection: Connection, connection_id: str, event_id: str) -> bool:
    """Whether a write of this event has an outcome that is not known yet."""
    found = select(intents.c.name).where(
        intents.c.connection_id == connection_id, intents.c.event_id == event_id
    )
    return connection.execute(found.limit(1)).first() is not None


def _entry(row: Row[Any]) -> BookedEvent:
    return BookedEvent(
        connection_id=row.connection_id,
        event_id=row.event_id,
        workflow=row.workflow,
        type=row.type,
        subject=row.subject,
        version=row.version,
        status=row.status,
        why=row.why,
        documents=tuple(Document(entity, quickbooks_id) for entity, quickbooks_id in row.documents),
        settled_at=row.settled_at,
    )


def standing_of(row: Row[Any]) -> Standing:
    """A whole row of the sync mappings."""
    mapping = SyncMapping(
        key=StoreKey(row.kind, row.store_id),
        entity=row.entity,
        quickbooks_id=row.quickbooks_id,
        sync_token=row.sync_token,
        version=row.version,
        document_hash=row.document_hash,
        removed=bool(row.removed),
        detail=row.detail,
    )
    return Standing(mapping, row.event_id)
