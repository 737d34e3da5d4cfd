"""Entries: how each event ended. One that is in the books needs nothing more, however often it comes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, select

from workers.ledger.engine import insert_for
from workers.ledger.tables import entries
from workers.outcomes import Booked, Outcome, Skipped, status_of


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


def settled_events(connection: Connection, connection_id: str, event_ids: Iterable[str]) -> set[str]:
    """Say which of these events have ended already."""
    wanted = sorted(set(event_ids))
    if not wanted:
        return set()
    statement = select(entries.c.event_id).where(
        entries.c.connection_id == connection_id, entries.c.event_id.in_(wanted)
    )
    return set(connection.scalars(statement))


def applied_events(connection: Connection, connection_id: str, event_ids: Iterable[str]) -> set[str]:
    """Say which of these events are in the books: they need not run again.

    What was skipped may run again when the store tells it again: a setting or its sale may have changed since.
    """
    wanted = sorted(set(event_ids))
    if not wanted:
        return set()
    statement = select(entries.c.event_id).where(
        entries.c.connection_id == connection_id,
        entries.c.event_id.in_(wanted),
        entries.c.status != "skipped",
    )
    return set(connection.scalars(statement))


def record_entries(connection: Connection, ended: Sequence[Entry], now: datetime) -> None:
    """Write how events ended. An event that has an entry keeps it, unless it was skipped until now."""
    if not ended:
        return
    insert = insert_for(connection.dialect, entries)
    changed = ("status", "why", "documents", "attempts", "settled_at")
    statement = insert.on_conflict_do_update(
        index_elements=["connection_id", "event_id"],
        set_={name: insert.excluded[name] for name in changed},
        where=and_(entries.c.status == "skipped", insert.excluded.status != "skipped"),
    )
    connection.execute(statement, [_row(entry, now) for entry in ended])


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
