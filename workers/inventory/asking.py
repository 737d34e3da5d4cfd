"""The events that ask for a count of one thing's stock, or tell of one."""

from datetime import datetime

from events.stores.envelopes import derived_id
from schemas.envelope import Envelope
from schemas.inventory import Recount, StockCount


def recount_event(connection_id: str, item_id: str, *, once: str, now: datetime) -> Envelope:
    """Ask for a count of what the store calls ``item_id``. ``once`` tells one such request from another."""
    event_id = derived_id(connection_id, "recount", item_id, once)
    return _event("inventory.recount_asked", connection_id, Recount(item_id=item_id), event_id, now)


def count_event(connection_id: str, count: StockCount, *, once: str, now: datetime) -> Envelope:
    """Tell what was counted. ``once`` tells one count from another."""
    event_id = derived_id(connection_id, "count", count.item_id, once)
    return _event("inventory.stock_counted", connection_id, count, event_id, now)


def _event(
    kind: str, connection_id: str, data: Recount | StockCount, event_id: str, now: datetime
) -> Envelope:
    subject = f"level/{data.item_id}"
    return Envelope(
        specversion="1.0",
        id=event_id,
        source=f"counterfoil/connections/{connection_id}",
        type=kind,
        subject=subject,
        time=now,
        connection=connection_id,
        partitionkey=subject,
        data=data.model_dump(mode="json"),
    )
