"""Sync mappings: which QuickBooks object stands for which store object, and what was booked for it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, func

from workers.ledger.lists import insert_rows, new_rows, rows_by_key
from workers.ledger.prepared import Part, Rows, rows_of
from workers.ledger.tables import sync_mappings
from workers.steps import StoreKey, SyncMapping

_KEY = ("connection_id", "kind", "store_id")
_FIELDS = ("entity", "quickbooks_id", "sync_token", "version", "document_hash", "removed", "detail")


@dataclass(frozen=True, slots=True)
class Remembered:
    """A mapping to store, and the event it comes from."""

    mapping: SyncMapping
    event_id: str


def recall_mappings(
    connection: Connection, connection_id: str, keys: Iterable[StoreKey]
) -> dict[StoreKey, SyncMapping]:
    """Read what is booked for these store objects of one connection; absent ones are left out."""
    found = recall_all(connection, {(connection_id, key) for key in keys})
    return {key: mapping for (_, key), mapping in found.items()}


def recall_all(
    connection: Connection, keys: Collection[tuple[str, StoreKey]]
) -> dict[tuple[str, StoreKey], SyncMapping]:
    """The same for store objects of many connections: connection id and store key."""
    return mappings_of(rows_of(connection, recalling(connection.dialect.name, keys)))


def recalling(dialect: str, keys: Collection[tuple[str, StoreKey]]) -> list[Part]:
    """The same as a part, for ``mappings_of``."""
    wanted = [(connection_id, key.kind, key.store_id) for connection_id, key in keys]
    return [Part(_recall(dialect), {"keys": wanted})] if wanted else []


def mappings_of(found: Rows) -> dict[tuple[str, StoreKey], SyncMapping]:
    """What ``recalling`` found."""
    return {
        (connection_id, mapping.key): mapping
        for connection_id, *row in found
        for mapping in (_mapping(*row),)
    }


@cache
def _recall(dialect: str) -> Any:
    key = tuple(sync_mappings.c[name] for name in _KEY)
    return rows_by_key(dialect, "keys", key, *key, *(sync_mappings.c[name] for name in _FIELDS))


def store_mappings(
    connection: Connection, connection_id: str, remembered: Iterable[Remembered], now: datetime
) -> None:
    """Write mappings of one connection; the last one of a key wins."""
    dialect = connection.dialect.name
    for part in storing(dialect, [(connection_id, item) for item in remembered], now):
        part.run(connection)


def storing(dialect: str, remembered: Iterable[tuple[str, Remembered]], now: datetime) -> list[Part]:
    """The same for mappings of many connections, for a commit: connection id and mapping."""
    rows = {
        (connection_id, item.mapping.key): {
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
        for connection_id, item in remembered
    }
    if not rows:
        return []
    # in one order for all workers, so that none waits in a circle
    in_order = [rows[key] for key in sorted(rows)]
    return [Part(_store(dialect), new_rows(dialect, sync_mappings, in_order))]


@cache
def _store(dialect: str) -> Any:
    insert = insert_rows(dialect, sync_mappings)
    changed = {name: insert.excluded[name] for name in (*_FIELDS, "event_id", "updated_at")}
    # an order that remembers its customer knows no version of the customer, and must not forget the contact's
    changed["version"] = func.coalesce(insert.excluded.version, sync_mappings.c.version)
    return insert.on_conflict_do_update(index_elements=list(_KEY), set_=changed)


def _mapping(  # of _KEY without the connection, and _FIELDS
    kind: str,
    store_id: str,
    entity: str,
    quickbooks_id: str,
    sync_token: str,
    version: datetime | None,
    document_hash: str,
    removed: int,
    detail: dict[str, Any],
) -> SyncMapping:
    return SyncMapping(
        StoreKey(kind, store_id),
        entity,
        quickbooks_id,
        sync_token,
        version.astimezone(UTC) if version is not None else None,
        document_hash,
        removed=bool(removed),
        detail=detail,
    )
