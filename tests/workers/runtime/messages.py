"""Deliveries for tests."""

from datetime import UTC, datetime

import orjson

from schemas.envelope import Workflow
from workers.runtime.delivery import Delivery, read_delivery

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def event_body(
    event_id: str = "e1",
    *,
    connection: str = "acme-woo",
    subject: str = "order/1",
    type_: str = "orders.paid",
    partitionkey: str | None = None,
    data: dict[str, object] | None = None,
) -> bytes:
    """A valid envelope as it lies in a queue."""
    envelope: dict[str, object] = {
        "specversion": "1.0",
        "id": event_id,
        "source": f"counterfoil/connections/{connection}",
        "type": type_,
        "subject": subject,
        "time": "2026-11-24T08:00:00Z",
        "datacontenttype": "application/json",
        "connection": connection,
        "data": data or {},
    }
    if partitionkey is not None:
        envelope["partitionkey"] = partitionkey
    return orjson.dumps(envelope)


def delivery(
    event_id: str = "e1",
    *,
    workflow: Workflow = "orders",
    connection: str = "acme-woo",
    subject: str = "order/1",
    partitionkey: str | None = None,
    headers: dict[str, object] | None = None,
    set_aside: bool = False,
) -> Delivery:
    """A delivery that was just taken."""
    body = event_body(
        event_id,
        connection=connection,
        subject=subject,
        partitionkey=partitionkey,
        type_="inventory.level_changed" if workflow == "inventory" else "orders.paid",
    )
    return read_delivery(
        workflow, body, headers or {}, event_id, received_at=NOW, set_aside=set_aside, handle=(1, None)
    )
