"""Events whose body the ledger keeps: those that failed once, whatever became of them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from schemas.failure import FailureStatus
from workers.ledger.failed_bodies import with_body
from workers.ledger.tables import failed_messages as rows


@dataclass(frozen=True, slots=True)
class KeptEvent:
    """One event to the byte, and how it stands."""

    event_id: str
    body: bytes
    status: FailureStatus
    failed_at: datetime


def kept_events(connection: Connection, connection_id: str, limit: int) -> list[KeptEvent]:
    """The last ``limit`` events of a connection that failed, newest first; erased bodies are left out."""
    found = connection.execute(
        with_body(rows.c.event_id, rows.c.status, rows.c.failed_at)
        .where(rows.c.connection_id == connection_id)
        .order_by(rows.c.failed_at.desc(), rows.c.sequence.desc())
        .limit(limit)
    )
    return [KeptEvent(row.event_id, row.body, row.status, row.failed_at) for row in found if row.body]
