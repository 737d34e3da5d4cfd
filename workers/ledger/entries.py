"""Entries: how each event ended. One that is in the books needs nothing more, however often it comes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeAlias

from sqlalchemy import Connection, and_

from workers.ledger.lists import insert_rows, new_rows, rows_by_key
from workers.ledger.prepared import Part
from workers.ledger.tables import entries
from workers.outcomes import Booked, Outcome, Skipped, status_of

EventKey: TypeAlias = tuple[str, str]
"""An event: connection id and event id."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event that is done with."""

    connection_id: str
    event_id: str
    workflow: str
    type: str
    subject: str
    version: datetime
    outcome: Outcome
    attempts: int


def applied_events(connection: Connection, events: Iterable[EventKey]) -> set[EventKey]:
    """Say which of these events are in the books: they need not run again.

    A skipped event does: what it waited for may be there by now (its sale, a setting).
    """
    wanted = sorted(set(events))
    if not wanted:
        return set()
    found = connection.execute(_applied(connection.dialect.name), {"events": wanted})
    return {(connection_id, event_id) for connection_id, event_id in found}


@cache
def _applied(dialect: str) -> Any:
    key = (entries.c.connection_id, entries.c.event_id)
    return rows_by_key(dialect, "events", key, *key, where=[entries.c.status != "skipped"])


def record_entries(connection: Connection, ended: Sequence[Entry], now: datetime) -> None:
    """Write how events ended. An event that has an entry keeps it, unless it was skipped until now."""
    for part in recording(connection.dialect.name, ended, now):
        part.run(connection)


def recording(dialect: str, ended: Sequence[Entry], now: datetime) -> list[Part]:
    """The same for a commit."""
    # one of each: a statement may change a row once only
    rows = {(entry.connection_id, entry.event_id): _row(entry, now) for entry in reversed(ended)}
    return [Part(_record(dialect), new_rows(dialect, entries, list(rows.values())))] if rows else []


@cache
def _record(dialect: str) -> Any:
    insert = insert_rows(dialect, entries)
    changed = ("status", "why", "documents", "attempts", "settled_at")
    return insert.on_conflict_do_update(
        index_elements=["connection_id", "event_id"],
        set_={name: insert.excluded[name] for name in changed},
        where=and_(entries.c.status == "skipped", insert.excluded.status != "skipped"),
    )


def _row(entry: Entry, now: datetime) -> dict[str, object]:
    outcome = entry.outcome
    documents = outcome.documents if isinstance(outcome, Booked) else ()
    return {
        "connection_id": entry.connection_id,
        "event_id": entry.event_id,
        "workflow": entry.workflow,
        "type": entry.type,
        "subject": entry.subject,
        "version": entry.version,
        "status": status_of(outcome),
        "why": outcome.why if isinstance(outcome, Skipped) else "",
        "documents": [[document.entity, document.quickbooks_id] for document in documents],
        "attempts": entry.attempts,
        "settled_at": now,
    }
