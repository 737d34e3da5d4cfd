"""One event of a soak, whatever its workflow. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

import orjson

from schemas.envelope import Workflow

START = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
Value: TypeAlias = Decimal | str
"""What the books must say in the end: an order's total, a contact's phone, a level's quantity."""


@dataclass(frozen=True, slots=True)
class Event:
    """One version of one store object; ``thing`` is the object's id in the store."""

    event_id: str
    connection_id: str
    type: str
    thing: str
    version: int
    value: Value
    body: bytes

    @property
    def workflow(self) -> Workflow:
        """The queue that it goes to."""
        return self.type.partition(".")[0]  # type: ignore[return-value]


def moment(version: int) -> str:
    """The store's time of a version."""
    return (START + timedelta(seconds=version)).isoformat()


def make_event(
    connection_id: str, type_: str, thing: str, version: int, value: Value, data: Mapping[str, Any]
) -> Event:
    """Put the payload into its envelope. ``thing`` is like ``order/1``."""
    event_id = f"{connection_id}-{thing.replace('/', '-')}-{version}"
    envelope = {
        "specversion": "1.0",
        "id": event_id,
        "source": f"counterfoil/connections/{connection_id}",
        "type": type_,
        "subject": thing,
        "time": moment(version),
        "connection": connection_id,
        "data": data,
    }
    name = thing.partition("/")[2]
    return Event(event_id, connection_id, type_, name, version, value, orjson.dumps(envelope))
