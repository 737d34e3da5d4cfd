"""Everything that the ledger says of one connection's orders at once, to compare it with store and books."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from schemas.failure import FailureStatus
from workers.ledger.bookings import Standing, standing_of
from workers.ledger.tables import (
    backfills,
    connections,
    entries,
    failed_messages,
    intents,
    sync_mappings,
)

SETTLED: FailureStatus = "resolved"


@dataclass(frozen=True, slots=True)
class OpenFailure:
    """A failed message that somebody must act on, or whose store object is ignored."""

    event_id: str
    subject: str
    object_key: str
    status: FailureStatus
    reason: str
    message: str


def held_mappings(connection: Connection, connection_id: str, kinds: Collection[str]) -> list[Standing]:
    """The mappings of these kinds, each with the event that wrote it last."""
    table = sync_mappings
    wanted = select(table).where(table.c.connection_id == connection_id, table.c.kind.in_(sorted(kinds)))
    return [standing_of(row) for row in connection.execute(wanted.order_by(table.c.kind, table.c.store_id))]


def first_versions(connection: Connection, connection_id: str, workflow: str) -> dict[str, datetime]:
    """When each store object was told of first, by the store's own time."""
    wanted = (
        select(entries.c.subject, func.min(entries.c.version).label("first"))
        .where(entries.c.connection_id == connection_id, entries.c.workflow == workflow)
        .group_by(entries.c.subject)
    )
    return {row.subject: row.first for row in connection.execute(wanted)}


def begun_at(connection: Connection, connection_id: str) -> datetime | None:
    """From when on the store's orders should be booked: since there is the connection, or since the first order that
    was told or the beginning of a backfill, where that is earlier; None: no such connection.
    """
    made = select(connections.c.created_at).where(connections.c.connection_id == connection_id)
    told = select(func.min(entries.c.version)).where(
        entries.c.connection_id == connection_id, entries.c.workflow == "orders"
    )
    read = select(func.min(backfills.c.since)).where(
        backfills.c.connection_id == connection_id, backfills.c.kind == "orders"
    )
    found = [connection.execute(one).scalar() for one in (made, told, read)]
    return min((one for one in found if one is not None), default=None)


def open_failures(connection: Connection, connection_id: str, workflow: str) -> list[OpenFailure]:
    """What is unresolved, under way again, or ignored, in the order of arrival."""
    table = failed_messages
    columns = ("event_id", "subject", "object_key", "status", "reason", "message")
    wanted = select(*(table.c[name] for name in columns)).where(
        table.c.connection_id == connection_id, table.c.workflow == workflow, table.c.status != SETTLED
    )
    return [OpenFailure(*row) for row in connection.execute(wanted.order_by(table.c.sequence))]


def objects_under_way(connection: Connection, connection_id: str) -> set[str]:
    """Store objects of which a write has an outcome that is not known yet."""
    wanted = select(intents.c.object_key).where(intents.c.connection_id == connection_id).distinct()
    return set(connection.scalars(wanted))
