"""The event that asks for a count of one thing's stock."""

from datetime import datetime

from events.stores.envelopes import derived_id
from schemas.envelope import Envelope
from schemas.inventory import Recount


def recount_event(connection_id: str, item_id: str, *, once: str, now: datetime) -> Envelope:
    """Ask for a count of what the store calls ``item_id``. ``once`` tells one such request from another."""
    return Envelope(
        specversion="1.0",
        id=derived_id(connection_id, "recount", item_id, once),
        source=f"counterfoil/connections/{connection_id}",
        type="inventory.recount_asked",
        subject=f"level/{item_id}",
        time=now,
        connection=connection_id,
        partitionkey=f"level/{item_id}",
        data=Recount(item_id=item_id).model_dump(mode="json"),
    )
