"""Which of a store's events the ledger has not seen yet, so that only those are published again."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from schemas.envelope import Envelope
from workers.ledger.entries import applied_events
from workers.ledger.lists import among
from workers.ledger.tables import entries, failed_messages

LEVELS = "inventory.level_changed"


def lacking_events(connection: Connection, connection_id: str, events: Sequence[Envelope]) -> list[Envelope]:
    """Those that are neither in the books, nor older than what is, nor wait for a person as failed messages.

    What was skipped is lacking: a setting may have changed. A stock level is lacking only where levels of that
    thing are booked: the first one moves stock, so it is for a person to let it (rule A79).
    """
    if not events:
        return []
    ids = [event.id for event in events]
    applied = applied_events(connection, [(connection_id, event_id) for event_id in ids])
    known = {event_id for _, event_id in applied} | _failed(connection, connection_id, ids)
    newest = _newest(connection, connection_id, [event.subject for event in events])
    return [event for event in events if event.id not in known and _is_news(event, newest)]


def _is_news(event: Envelope, newest: dict[str, datetime]) -> bool:
    booked = newest.get(event.subject)
    if booked is None:
        return event.type != LEVELS
    return booked <= event.time


def _failed(connection: Connection, connection_id: str, ids: Sequence[str]) -> set[str]:
    found = connection.scalars(
        _failed_of(connection.dialect.name), {"of": connection_id, "ids": sorted(set(ids))}
    )
    return set(found)


@cache
def _failed_of(dialect: str) -> Any:
    table = failed_messages
    return select(table.c.event_id).where(
        table.c.connection_id == bindparam("of"),
        among(dialect, table.c.event_id, "ids"),
        table.c.status != "resolved",
    )


def _newest(connection: Connection, connection_id: str, subjects: Sequence[str]) -> dict[str, datetime]:
    """The newest booked version of each store object."""
    wanted = {"of": connection_id, "subjects": sorted(set(subjects))}
    found = connection.execute(_newest_of(connection.dialect.name), wanted)
    return {row.subject: row.newest for row in found}


@cache
def _newest_of(dialect: str) -> Any:
    return (
        select(entries.c.subject, func.max(entries.c.version).label("newest"))
        .where(
            entries.c.connection_id == bindparam("of"),
            among(dialect, entries.c.subject, "subjects"),
            entries.c.status != "skipped",
        )
        .group_by(entries.c.subject)
    )
