"""Intents: what we are about to write to QuickBooks, committed before the call and removed with its result.

An intent that is found later has an unknown outcome. It is settled by repeating the call with the same request id,
the same item id and the same bytes: QuickBooks then gives its first answer again instead of booking twice.
Source: Intuit's "REST API features", idempotency by requestid.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, delete

from workers.ledger.claims import ObjectKey
from workers.ledger.lists import insert_rows, new_rows, rows_among, rows_by_key
from workers.ledger.prepared import Part
from workers.ledger.tables import intents
from workers.steps import Operation, StoreKey


@dataclass(frozen=True, slots=True)
class Intent:
    """One write under way. ``item_id`` "" means that it travelled alone, not in a batch."""

    connection_id: str
    event_id: str
    name: str
    object_key: str
    realm_id: str
    request_id: str
    item_id: str
    entity: str
    operation: Operation
    document: str
    started_at: datetime
    key: StoreKey | None = None
    version: datetime | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


def open_intents(connection: Connection, keys: Iterable[ObjectKey]) -> list[Intent]:
    """Read the unsettled writes for these store objects, oldest first."""
    wanted = sorted(set(keys))
    if not wanted:
        return []
    return [_intent(row) for row in connection.execute(_open(connection.dialect.name), {"keys": wanted})]


@cache
def _open(dialect: str) -> Any:
    key = (intents.c.connection_id, intents.c.object_key)
    found = rows_by_key(dialect, "keys", key, *intents.c)
    return found.order_by("started_at", "event_id", "name")


def start_intents(connection: Connection, started: Sequence[Intent]) -> None:
    """Write intents. Each (event, step) has one at most: a second is a bug and fails."""
    for part in starting(connection.dialect.name, started):
        part.run(connection)


def starting(dialect: str, started: Sequence[Intent]) -> list[Part]:
    """The same for a commit."""
    rows = [_row(intent) for intent in started]
    return [Part(_start(dialect), new_rows(dialect, intents, rows))] if rows else []


@cache
def _start(dialect: str) -> Any:
    return insert_rows(dialect, intents)


def finishing(dialect: str, finished: Sequence[Intent]) -> list[Part]:
    """Remove intents whose outcome is known, in the transaction that stores the outcome."""
    steps = [(intent.connection_id, intent.event_id, intent.name) for intent in finished]
    return [Part(_finish(dialect), {"steps": steps})] if steps else []


@cache
def _finish(dialect: str) -> Any:
    key = (intents.c.connection_id, intents.c.event_id, intents.c.name)
    return delete(intents).where(rows_among(dialect, "steps", *key))


def _row(intent: Intent) -> dict[str, object]:
    return {
        "connection_id": intent.connection_id,
        "event_id": intent.event_id,
        "name": intent.name,
        "object_key": intent.object_key,
        "realm_id": intent.realm_id,
        "request_id": intent.request_id,
        "item_id": intent.item_id,
        "entity": intent.entity,
        "operation": intent.operation,
        "document": intent.document,
        "mapping_kind": intent.key.kind if intent.key else "",
        "mapping_id": intent.key.store_id if intent.key else "",
        "version": intent.version,
        "detail": dict(intent.detail),
        "started_at": intent.started_at,
    }


def _intent(row: Row[tuple[object, ...]]) -> Intent:
    return Intent(
        connection_id=row.connection_id,
        event_id=row.event_id,
        name=row.name,
        object_key=row.object_key,
        realm_id=row.realm_id,
        request_id=row.request_id,
        item_id=row.item_id,
        entity=row.entity,
        operation=row.operation,
        document=row.document,
        started_at=row.started_at,
        key=StoreKey(row.mapping_kind, row.mapping_id) if row.mapping_kind else None,
        version=row.version,
        detail=row.detail,
    )
