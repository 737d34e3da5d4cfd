"""Requests to erase a contact, as they wait in the ledger until the desk has carried them out."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from workers.erasure_requests import KIND
from workers.ledger.tables import sync_mappings

_rows = sync_mappings.c


@dataclass(frozen=True, slots=True)
class Request:
    """A store's request to erase one contact, or everybody. ``event_id`` is the event that brought it last."""

    connection_id: str
    contact_id: str
    email: str
    event_id: str


def open_requests(connection: Connection, connection_ids: Collection[str]) -> list[Request]:
    """The requests of these connections that are not carried out yet."""
    columns = (_rows.connection_id, _rows.store_id, _rows.detail, _rows.event_id)
    wanted = select(*columns).where(
        _rows.connection_id.in_(sorted(connection_ids)), _rows.kind == KIND, _rows.removed == 0
    )
    return [
        Request(row.connection_id, row.store_id, str(row.detail.get("email", "")), row.event_id)
        for row in connection.execute(wanted)
    ]


def close_request(connection: Connection, request: Request, now: datetime) -> None:
    """Keep that and when it was carried out, without the e-mail. One that was asked for again meanwhile stays open."""
    connection.execute(
        update(sync_mappings)
        .where(
            _rows.connection_id == request.connection_id,
            _rows.kind == KIND,
            _rows.store_id == request.contact_id,
            _rows.event_id == request.event_id,
        )
        .values(removed=1, detail={}, updated_at=now)
    )
