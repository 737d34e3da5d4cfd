"""All that the ledger keeps of one connection, row by row, for a person who takes it away."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, select

from workers.ledger.tables import entries, failed_messages, intents, setting_versions, sync_mappings

AT_ONCE = 1000

KEPT: tuple[tuple[str, Table, tuple[str, ...]], ...] = (
    (
        "entry",
        entries,
        (
            "event_id",
            "workflow",
            "type",
            "subject",
            "version",
            "status",
            "why",
            "documents",
            "attempts",
            "settled_at",
        ),
    ),
    (
        "mapping",
        sync_mappings,
        (
            *("kind", "store_id", "entity", "quickbooks_id", "sync_token", "version", "removed", "detail"),
            *("event_id", "updated_at"),
        ),
    ),
    (
        "failed_message",
        failed_messages,
        (
            *("event_id", "workflow", "subject", "status", "reason", "cause", "message", "fix", "fault_code"),
            *("attempts", "failures", "changed_by", "ignore_reason"),
            *("first_failed_at", "failed_at", "changed_at"),
        ),
    ),
    (
        "open_write",
        intents,
        ("event_id", "name", "object_key", "entity", "operation", "request_id", "started_at"),
    ),
    ("settings", setting_versions, ("version", "settings", "mappings", "changed_by", "why", "changed_at")),
)
"""What is written of each table. Not the payloads of failed messages and not the documents of open writes: they are
what a store and we said, not what happened."""

COLUMNS: tuple[str, ...] = tuple(dict.fromkeys(name for _, _, names in KEPT for name in names))
"""All names, each once."""


@dataclass(frozen=True, slots=True)
class Record:
    """One row. Times are ISO 8601 in UTC when they are written."""

    kind: str
    facts: Mapping[str, Any]


def records(connection: Connection, connection_id: str) -> Iterator[Record]:
    """One after another: a ledger of millions does not fit into memory."""
    streaming = connection.execution_options(yield_per=AT_ONCE)
    for kind, table, names in KEPT:
        columns = [table.c[name] for name in names]
        wanted = select(*columns).where(table.c.connection_id == connection_id)
        for row in streaming.execute(wanted.order_by(*table.primary_key.columns)):
            yield Record(kind, dict(zip(names, row, strict=True)))
