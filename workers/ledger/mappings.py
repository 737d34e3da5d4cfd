"""Sync mappings: which QuickBooks object stands for which store object, and what was booked for it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select

from workers.ledger.lists import insert_many, insert_rows, pair_among, pairs
from workers.ledger.tables import sync_mappings
from workers.steps import StoreKey, SyncMapping

_FIELDS = ("entity", "quickbooks_id", "sync_token", "version", "document_hash", "removed", "detail")


@dataclass(frozen=True, slots=True)
class Remembered:
    """A mapping to store, and the event it comes from."""

    mapping: SyncMapping
    event_id: str


def recall_mappings(
    connection: Connection, connection_id: str, keys: Iterable[StoreKey]
) -> dict[StoreKey, SyncMapping]:
    """Read what is booked for these store objects; absent ones are left out."""
    wanted = {(key.kind, key.store_id) for key in keys}
    if not wanted:
        return {}
    dialect = connection.dialect.name
    parameters = {"of": connection_id, **pairs(dialect, "keys", sorted(wanted))}
    found = (_mapping(row) for row in connection.execute(_recall(dialect), parameters))
    return {mapping.key: mapping for mapping in found}


@cache
def _recall(dialect: str) -> Any:
    table = sync_mappings
    wanted = pair_among(dialect, table.c.kind, table.c.store_id, "keys")
    return select(table).where(table.c.connection_id == bindparam("of"), wanted)


def store_mappings(
    connection: Connection, connection_id: str, remembered: Sequence[Remembered], now: datetime
) -> None:
    """Write mappings; the last one of a key wins."""
    rows = {
        item.mapping.key: {
            "connection_id": connection_id,
            "kind": item.mapping.key.kind,
            "store_id": item.mapping.key.store_id,
            "entity": item.mapping.entity,
            "quickbooks_id": item.mapping.quickbooks_id,
            "sync_token": item.mapping.sync_token,
            "version": item.mapping.version,
            "document_hash": item.mapping.document_hash,
            "removed": int(item.mapping.removed),
            "detail": dict(item.mapping.detail),
            "event_id": item.event_id,
            "updated_at": now,
        }
        for item in remembered
    }
    if not rows:
        return
    insert_many(connection, _store(connection.dialect.name), list(rows.values()))


@cache
def _store(dialect: str) -> Any:
    insert = insert_rows(dialect, sync_mappings)
    changed = {name: insert.excluded[name] for name in (*_FIELDS, "event_id", "updated_at")}
    # an order that remembers its customer knows no version of the customer, and must not forget the contact's
    changed["version"] = func.coalesce(insert.excluded.version, sync_mappings.c.version)
    return insert.on_conflict_do_update(index_elements=["connection_id", "kind", "store_id"], set_=changed)


def _mapping(row: Row[tuple[object, ...]]) -> SyncMapping:
    return SyncMapping(
        key=StoreKey(row.kind, row.store_id),
        entity=row.entity,
        quickbooks_id=row.quickbooks_id,
        sync_token=row.sync_token,
        version=row.version,
        document_hash=row.document_hash,
        removed=bool(row.removed),
        detail=row.detail,
    )
